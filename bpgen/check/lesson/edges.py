"""Edge cases: losses and largest gradients where something is special, computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.check.lesson.kinks import kink
from bpgen.check.lesson.reading import Measure, Reader, Table
from bpgen.check.page.tokens import Unreadable

_FAR = 100.0  # times the parameters
_ROUNDING = 1e-12  # of the largest gradient
_LOST = "less than a ten-billionth of what it was"
_FINITE = (  # of the usual gradients at least, and at most
    (0.0, 0.01, "saturated: next to nothing is learned, and nothing is nan"),
    (0.01, 100.0, "nothing is nan"),
    (100.0, np.inf, "nothing is nan; it explodes"),
)
_AT_KINK = "at the kink of "
_RIGHT = re.compile(r"(\$[^$]+\$) is (\$[^$]+\$): already right")
_ALREADY = re.compile(
    r"(\$[^$]+\$) is (\$[^$]*\$|no number), the largest gradient (\$[^$]*\$|no number)"
)
_LARGEST = re.compile(
    rf"the largest gradient is (\$[^$]*\$|no number|{_LOST}), and was (\$[^$]*\$|no number)"
)


def edges(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Losses and largest gradients where something is special."""
    ground = reader.ground

    def most(here: Evaluation) -> float:
        slopes = ground.slopes_at(here).values()
        return float(np.max([np.max(np.abs(g), initial=0.0) for g in slopes], initial=0.0))

    usual = most(ground.begin)
    said: tuple[tuple[str, Evaluation, Measure], ...]
    for where, what, why in table.rows:
        beside: tuple[Evaluation, ...] = ()  # where the target is another rounding of the output
        if found := _RIGHT.match(where):
            target, output = (reader.tensor(found[k]) for k in (1, 2))
            value = ground.returned(output)
            right = ground.at({target: value})
            beside = (ground.at({target: value * (1 + np.finfo(float).eps)}),)
            told = _told(_ALREADY, what)
            if reader.tensor(told[0]) != ground.loss:
                raise Unreadable(what)
            said = ((told[1], right, ground.loss_at), (told[2], right, most))
            true = _when_right(most(right), usual)
        elif where == f"every parameter {_FAR:.0f} times as large":
            told = _told(_LARGEST, what)
            far = ground.at({n: _FAR * ground.point[n] for n in ground.params})
            lost, largest = told[0] == _LOST, most(far)
            said = ((told[1], ground.begin, most),)
            said = said if lost else ((told[0], far, most), *said)
            true = _when_far(largest, ground.loss_at(far), usual)
            if lost and not largest <= (1 + _ROUNDING) * 1e-10 * usual:
                true = set()
        elif where.startswith(_AT_KINK):
            yield where, kink(where.removeprefix(_AT_KINK), what, why, ground)
            continue
        else:
            raise Unreadable(where)
        wrong = [reader.number_differs(*one, *beside) for one in said]
        yield where, next(filter(None, wrong), "") or ("" if why in true else f"not so: {why}")


def _when_right(largest: float, usual: float) -> set[str]:
    """What may be said where the target is the output; where rounding decides, either."""
    if largest > _ROUNDING * usual * 10:
        return {"what is left is not of the error: a penalty, or a loss whose least is elsewhere"}
    exactly, nearly = (
        f"every gradient is {zero}: nothing is learned"
        for zero in ("exactly 0", "0 but for rounding")
    )
    return {exactly, nearly}


def _when_far(largest: float, loss: float, usual: float) -> set[str]:
    """What may be said where all parameters are large."""
    if not np.isfinite([largest, loss]).all():
        return {"too large for numbers"}
    if usual == 0:  # of nothing, it is no multiple
        return {"nothing is nan"}
    near = 1 + _ROUNDING
    return {
        said
        for least, most, said in _FINITE
        if least * usual <= near * largest <= near**2 * most * usual
    }


def _told(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return found.groups()
