"""The long proofs: each network as the record has it, or proved anew; a few of the recorded proved
once more.
"""

from __future__ import annotations

import pytest

from tests.proofs.corpus import LONG, PROOFS
from tests.proofs.record import complaints, hold, hold_again, read, sample

pytestmark = pytest.mark.slow

RECORD = {name: line for name, line in read().items() if not name.startswith("parity ")}


@pytest.mark.parametrize(
    "of_corpus",
    [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in PROOFS],
)
def test_proof(of_corpus: str) -> None:
    hold(of_corpus, PROOFS[of_corpus], RECORD)


@pytest.mark.parametrize("name", sample(RECORD, RECORD.keys() & PROOFS.keys() - LONG))
def test_a_recorded_proof_comes_out_the_same(name: str) -> None:
    hold_again(name, PROOFS[name], RECORD)


def test_the_record_is_of_these_networks() -> None:
    assert complaints(RECORD, PROOFS) == []
