"""What products in a sum have in common is taken out whole, with its sign: exponentials, quotients."""

from __future__ import annotations

import sympy as sp

from bpgen.equations.contraction import factored
from bpgen.ir import Equation, Index, Term, element
from bpgen.render import render
from tests.conftest import derived, written


def test_a_common_exponential_of_a_sum_is_taken_out_whole() -> None:
    """e^a d - e^a sum e^b d is e^a (d - sum e^b d): sympy does not cancel e^a with e^-a where a is
    a sum.
    """
    t, i = Index("t", 3), Index("i", 3)
    power, d = (lambda k: sp.exp(element("v", (k,)) - element("s", ()))), element("d", (t,))
    inner = -power(i) * element("d", (i,))
    found = factored(Equation("g", (t,), (Term(power(t) * d), Term(power(t) * inner, (i,)))))
    assert found is not None
    assert found.outer == power(t)
    assert [term.body for term in found.inside.terms] == [d, inner]
    assert factored(found.inside) is None


def test_the_slope_of_log_odds_is_one_quotient() -> None:
    odds = "from bpgen import *\nz = input(2)\ny = target(2)\np = sigmoid(z)\noutput(p)\nL = loss(sum((y - log(p / (1 - p))) ** 2))\n"
    steps = {s.equation.name: str(s.equation.terms[0].body) for s in derived(odds).steps}
    assert steps["dp"] == "-2*(-log(p[n, i]/(1 - p[n, i])) + y[n, i])/(N*(1 - p[n, i])*p[n, i])"
    assert " = -2 * (y - z) / N\n" in written(odds)


def test_an_exponential_that_was_taken_from_is_whole_again() -> None:
    """Of Weibull's survival times: what expm1 leaves beside a 1 is exp."""
    source = (
        "from bpgen import *\nx, t, c = input(), target(), target()\nw, r = param(), param()\nk, m = exp(r), exp(w * x)\n"
        "L = loss((t / m)**k - c * (log(k) - log(m) + (k - 1) * (log(t) - log(m))))\n"
    )
    text = render(derived(source), fmt="text", steps="short")
    assert "exp(r) c" in text and "1 + exp(r) − 1" not in text


def test_a_common_factor_is_taken_out_with_its_sign() -> None:
    """-(a - b) sum g is (b - a) sum g: what is left of it in the bracket is sum g."""
    i, j = Index("i", 3), Index("j", 3)
    a, b = element("a", ()), element("b", ())
    g, x, h = element("g", (j,)), element("x", (i,)), element("h", (j,))
    one = Term(sp.Mul(b - a, x, g, h), (j,))
    other = Term(sp.Mul(-1, a - b, g, evaluate=False), (j,))
    found = factored(Equation("y", (i,), (one, other)))
    assert found is not None and found.outer == b - a
    assert {t.body for t in found.inside.terms} == {x * g * h, g}
