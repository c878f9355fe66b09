"""What a reader needs to read once: functions, unit vectors, indicators, conventions."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

import sympy as sp

from bpgen.functions import ROWS, Convention, FunctionRow, masked
from bpgen.ir import Element, Equation, Network, Term
from bpgen.network.kept import nothing_kept
from bpgen.render.calls import NOTATIONS, exp, name_of
from bpgen.render.dialect import listed
from bpgen.render.names import Symbol
from bpgen.render.scalar import Printer
from bpgen.render.writer import Writer

_FAMILIAR = {*NOTATIONS, "erf"}  # printed in elementary terms
_BESIDE = "stuvpqrabcdfgh"  # letters beside z, and of no index
_ENTRYWISE = "unctions, powers and quotients of vectors are taken entry by entry"


def legend(network: Network, writer: Writer, components: bool) -> tuple[str, ...]:
    """What was noted as it was printed, explained."""
    notes, inline = _noted(network, writer, components), writer.dialect.inline
    found = [_any_function(f, writer) for f in _of_kind("any ", notes)]
    rows = [r for name, r in ROWS.items() if name in notes - _FAMILIAR and r.definition]
    definitions = [_definition(r, writer) for r in rows]
    definitions += [_softmax(writer)] if "softmax" in notes else []
    found += [f"Here {', '.join(map(inline, definitions))}"] if definitions else []
    found += [sentence(notes, writer) for note, sentence in _SENTENCES.items() if note in notes]
    found += _drawn(network, writer)
    return tuple(f"{sentence}." for sentence in found)


def _noted(network: Network, writer: Writer, components: bool) -> frozenset[str]:
    """The notes, and those that nothing printed makes."""
    notes = set(writer.notes)
    notes |= {"unit"} if any(n.startswith("unit ") for n in notes) else set()
    notes |= {"count"} if components else set()
    notes |= {"kept"} if _may_keep_nothing(network) else set()
    return frozenset(notes - {"entrywise"} if "odot" in notes else notes)


def _of_kind(kind: str, notes: Iterable[str]) -> list[str]:
    """What was noted of one kind."""
    return sorted(n.removeprefix(kind) for n in notes if n.startswith(kind))


def _any_function(f: str, writer: Writer) -> str:
    inline, slope = writer.dialect.inline, f + writer.dialect.prime
    return f"{inline(f)} is any function that has a derivative, {inline(slope)}"


def _odot(_: Container[str], writer: Writer) -> str:
    return f"{writer.dialect.inline(writer.dialect.odot.strip())} and f{_ENTRYWISE}"


def _unit(notes: Iterable[str], writer: Writer) -> str:
    """e_u and e_i are the unit vectors of the integers u and i: of each tensor the shortest."""
    noted = [note.partition(" ")[::2] for note in _of_kind("unit ", notes)]
    names = [name for name in writer.integers if name in dict(noted)]
    places = [min((at for name, at in noted if name == n), key=len) for n in names]
    inline, s = writer.dialect.inline, "s" if names[1:] else ""
    units = listed([inline(writer.unit_at(at)) for at in places])
    kind = "label" if {writer.integers[n] for n in names} == {"target"} else "integer"
    of = f" {listed([*map(inline, places)])}" if s or kind == "integer" else ""
    return f"{units} {'are' if s else 'is'} the unit vector{s} of the {kind}{s}{of}"


def _indicator(_: Container[str], writer: Writer) -> str:
    one = writer.dialect.indicator(writer.dialect.words["dots"])
    return f"{writer.dialect.inline(one)} is 1 where the condition holds, else 0"


def _immediate(_: Container[str], writer: Writer) -> str:
    mark = writer.dialect.inline(writer.dialect.d + writer.dialect.immediate)
    return f"{mark} is the immediate derivative: of the formula's own mention of the variable"


def _count(notes: Container[str], writer: Writer) -> str:
    labels = ", and labels with them," if "label" in notes else ""
    return f"Indices{labels} count from {writer.first}"


def _plain(sentence: str) -> Callable[[Container[str], Writer], str]:
    return lambda *_: sentence


# What each note has the reader know, in this order.
_SENTENCES: dict[str, Callable[[frozenset[str], Writer], str]] = {
    "odot": _odot,
    "entrywise": _plain(f"F{_ENTRYWISE}"),
    "broadcast": _plain("A scalar added to a vector is added to every entry"),
    "unit": _unit,
    "indicator": _indicator,
    "condition": _plain(
        "A sum with conditions below it runs over those values of its indices that satisfy them;"
        " a sum over none is 0"
    ),
    "at": _plain(
        "What gives a maximum at some place does so at these values of the maximum's own indices"
    ),
    "order": _plain("Of several indices, the last runs fastest: so their values are ordered"),
    "immediate": _immediate,
    "count": _count,
    "nothing": _plain("0 times a logarithm is 0, and so is 0 over 0"),
    "kept": _plain("Where a mask keeps nothing, a softmax is 0, and no gradient passes"),
    "rounded": _plain("Long numbers are rounded to six digits"),
}


def _drawn(network: Network, writer: Writer) -> list[str]:
    """How what dropout multiplies by is drawn; what is drawn alike, in one sentence."""
    inline, alike = writer.dialect.inline, dict[sp.Expr, list[str]]()
    for t in network.role("noise"):
        assert t.keep is not None
        alike.setdefault(t.keep, []).append(inline(writer.tensor(t.name).text))
    number = Printer(writer, writer.element).text
    return [
        f"Each entry of {listed(names)} is drawn in forward: {inline(number(1 / keep))} with the"
        f" probability {inline(number(keep))}, else 0"
        for keep, names in alike.items()
    ]


def _may_keep_nothing(network: Network) -> bool:
    """Whether a softmax may be of nothing: of what a mask keeps that is given, or conditions on
    indices that leave nothing of some row.
    """
    masks = {e.name: e for e in network if any(t.body.has(masked) for t in e.terms)}
    sums = [t for e in network for t in e.terms if t.reduce == "logsumexp"]
    given = (m.args[1] for e in masks.values() for t in e.terms for m in t.body.atoms(masked))
    return any(bool(sums) and k.has(Element) for k in given) or any(
        nothing_kept((keep,), term.over) is not None
        for term in sums
        for keep in _keeps(term, masks)
    )


def _keeps(term: Term, masks: Mapping[str, Equation]) -> Iterator[sp.Expr]:
    """The masks of what a term is of, in its letters."""
    if isinstance(term.body, masked):
        yield term.body.args[1]
    if isinstance(term.body, Element) and term.body.name in masks:
        of = masks[term.body.name]
        at = dict(zip(of.indices, term.body.indices, strict=True))
        yield from (t.body.args[1].xreplace(at) for t in of.terms if isinstance(t.body, masked))


def _definition(known: FunctionRow, writer: Writer) -> str:
    """sigma(z) = 1 / (1 + exp(-z)), of any z."""
    arguments = [sp.Symbol(letter, real=True) for letter in ("z", *_beside(known, writer))]
    printer = Printer(writer, writer.element)
    assert known.definition is not None
    body = printer.text(known.definition(*arguments))
    return f"{printer.text(known.function(*arguments))} = {body}"


def _beside(known: FunctionRow, writer: Writer) -> list[str]:
    """What stands beside z has a letter of its own, as far as there are such."""
    free = [c for c in _BESIDE if c not in writer.letters | writer.own]
    return [*free, *(c for c in _BESIDE if c not in free)][: known.arity - 1]


def _softmax(writer: Writer) -> str:
    """softmax(z)_i = exp(z_i) / sum over j of exp(z_j)."""
    dialect, i, j = writer.dialect, writer.index("i"), writer.index("j")
    whole, one, each = (dialect.symbol(Symbol("z"), at, False) for at in ((), (i,), (j,)))
    above, below = (exp(z, writer).text for z in (one, each))
    value = dialect.frac(above, dialect.sum(j) + below)
    return f"{dialect.entry(dialect.softmax(whole), (i,))} = {value}"


def conventions(kinks: Iterable[Convention], writer: Writer) -> list[str]:
    """Conventions at kinks, as sentences."""
    return [f"By convention, {convention(kink, writer)}." for kink in kinks]


def convention(kink: Convention, writer: Writer) -> str:
    """What is taken at a kink, in the names and letters in which the page defines the function."""

    def shown(part: re.Match[str]) -> str:
        formula = part["formula"]
        return _of_slope(formula, ROWS[kink.of], writer) if formula else escape(part[0])

    escape = writer.dialect.escape
    return re.sub(r"\$(?P<formula>[^$]*)\$|[^\s$]+", shown, kink.said)


def _of_slope(formula: str, known: FunctionRow, writer: Writer) -> str:
    dialect = writer.dialect
    letters = [*map(dialect.index, _beside(known, writer))]
    slope = name_of(known, writer) + dialect.prime
    at_0 = dialect.call(slope, ", ".join(["0", *letters]))
    return dialect.inline(formula.format(slope=slope, at_0=at_0, s="".join(letters[:1])))
