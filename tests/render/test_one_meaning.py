"""No name means two things on a page: an index, a tensor, a function, a length, the number e."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from bpgen.check.page import formula as f
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Names
from bpgen.check.page.statements import groups
from bpgen.derive import derive
from bpgen.load import declared_by, load
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render
from tests.conftest import derived
from tests.few import one_in
from tests.proofs.words import WORDS
from tests.render.nets import FEW_OR_ALL, NETS

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
_HEAD = "from bpgen import *\n"
HARD = {
    "a gate i beside the index i": _HEAD + "p, q = indices('p q')\nx, i = input(3), param(3, 3)\n"
    "j = tanh(i @ x)\nk = tensor(sum(i[p, q] * j[q], q), p)\nL = loss(sum(k**2))\n",
    "samples n": _HEAD + "x, y = input(2), target(2)\nn = param(2) * x\nm = tanh(n)\n"
    "L = loss(half_squared_error(m, y))\n",
    "a tensor e beside labels": _HEAD + "x, y = input(2), label(3)\nW = param(3, 2)\ne = W @ x\n"
    "L = loss(categorical_cross_entropy(softmax(e), y))\n",
    "labels and exponentials": _HEAD + "x, y = input(2), label(3)\nW = param(3, 2)\n"
    "z = W @ x\na = exp(-z) + z\nL = loss(categorical_cross_entropy(softmax(a), y))\n",
    "sigma and delta": _HEAD + "x, y = input(2), target(2)\nsigma, delta1 = param(2), param(2)\n"
    "z1 = sigma * x\na = delta1 * sigmoid(z1)\nL = loss(half_squared_error(a, y))\n",
}


def meanings(page: str, derivation: Derivation) -> dict[str, set[str]]:
    """What each letter of a page is."""
    names = Names.of(derivation.network)
    found: dict[str, set[str]] = defaultdict(set)

    def called(symbol: f.Symbol) -> bool:
        return names.find(symbol) is not None

    for group in groups(page):
        for statement in (s for s in group.statements if s.kind in ("main", "since")):
            for part in statement.parts:
                for node in _nodes(Parser(part, called).whole()):
                    _note(node, names, found)
    if re.search(r"(?<![\\a-z])e\^\{", page) and ("e", "", "", ()) not in names.tensors:
        found["e"].add("number")
    if r"is the unit vector of the label" in page and r"$e_" in page:
        found["e"].add("unit vector")
    return found


def _note(node: Any, names: Names, found: dict[str, set[str]]) -> None:
    if isinstance(node, f.Under):
        for letter in (*node.letters, *(r[0] for r in node.ranges)):
            found[letter.split("_")[0]].add("index")
    elif isinstance(node, f.Call):
        found[node.name].add("function")
    elif isinstance(node, f.Symbol):
        known = names.find(node)
        if known is not None and known[1]:
            found[node.stem].add("tensor" if known[0] is not names.gradients else "gradient")
            for place in known[2]:
                parts = place.parts if isinstance(place, f.Beside) else (place,)
                for one in parts:
                    if isinstance(one, f.Symbol) and names.find(one) is None:
                        found[one.stem.rstrip("'")].add("index")


def _nodes(node: Any) -> Iterator[Any]:
    """A formula and all that it is made of."""
    if isinstance(node, tuple):
        for one in node:
            yield from _nodes(one)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from _nodes(getattr(node, field.name))


def _assert_one_meaning(derivation: Derivation) -> None:
    for notation in ("matrix", "index"):
        page = render(derivation, fmt="latex", notation=notation, steps="short")
        found = meanings(page, derivation)
        assert {k: v for k, v in found.items() if len(v) > 1} == {}
        assert any("tensor" in v for v in found.values())


@pytest.mark.parametrize("example", one_in(4, EXAMPLES), ids=lambda p: p.stem)
def test_each_name_of_an_example_has_one_meaning(example: Path) -> None:
    _assert_one_meaning(derive(shrunk(load(example))))


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_each_name_of_a_network_has_one_meaning(name: str) -> None:
    _assert_one_meaning(derive(shrunk(declared_by(NETS[name]))))


@pytest.mark.slow
@pytest.mark.parametrize("name", WORDS)
def test_each_name_of_a_layer_has_one_meaning(name: str) -> None:
    _assert_one_meaning(derive(shrunk(declared_by(WORDS[name]))))


@pytest.mark.parametrize("name", HARD)
def test_each_name_of_a_hard_network_has_one_meaning(name: str) -> None:
    _assert_one_meaning(derived(HARD[name]))


def test_a_name_of_two_meanings_is_seen() -> None:
    """Were an index called as a tensor is, the tests above would say so."""
    derivation = derived(HARD["a gate i beside the index i"])
    page = render(derivation, fmt="latex", notation="index", steps="short")
    wrong = page.replace(r"\sum_{q}", r"\sum_{j}").replace("_{pq}", "_{pj}").replace("_{q}", "_{j}")
    assert wrong != page
    assert "tensor" in meanings(wrong, derivation)["j"]
    assert "index" in meanings(wrong, derivation)["j"]
