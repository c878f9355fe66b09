"""Index equations and the numpy they are lowered to: plain where it can be, and always the same
numbers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from bpgen.ir import Equation, Index, Term, element
from bpgen.lower.contract import lowered
from bpgen.lower.printer import ATOM, Printer

SIZES = {"n": 2, "i": 3, "j": 5, "k": 7}

PLAIN = {
    "x @ W.T": (("n", "i"), [("x", "nj"), ("W", "ij")], "j"),
    "delta.T @ x": (("i", "j"), [("delta", "ni"), ("x", "nj")], "n"),
    "delta @ W": (("n", "j"), [("delta", "ni"), ("W", "ij")], "i"),
    "x @ w": (("n",), [("x", "nj"), ("w", "j")], "j"),
    "delta.sum(axis=0)": (("i",), [("delta", "ni")], "n"),
    "delta @ x": (("j",), [("delta", "n"), ("x", "nj")], "n"),
    "(x * y).sum(axis=1)": (("n",), [("x", "nj"), ("y", "nj")], "j"),
    "(W**2).sum()": ((), [("W", "ij"), ("W", "ij")], "ij"),
    "np.tensordot(d, x, axes=((0, 1), (0, 1)))": (("i", "j"), [("d", "nki"), ("x", "nkj")], "nk"),
    "x * s[:, None]": (("n", "i"), [("x", "ni"), ("s", "n")], ""),
    "A.T": (("i", "j"), [("A", "ji")], ""),
}


def equation(left: tuple[str, ...], operands: list[tuple[str, str]], over: str) -> Equation:
    index = {name: Index(name, size) for name, size in SIZES.items()}
    body = sp.Mul(*(element(name, [index[k] for k in axes]) for name, axes in operands))
    return Equation(
        "out", tuple(index[k] for k in left), (Term(body, tuple(index[k] for k in over)),)
    )


@pytest.mark.parametrize("text", PLAIN)
def test_plain_numpy(text: str) -> None:
    order = {name: k for k, name in enumerate(["delta", "d", "x", "W", "w", "y", "s", "A"])}
    assert lowered(equation(*PLAIN[text]), order).text == text


@st.composite
def contractions(draw: st.DrawFn) -> tuple[tuple[str, ...], list[tuple[str, str]], str]:
    """A product of one to three tensors, summed over some of their indices."""
    letters = list(SIZES)
    operands = []
    for k in range(draw(st.integers(1, 3))):
        axes = draw(
            st.lists(st.sampled_from(letters), unique=True, min_size=0 if k else 1, max_size=3)
        )
        operands.append((f"t{k}", "".join(axes)))
    used = sorted({a for _, axes in operands for a in axes})
    left = draw(st.lists(st.sampled_from(used), unique=True, max_size=3))
    return tuple(left), operands, "".join(a for a in used if a not in left)


@settings(max_examples=400, deadline=None)
@given(contractions())
def test_any_contraction_is_einsum(
    drawn: tuple[tuple[str, ...], list[tuple[str, str]], str],
) -> None:
    left, operands, over = drawn
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=[SIZES[a] for a in axes]) for name, axes in operands}
    text = lowered(equation(left, operands, over), {name: k for k, name in enumerate(arrays)}).text
    found = eval(text, {"np": np, **arrays})
    spec = ",".join(axes for _, axes in operands) + "->" + "".join(left)
    expected = np.einsum(spec, *arrays.values())
    np.testing.assert_allclose(
        np.broadcast_to(found, expected.shape), expected, rtol=1e-12, atol=1e-12
    )


VALUES = {"a": 0.75, "b": -1.5, "c": 2.25}


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> sp.Expr:
    """Arithmetic in three elements."""
    if depth == 0 or draw(st.booleans()):
        leaves = [element(name, ()) for name in VALUES] + [
            sp.Rational(1, 3),
            sp.Rational(1, 100),
            sp.Integer(-2),
        ]
        return draw(st.sampled_from(leaves))
    one, two = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    make = draw(
        st.sampled_from(
            [
                lambda p, q: p + q,
                lambda p, q: p * q,
                lambda p, q: p - q,
                lambda p, q: p * (1 + q**2) ** -1,
                lambda p, q: sp.exp(p / 8) - q,
                lambda p, q: -(p**2),
            ]
        )
    )
    return make(one, two)


@settings(max_examples=400, deadline=None)
@given(expressions())
def test_printed_expressions_mean_what_they_say(expr: sp.Expr) -> None:
    text = Printer(lambda e: (e.name, ATOM), {name: k for k, name in enumerate(VALUES)})(expr)
    true = float(expr.subs({element(name, ()): sp.Rational(v) for name, v in VALUES.items()}))
    assert math.isclose(eval(text, {"np": np, **VALUES}), true, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize(
    "value", [0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 0.30000000000000004, 1e22]
)
def test_every_double_comes_back(value: float) -> None:
    printed = Printer(lambda e: (e.name, ATOM), {})(sp.Rational(repr(value)) * element("a", ()))
    assert eval(printed, {"a": 1.0}) == value
