"""Equations in plain ASCII, as the comments of the emitted module carry them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy as sp

from bpgen.equations.contraction import factored
from bpgen.ir import Element, Equation, Index, Size, TensorInfo, Term, element, elements, length
from bpgen.rows import spelled
from bpgen.text.document import ATOM, MINUS, POWER, PRODUCT, TOGETHER, code
from bpgen.text.scalar import Printer, Text, bracketed, word


@dataclass(frozen=True)
class Comments:
    """Writes equations: `order` is where a name stands in a product, `tensors` say how long the
    axes of each are.
    """

    order: Mapping[str, int]
    tensors: Mapping[str, TensorInfo]

    def text_of(self, equation: Equation, more: bool = False) -> str:
        """`z1[n,i] = sum_j W1[i,j] * x[n,j] + b1[i]`; `+=` of all that is `more` than another
        statement has written.
        """
        return self._text(equation, f"{left_of(equation)} {'+=' if more else '='} ", more)

    def right_of(self, equation: Equation) -> str:
        """What stands right of the equals sign; the whole text, where values are only added to."""
        return self._text(equation, "")

    def _text(self, equation: Equation, left: str, more: bool = False) -> str:
        equation = spelled(equation)
        writer = _Writer(equation, Printer(_access, self.order, calls=False), self.tensors)
        elsewhere = [
            t for t in equation.terms if is_elsewhere(t, equation) or (more and t.at is not None)
        ]
        here = [t for t in equation.terms if t not in elsewhere]
        said = [f"{left}{writer.right(replace(equation, terms=tuple(here)))}"] if here else []
        said += map(writer.added, elsewhere)
        return ", ".join(said)


def left_of(equation: Equation) -> str:
    return _plain(equation.lhs)


def wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    """A comment in lines, which end at no blank within a power."""
    lines = textwrap.wrap(text, width, subsequent_indent=hanging)
    return [line.replace(TOGETHER, " ") for line in lines]


def is_elsewhere(term: Term, equation: Equation) -> bool:
    """Written at a shifted access, and not at own indices and at whole numbers that a tensor holds:
    what a bracket with a shift says of a loop's steps leaves out what is added before the first.
    In a loop that counts by a letter of the left side, that letter would have two meanings.
    """
    at = term.at or ()
    others = [a for a, i in zip(at, equation.indices, strict=True) if a != i] if at else []
    free = {*equation.indices} - {*at}
    captured = any(a.free_symbols & free for a in others)
    held = bool(others) and all(isinstance(a, Element) for a in others)
    return bool(at) and (captured or not held)


@dataclass(frozen=True)
class _Writer:
    """Writes the terms of one equation."""

    equation: Equation
    printer: Printer
    tensors: Mapping[str, TensorInfo]

    def added(self, term: Term) -> str:
        """`x[n,p+u] += sum_i w[i,u] * d[n,i,p]`: what is added at an access, for all values of the
        letters there, or `for u<2`.
        """
        target = element(self.equation.name, term.at or ())
        place = {i for e in target.indices for i in e.free_symbols}
        left = Term(term.body, tuple(k for k in term.over if k not in place), term.reduce)
        text = f"{_plain(target)} += {self._term(left).text}"
        axes = self._axes(term.body, target)
        ends = [_end(k) for k in term.over if k in place and (k, k.size) not in axes]
        return f"{text} for {','.join(ends)}" if ends else text

    def right(self, equation: Equation) -> str:
        found = factored(equation)
        if found is None:
            return self._sum(equation.terms)
        inner = self._sum(found.inside.terms)
        above, below = sp.fraction(found.outer, exact=True)
        text = f"{self.printer(above, PRODUCT)} ({inner})" if above != 1 else f"({inner})"
        text = f"{text} / {self.printer(below, POWER)}" if below != 1 else text
        return f"{self._sum(found.beside.terms)} + {text}" if found.beside.terms else text

    def _sum(self, terms: Iterable[Term]) -> str:
        first, *others = (self._term(t) for t in sorted(terms, key=lambda t: t.at is not None))
        signed = (f" - {t.text.unsigned}" if t.minus else f" + {t.text}" for t in others)
        return f"{first.text}{''.join(signed)}"

    def _term(self, term: Term) -> Text:
        if term.at is not None:
            return self._delta(term)
        if not term.over:
            return self.printer.text(term.body)
        if term.reduce == "first":
            largest = f"{self.printer(term.body)} is the first largest"
            return word(f"[{largest} over {self._over(term)}]")
        minus, over = _is_negative(term.body), f"{term.reduce}_{self._over(term)} "
        if minus and term.reduce != "sum":  # max -z is not -max z
            return Text(code(f"{over}({self.printer(term.body)})"), PRODUCT)
        text = over + self.printer(-term.body if minus else term.body, PRODUCT)
        return Text(MINUS + text if minus else text, PRODUCT, minus)

    def _over(self, term: Term) -> str:
        """`j`, or `r<2,s<2` of letters that no axis of a summand says how far they run."""
        axes = self._axes(term.body)
        return ",".join(k.name if (k, k.size) in axes else _end(k) for k in term.over)

    def _axes(self, *exprs: sp.Expr) -> set[tuple[sp.Expr, Size | None]]:
        """The indices of elements, each with the sizes of the axes along which it goes."""
        return {pair for e in exprs for access in elements(e) for pair in self._along(access)}

    def _along(self, access: Element) -> Iterable[tuple[sp.Expr, Size | None]]:
        """The indices of an element with the sizes of their axes; of a block it has fewer."""
        info = self.tensors.get(access.name)
        axes = info.indices if info is not None else ()
        sizes = (axis.size for axis in axes[::-1])
        return zip(access.indices[::-1], sizes, strict=False)

    def _delta(self, term: Term) -> Text:
        """A scatter as the equation it is: the value where the index meets the access, in
        Iverson's bracket.
        """
        pairs = zip(self.equation.indices, term.at or (), strict=True)
        meets = [f"{i.name} = {self.printer(a)}" for i, a in pairs if a != i]
        over = f"sum_{self._over(term)} " if term.over else ""
        value = self.printer.text(term.body * element(f"[{', '.join(meets)}]", ()))
        text = bracketed(value, PRODUCT)
        if value.minus and text == value.text:
            return Text(MINUS + (over + text.unsigned), PRODUCT, minus=True)
        return Text(over + text, PRODUCT)


def _end(index: Index) -> str:
    return f"{index.name}<{length(index.size)}"


def _is_negative(body: sp.Expr) -> bool:
    return isinstance(body, sp.Mul) and bool(body.could_extract_minus_sign())


def _access(access: Element) -> Text:
    inside = ",".join(map(_index, access.indices))
    return Text(code(access.name).at([inside]) if inside else code(access.name), ATOM)


def _plain(access: Element) -> str:
    return str(_access(access).text)


@lru_cache(4096)  # the same few stand in all equations
def _index(index: sp.Expr) -> str:
    return _plain(index) if isinstance(index, Element) else str(index).replace(" ", "")
