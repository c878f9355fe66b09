"""Every network that is compared with PyTorch, in C: what numpy computes."""

from __future__ import annotations

import pytest

from bpgen.compiled.library import compiler
from tests.in_c import QUICK, Differs, verdicts
from tests.parity.test_proofs import SOURCES

AT_ONCE = 40  # networks, by one call of the compiler
# By the last of each, behind whose proof it runs: there these networks are derived already.
BATCHES = {
    f"parity {names[-1]}": names
    for first in range(0, len(SOURCES), AT_ONCE)
    for names in [[*SOURCES][first : first + AT_ONCE]]
}


@pytest.mark.skipif(compiler() is None, reason="there is no C compiler")
@pytest.mark.parametrize("of_corpus", BATCHES)
def test_what_c_computes_is_what_numpy_does(of_corpus: str) -> None:
    said = verdicts([SOURCES[name] for name in BATCHES[of_corpus]], by=QUICK)
    wrong = [str(v) for v in said.values() if isinstance(v, Differs)]
    assert not wrong, "\n\n".join(wrong)


def test_each_is_in_one_batch() -> None:
    assert [name for names in BATCHES.values() for name in names] == [*SOURCES]
