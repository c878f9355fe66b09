"""p = exp(z - s) = softmax(z), where s is the log-sum-exp of z: of an equation that is one, and of
what a gradient has of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import sympy as sp

from bpgen.equations.softmaxes import addend, argument_of_softmax, differences
from bpgen.ir import Element, Equation, Term, element, is_batch
from bpgen.render.places import fits
from bpgen.render.sample import View
from bpgen.render.scalar import Printer
from bpgen.render.writer import Piece, Writer


def as_softmax(
    equation: Equation,
    definitions: Mapping[str, Equation],
    view: View,
    whole: bool,
    writer: Writer,
    entry: Mapping[sp.Basic, sp.Integer] = MappingProxyType({}),
) -> str:
    """The equation's right side as a softmax, of whole vectors, at its last index or at an entry;
    or nothing.
    """
    argument = argument_of_softmax(equation, definitions)
    if argument is None or not all(fits(e, writer.axes) for e in argument.atoms(Element)):
        return ""
    axis = equation.indices[-1]
    argument = argument.xreplace({i: v for i, v in entry.items() if i != axis})

    def along(access: Element) -> Piece:
        return writer.element(element(access.name, (i for i in access.indices if i != axis)))

    printer = Printer(writer, along, lambda f: axis in f.free_symbols)
    text = writer.dialect.softmax(printer.text(sp.sympify(view.expr(argument))))
    writer.note("softmax")
    whole = whole and not is_batch(axis)  # a subscript n is one sample
    return text if whole else writer.dialect.entry(text, (writer.subscript(axis.xreplace(entry)),))


class softmaxed(sp.Function):
    """softmax(z)_i, of the element z_i."""

    is_real = True


def log_sums(equations: Iterable[Equation], view: View) -> dict[str, Equation]:
    """The equations of log-sum-exps of tensors along one axis, as the view shows them."""
    found = (view.equation(e) for e in equations if e.terms[0].reduce == "logsumexp")
    return {e.name: e for e in found if _is_along_an_axis(*e.terms)}


def _is_along_an_axis(term: Term) -> bool:
    body, over = term.body, term.over
    return isinstance(body, Element) and len(over) == 1 and over[0] in body.indices


def with_softmaxes(equation: Equation, known: Mapping[str, Equation]) -> Equation:
    """The equation with softmax(z)_i for exp(z_i - s)."""
    powers = {p for t in equation.terms for p in t.body.atoms(sp.exp)} if known else set()
    new = {p: found for p in powers if (found := _softmax(p, known)) is not None}
    if not new:
        return equation
    return replace(equation, terms=tuple(t.map(lambda b: b.xreplace(new)) for t in equation.terms))


def _softmax(power: sp.Expr, known: Mapping[str, Equation]) -> sp.Expr | None:
    for total, z in differences(power):
        definition = known.get(total.name)
        if definition is None or not isinstance(z, Element):
            continue
        (term,), (axis,) = definition.terms, definition.terms[0].over
        if term.body.indices[-1] != axis:
            continue  # z_j is a row: softmax(z_j)_i would not be that of a column
        same = len(z.indices) == len(term.body.indices)
        if same and addend(definition, total, z.indices[-1]) == z:
            return softmaxed(z)
    return None
