"""Which adjoints are stored under a name of their own, and which are written inside the equations
that read them.
"""

from __future__ import annotations

import sympy as sp

from bpgen.derive.measure import weight
from bpgen.ir import Element, Equation, Index, Network, Term

_FREE = 1.0  # and one that is summed as well, where it is no more than a name
_CHEAP = 6.0  # an adjoint lighter than this is written again at each use rather than stored


def is_carried(equation: Equation, network: Network) -> bool:
    """Carried from step to step."""
    return network.tensors[equation.name].carried is not None


def is_constant(adjoint: tuple[Term, ...]) -> bool:
    """Whether an adjoint is the same everywhere, whatever the parameters and inputs are."""
    return not any(t.body.atoms(Element) or t.over for t in adjoint)


def is_inlined(
    equation: Equation, adjoint: tuple[Term, ...], read: list[Element], network: Network
) -> bool:
    """Whether the adjoint of an equation is written inside the next ones; `read` are the elements
    that the equation passes it on to.
    """
    placed = any(t.at is not None for t in adjoint)
    if placed and not _is_plain(equation):
        return False  # what is written elsewhere does not depend on it
    if is_constant(adjoint):
        return True
    if is_carried(equation, network):
        return False
    if _is_name(adjoint):
        return True
    reduced = any(t.over for t in adjoint)
    if any(t.over for t in equation.terms) or any(map(_slides, adjoint)):
        return False
    if reduced and not _is_plain(equation):
        return False
    if len(read) == 1 and len(adjoint) == 1:
        return True
    if reduced and len(adjoint) == 1 and _divides_by(adjoint[0].body, equation.name):
        return True  # -sum_n p_n / q, of a q that all samples share
    return not reduced and _is_light(adjoint, _is_summed_too(equation, read, network))


def _divides_by(body: sp.Expr, name: str) -> bool:
    """Whether a value itself stands below, which its own slope may cancel."""
    powers = (f for f in sp.Mul.make_args(body) if isinstance(f, sp.Pow) and f.exp.is_negative)
    return any(isinstance(p.base, Element) and p.base.name == name for p in powers)


def _is_light(adjoint: tuple[Term, ...], summed_too: bool) -> bool:
    """Whether it costs little to write it again, or divides by what may cancel."""
    cost = sum(weight(t.body) for t in adjoint)
    return cost < (_FREE if summed_too else _CHEAP) or any(_divides(t.body) for t in adjoint)


def _is_summed_too(equation: Equation, read: list[Element], network: Network) -> bool:
    """Whether an adjoint goes to something computed per row, in a sum, beside what takes its
    entries.
    """
    return len(read) > 1 and any(
        network.tensors[e.name].role == "value" and len(e.indices) < len(equation.indices)
        for e in read
    )


def _is_name(adjoint: tuple[Term, ...]) -> bool:
    """Another adjoint under its own indices, and nothing more."""
    return (
        len(adjoint) == 1
        and isinstance(adjoint[0].body, Element)
        and adjoint[0] == Term(adjoint[0].body)
    )


def _slides(term: Term) -> bool:
    """Written at a shifted access."""
    return any(not isinstance(e, (Index, Element)) for e in term.at or ())


def _is_plain(equation: Equation) -> bool:
    """Whether it is written at its own indices and reads at plain ones."""
    return all(t.at is None for t in equation.terms) and all(
        isinstance(i, Index) for e in equation.reads() for i in e.indices
    )


def _divides(body: sp.Expr) -> bool:
    return any(p.exp.is_negative and p.base.has(Element) for p in body.atoms(sp.Pow))
