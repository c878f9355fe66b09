"""Every network that is compared with PyTorch, proved by `bpgen check` too: by numbers, exactly, and
with all its mutants caught. At one of its shapes each, as the equations are the same at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from math import prod
from pathlib import Path

import pytest

from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.prove import prove
from bpgen.render import render
from tests.parity.harness import Case, Shape

HERE = Path(__file__)
MODULES = sorted(p.stem for p in HERE.parent.glob("test_*.py") if p != HERE)


def _compared() -> Iterator[tuple[Case, Shape]]:
    """What the parity tests are parametrized with."""
    for module in MODULES:
        for function in vars(import_module(f"tests.parity.{module}")).values():
            for mark in getattr(function, "pytestmark", ()):
                if mark.args[0] == ("case", "shape"):
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


@pytest.mark.parametrize("name", SOURCES)
def test_proof(name: str, tmp_path: Path) -> None:
    net = tmp_path / "net.py"
    net.write_text(SOURCES[name])
    report = prove(str(net))
    assert report.ok, str(report)
    assert all(row.exact and row.exact.proved == row.exact.total > 0 for row in report.rows)
    assert report.selftest is not None
    assert report.selftest.caught == report.selftest.tried > 0


@pytest.mark.parametrize("name", SOURCES)
def test_page(name: str) -> None:
    """Its page in each notation, at small sizes."""
    derivation = derive(shrunk(declared_by(SOURCES[name])))
    for notation in ("matrix", "index", "components"):
        try:
            page = render(derivation, fmt="latex", notation=notation)
        except NetError:  # too large to write out
            assert notation == "components"
            continue
        report = prove_page(page, derivation.network)
        assert report.ok, "\n".join(map(str, report.false))


def test_every_layer_is_among_them() -> None:
    """More than two hundred networks: a walk that finds none would prove nothing."""
    assert len(SOURCES) > 200
