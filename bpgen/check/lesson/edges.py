"""Edge cases: losses and largest gradients where something is special, computed again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.check.lesson.reading import Measure, Reader, Table
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

    def most(here: Evaluation) -> float:
        slopes = ground.slopes_at(here).values()
        return max((float(np.max(np.abs(g), initial=0.0)) for g in slopes), default=0.0)

    said: tuple[tuple[str, Evaluation, Measure], ...]
    for where, what, _ in table.rows:
        if found := _RIGHT.match(where):
            target, output = (reader.tensor(found[k]) for k in (1, 2))
            right = ground.at({target: ground.of_steps(output, ground.values[output])})
            told = _told(_ALREADY, what)
            if reader.tensor(told[0]) != ground.loss:
                raise Unreadable(what)
            said = ((told[1], right, ground.loss_at), (told[2], right, most))
        elif where == f"every parameter {_FAR:.0f} times as large":
            told = _told(_LARGEST, what)
            far = ground.at({n: _FAR * ground.point[n] for n in ground.params})
            said = ((told[0], far, most), (told[1], ground.begin, most))
        elif where.startswith("at the kink of "):
            continue
        else:
            raise Unreadable(where)
        wrong = (reader.number_differs(*one) for one in said)
        yield where, next(filter(None, wrong), "")


def _told(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return found.groups()
