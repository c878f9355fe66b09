"""Values and losses, before steps and after them, and what functions are there, computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bpgen.check.lesson.reading import Reader, Table

_FACTORS = (0.1, 1.0, 10.0)  # of the step, whose length may be rounded where it is printed


def steps(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """The loss after one step and after ten, of some lengths."""
    for factor, (rate, one, ten, _) in zip(_FACTORS, table.rows, strict=True):
        length = factor * reader.ground.rate
        way = [*islice(reader.ground.descent(length), 11)]
        wrong = [reader.differs(rate, length)]
        wrong += [reader.loss_differs(c, way[k]) for c, k in ((one, 1), (ten, 10))]
        yield f"{rate}: {one}, {ten}", next(filter(None, wrong), "")


def again(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Values before and after the step."""
    ground = reader.ground
    after = ground.evaluated(ground.moved(ground.slopes, ground.rate))
    for cell, one, other in table.rows:
        name = reader.tensor(cell)
        pairs = ((one, ground.values), (other, after))
        wrong = (reader.differs(c, ground.shown(name, v[name])) for c, v in pairs)
        yield cell, next(filter(None, wrong), "")


def loss_told(line: str, reader: Reader, after: bool) -> str:
    """The loss in the sentence above a table."""
    ground = reader.ground
    found = re.search(r"(?:Before any|After a right) step (\$[^$]+\$) is (\$[^$]*\$)[.;]", line)
    if found is None:
        return "it is not read"
    if reader.tensor(found[1]) != ground.loss:
        return "this is not the loss"
    return reader.loss_differs(found[2], next(islice(ground.descent(ground.rate), after, None)))


def here(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """A function's argument, its value and its derivative."""
    ground = reader.ground
    for cell, argument, value, slope in table.rows:
        one, _, other = cell.partition(" of ")
        name, read = reader.tensor(one), reader.tensor(other)
        (equation,) = (e for e in ground.network if e.name == name)
        local = ground.local(equation, ground.values[read])
        wrong = (
            reader.differs(argument, ground.shown(read, ground.values[read])),
            reader.differs(value, ground.shown(name, ground.values[name])),
            reader.differs(slope, ground.shown(read, local)),
        )
        yield cell, next(filter(None, wrong), "")
