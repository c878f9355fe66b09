"""Reasons in words and mathematics: since sigma'(z) = sigma(z)(1 - sigma(z)) = a(1 - a)."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen.equations.affine import disjoint
from bpgen.equations.letters import lettered
from bpgen.functions import log1mexp, log1mexpexp
from bpgen.ir import Element, Equation, Index, Term, elements, indices_of
from bpgen.record import Equality, Forward, KnownSum, Reason, Risk
from bpgen.render.calls import head
from bpgen.render.dialect import listed
from bpgen.render.rightside import right_side
from bpgen.render.scalar import Printer
from bpgen.render.writer import Writer

_AVOIDS = {
    Risk.OVERFLOW: "overflow",
    Risk.UNDERFLOW: "underflow",
    Risk.LOG_OF_0: "the logarithm of 0",
    Risk.CANCELLATION: "cancellation",
}
_AS_ONE = (expm1, log1p, log1mexp, log1mexpexp)  # on paper each is the difference that it computes
_SUMS_TO_ONE = "sums to one: "
_LONG = 16  # operations of a middle step: of a longer one, the two ends are shown
_LONGEST = 40  # operations: of a longer formula, the reason would only be the page again


def equalities(reasons: Iterable[Equality], writer: Writer) -> tuple[str, ...]:
    """Each equality as mathematics; those that say nothing once printed are left out."""
    printer = Printer(writer, writer.element)
    return _distinct(_joined([printer.text(e) for e in r.chain], 2) for r in reasons)


def avoids(forward: Forward) -> str:
    """What the spelling of an equation that is evaluated is for; nothing, where it only leads on
    from another.
    """
    found = [_AVOIDS[risk] for risk in _AVOIDS if risk in forward.avoids]
    risks = listed(found)
    calls = {c.func for t in forward.evaluated.terms for c in t.body.atoms(*_AS_ONE)}
    names = " and ".join(f.__name__ for f in _AS_ONE if f in calls)
    if names and Risk.CANCELLATION in forward.avoids:
        risks += f", that by {names}" if found[1:] else f", by {names}"
    return f"(this spelling avoids {risks})" if found else ""


def derivatives(
    reasons: Iterable[Equality], wrt: Element, immediate: bool, writer: Writer
) -> tuple[str, ...]:
    """Reasons for a local derivative; f'(z) and its value alone would only repeat it."""
    found: list[str] = []
    for reason in reasons:
        if reason.prime and _may_meet(reason.chain[0], wrt):
            continue  # what one mention alone says is no derivative where they are one
        if reason.prime:
            if _is_long(reason.chain):
                found.append(_joined(_prime((reason.chain[0], reason.chain[-1]), writer), 2))
            else:
                found.append(_joined(_slope(reason.chain, wrt, immediate, writer), 3))
        elif reason.chain[0].count_ops() <= _LONGEST:
            found += equalities([reason], writer)
    return _distinct(found)


def _is_long(chain: tuple[sp.Expr, ...]) -> bool:
    """Whether f'(z) = f(z)(1 - f(z)) = a(1 - a) is better without the middle."""
    between = chain[1:-1]
    return not isinstance(chain[0].args[0], Element) and any(v.count_ops() > _LONG for v in between)


def _prime(chain: tuple[sp.Expr, ...], writer: Writer) -> list[str]:
    """f'(z) = ..., of whatever f is applied to."""
    printer = Printer(writer, writer.element)
    call, *values = chain
    inner = ", ".join(printer.text(a) for a in call.args)
    opening = writer.dialect.call(head(call, writer) + writer.dialect.prime, inner)
    return [opening, *map(printer.text, values)]


def _slope(chain: tuple[sp.Expr, ...], wrt: Element, immediate: bool, writer: Writer) -> list[str]:
    """f'(z) = ..., or the derivative by what is inside a compound argument."""
    call, *values = chain
    if isinstance(call.args[0], Element):
        return _prime(chain, writer)
    printer = Printer(writer, writer.element)
    mark = sp.Dummy(real=True)
    slope = sp.diff(call.args[0].xreplace({wrt: mark}), mark).xreplace({mark: wrt})
    by, marked = writer.element(wrt).text, writer.mark(immediate)
    opening = writer.dialect.direct(by, marked, printer.text(call))
    return [opening, *(printer.text(slope * v) for v in values)]


def _may_meet(call: sp.Expr, wrt: Element) -> bool:
    """Whether the call mentions an element that is called otherwise and may be the same: o[0]
    beside o[i].
    """
    others = (e for e in elements(call) if e.name == wrt.name and e != wrt)
    return any(not disjoint(e.indices, wrt.indices, indices_of(wrt)) for e in others)


def line_reasons(
    reasons: Iterable[Reason], left: tuple[Index, ...], before: Iterable[Term], writer: Writer
) -> tuple[str, ...]:
    """Reasons for a line, apart from the indices on its left, in the letters of the line before."""
    found: list[str] = []
    for reason in reasons:
        if isinstance(reason, KnownSum):
            found.append(_known(reason, left, writer))
        elif isinstance(reason, Equality):
            found += equalities([reason], writer)
        else:
            found.append(_one(reason.removeprefix(_SUMS_TO_ONE), before, writer))
    return _distinct(found)


def _known(reason: KnownSum, apart: tuple[Index, ...], writer: Writer) -> str:
    """The sum over i of xhat_i is 0."""
    bound, free = set(reason.term.over), reason.term.body.free_symbols
    left = sorted((s for s in free if isinstance(s, Index) and s not in bound), key=str)
    equation = lettered(Equation("", tuple(dict.fromkeys((*apart, *left))), (reason.term,)))
    text = Printer(writer, writer.element).joined(right_side(equation, writer))
    return f"{text} = {reason.value}"


def _one(name: str, before: Iterable[Term], writer: Writer) -> str:
    """The sum over i of y_i is 1, where the line before sums y over i."""
    for term in before:
        for access in sorted(term.body.atoms(Element), key=str):
            if access.name == name and access.indices[-1] in term.over:
                over = writer.dialect.sum(writer.subscript(access.indices[-1]))
                return f"{over}{writer.element(access).text} = 1"
    k = writer.index("k")
    return f"{writer.dialect.sum(k)}{writer.tensor(name, (k,)).text} = 1"


def _joined(texts: Iterable[str], least: int) -> str:
    """A chain of equals, where that many of them differ."""
    chain = list(dict.fromkeys(texts))
    return " = ".join(chain) if len(chain) >= least else ""


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t for t in texts if t))
