"""What a reader needs to read once: functions, unit vectors, indicators, conventions."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from bpgen.functions import ROWS, Row, masked
from bpgen.ir import Element, Network
from bpgen.render.calls import NOTATIONS, exp
from bpgen.render.dialect import Dialect
from bpgen.render.names import Symbol
from bpgen.render.scalar import Printer
from bpgen.render.writer import Writer

_FAMILIAR = {*NOTATIONS, "erf"}  # printed in elementary terms


def legend(network: Network, writer: Writer, components: bool) -> tuple[str, ...]:
    """What was noted as it was printed, explained."""
    units = sorted(
        (n.removeprefix("unit ") for n in writer.notes if n.startswith("unit ")), key=len
    )
    notes, dialect, inline = frozenset(writer.notes), writer.dialect, writer.dialect.inline
    rows = [r for name, r in ROWS.items() if name in notes - _FAMILIAR and r.definition]
    said = [_definition(r, writer) for r in rows]
    said += [_softmax(writer)] if "softmax" in notes else []
    entrywise = "unctions, powers and quotients of vectors are taken entry by entry"
    one = inline(dialect.indicator(dialect.words["dots"]))
    labels = ", and labels with them," if "label" in notes else ""
    keeps_nothing = _may_keep_nothing(network)
    any_function = sorted(n.removeprefix("any ") for n in notes if n.startswith("any "))
    lines = {
        **{
            f"{inline(f)} is any function that has a derivative, {inline(f + dialect.prime)}": True
            for f in any_function
        },
        f"Here {', '.join(map(inline, said))}": bool(said),
        f"{inline(dialect.odot.strip())} and f{entrywise}": "odot" in notes,
        f"F{entrywise}": "entrywise" in notes and "odot" not in notes,
        "A scalar added to a vector is added to every entry": "broadcast" in notes,
        f"{inline(writer.unit(units[0] if units else 'y'))} is the unit vector of the label": any(
            units
        ),
        f"{one} is 1 where the condition holds, else 0": "indicator" in notes,
        "A sum with conditions below it runs over those values of its indices that satisfy them;"
        " a sum over none is 0": "condition" in notes,
        "What gives a maximum at some place does so at these values of the maximum's own indices": (
            "at" in notes
        ),
        "Of several indices, the last runs fastest: so their values are ordered": "order" in notes,
        f"{inline(dialect.d + dialect.immediate)} is the immediate derivative:"
        " of the formula's own mention of the variable": "immediate" in notes,
        f"Indices{labels} count from {writer.first}": components or "count" in notes,
        "0 times a logarithm is 0, and so is 0 over 0": "nothing" in notes,
        "Where a mask keeps nothing, a softmax is 0, and no gradient passes": keeps_nothing,
        "Long numbers are rounded to six digits": "rounded" in notes,
    }
    return tuple(f"{line}." for line, holds in lines.items() if holds)


def _may_keep_nothing(network: Network) -> bool:
    """Whether a softmax is of what a mask that is given keeps."""
    terms = [t for equation in network for t in equation.terms]
    masks = (m.args[1] for t in terms for m in t.body.atoms(masked))
    return any(k.has(Element) for k in masks) and any(t.reduce == "logsumexp" for t in terms)


def _definition(known: Row, writer: Writer) -> str:
    """sigma(z) = 1 / (1 + exp(-z))."""
    symbols = sp.symbols("z s t", real=True)
    arguments = symbols[: known.arity]
    printer = Printer(writer, writer.element)
    assert known.definition is not None
    body = printer.text(known.definition(*arguments))
    return f"{printer.text(known.function(*arguments))} = {body}"


def _softmax(writer: Writer) -> str:
    """softmax(z)_i = exp(z_i) / sum over j of exp(z_j)."""
    dialect, i, j = writer.dialect, writer.index("i"), writer.index("j")
    whole, one, each = (dialect.symbol(Symbol("z"), at, False) for at in ((), (i,), (j,)))
    above, below = (exp(z, writer).text for z in (one, each))
    value = dialect.frac(above, dialect.sum(j) + below)
    return f"{dialect.entry(dialect.softmax(whole), (i,))} = {value}"


def conventions(said: Iterable[str], dialect: Dialect) -> list[str]:
    """Conventions at kinks, as sentences."""
    return [f"By convention, {dialect.escape(text)}." for text in said]
