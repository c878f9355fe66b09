"""What is told to be the largest of several: at a reading's values, which of them it is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from bpgen.check.page.choices import Choices
from bpgen.check.page.evaluate.elements import slots_of
from bpgen.check.page.evaluate.maxima import choose
from bpgen.check.page.proof.left_sides import (
    is_maximum,
    named,
    of_every_sample,
    sizes_of,
    told_of,
)
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.rows import Rows
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.tokens import Unreadable


def read(page: Page, rows: Rows) -> None:
    main = (s for group in page.groups for s in group.statements if s.kind == "main")
    maxima = {id(s): s for s in main if r"\max" in s.tokens}.values()
    for reading in (page.sample, page.whole):
        reading.choices = Choices(reading.world, page.seed)
        told = replace(page.sample, world=reading.world, choices=reading.choices)
        for row in maxima:
            with suppress(Unreadable, ValueError):  # and so the line is false
                _chosen(row, rows, told)


def _chosen(row: Statement, rows: Rows, reading: Reading) -> None:
    """What a row says that a tensor is the largest of; a gradient by it may be a maximum, too, and
    of others.
    """
    scope, (left, *rest) = rows.scope(row, reading)
    slope, name = told_of(left, scope) or (True, "")
    maximum = next(filter(is_maximum, rest), None)
    if not slope and maximum is not None:
        scope = of_every_sample(scope, name)
        chosen = choose(scope, maximum, sizes_of(maximum, name, scope))
        reading.choices.tell(name, slots_of(scope, named(left), name), chosen)
