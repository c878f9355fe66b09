"""Values and losses, before steps and after them, and what functions are there, computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bpgen.check.lesson.reading import Reader, Table


def steps(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """The loss after one step and after ten, of some lengths."""
    for rate, one, ten, _ in table.rows:
        (value,) = _values(rate)
        losses = [*islice(reader.ground.descent(value), 11)]
        wrong = (reader.differs(c, losses[k], losses[0]) for c, k in ((one, 1), (ten, 10)))
        yield f"{rate}: {one}, {ten}", next(filter(None, wrong), "")


def _values(cell: str) -> list[float]:
    found = re.findall(r"(-?[0-9.]+)(?: \\cdot 10\^\{(-?[0-9]+)\})?", cell)
    return [float(f"{a}e{b or 0}") for a, b in found]


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
    return reader.differs(found[2], next(islice(ground.descent(ground.rate), after, None)))


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
