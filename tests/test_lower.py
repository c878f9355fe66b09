"""Index equations and the numpy they are lowered to: plain where it can be, and always the same
numbers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import strategies as st

from bpgen.ir import BATCH, Equation, Index, TensorInfo, Term, element
from bpgen.program.grammar import Assign
from bpgen.raising.scatter import added, reshaped
from bpgen.raising.scope import Scope
from bpgen.raising.terms import raised
from bpgen.targets.numpy.expressions import Expressions
from bpgen.targets.numpy.parts import _ALONG_AXIS
from bpgen.targets.numpy.statements import Statements
from bpgen.text.scalar import Printer, word
from tests.drawn import few_or_all
from tests.oracle import LENGTHS, Drawn, equations, ranges, scatters, true_value

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


def scope(operands: list[tuple[str, str]], order: list[str]) -> Scope:
    """The tensors of a contraction, in the order of their names in a product."""
    index = {name: Index(name, size) for name, size in SIZES.items()}
    tensors = {n: TensorInfo(n, tuple(index[a] for a in axes), "value") for n, axes in operands}
    return Scope({name: k for k, name in enumerate(order)}, tensors)


def numpy(equation: Equation, scope: Scope) -> str:
    """The right-hand side as numpy, along the axes of the left that have no value."""
    axes = tuple(i for i in equation.indices if i not in scope.fixed)
    return str(Expressions(scope.order).lined(raised(equation, scope), axes).text)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_numpy(text: str) -> None:
    order = ["delta", "d", "x", "W", "w", "y", "s", "A"]
    assert numpy(equation(*PLAIN[text]), scope(PLAIN[text][1], order)) == text


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


@few_or_all(40, 200, contractions())
def test_any_contraction_is_einsum(
    drawn: tuple[tuple[str, ...], list[tuple[str, str]], str],
) -> None:
    left, operands, over = drawn
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=[SIZES[a] for a in axes]) for name, axes in operands}
    text = numpy(equation(left, operands, over), scope(operands, list(arrays)))
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


@few_or_all(30, 200, expressions())
def test_printed_expressions_mean_what_they_say(expr: sp.Expr) -> None:
    text = str(Printer(lambda e: word(e.name), {name: k for k, name in enumerate(VALUES)})(expr))
    true = float(expr.subs({element(name, ()): sp.Rational(v) for name, v in VALUES.items()}))
    assert math.isclose(eval(text, {"np": np, **VALUES}), true, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize(
    "value", [0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 0.30000000000000004, 1e22]
)
def test_every_double_comes_back(value: float) -> None:
    printed = str(Printer(lambda e: word(e.name), {})(sp.Rational(repr(value)) * element("a", ())))
    assert eval(printed, {"a": 1.0}) == value


def known(drawn: Drawn) -> dict[str, object]:
    """What the lines of a module may speak of."""
    space = {"np": np, "rows": np.arange(LENGTHS[BATCH]), **LENGTHS, **drawn.arrays}
    for helper in _ALONG_AXIS.values():
        exec(helper, space)
    return space


@few_or_all(30, 200, equations(), st.data())
def test_any_access_means_what_it_says(drawn: Drawn, data: st.DataObject) -> None:
    """At once, and step by step along an index that a loop around it counts."""
    left = drawn.equation.indices
    loops = [i for i in left if i.size != BATCH and i not in drawn.equation.terms[0].over]
    fixed = (
        tuple(data.draw(st.lists(st.sampled_from(loops), unique=True, max_size=1))) if loops else ()
    )
    scope = Scope({}, drawn.tensors, frozenset(fixed))
    text = numpy(drawn.equation, scope)
    expected = true_value(drawn)
    for values in ranges(fixed):
        space = {**known(drawn), **{i.name: v for i, v in values.items()}}
        part = expected[tuple(values.get(i, slice(None)) for i in left)]
        array = eval(text, space)
        np.testing.assert_allclose(
            np.broadcast_to(array, part.shape), part, rtol=1e-9, atol=1e-9, err_msg=text
        )


@few_or_all(30, 200, scatters())
def test_any_term_written_at_an_access_is_added_there(drawn: Drawn) -> None:
    scope = Scope({}, drawn.tensors)
    expected = true_value(drawn)
    space = known(drawn) | {"out": np.zeros_like(expected)}
    joined = reshaped(drawn.equation, scope)
    statements = (
        (Assign("out", joined),) if joined is not None else added(drawn.equation, scope, before=())
    )
    lines = Statements(Expressions({})).lines(statements, 0)
    exec("\n".join(lines), space)
    np.testing.assert_allclose(space["out"], expected, atol=1e-9, err_msg="\n".join(lines))


@pytest.mark.parametrize(
    ("body", "over", "text"),
    [("h", "j", "5 * h"), ("h", "nj", "5 * h.sum()"), ("sin", "j", "5 * np.sin(h)")],
)
def test_a_sum_over_an_index_that_is_not_used_is_so_many_times_the_rest(
    body: str, over: str, text: str
) -> None:
    """A stable spelling may need fewer indices than the sum around it."""
    n, j = Index("n", BATCH), Index("j", 5)
    h = element("h", (n,))
    term = Term(sp.sin(h) if body == "sin" else h, tuple({"n": n, "j": j}[k] for k in over))
    left = () if "n" in over else (n,)
    tensors = {"h": TensorInfo("h", (n,), "value")}
    assert numpy(Equation("out", left, (term,)), Scope({}, tensors)) == text
