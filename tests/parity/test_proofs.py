"""Every network that is compared with PyTorch, proved by `bpgen check` too: by numbers, exactly,
with all its mutants caught, and every line of its pages. At one of its shapes each, as the equations
are the same at all. As recorded, or anew: see `tests.proofs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from math import prod
from pathlib import Path

import pytest

from tests.parity.harness import Case, Shape
from tests.proofs.corpus import of_source
from tests.proofs.record import complaints, hold, hold_again, read, sample
from tests.texts.corpus import COMPARED, digests, frozen, frozen_by

HERE = Path(__file__)
# Not of those that compare the networks of the others.
MODULES = sorted(
    {p.stem for p in HERE.parent.glob("test_*.py")}
    - {HERE.stem, "test_array_api", "test_proofs_in_c"}
)


def _compared() -> Iterator[tuple[Case, Shape]]:
    """What the parity tests are parametrized with."""
    for module in MODULES:
        for function in vars(import_module(f"tests.parity.{module}")).values():
            for mark in getattr(function, "pytestmark", ()):
                if mark.name == "parametrize" and mark.args[0] == ("case", "shape"):
                    yield from (given.values for given in mark.args[1])


def _sources() -> dict[str, str]:
    """The net.py of each case, by its name and number: the smallest of them, its batch aside, in
    which no size is 1 if there is one.
    """
    shapes: dict[tuple[str, str], list[tuple[Case, Shape]]] = {}
    for case, shape in _compared():
        shapes.setdefault((case.name, case.net), []).append((case, shape))
    chosen = dict.fromkeys(
        min((_size(shape), case.source(shape), case.name) for case, shape in given)[1:]
        for given in shapes.values()
    )
    return {f"{number} {name}": source for number, (source, name) in enumerate(chosen)}


def _size(shape: Shape) -> tuple[bool, int]:
    sizes = [n for name, n in shape.items() if name != "N"]
    return 1 in sizes, prod(sizes)


SOURCES = _sources()


PROOFS = {f"parity {name}": of_source(source) for name, source in SOURCES.items()}
RECORD = {name: line for name, line in read().items() if name.startswith("parity ")}


@pytest.mark.parametrize("of_corpus", PROOFS)
def test_proof(of_corpus: str) -> None:
    hold(of_corpus, PROOFS[of_corpus], RECORD)


@pytest.mark.parametrize("name", sample(RECORD, RECORD.keys() & PROOFS.keys()))
def test_a_recorded_proof_comes_out_the_same(name: str) -> None:
    hold_again(name, PROOFS[name], RECORD)


FROZEN = frozen()
TARGETS = {f"parity {name}": frozen_by(net, COMPARED) for name, net in SOURCES.items()}


@pytest.mark.parametrize("of_corpus", PROOFS)
def test_the_texts_are_the_frozen_ones(of_corpus: str) -> None:
    source = SOURCES[of_corpus.removeprefix("parity ")]
    found = digests(of_corpus, source, TARGETS[of_corpus])
    assert found == {text: FROZEN[text] for text in found}, "see python -m tests.texts"


def test_every_frozen_text_is_looked_at() -> None:
    every = {f"{target}: {name}" for name, targets in TARGETS.items() for target in targets}
    assert {text for text in FROZEN if ": parity " in text} == every


def test_the_record_is_of_these_networks() -> None:
    assert complaints(RECORD, PROOFS) == []


def test_every_layer_is_among_them() -> None:
    """More than two hundred networks: a walk that finds none would prove nothing."""
    assert len(SOURCES) > 200
