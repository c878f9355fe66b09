"""Indices are fresh by construction: no pass captures one, and the grammar refuses what would."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import sympy as sp

from bpgen.derive import derive
from bpgen.derive.known_sums import KnownSums
from bpgen.derive.linear import sum_of
from bpgen.emit import emitted
from bpgen.equations.letters import lettered
from bpgen.equations.substitution import read_at, renamed
from bpgen.ir import (
    BATCH,
    Equation,
    Index,
    Malformed,
    Network,
    TensorInfo,
    Term,
    check,
    check_indices,
    element,
)
from bpgen.load import declared_by
from tests.conftest import module_of
from tests.one_batch import agrees_in_batches

i, j, k, t = (Index(name, 3) for name in "ijkt")
n = Index("n", BATCH)
small = Index("i", 2)  # another index of the same name


def x(*places: Any) -> sp.Expr:
    return element("x", places)


# What the grammar refuses.

WRONG = {
    "twice in one sum": (Equation("y", (), (Term(x(i, i), (i, i)),)), "index i is bound twice"),
    "in a sum and on the left": (
        Equation("y", (i,), (Term(x(i, j), (i, j)),)),
        "index i is bound twice",
    ),
    "in a sum and on the left, by name": (
        Equation("y", (i,), (Term(x(i, small), (small,)),)),
        "index i is bound twice",
    ),
    "twice on the left": (Equation("y", (i, i), (Term(x(i, i)),)), "index i is bound twice"),
    "unbound": (Equation("y", (i,), (Term(x(i, j)),)), "unbound index ['j']"),
    "unbound where it is written": (
        Equation("y", (i,), (Term(x(i, i), at=(j,)),)),
        "unbound index ['j']",
    ),
    "of another size": (Equation("y", (i,), (Term(x(i, small)),)), "unbound index ['i']"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_grammar_refuses_an_index(name: str) -> None:
    equation, said = WRONG[name]
    tensors = {
        "x": TensorInfo("x", (i, j), "input"),
        "y": TensorInfo("y", equation.indices, "value"),
    }
    for checked in (lambda: check([equation], tensors), lambda: check_indices(equation)):
        with pytest.raises(Malformed) as caught:
            checked()
        assert said in str(caught.value)


def test_the_grammar_refuses_samples_along_another_axis() -> None:
    tensors = {"x": TensorInfo("x", (i,), "input"), "y": TensorInfo("y", (n,), "value")}
    with pytest.raises(Malformed, match="runs over N along an axis of 3"):
        check([Equation("y", (n,), (Term(x(n)),))], tensors)


def test_the_indices_of_a_largest_are_those_of_the_left_side() -> None:
    equation = Equation("y", (i, j), (Term(x(i, j), (j,), "first"),))
    assert check_indices(equation) == lettered(equation) == equation


# Substitution.


def test_a_place_is_not_captured_by_a_sum() -> None:
    term = read_at(Term(x(i, j), (j,)), {i: j})
    (bound,) = term.over
    assert bound.name != "j" and term.body == x(j, bound)


def test_a_place_of_the_same_name_is_not_captured_by_a_sum() -> None:
    term = read_at(Term(x(j, i), (i,)), {j: small})
    assert term.over[0].name != "i" and term.body == x(small, term.over[0])


def test_places_change_all_at_once() -> None:
    assert read_at(Term(x(i, j)), {i: j, j: i}).body == x(j, i)


def test_a_left_side_renamed_is_apart_from_all_else() -> None:
    equation = renamed(Equation("y", (i, t), (Term(element("x", (i, t, k)), (k,)),)), i, k)
    (one, two), (term,) = equation.indices, equation.terms
    assert (one, two) == (k, t) and term.over[0].name != "k"
    assert term.body == element("x", (k, t, term.over[0]))


def test_letters_of_indices_that_all_bear_one_name() -> None:
    """On the left, in a sum, and of other sizes: each gets a letter of its own."""
    wide = Index("i", 4)
    equation = lettered(
        Equation(
            "y",
            (i, small),
            (Term(element("x", (i, small, wide, n, Index("_7i", 3))), (wide, n, Index("_7i", 3))),),
        )
    )
    names = [a.name for a in (*equation.indices, *equation.terms[0].over)]
    assert names == ["i", "j", "k", "n", "l"]
    sizes = [a.size for a in equation.terms[0].body.indices]
    assert sizes == [3, 2, 4, BATCH, 3]


def test_letters_of_samples() -> None:
    over = tuple(Index(f"_{k}n", BATCH) for k in range(5))
    for left, expected in (((), "nmpqn"), ((n,), "mpqnm")):
        equation = lettered(Equation("y", left, (Term(element("x", (*left, *over)), over),)))
        names = [a.name for a in equation.terms[0].over]
        assert "".join(name[0] for name in names) == expected
        assert len({*names, *(a.name for a in left)}) == len(names) + len(left)


def test_a_sum_read_at_what_it_binds() -> None:
    total = sum_of(x(i, j), (j,))
    (bound,) = total.over
    again = total.at({i: bound})
    assert again.free == {bound} and again.over[0] != bound


def test_a_sum_of_sums_of_rows_is_not_that_of_the_diagonal() -> None:
    """The sum over i of sum_j x_ij - sum_k x_kk is 0 only to whom j and i are one."""
    rows = Equation("a", (i,), (Term(x(i, j), (j,)), Term(-x(k, k), (k,))))
    assert KnownSums([rows]).known(sum_of(element("a", (i,)), (i,))) is None


# Networks in which every index is called i.

MADE = 'def ind(size=None): return indices("i", size=size)\n'
ONE_NAME: dict[str, tuple[str, Callable[..., Any]]] = {
    "a sum within a sum within a sum": (
        "x, w = input(3), param(3, 3)\na, b, c, d = ind(), ind(2), ind(3), ind()\n"
        "u = tensor(x[a] * sum(w[a, b] * sum(w[b, c] ** 2 * x[c], c), b), a)\n"
        "L = loss(sum(u[d] ** 3, d) * x[0])",
        lambda p, x: np.mean(
            ((x * (x @ (p["w"][:2].T ** 2) @ p["w"][:, :2].T)) ** 3).sum(1) * x[:, 0]
        ),
    ),
    "sums over parts of two sizes": (
        "x, w = input(4), param(4)\na, b = indices('i', size=2), indices('i', size=3)\n"
        "u = tensor(sum(w[b] * x[b + 1], b) * x[a] * w[a + 1], a)\nL = loss(sum(u ** 2))",
        lambda p, x: np.mean(
            (((x[:, 1:] @ p["w"][:3])[:, None] * x[:, :2] * p["w"][1:3]) ** 2).sum(1)
        ),
    ),
    "a layer norm and a product": (
        "x, w = input(3), param(3, 3)\nz = layer_norm(w @ x)\nL = loss(sum(z * x))",
        lambda p, x: np.mean((normed(x @ p["w"].T) * p["g1"] * x + p["b1"] * x).sum(1)),
    ),
}


def normed(z: Any) -> Any:
    centred = z - z.mean(1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("name", ONE_NAME)
def test_every_index_bears_one_name(name: str) -> None:
    text, formula = ONE_NAME[name]
    agrees_in_batches(MADE + text, formula)


@pytest.mark.parametrize("name", ONE_NAME)
def test_every_pass_leaves_each_index_bound_once(name: str) -> None:
    record = derive(declared_by(f"from bpgen import *\n{MADE}{ONE_NAME[name][0]}\n"))
    for line in (line for step in record.steps for line in step.lines):
        for term in line.terms:
            names = [a.name for a in term.over]
            assert len(set(names)) == len(names)


# An index that runs along two axes at once.

DIAGONALS: dict[str, tuple[str, Callable[..., Any]]] = {
    "diagonal": (
        "x, w = input(3, 3), param(3)\nd = tensor(w[i] * x[i, i] ** 2, i)\noutput(d)",
        lambda p, x: (p["w"] * np.diagonal(x, axis1=1, axis2=2) ** 2,),
    ),
    "trace": (
        "x, w = input(3, 3), param(3, 3)\ny = sum(x[i, i] * w[i, i], i)\noutput(y)",
        lambda p, x: (np.einsum("nii,ii->n", x, p["w"]),),
    ),
    "trace of a product": (
        "x, w = input(3, 3), param(3, 3)\nz = w @ x\nL = loss(sum(z[i, i], i) ** 2)",
        lambda p, x: np.mean(np.einsum("ij,nji->n", p["w"], x) ** 2),
    ),
    "counter-diagonal": (
        "x, w = input(3, 3), param()\noutput(tensor(w * x[i, 2 - i] ** 3, i))",
        lambda p, x: (p["w"] * np.diagonal(x[:, :, ::-1], axis1=1, axis2=2) ** 3,),
    ),
    "above the diagonal": (
        "x, w = input(3, 3), param()\na = indices('i', size=2)\n"
        "output(tensor(w * x[a, a + 1] ** 3, a))",
        lambda p, x: (p["w"] * np.diagonal(x, 1, axis1=1, axis2=2) ** 3,),
    ),
    "diagonal of an outer axis": (
        "x, w = input(3, 2, 3), param(2)\noutput(tensor(w[j] * x[i, j, i] ** 2, j, i))",
        lambda p, x: (p["w"][:, None] * np.stack([x[:, a, :, a] for a in range(3)], -1) ** 2,),
    ),
    "a diagonal matrix": (
        "x, w = input(3), param(3)\ny = zeros(3, 3)\ny[i, i] = w[i] * x[i] ** 2\noutput(y)",
        lambda p, x: (np.eye(3) * (p["w"] * x**2)[:, None],),
    ),
    "a diagonal added to a matrix": (
        "x, w = input(3), param(3, 3)\nd = zeros(3, 3)\nd[i, i] = x[i] ** 2\n"
        "y = tensor(w[i, j] * x[j] + d[i, j], i, j)\nL = loss(sum(y ** 3))",
        lambda p, x: np.mean(
            ((p["w"] * x[:, None] + np.eye(3) * (x**2)[:, None]) ** 3).sum((1, 2))
        ),
    ),
    "written at what slides and itself": (
        "x, w = input(2, 2), param()\ny = zeros(3, 2)\ny[i + j, i] = w * x[i, j] ** 2\noutput(y)",
        lambda p, x: (
            np.stack(
                [
                    np.stack([p["w"] * x[:, 0, 0] ** 2, 0 * x[:, 0, 0]], -1),
                    np.stack([p["w"] * x[:, 0, 1] ** 2, p["w"] * x[:, 1, 0] ** 2], -1),
                    np.stack([0 * x[:, 0, 0], p["w"] * x[:, 1, 1] ** 2], -1),
                ],
                1,
            ),
        ),
    ),
}


def _named(*names: str) -> Network:
    """A network of two layers, whose indices have these names."""
    i, j, k, m, n = map(Index, names, (3, 3, 3, 2, BATCH))
    tensors = {
        "x": TensorInfo("x", (n, j), "input"),
        "W": TensorInfo("W", (i, j), "param"),
        "V": TensorInfo("V", (m, i), "param"),
        "u": TensorInfo("u", (n, i), "value"),
        "z": TensorInfo("z", (n, m), "value"),
    }
    u = Term(element("W", (i, j)) * element("x", (n, j)), (j,))
    z = Term(sp.sin(element("u", (n, k))) * element("V", (m, k)) * element("x", (n, m + 1)), (k,))
    equations = Equation("u", (n, i), (u,)), Equation("z", (n, m), (z,))
    return Network("net", tensors, equations, ("z",), inits={"W": "zeros", "V": "zeros"})


def test_indices_that_are_spelled_as_bpgens_own() -> None:
    """Whatever they are called, the module is the same."""
    spellings = ["i", "_i", "__i", "_0i", "_1", "_0", "j", "n", "_n", "_", "_0_i", "i_"]
    text = emitted(derive(_named(*"ijkmn")))
    for seed in range(12):
        names = Random(seed).sample(spellings, 5)
        code = emitted(derive(_named(*names)))
        assert _values(code) == pytest.approx(_values(text)), names


def _values(text: str) -> Any:
    """The outputs and all gradients at one point, end to end."""
    module, rng = module_of(text), np.random.default_rng(0)
    p, x = {"W": rng.normal(size=(3, 3)), "V": rng.normal(size=(2, 3))}, rng.normal(size=(4, 3))
    output, cache = module.forward(p, x)
    grads = module.backward(p, cache, np.ones((4, 2)), inputs=True)
    return np.concatenate([np.ravel(a) for a in (output, *(grads[n] for n in sorted(grads)))])


@pytest.mark.parametrize("name", DIAGONALS)
def test_an_index_along_two_axes(name: str) -> None:
    text, formula = DIAGONALS[name]
    agrees_in_batches(f'i, j = indices("i j")\n{text}', formula)


# What a tensor written in pieces hears of.


def test_a_piece_does_not_hear_of_what_is_read_of_another() -> None:
    agrees_in_batches(
        "x, w, v = input(), param(), param()\nz = zeros(2)\nz[0] = w * x\nz[1] = v * x ** 2\n"
        "L = loss(z[0])",
        lambda p, x: np.mean(p["w"] * x) + 0 * p["v"],
    )


def test_a_value_that_is_the_same_along_an_axis_is_no_factor_of_others() -> None:
    """y[i, j] = c r names an element for each i and j, and c r elsewhere is none of them."""
    agrees_in_batches(
        'i, j = indices("i j", size=2)\nx, w = input(), param()\nc, r = exp(w * x), tanh(x)\n'
        "o = zeros(2)\no[i] = 1\ny = tensor(c * r * o[i], i)\n"
        "L = loss(sum(y ** 2) + c ** 2 * r ** 2)",
        lambda p, x: np.mean(3 * (np.exp(p["w"] * x) * np.tanh(x)) ** 2),
    )
