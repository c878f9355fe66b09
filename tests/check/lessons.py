"""Lessons with numbers, and what is false where one thing on their pages is another."""

from __future__ import annotations

from bpgen.check.lesson import Ground, Wrong, false_numbers
from bpgen.emit import emitted
from bpgen.gates.lesson import ground_of
from bpgen.lesson import sections
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import derived

Page = tuple[str, Ground]


def false(page: Page, section: str, before: str, after: str) -> list[Wrong]:
    """What is found where one thing is another in a section of a page."""
    latex, ground = page
    begin = latex.index(rf"\section{{{section}}}")
    head, rest = latex[:begin], latex[begin:]
    assert before in rest, before
    return false_numbers(head + rest.replace(before, after, 1), ground)[1]


def of_values(text: str, values: dict[str, object], rate: float) -> Page:
    derivation = derived(f"from bpgen import *\n{text}")
    made = worked(derivation, emitted(derivation), Example(values, rate))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


def drawn(derivation: Derivation) -> Page:
    """The lesson at numbers that bpgen draws."""
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)
