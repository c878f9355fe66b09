"""Elements as the tensors that they are of, where the indices that are left out can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import sympy as sp

from bpgen.functions import at_most
from bpgen.ir import Element, Index, is_batch
from bpgen.render.masks import kept
from bpgen.render.scalar import Printer
from bpgen.render.writer import Piece, Writer

Axes = tuple[Index, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Raiser:
    """`labels` are the indices that stay: of the sample and of the block."""

    writer: Writer
    axes: Axes
    labels: frozenset[sp.Basic] = frozenset()

    def is_label(self, expr: sp.Basic) -> bool:
        return is_batch(expr) or expr in self.labels

    def inner(self, access: Element) -> tuple[sp.Expr, ...]:
        """The indices of an element that matrices do away with."""
        return tuple(i for i in self.writer.below(access) if not is_batch(i))

    def named(self, access: Element, transposed: bool = False) -> Piece:
        """A tensor without those."""
        labels = tuple(self.writer.subscript(i) for i in access.indices if is_batch(i))
        return self.writer.tensor(access.name, labels, transposed, self.writer.above(access))

    def printer(self, axes: Axes) -> Printer:
        """Prints expressions that fit: every element has either all of `axes` or none of them."""
        return Printer(
            self.writer, lambda e: self.bare(e, axes), lambda f: bool(f.free_symbols & set(axes))
        )

    def bare(self, access: Element, axes: Axes) -> Piece:
        """An element that fits: a tensor that has the axes in this order or in the other, or a
        number.
        """
        inner = self.inner(access)
        if inner in (axes, axes[::-1]):
            return self.named(access, inner != axes)
        return self.writer.element(access)

    def fits(self, expr: sp.Expr, axes: Axes) -> bool:
        """Whether every element of an expression has all of the axes in this order or none; what is
        compared along them, [a_t <= b], stands at its indices.
        """
        compared = any(c.free_symbols & {*axes} for c in expr.atoms(at_most))
        every = (self.inner(e) == axes or self.is_number(e, axes) for e in self._printed(expr))
        return not compared and all(every)

    def is_number(self, access: Element, axes: Axes) -> bool:
        """Whether an element is one number, whatever the axes are at."""
        inside = any(isinstance(i, Index) for i in self.inner(access))
        return not (inside or access.free_symbols & set(axes))

    def _printed(self, expr: sp.Expr) -> Iterator[Element]:
        """The outermost elements as they are printed: of the indicator of a maximum, what it is
        of.
        """
        left = [expr]
        while left:
            part = left.pop()
            if not isinstance(part, Element):
                left += part.args
                continue
            known = self.writer.firsts.get((part.name, len(part.indices)))
            if known is None:
                yield part
            else:
                at = dict(zip(known.indices, part.indices, strict=True))
                left += [kept(known.body)[0].xreplace(at), known.largest.xreplace(at)]


def attempt(writer: Writer, printed: Callable[[Writer], T | None]) -> T | None:
    """What is printed, if anything is; what is noted on the way counts only then."""
    trial = replace(writer, notes=set())
    found = printed(trial)
    if found is not None:
        writer.note(*trial.notes)
    return found


def every(found: Iterable[T | None]) -> list[T] | None:
    """All of them, or None where one is."""
    kept: list[T] = []
    for one in found:
        if one is None:
            return None
        kept.append(one)
    return kept
