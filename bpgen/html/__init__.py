"""A derivation as one file for the browser: its pages, its network drawn, a walk through it with
its numbers and its code. Nothing is fetched from anywhere.

Python decides what each step shows; the template lays it out, and the script shows step k.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bpgen.errors import NetError
from bpgen.html.assets import asset, katex_style
from bpgen.html.cards import cards
from bpgen.html.code import CodeLine, listing
from bpgen.html.dialects import LABEL
from bpgen.html.graph import Graph
from bpgen.html.shapes import Drawing
from bpgen.html.sheets import Sheet, names, notations, sheets
from bpgen.html.units import units
from bpgen.html.walk import Walk, walk
from bpgen.ir import BATCH
from bpgen.record import Derivation
from bpgen.render.document import title
from bpgen.render.numerals import DIGITS
from bpgen.render.outline import Outline
from bpgen.render.writer import Writer
from bpgen.targets.numpy.interface import refuse_letters
from bpgen.templating import template
from bpgen.worked import Worked
from bpgen.worked.drawn import why_none

__all__ = ["notations", "page"]


def page(
    derivation: Derivation,
    *,
    notation: str = "matrix",
    steps: str = "short",
    worked: Worked | None = None,
    digits: int = DIGITS,
    lesson: bool = False,
    drawn: bool = False,
    layers: str = "brackets",
) -> str:
    """The page in every notation, `notation` first. Where the numbers are `drawn`, it says so."""
    told = sheets(derivation, steps, worked, digits, notation, lesson, layers)
    order = told[0].order
    graph = Graph.of(derivation, order)
    writer = replace(Writer.of(derivation, LABEL, 1, layers), total=_top(derivation))
    drawing = units(graph, writer) or cards(graph, writer, worked is not None)
    code = _code(derivation)
    coded = (c.of for c in code)
    walked = walk(derivation, order, graph, drawing, coded, worked, digits, layers)
    made = Page(derivation, told, notation, drawing, walked, code, worked, drawn)
    return template("page.html.jinja").render(p=made)


def _top(derivation: Derivation) -> str:
    """What the page differentiates: the loss of a sample, where that is told by itself."""
    return Outline.of(derivation, Writer.of(derivation, LABEL)).top


def _code(derivation: Derivation) -> list[CodeLine]:
    """The lines of the module; none where a width is a letter."""
    try:
        refuse_letters(derivation.network)
    except NetError:
        return []
    return listing(derivation)


@dataclass(frozen=True)
class Page:
    """What the template lays out."""

    derivation: Derivation
    sheets: list[Sheet]
    notation: str
    drawing: Drawing
    walk: Walk
    code: list[CodeLine]
    worked: Worked | None
    drawn: bool  # the numbers are bpgen's own

    @property
    def title(self) -> str:
        return title(self.derivation.network)

    @property
    def unworked(self) -> str:
        """Why there are no numbers, where some were to be drawn."""
        return why_none(self.derivation.network) if self.drawn and self.worked is None else ""

    @property
    def samples(self) -> int:
        """How many samples its numbers are of."""
        return 1 if self.worked is None else self.worked.point.lengths[BATCH]

    @property
    def stop_of(self) -> dict[str, int]:
        """The step at which each equation is shown first."""
        found: dict[str, int] = {}
        for k, stop in enumerate(self.walk.stops):
            found.setdefault(stop.of, k)
        return found

    @property
    def defined(self) -> dict[str, str]:
        return names(self.derivation)

    @property
    def still(self) -> dict[str, str]:
        """What stands in the drawing where there are no scripts: all, before the update."""
        last = max((k for k, s in enumerate(self.walk.stops) if s.way == "backward"), default=0)
        shown = {key: [m for k, m, _ in said if k <= last] for key, said in self.walk.slots.items()}
        return {key: markups[-1] for key, markups in shown.items() if markups}

    @property
    def data(self) -> str:
        """The walk for the script."""
        stops = [
            {
                "way": s.way,
                "of": s.of,
                "code": s.code,
                "name": s.name,
                "lit": s.lit,
                "note": [[n.text, n.tex] for n in s.note],
                "more": s.more,
            }
            for s in self.walk.stops
        ]
        text = json.dumps({"stops": stops, "slots": self.walk.slots}, separators=(",", ":"))
        return text.replace("<", "\\u003c")

    @property
    def katex_style(self) -> str:
        return katex_style(said.tex for sheet in self.sheets for said in sheet.formulas)

    def asset(self, name: str) -> str:
        return asset(name)
