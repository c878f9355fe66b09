"""Values and losses, before steps and after them, and what functions are there, computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, pairwise

from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.check.lesson.ground import biases
from bpgen.check.lesson.reading import Reader, Table
from bpgen.check.page.tokens import Unreadable

_FACTORS = (0.1, 1.0, 10.0)  # of the step, whose length may be rounded where it is printed
_BY_ROUNDING = "rounding decides", "too long: the loss wanders"
_BESIDE, _DECIDES = 1e-14, 1e-8  # of the parameters before a descent; of the loss after it
_SLOWLY = 0.05  # of a loss: what it falls by
_ROUNDINGS = (1e-13, 1e-11)  # of the first loss: what may be one, and what is none
_BELOW = re.compile(r"below \$10\^\{(-\d+)\}\$ of (\$[^$]+\$) before")


def steps(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """The loss after one step and after ten, of some lengths, and what is said of it."""
    for factor, (rate, one, ten, why) in zip(_FACTORS, table.rows, strict=True):
        length = factor * reader.ground.rate
        way = [*islice(reader.ground.descent(length), 11)]
        wrong = [reader.differs(rate, length)]
        wrong += [reader.loss_differs(one, way[1])]
        if (ten, why) == _BY_ROUNDING:
            wrong += [_not_by_rounding(reader, length, way[-1])]
        else:
            wrong += [
                _after_ten(ten, reader, way[0], way[-1]),
                _fate(why, [*map(reader.ground.loss_at, way)], _noise(reader, way[0], way[-1])),
            ]
        yield f"{rate}: {one}, {ten}", next(filter(None, wrong), "")


def _after_ten(said: str, reader: Reader, first: Evaluation, last: Evaluation) -> str:
    """How a loss differs from what is printed: a number, or a bound that is a part of the first."""
    below, at = _BELOW.fullmatch(said), reader.ground.loss_at
    if below is None:
        return reader.loss_differs(said, last)
    if reader.tensor(below[2]) != reader.ground.loss:
        return "this is not the loss"
    most = 10.0 ** int(below[1]) * abs(at(first))
    return "" if abs(at(last)) <= most else f"it is {at(last):.4g}, of {at(first):.4g}"


def _not_by_rounding(reader: Reader, rate: float, here: Evaluation) -> str:
    """Whether rounding at the beginning does not decide the loss after ten steps."""
    ground = reader.ground
    point = {n: ground.point[n] * (1 + _BESIDE) for n in ground.params}
    beside = next(islice(replace(ground, point={**ground.point, **point}).descent(rate), 10, None))
    one, other = ground.loss_at(here), ground.loss_at(beside)
    return "rounding does not decide it" if abs(one - other) <= _DECIDES * abs(one) else ""


def _noise(reader: Reader, *ends: Evaluation) -> float:
    """What rounding makes of the difference of two losses, which may be left of values that
    cancel.
    """
    ground = reader.ground
    return sum(ground.noise(here, ground.loss_at) for here in ends)


def _fate(said: str, losses: list[float], noise: float) -> str:
    """What is false of a sentence on a loss, step by step; where rounding decides, it may say
    either.
    """
    first, last = losses[0], losses[-1]
    perhaps, surely = (r * abs(first) for r in _ROUNDINGS)
    rises = max(not b <= a + surely for a, b in pairwise(losses))
    may_rise = max(not b <= a + perhaps for a, b in pairwise(losses))
    slow = _SLOWLY * abs(first)
    true = {
        "too long: the loss grows": not last <= first + perhaps,
        "too long: the loss goes up and down": may_rise and last < first,
        "nothing is learned": abs(last - first) <= max(surely, noise),
        "the loss falls slowly": not rises and first - slow - surely <= last < first,
        "the loss falls": not rises and last <= first - slow + surely,
    }
    if said not in true:
        raise Unreadable(said)
    return "" if true[said] else f"the loss is {first:.4g}, and {last:.4g} after ten steps"


def again(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Values before and after the step, and after one that leaves biases as they are."""
    ground = reader.ground
    after = ground.moved(ground.slopes, ground.rate)
    held = {**after, **{n: ground.point[n] for n in biases(ground)}}
    known = {"before": ground.values, "after": ground.evaluated(after)}
    known["with biases held"] = ground.evaluated(held)
    for cell, *told in table.rows:
        name = reader.tensor(cell)
        pairs = zip(told, (known[head] for head in table.heads[1:]), strict=True)
        wrong = (reader.differs(c, ground.shown(name, v[name])) for c, v in pairs)
        yield cell, next(filter(None, wrong), "")


def loss_told(line: str, reader: Reader, after: bool) -> str:
    """The loss in the sentence above a table."""
    ground = reader.ground
    found = re.search(
        r"(?:Before any|After a right) step (\$[^$]+\$) is (\$[^$]*\$|no number)[.;]", line
    )
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
