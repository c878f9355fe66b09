"""Functions applied to arguments: by the notation that mathematics has for them, a row each of a
table, and any other by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import sympy as sp

from bpgen.functions import NOTHING, ROWS, FunctionRow, Named, defined, is_elementary, row
from bpgen.ir import element
from bpgen.render.dialect import Dialect
from bpgen.render.masks import conditions
from bpgen.render.names import Symbol, parse
from bpgen.render.writer import ADD, MUL, POW, Piece, Writer


class Printing(Protocol):
    """What a notation asks of the printer of its arguments."""

    @property
    def writer(self) -> Writer: ...
    @property
    def entrywise(self) -> Callable[[sp.Expr], bool]: ...
    def text(self, expr: sp.Expr, /) -> str: ...
    def piece(self, expr: sp.Expr, /) -> Piece: ...
    def tight(self, expr: sp.Expr, level: int, /) -> str: ...


def called(call: sp.Expr, printer: Printing) -> Piece:
    """A function applied: what has a notation of its own in that, any other as name(arguments)."""
    if printer.entrywise(call):
        printer.writer.note("entrywise")
    if is_elementary(call):
        printer.writer.note(*["nothing"] * isinstance(call, NOTHING))
        return printer.piece(defined(call))
    own = _by_name if isinstance(call, Named) else _named
    return NOTATIONS.get(type(call).__name__, own)(call, printer)


def head(call: sp.Expr, writer: Writer) -> str:
    """The name of a function, without its arguments."""
    known, word = row(call), type(call).__name__
    writer.note(word)
    return spelled(word, writer) if known is None else name_of(known, writer)


def name_of(known: FunctionRow, writer: Writer) -> str:
    """The symbol of a function, spelled out where a tensor has it; a derivative's is its function's
    with a prime.
    """
    if known.slope_of:
        return name_of(ROWS[known.slope_of], writer) + writer.dialect.prime
    if {known.text, known.letter} & writer.letters:
        return spelled(known.name, writer)
    return known.word if writer.dialect.flat else known.latex


def _named(call: sp.Expr, printer: Printing) -> Piece:
    """f(z, s), where a label among the arguments counts as labels do."""
    known, arguments = row(call), list(call.args)
    if known is not None and known.label is not None and arguments[known.label].is_Integer:
        arguments[known.label] += printer.writer.first
    return _applied(head(call, printer.writer), arguments, printer)


def _applied(name: str, arguments: list[sp.Expr], printer: Printing) -> Piece:
    inner = ", ".join(printer.text(a) for a in arguments)
    return Piece(printer.writer.dialect.call(name, inner))


# notations


def exp(inner: str, writer: Writer) -> Piece:
    """e^z, or exp(z) where e is a tensor or a unit vector."""
    if writer.e_is_taken and not writer.dialect.flat:
        return Piece(writer.dialect.call(r"\exp", inner))
    return Piece(writer.dialect.exp(inner), POW)


def log(inner: Piece, dialect: Dialect) -> Piece:
    """log a, log(1 - a)."""
    word = dialect.words["log"]
    if inner.level >= POW and not dialect.flat:
        return Piece(f"{word} {inner.text}", MUL)
    return Piece(dialect.call(word, inner.text))


def _expm1(call: sp.Expr, printer: Printing) -> Piece:
    power = exp(printer.text(call.args[0]), printer.writer)
    return Piece(f"{power.text} {printer.writer.dialect.minus} 1", ADD)


def _log1p(call: sp.Expr, printer: Printing) -> Piece:
    return log(printer.piece(call.args[0] + 1), printer.writer.dialect)


def _extreme(word: str) -> Callable[[sp.Expr, Printing], Piece]:
    """max(a, b), in the order of the user; sympy's has none."""

    def of(call: sp.Expr, printer: Printing) -> Piece:
        name = word if printer.writer.dialect.flat else f"\\{word}"
        arguments = call.args if row(call) else sorted(call.args, key=str)
        return _applied(name, list(arguments), printer)

    return of


def _step(call: sp.Expr, printer: Printing) -> Piece:
    """1[z > 0]."""
    more = printer.writer.dialect.relations[">"]
    return Piece(printer.writer.indicator(f"{printer.text(call.args[0])} {more} 0"))


