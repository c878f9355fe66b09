"""What is zero is proved to be; what is nearly zero is not."""

from __future__ import annotations

import pytest
import sympy as sp

from bpgen.check import algebra
from bpgen.check.algebra import TooLarge, vanishes
from bpgen.functions import sigmoid, softplus

a, b, c, z = sp.symbols("a b c z", real=True)
s = sigmoid(z)

ZERO = [
    sp.expand((a + b) ** 3) - (a + b) ** 3,
    1 / (1 + a) + a / (1 + a) - 1,
    sp.exp(a + b, evaluate=False) * sp.exp(-b) - sp.exp(a),
    sp.exp(-z) / (1 + sp.exp(-z)) ** 2 - s * (1 - s),
    sp.exp(z) / (1 + sp.exp(z)) - s,
    sp.diff(sp.tanh(z), z) - (1 - sp.tanh(z)) * (1 + sp.tanh(z)),
    sp.log(1 + sp.exp(-z)) + z - softplus(z),
    sp.log(sp.exp(a - c) + sp.exp(b - c)) + c - sp.log(sp.exp(a) + sp.exp(b)),
    sp.log(6 * (1 + a**2)) - sp.log(2) - sp.log(3) - sp.log(1 + a**2),
    sp.exp(2 * softplus(z)) - (1 + sp.exp(z)) ** 2,
    1 / sp.sqrt(1 + a**2) - sp.sqrt(1 + a**2) / (1 + a**2),
    (2 + a) ** sp.Rational(2, 3) * (2 + a) ** sp.Rational(1, 3) - a - 2,
    sp.sin(a) ** 2 + sp.cos(-a) ** 2 - 1,
    sp.exp(z / 2) ** 2 - sp.exp(z),
    sp.sqrt(2) / 2 - 1 / sp.sqrt(2),
    sp.cosh(z) ** 2 - sp.sinh(z) ** 2 - 1,
]
NOT_ZERO = [
    sp.expand((a + b) ** 3) - (a + b) ** 3 + sp.Rational(1, 10**40),
    sp.exp(a) - sp.exp(b),
    s * (1 - s) - s,
    sp.sqrt(1 + a**2) - a,
    sp.sin(a) + sp.cos(a),
    sp.log(1 + sp.exp(-z)) - softplus(z),
    sp.exp(sp.log(1 - a), evaluate=False) - (a - 1),
]


@pytest.mark.parametrize("expr", ZERO, ids=str)
def test_identities_are_proved(expr: sp.Expr) -> None:
    assert vanishes(expr)
    assert not vanishes(expr + sp.Rational(1, 10**30) * a)


@pytest.mark.parametrize("expr", NOT_ZERO, ids=str)
def test_what_is_not_zero_is_not_proved(expr: sp.Expr) -> None:
    assert not vanishes(expr)


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algebra, "WORK", 100)
    with pytest.raises(TooLarge):
        vanishes((a + b + c + z) ** 12 - (a + b + c) ** 12)
