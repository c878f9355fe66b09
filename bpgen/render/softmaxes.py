"""p = exp(z - s) = softmax(z), where s is the log-sum-exp of z."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.ir import Element, Equation, element
from bpgen.lower.softmax import argument_of_softmax
from bpgen.render.places import fits, is_batch
from bpgen.render.sample import View
from bpgen.render.scalar import Printer
from bpgen.render.writer import Piece, Writer


def as_softmax(
    equation: Equation, definitions: Mapping[str, Equation], view: View, whole: bool, writer: Writer
) -> str:
    """The equation's right side as a softmax, of whole vectors or at its last index; or nothing."""
    argument = argument_of_softmax(equation, definitions)
    if argument is None or not all(fits(e, writer.axes) for e in argument.atoms(Element)):
        return ""
    axis = equation.indices[-1]

    def along(access: Element) -> Piece:
        return writer.element(element(access.name, (i for i in access.indices if i != axis)))

    printer = Printer(writer, along, lambda f: axis in f.free_symbols)
    text = writer.dialect.softmax(printer.text(sp.sympify(view.expr(argument))))
    writer.note("softmax")
    whole = whole and not is_batch(axis)  # a subscript n is one sample
    return text if whole else writer.dialect.entry(text, (writer.subscript(axis),))
