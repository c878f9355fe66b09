"""exp(u - s) with s the log-sum-exp of u is the softmax of u: it is told so, and computed as e /
sum(e), which keeps the digits that u - s would round away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import sympy as sp

from bpgen.ir import Element, Equation, Term, elements

Definitions = Mapping[str, Equation]


def differences(body: sp.Expr) -> Iterator[tuple[Element, sp.Expr]]:
    """Each s, an element, and u of exp(u - s)."""
    if isinstance(body, sp.exp):
        (power,) = body.args
        yield from ((s, power + s) for s in elements(power) if power.coeff(s) == -1)


def is_softmax(body: sp.Expr, terms: Callable[[Element], tuple[Term, ...]]) -> bool:
    """Whether it is exp(u - s) with s a log-sum-exp, by the terms that define an element."""
    read = (terms(s) for s, _ in differences(body))
    return any(own and own[0].reduce == "logsumexp" for own in read)


def addend(definition: Equation, total: Element, place: sp.Expr) -> sp.Expr:
    """What an element of a log-sum-exp is of, at one place along its axis."""
    term = definition.terms[0]
    at = dict(zip(definition.indices, total.indices, strict=True))
    return term.body.xreplace({**at, term.over[0]: place})


def argument_of_softmax(equation: Equation, definitions: Definitions) -> sp.Expr | None:
    """u, where the equation is the softmax of u along its last axis."""
    if not equation.pointwise() or not equation.indices:
        return None
    *others, axis = equation.indices
    for total, u in differences(equation.terms[0].body):
        definition = definitions.get(total.name)
        if definition is None or total.indices != tuple(others):
            continue
        term = definition.terms[0]
        along = [k.size for k in term.over] == [axis.size]
        if term.reduce == "logsumexp" and along and addend(definition, total, axis) == u:
            return u
    return None
