"""From where to where recurrences and blocks are told: for t = 0, ..., T-1."""

from __future__ import annotations

import re
from functools import partial

import numpy as np

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.left_sides import column
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import tokens
from bpgen.check.page.world import Array

_SPAN = re.compile(r"^.*?\$\w+ = ([^$]*?), \\dots, ([^$]*?)\$.*$", re.M)
_BACKWARD = re.compile("gradient|Backpropagation")
_BEYOND = re.compile(r"at \$\w+ = ([^$]*?)\$, gradients are 0")
Loops = dict[int, bool]  # by their length, whether they run from the last step


def judge_ends(page: Page, judge: Judge) -> None:
    reading = page.sample
    every = {e.loop for e in page.network.equations if e.loop is not None}
    loops = {reading.world.size(loop.index.size): loop.reverse for loop in every}
    for found in _SPAN.finditer(page.latex):
        judge.judge(found[0], partial(_span, found, loops, reading))
    for found in _BEYOND.finditer(page.latex):
        judge.judge(found[0], partial(_beyond, found, loops, reading))


def _span(found: re.Match[str], loops: Loops, reading: Reading) -> list[Array]:
    """The first and the last step as they are told, and as they are."""
    told = [_whole(text, reading) for text in found.groups()]
    size = max(told) + 1
    if size not in loops:
        return [column(told), column([0, -1])]
    descends = loops[size] != bool(_BACKWARD.search(found[0]))
    return [column(told), column([size - 1, 0] if descends else [0, size - 1])]


def _beyond(found: re.Match[str], loops: Loops, reading: Reading) -> list[Array]:
    """The step after the last."""
    told = _whole(found[1], reading)
    return [column([told]), column([told if told in loops else min(loops)])]


def _whole(text: str, reading: Reading) -> int:
    """A step, counted from 0."""
    value = Scope(reading).value(reading.parse(tokens(text)))
    return int(np.real(value).item()) - reading.base
