"""The page proved: every equation that it prints, evaluated at random values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from bpgen.check.page.proof import (
    definitions,
    ends,
    largest,
    other_names,
    shapes,
    spellings,
    whole,
    worked,
)
from bpgen.check.page.proof.allowance import Allowance
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.numbered import numbered, rows_of
from bpgen.check.page.proof.numbers import wrong_numbers
from bpgen.check.page.proof.page import SAMPLES, Page
from bpgen.check.page.proof.report import FalseLine, ReadBack
from bpgen.check.page.proof.rows import Rows
from bpgen.check.page.proof.sentences import false_sentences
from bpgen.check.page.proof.softmaxes import within_softmaxes
from bpgen.check.page.proof.zeros import zeros_elsewhere
from bpgen.check.page.world import World
from bpgen.ir import Network

__all__ = ["FalseLine", "ReadBack", "prove_page"]

Verdicts = list[FalseLine | None]  # of each equation, in the order of the page


def prove_page(
    latex: str,
    network: Network,
    seeds: Sequence[int] = (0, 1),
    samples: int = SAMPLES,
    at: World | None = None,
    lines: bool = False,
    characters: float = math.inf,
) -> ReadBack:
    """Read a page back and evaluate both sides of each of its equals signs, at random values of
    each seed: one draw may have a label or a dead unit at which a false line holds. The numbers of
    a worked example are those of its equations `at` its values. Of `lines` alone it is not asked
    whether they tell all; nor of a page whose lines are not all read, but so many `characters`.
    """
    allowances = [Allowance(characters) for _ in seeds]
    drawn = [
        _verdicts(Page.of(latex, network, seed, samples), lines, allowance)
        for seed, allowance in zip(seeds, allowances, strict=True)
    ]
    verdicts = [
        next((v for v in each if v), None) for each in zip(*(v for v, _ in drawn), strict=True)
    ]
    verdicts += [wrong for _, missing in drawn for wrong in missing]
    left = max(a.left for a in allowances)
    if at is None and r"\qquad" in latex:
        verdicts.append(FalseLine("numbers", "of which example?", True))
    if at is not None:
        verdicts += worked.verdicts(Page.of(latex, network, 0, samples, at))
    false = tuple(dict.fromkeys(v for v in verdicts if v is not None))
    return ReadBack(verdicts.count(None), len(verdicts) + left, false, left)


def _verdicts(page: Page, lines: bool, allowance: Allowance) -> tuple[Verdicts, list[FalseLine]]:
    """Of each equation, and what is missing beside them."""
    judge = Judge(page.tolerance)
    other_names.read(page, judge)
    definitions.read(page, judge)
    spellings.read(page)
    told = rows_of(page)
    rows = Rows(numbered(told))
    within = frozenset(within_softmaxes(page, {row.told for row in told if row.tag}))
    for reading in (page.sample, page.whole):
        reading.world = replace(reading.world, within=within)
    largest.read(page, rows)
    ends.judge_ends(page, judge)
    shapes.judge_sizes(page, judge)
    for group in allowance.ordered(page.groups):
        reading = page.reading(group)
        for statement in filter(allowance.takes, group.statements):
            rows.judge(statement, reading, judge)
        rows.closed()
        if allowance.whole(group):
            zeros_elsewhere(group, reading, rows, judge)
    if lines or allowance.left:
        return judge.verdicts, []
    missing = [*wrong_numbers(page.latex, told), *whole.missing(page, told, rows)]
    missing += false_sentences(page)
    return judge.verdicts, missing
