"""Every network that is compared with PyTorch, in C: what numpy computes."""

from __future__ import annotations

import pytest

from bpgen.compiled.library import compiler
from tests.in_c import QUICK, Differs, verdicts
from tests.parity.test_proofs import SOURCES

AT_ONCE = 40  # networks, by one call of the compiler


@pytest.mark.skipif(compiler() is None, reason="there is no C compiler")
@pytest.mark.parametrize("first", range(0, len(SOURCES), AT_ONCE))
def test_what_c_computes_is_what_numpy_does(first: int) -> None:
    said = verdicts([*SOURCES.values()][first : first + AT_ONCE], flags=QUICK)
    wrong = [str(v) for v in said.values() if isinstance(v, Differs)]
    assert not wrong, "\n\n".join(wrong)
