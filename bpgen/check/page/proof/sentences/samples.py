"""What a page says of samples: by which letter they are told apart, and whether they meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.elements import parts_of
from bpgen.check.page.proof.page import MEET, SAMPLES, Page
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import letter_of, symbols_of
from bpgen.check.page.world import Array, of_sample
from bpgen.ir import BATCH, Equation, is_batch

_SAME = 1e-9


def subscript(found: re.Match[str], page: Page) -> str:
    """The subscript n is the sample, of N in the batch: where samples have an index, it is that."""
    reading = page.whole
    letter, length = (reading.parser(tokens(found[k])).symbol() for k in ("letter", "length"))
    if reading.names.length(length) != BATCH:
        return "that is not how many samples there are"
    every = {*_letters(page)}
    return "" if letter_of(letter) in every or not every else "it is not what tells samples apart"


def _letters(page: Page) -> Iterator[str]:
    """The letters that stand where samples are told apart."""
    for group in page.groups:
        reading = page.reading(group)
        for statement in group.statements if not reading.sample else ():
            for part in statement.parts:
                with suppress(Unreadable, ValueError):  # and so the line is false
                    yield from _of_samples(part, reading)


def _of_samples(part: list[str], reading: Reading) -> Iterator[str]:
    scope, tensors = Scope(reading), reading.world.network.tensors
    for symbol in symbols_of(reading.parse(part)):
        known = scope.find(symbol)
        if known is not None and known[1] and tensors[known[1]].batched:
            below = parts_of(scope, symbol, known[1])
            letter = letter_of(below[0]) if below else None
            if letter is not None:
                yield letter


def meet(_: re.Match[str], page: Page) -> str:
    """Samples meet: of what is computed, something is another by itself, or is of pairs, or runs
    over them, though it may come to the same, as what is less a mean and is constant.
    """
    return "" if any(_together(page)) or any(_shared(page)) else "each is told by itself"


def untold(page: Page) -> Iterator[FalseLine]:
    """That samples meet, if they do."""
    if MEET not in page.latex and any(_together(page)):
        yield FalseLine(MEET, "is not told")


def _together(page: Page) -> Iterator[bool]:
    """Of each value of a sample, whether it is another where others are there."""
    for name, value, alone in _computed(page):
        info = page.network.tensors[name]
        if info.batched:
            own = (of_sample(info, value, n) for n in range(SAMPLES))
            yield not all(map(_same, own, alone))


def _shared(page: Page) -> Iterator[bool]:
    """Of each value whether it is of pairs of samples, or runs over them; of the loss, whether it
    is no mean of theirs.
    """
    for name, value, alone in _computed(page):
        if name == page.network.loss:
            yield not _same(value, np.mean(alone, 0))
        else:
            own = (e for e in page.network.equations if e.name == name)
            yield any(_of_several(e) for e in own)


def _of_several(equation: Equation) -> bool:
    over = (i for t in equation.terms for i in t.over)
    return sum(map(is_batch, equation.indices)) > 1 or any(map(is_batch, over))


def _computed(page: Page) -> Iterator[tuple[str, Array, list[Array]]]:
    """Of each equation its values of all samples together, and of each alone."""
    for name in dict.fromkeys(e.name for e in page.network.equations):
        yield name, page.together.values[name], [w.values[name] for w in page.alone]


def _same(one: Array, other: Array) -> bool:
    return bool(np.allclose(one, other, rtol=_SAME, atol=_SAME, equal_nan=True))
