"""The networks of the modules in `modules/`, as equations written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sympy as sp

from bpgen.functions import relu, sigmoid
from bpgen.ir import BATCH, Equation, Index, Network, TensorInfo, Term, element, length

MODULES = Path(__file__).parent / "modules"
n = Index("n", BATCH)
N = length(BATCH)


def index(size: int, name: str = "i") -> Index:
    return Index(name, size)


def tensor(name: str, role: Any, *sizes: int, batched: bool = True, **known: Any) -> TensorInfo:
    axes = tuple(Index("ijkl"[k], size) for k, size in enumerate(sizes))
    return TensorInfo(name, (n, *axes) if batched and role != "param" else axes, role, **known)


def equation(name: str, indices: tuple[Index, ...], *terms: Term) -> Equation:
    return Equation(name, indices, terms)


def pointwise(name: str, indices: tuple[Index, ...], body: Any) -> Equation:
    return equation(name, indices, Term(body))


def affine(name: str, x: str, w: str, b: str, outs: int, ins: int) -> Equation:
    i, j = index(outs), index(ins, "j")
    product = Term(element(w, (i, j)) * element(x, (n, j)), (j,))
    return equation(name, (n, i), product, Term(element(b, (i,))))


def network(
    name: str,
    given: list[TensorInfo],
    equations: list[Equation],
    outputs: tuple[str, ...],
    loss: str | None,
) -> Network:
    values = [TensorInfo(e.name, e.indices, "value") for e in equations]
    return Network(name, {t.name: t for t in (*given, *values)}, tuple(equations), outputs, loss)


def mean_of(sample: str) -> Equation:
    return equation("L", (), Term(element(sample, (n,)) / N, (n,)))


def toy() -> Network:
    h, o = index(2), index(1)
    given = [
        tensor("x", "input", 2),
        tensor("y", "target", 1),
        tensor("W1", "param", 2, 2),
        tensor("W2", "param", 1, 2),
        tensor("b1", "param", 2),
        tensor("b2", "param", 1),
    ]
    error = (element("a2", (n, o)) - element("y", (n, o))) ** 2 / 2
    equations = [
        affine("z1", "x", "W1", "b1", 2, 2),
        pointwise("a1", (n, h), sigmoid(element("z1", (n, h)))),
        affine("z2", "a1", "W2", "b2", 1, 2),
        pointwise("a2", (n, o), sigmoid(element("z2", (n, o)))),
        equation("l", (n,), Term(error, (o,))),
        mean_of("l"),
    ]
    return network("toy", given, equations, ("a2",), "L")


def classify() -> Network:
    h, o = index(3), index(2)
    given = [
        tensor("x", "input", 5),
        tensor("label", "target", bound=2),
        tensor("W1", "param", 3, 5),
        tensor("W2", "param", 2, 3),
        tensor("b1", "param", 3),
        tensor("b2", "param", 2),
    ]
    picked = element("p", (n, element("label", (n,))))
    equations = [
        affine("z1", "x", "W1", "b1", 3, 5),
        pointwise("a1", (n, h), sp.tanh(element("z1", (n, h)))),
        affine("z2", "a1", "W2", "b2", 2, 3),
        pointwise("e", (n, o), sp.exp(element("z2", (n, o)))),
        equation("s", (n,), Term(element("e", (n, o)), (o,))),
        pointwise("p", (n, o), element("e", (n, o)) / element("s", (n,))),
        pointwise("l", (n,), -sp.log(picked)),
        mean_of("l"),
    ]
    return network("classify", given, equations, ("p",), "L")


def penalised() -> Network:
    h, i, j, o = index(4), index(4), index(3, "j"), index(2)
    k = index(4, "k")
    given = [
        tensor("x", "input", 3),
        tensor("y", "target", 2, sums_to_one=True),
        tensor("W1", "param", 4, 3),
        tensor("W2", "param", 2, 4),
        tensor("b1", "param", 4),
        tensor("b2", "param", 2),
    ]
    equations = [
        affine("z1", "x", "W1", "b1", 4, 3),
        pointwise("a1", (n, h), relu(element("z1", (n, h)))),
        affine("z2", "a1", "W2", "b2", 2, 4),
        equation("m", (n,), Term(element("z2", (n, o)), (o,), "logsumexp")),
        pointwise("p", (n, o), sp.exp(element("z2", (n, o)) - element("m", (n,)))),
        equation(
            "l",
            (n,),
            Term(element("y", (n, o)) * (element("m", (n,)) - element("z2", (n, o))), (o,)),
        ),
        equation(
            "L",
            (),
            Term(element("l", (n,)) / N, (n,)),
            Term(element("W1", (i, j)) ** 2 / 20, (i, j)),
            Term(sp.Abs(element("W2", (o, k))) / 50, (o, k)),
        ),
    ]
    return network("penalised", given, equations, ("p",), "L")


def function() -> Network:
    i, j = index(3), index(3, "j")
    given = [
        tensor("u", "input", 3),
        tensor("v", "input", 3),
        tensor("W", "param", 3, 3),
        tensor("b", "param", 3),
    ]
    again = Term(element("W", (i, j)) * element("h", (n, j)), (j,))
    equations = [
        affine("z", "u", "W", "b", 3, 3),
        pointwise("h", (n, i), sp.tanh(element("z", (n, i)))),
        equation("t", (n, i), again, Term(element("v", (n, i)))),
        pointwise("s", (n, i), sp.log(1 + sp.exp(element("t", (n, i))))),
    ]
    return network("function", given, equations, ("h", "s"), None)


def tied() -> Network:
    d, j = index(3), index(3, "j")
    given = [
        tensor("token", "input", 2, bound=5),
        tensor("y", "target", 3),
        tensor("E", "param", 5, 3),
        tensor("U", "param", 3, 3),
        tensor("b", "param", 3),
    ]

    def gathered(t: int) -> Any:
        return element("E", (element("token", (n, t)), d))

    def recurred(h: str) -> Term:
        return Term(element("U", (d, j)) * element(h, (n, j)), (j,))

    error = (element("h3", (n, d)) - element("y", (n, d))) ** 2
    equations = [
        pointwise("h1", (n, d), sp.tanh(gathered(0) + element("b", (d,)))),
        equation("z2", (n, d), Term(gathered(1)), recurred("h1"), Term(element("b", (d,)))),
        pointwise("h2", (n, d), sp.tanh(element("z2", (n, d)))),
        equation("z3", (n, d), recurred("h2")),
        pointwise("h3", (n, d), sp.tanh(element("z3", (n, d)))),
        equation("l", (n,), Term(error, (d,))),
        mean_of("l"),
    ]
    return network("tied", given, equations, ("h3",), "L")


NETWORKS = {
    "toy": toy,
    "classify": classify,
    "penalised": penalised,
    "function": function,
    "tied": tied,
}


def doors() -> str:
    """What modules end with: their parameters as one vector, and what they refuse."""
    _, _, text = (MODULES / "doors.py").read_text().split('"""', 2)
    return text.strip()


def source(name: str) -> str:
    """The text of a module, with the doors that all of them end with."""
    return f"{(MODULES / f'{name}.py').read_text()}\n\n{doors()}\n"
