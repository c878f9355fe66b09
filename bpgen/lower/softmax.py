"""exp(u - s) with s the log-sum-exp of u, as a softmax: e / sum(e) keeps the digits that u - s
would round away.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.ir import Equation, elements

Definitions = Mapping[str, Equation]


def argument_of_softmax(equation: Equation, definitions: Definitions) -> sp.Expr | None:
    """u, where the equation is the softmax of u along its last axis."""
    body = equation.terms[0].body
    if (
        not equation.pointwise()
        or not isinstance(body, sp.exp)
        or not isinstance(body.args[0], sp.Add)
    ):
        return None
    for access in elements(body):
        u = body.args[0] + access
        if access.indices == equation.indices[:-1] and _is_log_sum_exp(
            definitions.get(access.name), u, equation
        ):
            return u
    return None


def _is_log_sum_exp(definition: Equation | None, u: sp.Expr, equation: Equation) -> bool:
    if (
        definition is None
        or definition.terms[0].reduce != "logsumexp"
        or len(definition.terms[0].over) != 1
    ):
        return False
    term, axis = definition.terms[0], equation.indices[-1]
    at = dict(zip(definition.indices, equation.indices[:-1], strict=True))
    return term.over[0].size == axis.size and term.body.xreplace({**at, term.over[0]: axis}) == u
