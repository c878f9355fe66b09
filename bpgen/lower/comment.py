"""Equations in plain ASCII, as the comments of the emitted module carry them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.contraction import factored
from bpgen.ir import Element, Equation, Term, element
from bpgen.lower.printer import ATOM, POWER, PRODUCT, Printer, Text
from bpgen.lower.rows import spelled


def spoken(equation: Equation, order: Mapping[str, int]) -> str:
    """`z1[n,i] = sum_j W1[i,j] * x[n,j] + b1[i]`"""
    printer, equation = Printer(_access, order, calls=False), spelled(equation)
    here = [t for t in equation.terms if not is_elsewhere(t)]
    own = replace(equation, terms=tuple(here))
    said = [f"{_plain(equation.lhs)} = {right(own, printer)}"] if here else []
    said += [added(t, equation, printer) for t in equation.terms if is_elsewhere(t)]
    return ", ".join(said)


def right_of(equation: Equation, order: Mapping[str, int]) -> str:
    """What stands right of the equals sign; the whole text, where values are only added to."""
    return spoken(equation, order).removeprefix(f"{_plain(equation.lhs)} = ")


def is_elsewhere(term: Term) -> bool:
    """Written at a shifted access, not at whole numbers that a tensor holds."""
    return term.at is not None and not any(isinstance(e, Element) for e in term.at)


def added(term: Term, equation: Equation, printer: Printer) -> str:
    """`x[n,p+u] += sum_i w[i,u] * d[n,i,p]`: what is added at an access."""
    at = term.at or ()
    place = {i for e in at for i in e.free_symbols}
    left = Term(term.body, tuple(k for k in term.over if k not in place), term.reduce)
    target = _plain(element(equation.name, at))
    return f"{target} += {_term(left, equation, printer)}"


def right(equation: Equation, printer: Printer) -> str:
    found = factored(equation)
    if found is None:
        return _sum(equation.terms, equation, printer)
    inner = _sum(found.inside.terms, equation, printer)
    above, below = sp.fraction(found.outer, exact=True)
    text = f"{printer(above, PRODUCT)} ({inner})" if above != 1 else f"({inner})"
    text = f"{text} / {printer(below, POWER)}" if below != 1 else text
    if not found.beside.terms:
        return text
    return f"{_sum(found.beside.terms, equation, printer)} + {text}"


def _sum(terms: Iterable[Term], equation: Equation, printer: Printer) -> str:
    text = ""
    for term in sorted(terms, key=lambda t: t.at is not None):
        part = _term(term, equation, printer)
        text = (
            part
            if not text
            else f"{text} - {part[1:]}"
            if part.startswith("-")
            else f"{text} + {part}"
        )
    return text


def _term(term: Term, equation: Equation, printer: Printer) -> str:
    if term.at is not None:
        return _delta(term, equation, printer)
    if not term.over:
        return printer(term.body)
    over = ",".join(k.name for k in term.over)
    if term.reduce == "first":
        return f"[{printer(term.body)} is the first largest over {over}]"
    sign = "-" if _is_negative(term.body) else ""
    return f"{sign}{term.reduce}_{over} {printer(-term.body if sign else term.body, PRODUCT)}"


def _is_negative(body: sp.Expr) -> bool:
    return isinstance(body, sp.Mul) and bool(body.could_extract_minus_sign())


def _delta(term: Term, equation: Equation, printer: Printer) -> str:
    """A scatter as the equation it is: the value where the index meets the access, in Iverson's
    bracket.
    """
    at = term.at or ()
    meets = [
        f"{i.name} = {printer(a)}" for i, a in zip(equation.indices, at, strict=True) if a != i
    ]
    over = f"sum_{','.join(k.name for k in term.over)} " if term.over else ""
    value = printer(term.body * element(f"[{', '.join(meets)}]", ()), PRODUCT)
    return f"-{over}{value[1:]}" if value.startswith("-") else f"{over}{value}"


def _access(access: Element) -> Text:
    return _plain(access), ATOM


def _plain(access: Element) -> str:
    inside = ",".join(_index(i) for i in access.indices)
    return f"{access.name}[{inside}]" if inside else access.name


def _index(index: sp.Expr) -> str:
    return _plain(index) if isinstance(index, Element) else str(index).replace(" ", "")
