"""What a reader needs to be told once: functions, unit vectors, indicators, conventions."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from bpgen.functions import ROWS, Row
from bpgen.ir import Element, Equation, Index
from bpgen.render.dialect import Dialect
from bpgen.render.scalar import Printer
from bpgen.render.writer import Writer

_FAMILIAR = {"expm1", "log1p", "step", "leaky_step"}  # printed in elementary terms


def legend(equations: Iterable[Equation], writer: Writer, notation: str) -> tuple[str, ...]:
    """Definitions of the functions used, and what the notation means."""
    every = list(equations)
    bodies = [t.body for e in every for t in e.terms]
    used = {type(call).__name__ for body in bodies for call in body.atoms(sp.Function)}
    known = [ROWS[name] for name in ROWS if name in used and name not in _FAMILIAR]
    said = [_definition(row, writer) for row in known if row.definition]
    inline = writer.dialect.inline
    lines = [f"Here {', '.join(said)}."] if said else []
    if notation == "matrix" and any(len(e.indices) > 1 for e in every):
        odot = inline(writer.dialect.odot.strip())
        lines.append(
            f"{odot} and functions, powers and quotients of vectors are taken entry by entry."
        )
    if any(t.at is not None for e in every for t in e.terms):
        unit, one = (
            inline(writer.unit("y")),
            inline(writer.dialect.indicator(writer.dialect.words["dots"])),
        )
        lines.append(
            f"{unit} is the unit vector of the label; {one} is 1 where the condition holds, else 0."
        )
    if any(_shifted(e) for body in bodies for e in body.atoms(Element)):
        lines.append(
            "Indices count from 0." if notation != "components" else "Indices count from 1."
        )
    elif notation == "components":
        lines.append("Indices count from 1.")
    return tuple(lines)


def _shifted(access: Element) -> bool:
    return any(not isinstance(i, (Index, Element)) for i in access.indices)


def _definition(row: Row, writer: Writer) -> str:
    """sigma(z) = 1 / (1 + exp(-z))."""
    arguments = (sp.Symbol("z", real=True), sp.Symbol("s", real=True))[
        : 2 if "{1}" in row.numpy else 1
    ]
    printer = Printer(writer, writer.element)
    assert row.definition is not None
    body = printer.text(row.definition(*arguments))
    return writer.dialect.inline(f"{printer.text(row.function(*arguments))} = {body}")


def conventions(said: Iterable[str], dialect: Dialect) -> list[str]:
    """Conventions at kinks, as sentences."""
    return [f"By convention, {dialect.escape(text)}." for text in said]
