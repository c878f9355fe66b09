"""Of which integers the unit vectors of a page are: said of each that is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpgen.check.page import formula as f
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.proof.sentences.meanings import MATHS
from bpgen.check.page.tokens import tokens
from bpgen.check.page.tree import symbols_of

_SAID = re.compile(r"^(.*) (?:is|are) the unit vectors? of the ", re.M)


def unit(found: re.Match[str], page: Page) -> str:
    """e_y is the unit vector of the label; e_u and e_i are those of the integers u and i."""
    signs = MATHS.findall(found["units"])
    every = [_of_unit(sign, page) for sign in signs]
    labels = {t.name for t in page.network.role("target")}
    if None in every:
        return "it is no unit vector of an integer"
    if (found["kind"] == "label") != (labels >= {*every}):
        return "an input is no label"
    if found["integers"] is None:
        one = found["kind"] == "label" and len(every) == 1
        return "" if one else "of which?"
    of = [_integer(page.sample.parse(tokens(s)), page) for s in MATHS.findall(found["integers"])]
    return "" if of == every else "it is the unit vector of another"


def untold(page: Page) -> Iterator[FalseLine]:
    """Unit vectors of which it is not said what they are."""
    said = (sign for line in _SAID.findall(page.latex) for sign in MATHS.findall(line))
    told = {_of_unit(sign, page) for sign in said}
    for name in sorted((page.sample.units | page.whole.units) - told):
        yield FalseLine(f"the unit vector of {name}", "is not told")


def _of_unit(sign: str, page: Page) -> str | None:
    """The integer tensor that a unit vector is of."""
    node = page.sample.parse(tokens(sign))
    is_unit = isinstance(node, f.Symbol) and node.stem in ("e", "bold e") and len(node.below) == 1
    return _integer(node.below[0], page) if is_unit and isinstance(node, f.Symbol) else None


def _integer(node: f.Node, page: Page) -> str | None:
    known = next((page.sample.names.find(s) for s in symbols_of(node)), None)
    name = known[1] if known is not None else ""
    return name if name and page.network.tensors[name].bound is not None else None
