"""A comment is true: both of its sides, evaluated at random values."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bpgen.check.claims import comment
from bpgen.check.comments.evaluate import At
from bpgen.check.comments.shares import free, names, over
from bpgen.check.comments.told import parts
from bpgen.check.comments.values import Values
from bpgen.check.page.world import LOWEST

TOLERANCE = 1e-7


@dataclass(frozen=True)
class Judge:
    """Of the comments of one network's module."""

    values: Values

    def wrong(self, line: str) -> str:
        """How the sides differ, if they do; Unread where there is no saying what they mean."""
        left, right = self._sides(line)
        at = self._for_all(left, right)
        sides = (np.maximum(at.value(side), LOWEST) for side in (left, right))  # of what is masked
        return _unlike(*np.broadcast_arrays(*sides))

    def added(self, name: str, lines: Iterable[str]) -> str:
        """How a value differs from all that is added up in it."""
        value = self.values.array(self.values.meaning(name))
        return _unlike(value, self._total(name, lines))

    def share(self, line: str, name: str, letter: str, whole: Iterable[str]) -> str:
        """How what each block adds, which a letter counts, differs from that part of the whole."""
        if " += " not in line:
            return f"of which {letter}?"
        return _unlike(*(self._total(name, lines, letter) for lines in (whole, [line])))

    def counted(self, line: str) -> str:
        """The letter that counts the blocks of which one adds something to what all share."""
        found = {n for part in parts(line) for n in free(*self._sides(part.line))}
        return next((n for n in sorted(found) if not self.values.is_number(n)), "")

    def _total(self, name: str, lines: Iterable[str], letter: str = "") -> np.ndarray:
        """All that is added up; or what of it is summed over a letter."""
        meaning = self.values.meaning(name)
        total = np.zeros(self.values.array(meaning).shape)
        for part in (p for line in lines for p in parts(line)):
            left, right = self._sides(part.line)
            right = over(right, letter) if letter else right
            at = self._for_all(left, right, part.ends)
            if letter in free(left, right):
                at = at.over({letter: at.size(letter, (right,))})
            shape = np.broadcast_shapes(*(v.shape for v in at.letters.values()))
            each = (*at.places(left, meaning), at.value(right))
            *places, more = (np.broadcast_to(a, shape) for a in each)
            if places:
                np.add.at(total, tuple(places), more)
            else:
                total = total + np.sum(more)
        return total

    def _sides(self, line: str) -> tuple[ast.expr, ast.expr]:
        left, right = line.split(" = ", 1)
        with suppress(comment.NotOne):
            right = comment.read(right, self.values.names)
        return ast.parse(left, mode="eval").body, ast.parse(right, mode="eval").body

    def _for_all(
        self, left: ast.expr, right: ast.expr, said: Mapping[str, str] = MappingProxyType({})
    ) -> At:
        """The letters of the left side, as far as they run: as is said, or along an axis."""
        at = At(self.values, {})
        letters = [n for n in sorted(names(left)) if not self.values.is_number(n)]
        sizes = {n: at.size(n, (left, right)) for n in letters if n not in said}
        ranges = {n: int(at.value(ast.parse(e, mode="eval").body)) for n, e in said.items()}
        return at.over({n: size for n, size in {**sizes, **ranges}.items() if n in letters})


def _unlike(one: np.ndarray, other: np.ndarray) -> str:
    near = (one == other) | (np.abs(one - other) <= TOLERANCE * (1 + np.abs(one)))
    return "" if near.all() else f"{one[~near][0]:.6g} is not {other[~near][0]:.6g}"
