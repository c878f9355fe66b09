"""The sizes that a page tells of its tensors: z in R^{2 x 3}."""

from __future__ import annotations

import re
from functools import partial

import numpy as np

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.left_sides import axes_of, column, named
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement, top_level
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.world import Array

_SIZES = re.compile(r"^Sizes: (.*); a gradient has that of its tensor\.$", re.M)


def judge_sizes(page: Page, judge: Judge) -> None:
    """Sizes: z1, a1 in R^2; W1 in R^{2 x 2}."""
    for found in _SIZES.finditer(page.latex):
        for group in found[1].split("; "):
            *names, last = (tokens(t) for t in re.findall(r"\$(.*?)\$", group))
            at = last.index(r"\in") if r"\in" in last else 0
            for name in (*names, last[:at]):
                judge.judge(group, partial(_space, name, last[at + 1 :], page.sample))


def sizes_told(statement: Statement, reading: Reading) -> list[Array]:
    """Those of a row's tensor, or of the one that is named, and what they are."""
    at = statement.tokens.index(r"\in")
    left = statement.tokens[:at] or list(statement.of)
    return _space(left, statement.tokens[at + 1 :], reading)


def _space(left: list[str], space: list[str], reading: Reading) -> list[Array]:
    """What is said of a tensor's values, if they are labels, and of the sizes of its axes; and what
    they are.
    """
    labels = space[:1] == [r"\{"]
    end = space.index(r"\}" if labels else "}") + 1
    scope = Scope(reading)
    parts = top_level(space[end:][2:-1], r"\times") if space[end:] else []
    said = [int(np.real(scope.value(reading.parse(s))).item()) for s in parts]
    node = reading.parse(left)
    axes = axes_of(node, scope)
    if not labels:
        return [column(said), column(axes)]
    told = _labels(["".join(t) for t in top_level(space[1 : end - 1], ",")])
    known = scope.find(named(node))
    bound = reading.world.network.tensors[known[1]].bound if known else None
    own = [reading.base, reading.base + (bound or 0) - 1]
    return [column([*told, *said]), column([*own, *axes])]


def _labels(told: list[str]) -> list[int]:
    """The first and the last label: all between them are there, or dots."""
    dotted = told[1:-1] == [r"\dots"]
    labels = [int(t) for t in (told[::2] if dotted else told) if t.isdigit()]
    first, last = labels[0], labels[-1]
    if (not dotted and labels != [*range(first, last + 1)]) or len(labels) < len(told) - dotted:
        raise Unreadable("labels from where to where?")
    return [first, last]
