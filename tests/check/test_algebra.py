"""What is zero is proved to be, by residues; what is nearly zero is not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import sympy as sp

from bpgen.check.residues.expressions import Expressions
from bpgen.check.residues.field import PRIMES, Field
from bpgen.check.residues.tape import Tape
from bpgen.check.residues.values import TIE, TOO_DEEP, NotProved, mp
from bpgen.functions import sigmoid, softplus
from tests.few import one_in

a, b, c, z = sp.symbols("a b c z", real=True)
s = sigmoid(z)

POINT = {a: "0.7", b: "0.55", c: "-0.3", z: "-1.25"}


def vanishes(expr: sp.Expr, prime: int = PRIMES[0], lanes: int = 8, seed: int = 0) -> bool:
    """Whether the exact check takes an expression for zero: by its value, and by its residues."""
    tape = Tape([Field(prime, Random(f"{seed} {k}")) for k in range(lanes)], {})
    bound: dict[sp.Symbol, Any] = {s: tape.given(mp.mpf(v)) for s, v in POINT.items()}
    expressions = Expressions(tape, {}, lambda _: lambda _: None)
    found = expressions.scalar(expressions.reader(sp.sympify(expr))(bound))
    return abs(found.value) < TIE and tape.same(found, tape.zero)


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
    sp.cos(a) - 4 * sp.cos(a / 3) ** 3 + 3 * sp.cos(a / 3),
    sp.sin(sp.Rational(3, 10)) - 2 * sp.sin(sp.Rational(3, 20)) * sp.cos(sp.Rational(3, 20)),
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
    sp.cos(a) - 4 * sp.cos(a / 5) ** 3 + 3 * sp.cos(a / 5),
    sp.log(1 + sp.exp(-z)) - softplus(z),
    sp.exp(sp.log(1 - a), evaluate=False) - (a - 1),
]


@pytest.mark.parametrize("expr", ZERO, ids=str)
def test_identities_are_proved(expr: sp.Expr) -> None:
    for seed in range(5):
        assert vanishes(expr, seed=seed)
        assert not vanishes(expr + sp.Rational(1, 10**30) * a, seed=seed)


@pytest.mark.parametrize("expr", one_in(2, [*NOT_ZERO]), ids=str)
def test_what_is_not_zero_is_not_proved(expr: sp.Expr) -> None:
    for seed in range(20):
        assert not vanishes(expr, seed=seed)


def test_the_root_of_a_square_is_its_size() -> None:
    """The residues know of a root what its square is; its sign is told by the value."""
    assert not any(vanishes(sp.sqrt(z**2 + a - a) - z, seed=k) for k in range(20))
    root = sp.Pow(c**2 + 2 * c * z + z**2, sp.Rational(1, 2), evaluate=False)
    assert not any(vanishes(root - c - z, seed=k) for k in range(20))
    assert any(vanishes(root + c + z, seed=k) for k in range(20))


def test_a_root_is_free_where_its_radicand_is_no_square() -> None:
    """What needs the relation is proved in some lane, and what contradicts it in none."""
    root = sp.sqrt(1 + a**2)
    found = [vanishes(root**2 - 1 - a**2, lanes=1, seed=k) for k in range(40)]
    assert all(found)  # sympy itself squares the root
    spelled = sp.Mul(root, root, evaluate=False) - 1 - a**2
    found = [vanishes(spelled, lanes=1, seed=k) for k in range(40)]
    assert any(found)
    assert not all(found)
    assert not any(vanishes(spelled + 2 * (1 + a**2), lanes=1, seed=k) for k in range(40))


def test_a_high_power_is_quickly_told_from_another() -> None:
    assert not vanishes((a + b + c + z) ** 120 - (a + b + c) ** 120)
    assert vanishes((a + b) ** 120 - (a + b) ** 60 * (b + a) ** 60)


def test_what_is_of_too_high_a_degree_is_not_decided() -> None:
    high = a ** (2**194)
    deep = (high + b) * (high - b) - high**2 + b**2
    with pytest.raises(NotProved, match=TOO_DEEP):
        vanishes(deep)
    assert vanishes(deep, PRIMES[1])
    with pytest.raises(NotProved, match=TOO_DEEP):
        vanishes(ZERO[0], 2**61 - 1)
