"""Reasons in words and mathematics: since sigma'(z) = sigma(z)(1 - sigma(z)) = a(1 - a)."""

from __future__ import annotations

from collections.abc import Iterable

from bpgen.record import Equality
from bpgen.render.calls import head
from bpgen.render.scalar import Printer
from bpgen.render.writer import Writer

_SUMS_TO_ONE = "sums to one: "


def told(reasons: Iterable[Equality | str], writer: Writer) -> tuple[str, ...]:
    """Each reason as mathematics; those that say nothing once printed are left out."""
    found = dict.fromkeys(text for r in reasons if (text := _reason(r, writer)))
    return tuple(found)


def _reason(reason: Equality | str, writer: Writer) -> str:
    dialect = writer.dialect
    if isinstance(reason, str):
        if reason.startswith(_SUMS_TO_ONE):
            name = reason.removeprefix(_SUMS_TO_ONE)
            return f"{dialect.sum('k')}{writer.tensor(name, ('k',)).text} = 1"
        return dialect.said(dialect.escape(reason))
    printer = Printer(writer, writer.element)
    first, *rest = reason.chain
    if reason.prime:
        inner = ", ".join(printer.text(a) for a in first.args)
        opening = dialect.call(head(first, dialect) + dialect.prime, inner)
    else:
        opening = printer.text(first)
    chain = list(dict.fromkeys([opening, *(printer.text(e) for e in rest)]))
    return " = ".join(chain) if chain[1:] else ""
