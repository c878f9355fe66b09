"""Functions applied to arguments: each by its row of the table, or by the notation that mathematics
has for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sympy as sp

from bpgen.functions import Row, row
from bpgen.render.dialect import Dialect
from bpgen.render.masks import conditions
from bpgen.render.writer import ADD, MUL, POW, Piece, Writer

if TYPE_CHECKING:
    from bpgen.render.scalar import Printer


def condition(case: sp.Basic, printer: Printer) -> str:
    """When a case of a piecewise function holds."""
    dialect = printer.writer.dialect
    if case == sp.true:
        return dialect.words["otherwise"]
    if isinstance(case, sp.core.relational.Relational):
        relation = dialect.relations[case.rel_op]
        return f"{dialect.words['if']}{printer.text(case.lhs)} {relation} {printer.text(case.rhs)}"
    return dialect.escape(str(case))


def head(call: sp.Expr, writer: Writer) -> str:
    """The name of a function, without its arguments; spelled out where a tensor has its symbol."""
    known, dialect = row(call), writer.dialect
    word = type(call).__name__
    writer.note(word)
    if known is not None and not {known.text, _letter(known)} & writer.letters:
        return known.word if dialect.flat else known.latex
    return word if dialect.flat else rf"\operatorname{{{dialect.escape(word)}}}"


def _letter(known: Row) -> str:
    """sigma of \\sigma, lrelu of \\operatorname{lrelu}."""
    return re.sub(r"\\operatorname|[\\{}']", "", known.latex)


def called(call: sp.Expr, printer: Printer) -> Piece:
    """A function applied: what has a notation of its own in that, any other as name(arguments)."""
    writer, inner = printer.writer, call.args[0]
    dialect, name = writer.dialect, type(call).__name__
    if printer.entrywise(call):
        writer.note("entrywise")
    if name in ("exp", "expm1"):
        power = exp(printer.text(inner), writer)
        return power if name == "exp" else Piece(f"{power.text} {dialect.minus} 1", ADD)
    if name in ("log", "log1p"):
        return log(printer.piece(inner + 1 if name == "log1p" else inner), dialect)
    if name == "Abs":
        return Piece(dialect.absolute(printer.text(inner)))
    if name == "step":
        return Piece(writer.indicator(f"{printer.text(inner)} {dialect.relations['>']} 0"))
    if name == "at_most":
        one, other = map(writer.subscript, call.args)
        return Piece(writer.indicator(f"{one} {dialect.relations['<=']} {other}"))
    if name == "masked" and call.args[1].is_Integer:  # at one entry it is known what is kept
        lost = Piece(dialect.minus + dialect.words["infinity"], ADD)
        return printer.piece(inner) if call.args[1] != 0 else lost
    if name == "masked":
        return Piece(dialect.cases(_masked(call, printer)), MUL)
    if name == "inside":
        low, z, high = (printer.text(call.args[k]) for k in (1, 0, 2))
        less = dialect.relations["<"]
        return Piece(writer.indicator(f"{low} {less} {z} {less} {high}"))
    arguments = sorted(call.args, key=str) if isinstance(call, (sp.Max, sp.Min)) else call.args
    if (
        name in ("unless", "unless_slope") and arguments[2].is_Integer
    ):  # a label counts as labels do
        arguments = (*arguments[:2], arguments[2] + writer.first)
    short = {"Max": "max", "Min": "min"}.get(name)
    name = head(call, writer) if short is None else short if dialect.flat else f"\\{short}"
    return Piece(dialect.call(name, ", ".join(printer.text(a) for a in arguments)))


def _masked(call: sp.Expr, printer: Printer) -> tuple[tuple[str, str], ...]:
    """What a mask keeps, and minus infinity elsewhere."""
    dialect = printer.writer.dialect
    lost = (dialect.minus + dialect.words["infinity"], dialect.words["otherwise"])
    return ((printer.text(call.args[0]), keeps(call, printer)), lost)


def keeps(call: sp.Expr, printer: Printer) -> str:
    """if u <= t and m_u != 0, of what a mask keeps."""
    dialect, (bounds, given) = printer.writer.dialect, conditions(call.args[1])
    when = list(printer.writer.bounded(bounds))
    if given != 1:
        when.append(f"{printer.tight(given, MUL)} {dialect.relations['!=']} 0")
    return str(dialect.words["if"] + ", ".join(when))


def exp(inner: str, writer: Writer) -> Piece:
    """e^z, or exp(z) where net.py has an e of its own."""
    if "e" in writer.letters and not writer.dialect.flat:
        return Piece(writer.dialect.call(r"\exp", inner))
    return Piece(writer.dialect.exp(inner), POW)


def log(inner: Piece, dialect: Dialect) -> Piece:
    """log a, log(1 - a)."""
    word = dialect.words["log"]
    if inner.level >= POW and not dialect.flat:
        return Piece(f"{word} {inner.text}", MUL)
    return Piece(dialect.call(word, inner.text))
