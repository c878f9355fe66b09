"""The text of each module is the one that is frozen: see `tests.texts`."""

import pytest

from bpgen.emit import _TARGETS
from tests.texts.corpus import SOURCES, TARGETS, digests, frozen

pytestmark = pytest.mark.slow
FROZEN = frozen()


@pytest.mark.parametrize("of_corpus", SOURCES)
def test_the_texts_are_the_frozen_ones(of_corpus: str) -> None:
    found = digests(of_corpus, SOURCES[of_corpus], TARGETS[of_corpus])
    assert found == {text: FROZEN[text] for text in found}, "see python -m tests.texts"


def test_every_frozen_text_is_looked_at() -> None:
    every = {f"{target}: {name}" for name, targets in TARGETS.items() for target in targets}
    assert {text for text in FROZEN if ": parity " not in text} == every
    assert len(SOURCES) > 600
    assert {target for targets in TARGETS.values() for target in targets} == {*_TARGETS}
