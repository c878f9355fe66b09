"""The text of each module is the one that is frozen: see `tests.texts`."""

import pytest

from tests.texts.corpus import SOURCES, digest, frozen

pytestmark = pytest.mark.slow
FROZEN = frozen()


@pytest.mark.parametrize("of_corpus", SOURCES)
def test_the_text_is_the_frozen_one(of_corpus: str) -> None:
    assert digest(SOURCES[of_corpus]) == FROZEN[of_corpus], "see python -m tests.texts"


def test_every_frozen_text_is_looked_at() -> None:
    assert {n for n in FROZEN if not n.startswith("parity ")} == {*SOURCES}
    assert len(SOURCES) > 600
