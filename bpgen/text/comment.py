"""Equations in plain ASCII, as the comments of the emitted module carry them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

import sympy as sp

from bpgen.equations.contraction import factored
from bpgen.ir import Element, Equation, Term, element
from bpgen.rows import spelled
from bpgen.text.document import ATOM, MINUS, POWER, PRODUCT, TOGETHER, code
from bpgen.text.scalar import Printer, Text, bracketed, word


def text_of(equation: Equation, order: Mapping[str, int]) -> str:
    """`z1[n,i] = sum_j W1[i,j] * x[n,j] + b1[i]`"""
    return _text(equation, order, f"{left_of(equation)} = ")


def left_of(equation: Equation) -> str:
    return _plain(equation.lhs)


def right_of(equation: Equation, order: Mapping[str, int]) -> str:
    """What stands right of the equals sign; the whole text, where values are only added to."""
    return _text(equation, order, "")


def wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    """A comment in lines, which end at no blank within a power."""
    lines = textwrap.wrap(text, width, subsequent_indent=hanging)
    return [line.replace(TOGETHER, " ") for line in lines]


def _text(equation: Equation, order: Mapping[str, int], left: str) -> str:
    printer, equation = Printer(_access, order, calls=False), spelled(equation)
    here = [t for t in equation.terms if not is_elsewhere(t)]
    own = replace(equation, terms=tuple(here))
    said = [f"{left}{right(own, printer)}"] if here else []
    said += [added(t, equation, printer) for t in equation.terms if is_elsewhere(t)]
    return ", ".join(said)


def is_elsewhere(term: Term) -> bool:
    """Written at a shifted access, not at whole numbers that a tensor holds."""
    return term.at is not None and not any(isinstance(e, Element) for e in term.at)


def added(term: Term, equation: Equation, printer: Printer) -> str:
    """`x[n,p+u] += sum_i w[i,u] * d[n,i,p]`: what is added at an access."""
    at = term.at or ()
    place = {i for e in at for i in e.free_symbols}
    left = Term(term.body, tuple(k for k in term.over if k not in place), term.reduce)
    target = _plain(element(equation.name, at))
    return f"{target} += {_term(left, equation, printer).text}"


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
    first, *others = (
        _term(t, equation, printer) for t in sorted(terms, key=lambda t: t.at is not None)
    )
    signed = (f" - {t.text.unsigned}" if t.minus else f" + {t.text}" for t in others)
    return f"{first.text}{''.join(signed)}"


def _term(term: Term, equation: Equation, printer: Printer) -> Text:
    if term.at is not None:
        return _delta(term, equation, printer)
    if not term.over:
        return printer.text(term.body)
    over = ",".join(k.name for k in term.over)
    if term.reduce == "first":
        return word(f"[{printer(term.body)} is the first largest over {over}]")
    negative = _is_negative(term.body)
    body = printer(-term.body if negative else term.body, PRODUCT)
    text = f"{term.reduce}_{over} " + body
    return Text(MINUS + text if negative else text, PRODUCT, negative)


def _is_negative(body: sp.Expr) -> bool:
    return isinstance(body, sp.Mul) and bool(body.could_extract_minus_sign())


def _delta(term: Term, equation: Equation, printer: Printer) -> Text:
    """A scatter as the equation it is: the value where the index meets the access, in Iverson's
    bracket.
    """
    at = term.at or ()
    meets = [
        f"{i.name} = {printer(a)}" for i, a in zip(equation.indices, at, strict=True) if a != i
    ]
    over = f"sum_{','.join(k.name for k in term.over)} " if term.over else ""
    value = printer.text(term.body * element(f"[{', '.join(meets)}]", ()))
    text = bracketed(value, PRODUCT)
    if value.minus and text == value.text:
        return Text(MINUS + (over + text.unsigned), PRODUCT, minus=True)
    return Text(over + text, PRODUCT)


def _access(access: Element) -> Text:
    inside = ",".join(map(_index, access.indices))
    return Text(code(access.name).at([inside]) if inside else code(access.name), ATOM)


def _plain(access: Element) -> str:
    return str(_access(access).text)


@lru_cache(4096)  # the same few stand in all equations
def _index(index: sp.Expr) -> str:
    return _plain(index) if isinstance(index, Element) else str(index).replace(" ", "")
