"""Edge cases: losses and largest gradients where something is special, computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bpgen.check.lesson.reading import Reader, Table
from bpgen.check.page.tokens import Unreadable

_FAR = 100.0  # times the parameters
_RIGHT = re.compile(r"(\$[^$]+\$) is (\$[^$]+\$): already right")
_ALREADY = re.compile(
    r"(\$[^$]+\$) is (\$[^$]*\$|no number), the largest gradient (\$[^$]*\$|no number)"
)
_LARGEST = re.compile(
    r"the largest gradient is (\$[^$]*\$|no number), and was (\$[^$]*\$|no number)"
)


def edges(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Losses and largest gradients where something is special."""
    ground = reader.ground
    value, slopes = ground.usual
    usual = _most(slopes)
    for where, what, _ in table.rows:
        if found := _RIGHT.match(where):
            target, output = (reader.tensor(found[k]) for k in (1, 2))
            right = ground.at({target: ground.values[output]})
            loss, slopes = ground.loss_at(right), ground.slopes_at(right)
            told = _told(_ALREADY, what)
            if reader.tensor(told[0]) != ground.loss:
                raise Unreadable(what)
            pairs = ((told[1], loss, value), (told[2], _most(slopes), usual))
        elif where == f"every parameter {_FAR:.0f} times as large":
            told = _told(_LARGEST, what)
            far = ground.at({n: _FAR * ground.point[n] for n in ground.params})
            pairs = ((told[0], _most(ground.slopes_at(far)), usual), (told[1], usual, usual))
        elif where.startswith("at the kink of "):
            continue
        else:
            raise Unreadable(where)
        wrong = (reader.differs(*pair) for pair in pairs)
        yield where, next(filter(None, wrong), "")


def _told(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return found.groups()


def _most(slopes: dict[str, np.ndarray]) -> float:
    return max((float(np.max(np.abs(g), initial=0.0)) for g in slopes.values()), default=0.0)