def _between(sign: str) -> Callable[[sp.Expr, Printing], Piece]:
    """1[low < z < high]."""

    def of(call: sp.Expr, printer: Printing) -> Piece:
        z, low, high = map(printer.text, call.args)
        less = printer.writer.dialect.relations[sign]
        return Piece(printer.writer.indicator(f"{low} {less} {z} {less} {high}"))

    return of


def _at_most(call: sp.Expr, printer: Printing) -> Piece:
    """1[i <= j]."""
    one, other = map(printer.writer.subscript, call.args)
    less = printer.writer.dialect.relations["<="]
    return Piece(printer.writer.indicator(f"{one} {less} {other}"))


def _masked(call: sp.Expr, printer: Printing) -> Piece:
    """What a mask keeps, and minus infinity elsewhere."""
    dialect, (kept, mask) = printer.writer.dialect, call.args
    lost = dialect.minus + dialect.words["infinity"]
    if mask.is_Integer:  # at one entry it is known what is kept
        return printer.piece(kept) if mask != 0 else Piece(lost, ADD)
    rows = ((printer.text(kept), keeps(call, printer)), (lost, dialect.words["otherwise"]))
    return Piece(dialect.cases(rows), MUL)


def keeps(call: sp.Expr, printer: Printing) -> str:
    """if u <= t and m_u != 0, of what a mask keeps."""
    dialect, (bounds, given) = printer.writer.dialect, conditions(call.args[1])
    when = list(printer.writer.bounded(bounds))
    if given != 1:
        when.append(f"{printer.tight(given, MUL)} {dialect.relations['!=']} 0")
    return str(dialect.words["if"] + ", ".join(when))


def cases(call: sp.Expr, printer: Printing) -> Piece:
    """The cases of a piecewise function."""
    rows = tuple((printer.text(value), _condition(when, printer)) for value, when in call.args)
    return Piece(printer.writer.dialect.cases(rows), MUL)


def _condition(case: sp.Basic, printer: Printing) -> str:
    """When a case of a piecewise function holds."""
    dialect = printer.writer.dialect
    if case == sp.true:
        return dialect.words["otherwise"]
    if isinstance(case, sp.core.relational.Relational):
        relation = dialect.relations[case.rel_op]
        return f"{dialect.words['if']}{printer.text(case.lhs)} {relation} {printer.text(case.rhs)}"
    return dialect.escape(str(case))


def _softmaxed(call: sp.Expr, printer: Printing) -> Piece:
    """softmax(z), or softmax(z)_i where z_i is printed with its index."""
    (z,), writer = call.args, printer.writer
    dialect = writer.dialect
    writer.note("softmax")
    if printer.text(z) != writer.element(z).text:
        return Piece(dialect.softmax(printer.text(z)), POW)
    *others, axis = z.indices
    whole = dialect.softmax(writer.element(element(z.name, others)).text)
    return Piece(dialect.entry(whole, (writer.subscript(axis),)), POW)


def _by_name(call: sp.Expr, printer: Printing) -> Piece:
    """f(z), f'(z), of a function that net.py only names."""
    writer, symbol = printer.writer, parse(call.word)
    bare = symbol == Symbol(symbol.stem) and not symbol.word and symbol.stem not in writer.letters
    text = writer.dialect.symbol(symbol, (), False) if bare else spelled(call.word, writer)
    writer.note(f"any {text}")
    return _applied(text + writer.dialect.prime * call.order, [call.args[0]], printer)


def spelled(word: str, writer: Writer) -> str:
    """A function's name in letters that stand upright."""
    dialect = writer.dialect
    return word if dialect.flat else rf"\operatorname{{{dialect.escape(word)}}}"


NOTATIONS: dict[str, Callable[[sp.Expr, Printing], Piece]] = {
    "exp": lambda call, printer: exp(printer.text(call.args[0]), printer.writer),
    "expm1": _expm1,
    "log": lambda call, printer: log(printer.piece(call.args[0]), printer.writer.dialect),
    "log1p": _log1p,
    "Abs": lambda call, printer: Piece(printer.writer.dialect.absolute(printer.text(call.args[0]))),
    "Max": _extreme("max"),
    "Min": _extreme("min"),
    "maximum": _extreme("max"),
    "minimum": _extreme("min"),
    "step": _step,
    "inside": _between("<"),
    "within": _between("<="),
    "at_most": _at_most,
    "masked": _masked,
    "softmaxed": _softmaxed,
}
