"""Every pass is handed equations whose indices all bear one name, and leaves their meaning alone.

Within a term the grammar wants indices apart: all are i with a number, that of the batch too. Which
is which is drawn anew in every equation, so that what one binds is free in the next. They are the
user's own, i1, as letters are by the time of the derivation; or bpgen's, _1i, as before there are
letters.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, settings

import bpgen
from bpgen.check.agreement import difference
from bpgen.derive.chain import Link
from bpgen.emit import emit
from bpgen.equations import letters
from bpgen.errors import NetError
from bpgen.ir import Equation, Index, Malformed, Network, TensorInfo, Term, check, check_indices
from bpgen.load import declared_by
from tests.drawn import few_or_all
from tests.few import one_in
from tests.networks.raw.draw import Raw, raws

NETWORKS = {
    "matrix products": (
        "x, y = input(3), target(2)\nW, V = param(3, 3), param(2, 3)\n"
        "a = tanh(W @ x)\nL = loss(sum((V @ a - y) ** 2))"
    ),
    "a convolution": (
        'x, w = input(2, 5), param(3, 2, 2)\no, p = indices("o", size=3), indices("p", size=4)\n'
        'c, u = indices("c", size=2), indices("u", size=2)\n'
        "z = tensor(sum(w[o, c, u] * x[c, p + u], c, u), o, p)\nL = loss(sum(z ** 3))"
    ),
    "statistics of a batch, twice": (
        "x, V = input(3), param(3, 3)\na = batch_norm(V @ x)\nb = batch_norm(tanh(a))\n"
        "L = loss(sum(b ** 3))"
    ),
    "samples, twice": (
        "n, m = samples(), samples()\nx, w = input(2), param(2)\nu = w * x\n"
        "s = tensor(sum(u[n, i] * u[m, i], i), n, m)\n"
        "r = tensor(sum(tanh(s[n, m]), m), n)\nL = loss(r ** 2)"
    ),
    "a recurrence": (
        'x, U, W = input("T", 2), param(3, 2), param(3, 3)\nh = recurrent("T", 3)\n'
        'a, b = indices("a", size=3), indices("b", size=2)\nc = indices("c", size=3)\n'
        "h[t, a] = tanh(sum(U[a, b] * x[t, b], b) + sum(W[a, c] * h[t - 1, c], c))\n"
        "L = loss(sum(h ** 2))"
    ),
    "blocks": (
        "x, y = input(3), target(3)\n\ndef block(h):\n    W = param(3, 3)\n"
        "    return h + tanh(W @ h)\n\nh = repeat(3, block, x)\n"
        "L = loss(sum((h - y) ** 2))"
    ),
    "a gather and a scatter": (
        "k, E = input(4, below=3), param(3, 2)\ne = tensor(E[k[p], j], p, j)\nu = zeros(3, 2)\n"
        "u[k[p], j] = tanh(e[p, j])\nL = loss(sum(u ** 3))"
    ),
    "a diagonal": (
        "x, w = input(3), param(3, 3)\nz, y = w @ x, zeros(3, 3)\n"
        "y[i, i] = x[i] * z[i]\nv = y @ w\nL = loss(sum(v ** 3) + sum(v[p, p], p))"
    ),
    "the largest": (
        "x, W = input(3, 2), param(3, 3)\nz = W @ x\nm = tensor(max(z[i, j], j), i)\noutput(m * m)"
    ),
    "a cross-entropy": (
        "x, y, W = input(3), one_hot(2), param(2, 3)\nz = W @ x\nL = loss(categorical_cross_entropy_with_logits(z, y))"
    ),
    "attention": (
        "x, Q = input(4, 3), param(3, 3)\nq = x @ Q\np = softmax(q @ x.T)\nL = loss(sum((p @ x) ** 2))"
    ),
    "several outputs": (
        "x, W = input(3), param(3, 3)\nz = W @ x\na, b = tanh(z), tensor(sum(z[i] * x[i], i))\n"
        "output(a)\noutput(b)"
    ),
    "a penalty": (
        "x, W = input(3), param(3, 3)\nz = W @ x\nL = loss(sum(z ** 2) + 0.1 * sum(W ** 2))"
    ),
}
HEAD = 'from bpgen import *\ni, j, p, t = (indices(name) for name in "ijpt")\n'


def declared(name: str) -> Network:
    return declared_by(HEAD + NETWORKS[name] + "\n")


COMMON = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))

# Indices that all bear one name.

OWN, MADE = "i{}", "_{}i"  # the user's names, and those that bpgen makes


def crowded(network: Network, seed: int = 0, names: str = OWN) -> Network:
    """The same network, whose every index is called i."""
    drawn = random.Random(seed)

    def pool(count: int) -> list[str]:
        return drawn.sample([names.format(k) for k in range(count)], count)

    equations = tuple(_crowded(e, pool) for e in network)
    axes = {n: _named(t.indices, pool(len(t.indices))) for n, t in network.tensors.items()}
    axes |= {e.name: e.indices for e in equations}
    tensors = {n: replace(t, indices=axes[n]) for n, t in network.tensors.items()}
    return replace(network, equations=equations, tensors=tensors)


def _crowded(equation: Equation, pool: Callable[[int], list[str]]) -> Equation:
    step = equation.loop and equation.loop.index
    left = {} if step is None else {step: Index("i", step.size)}
    apart = tuple(i for i in equation.indices if i not in left)
    free = pool(len(apart) + max((len(t.over) for t in equation.terms), default=0))
    left |= zip(apart, _named(apart, free), strict=True)

    def term(t: Term) -> Term:
        bound = tuple(k for k in t.over if k not in left)
        new = {**left, **dict(zip(bound, _named(bound, free[len(apart) :]), strict=True))}
        at = None if t.at is None else tuple(e.xreplace(new) for e in t.at)
        return Term(t.body.xreplace(new), tuple(new[k] for k in t.over), t.reduce, at)

    loop = equation.loop and replace(equation.loop, index=left[equation.loop.index])
    indices = tuple(left[i] for i in equation.indices)
    return Equation(equation.name, indices, tuple(map(term, equation.terms)), loop)


def _named(indices: tuple[Index, ...], names: list[str]) -> tuple[Index, ...]:
    return tuple(Index(n, i.size) for i, n in zip(indices, names, strict=False))


def every_index(network: Network) -> set[Index]:
    found = {i for t in network.tensors.values() for i in t.indices}
    for e in network:
        found |= {*e.indices, *(k for t in e.terms for k in t.over)}
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_every_index_is_called_i(name: str) -> None:
    for names in (OWN, MADE):
        network = crowded(declared(name), names=names)
        check(network, network.tensors)
        assert {i.name.strip("_0123456789") for i in every_index(network)} == {"i"}


# The passes.


def _functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function of bpgen, and its place."""
    for info in pkgutil.walk_packages(bpgen.__path__, "bpgen."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for function in (f for _, f in inspect.getmembers(module, inspect.isfunction)):
            if function.__module__ == info.name:
                yield f"{info.name}.{function.__name__}", function


def _passes(*given: Any) -> dict[str, Callable[..., Any]]:
    """Those from such things to another of the first of them, found by their types."""
    return {place: f for place, f, types in TYPED if types == [*given, given[0]]}


def _typed() -> Iterator[tuple[str, Callable[..., Any], list[Any]]]:
    """Those that are given a network or an equation, with all their types."""
    for place, function in _functions():
        first = next(iter(function.__annotations__.values()), "")
        if "Network" in first or "Equation" in first:
            with suppress(NameError):  # a name for the reader of types alone
                yield place, function, [*get_type_hints(function).values()]


TENSORS, DEFINITIONS = Mapping[str, TensorInfo], Mapping[str, Equation]
TYPED = [*_typed()]
OF_NETWORKS, OF_EQUATIONS = _passes(Network), _passes(Equation)
OF_TENSORS, OF_DEFINITIONS = _passes(Equation, TENSORS), _passes(Equation, DEFINITIONS)
SHORTER = "bpgen.network.shrink.shrunk"  # whose network is another one, with shorter axes
OUTSIDE = "bpgen.raising.flat.outside_blocks"  # which leaves out what is of the blocks


def test_the_passes_are_found() -> None:
    assert {*OF_NETWORKS} >= {
        "bpgen.derive.maxima.with_first",
        "bpgen.derive.sums_of_exp.with_logsumexp",
        SHORTER,
    }
    assert {*OF_EQUATIONS} >= {"bpgen.equations.letters.lettered", "bpgen.rows.spelled"}
    assert {*OF_TENSORS} >= {"bpgen.raising.flat.flat"}
    assert {*OF_DEFINITIONS} >= {"bpgen.render.softmaxes.with_softmaxes"}


@pytest.mark.parametrize("name", one_in(3, [*NETWORKS]))
def test_what_is_emitted_means_the_same(name: str) -> None:
    """All passes one after another, against the equations as they were declared."""
    network = declared(name)
    for seed in range(2):
        assert difference(emit(crowded(network, seed)), network) is None


@few_or_all(4, 30, raws(), seed=11, common=COMMON)
def test_what_is_drawn_means_the_same(raw: Raw) -> None:
    try:
        network = declared_by(raw.source)
        source = emit(crowded(network))
    except NetError:  # it is refused in the user's words
        return
    assert difference(source, network) is None


@pytest.mark.parametrize("name", one_in(3, [*NETWORKS]))
@pytest.mark.parametrize("place", OF_NETWORKS)
def test_a_network_means_the_same_after_a_pass(name: str, place: str) -> None:
    network, change = declared(name), OF_NETWORKS[place]
    changed = change(crowded(network))
    check(changed, changed.tensors)
    assert difference(emit(change(network) if place == SHORTER else network), changed) is None


@pytest.mark.parametrize("name", one_in(3, [*NETWORKS]))
@pytest.mark.parametrize("place", sorted({*OF_EQUATIONS} - {OUTSIDE}))
def test_an_equation_means_the_same_after_a_pass(name: str, place: str) -> None:
    network = declared(name)
    many = crowded(network, names=MADE)
    changed = replace(many, equations=tuple(map(OF_EQUATIONS[place], many)))
    check(changed, changed.tensors)
    assert difference(emit(network), changed) is None


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("place", sorted(OF_TENSORS))
def test_an_equation_of_a_block_has_each_index_once(name: str, place: str) -> None:
    many = crowded(declared(name))
    for equation in many:
        check_indices(OF_TENSORS[place](equation, many.tensors))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("place", OF_DEFINITIONS)
def test_an_equation_told_by_sums_of_exponentials_has_each_index_once(
    name: str, place: str
) -> None:
    many = crowded(declared(name))
    sums = {e.name: e for e in many if e.terms[0].reduce == "logsumexp"}
    for equation in many:
        check_indices(OF_DEFINITIONS[place](equation, sums))


# Substitutions that capture are seen.


def _wrong(change: Callable[[], Any]) -> bool:
    """Whether the grammar refuses what a pass leaves, or the module is not what was declared."""
    try:
        return change() is not None
    except Malformed:
        return True


def test_a_chain_rule_that_captures_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    network = declared("matrix products")
    assert not _wrong(lambda: difference(emit(crowded(network)), network))
    monkeypatch.setattr(
        Link, "away", lambda link, _: {i: i for i in (*link.equation.indices, *link.term.over)}
    )
    assert _wrong(lambda: difference(emit(crowded(network)), network))


def test_letters_that_are_taken_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum called by the letters of the left side."""
    network = crowded(declared("a convolution"), names=MADE)
    right = letters.bound_as

    def captured(term: Term, bound: Any, free: Any = None) -> Term:
        taken = [*(free or {}).values()]
        new = dict(
            zip(
                bound,
                (Index(i.name, k.size) for i, k in zip(taken, bound, strict=False)),
                strict=False,
            )
        )
        return right(term, {**bound, **new}, free)

    monkeypatch.setattr(letters, "bound_as", captured)
    assert _wrong(lambda: check(map(letters.lettered, network), network.tensors))
