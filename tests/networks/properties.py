"""Properties of what is computed: the gradients beside others, and what must not change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.networks.graph import computed
from tests.networks.operation import torch
from tests.networks.run import DROPS, Point, Subject, cast
from tests.networks.table import close, holds, one_in_three


def direction(subject: Subject, array: Any) -> Any:
    return np.random.default_rng(subject.seed + array.size).standard_normal(array.shape)


@holds("gradient equals complex step", lambda s: not s.graph.flagged("kinked"), longer=True)
def complex_step(subject: Subject) -> None:
    drops = subject.graph.flagged("draws")
    rng = np.random.default_rng(DROPS) if drops else None
    grads = subject.at(subject.point, rng).grads if drops else subject.result.grads
    found, true = [], []
    for k, array in enumerate(subject.variables):
        v = direction(subject, array)
        value = subject.value(subject.moved(k, 1e-30j * v), drops)
        true.append(np.imag(value) / 1e-30)
        found.append(np.sum(grads[k] * v))
    close(
        found,
        true,
        1e-10,
        [1e3 * n * a.size for n, a in zip(subject.rounding, grads, strict=True)],
    )


@holds("gradient equals differences", lambda s: s.graph.flagged("kinked"))
def differences(subject: Subject) -> None:
    """Of six points; where the two sides differ there is a kink, and PyTorch is asked instead."""
    drops = subject.graph.flagged("draws")
    rng = np.random.default_rng(DROPS) if drops else None
    grads = subject.at(subject.point, rng).grads if drops else subject.result.grads
    for k, array in enumerate(subject.variables):
        v, h = direction(subject, array), 1e-4
        f = {j: subject.value(subject.moved(k, j * h * v), drops) for j in range(-3, 4)}
        right = (-11 * f[0] + 18 * f[1] - 9 * f[2] + 2 * f[3]) / (6 * h)
        left = (11 * f[0] - 18 * f[-1] + 9 * f[-2] - 2 * f[-3]) / (6 * h)
        six = (45 * (f[1] - f[-1]) - 9 * (f[2] - f[-2]) + (f[3] - f[-3])) / (60 * h)
        scale = max(
            abs(six),
            *(abs(a) for a in f.values()),
            1e-3 * max(np.abs(g).max(initial=0) for g in grads),
        )
        if abs(right - left) < 1e-5 * scale and abs(six - (left + right) / 2) < 1e-6 * scale:
            error = abs(np.sum(grads[k] * v) - six)
            least = 1e-15  # what is added up and taken away again in the loss is about 1
            assert error < 1e-5 * scale + least, (
                f"{subject.wrt[k]}: wrong by {error:.2e} of {scale:.2e}"
            )


@holds("gradient equals PyTorch's")
def pytorch(subject: Subject) -> None:
    point, graph = subject.point, subject.graph
    params = [torch.tensor(a, requires_grad=True) for a in point.params]
    inputs = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in point.inputs]
    pools = {
        "input": iter(inputs),
        "state": iter(map(torch.tensor, point.states)),
        "target": iter(map(torch.tensor, point.targets)),
    }
    given = [next(pools[g.word if g.word in pools else "target"]) for g in graph.given.values()]
    loss, outputs = computed(graph, given, params, subject.batch)
    values = [*([] if loss is None else [loss]), *outputs]
    close(subject.result.values, [v.detach().numpy() for v in values], 1e-10, 1e-12)
    roots = [loss] if graph.losses else outputs
    seeds = None if graph.losses else [torch.tensor(a) for a in point.upstream]
    wrt = [*params, *(a for a in inputs if a.requires_grad)]
    slopes = torch.autograd.grad(roots, wrt, seeds, materialize_grads=True)
    slack = [1e3 * n for n in subject.rounding]
    close(subject.result.grads, [a.numpy() for a in slopes], 1e-10, slack)


@holds("pure: the same bits twice, arguments as they were, no memory shared")
def pure(subject: Subject) -> None:
    point = subject.point
    before = [np.copy(a) for a in point.all]
    one = subject.result
    other = subject.at(point)
    for a, b in zip([*one.values, *one.grads], [*other.values, *other.grads], strict=True):
        assert np.array_equal(a, b, equal_nan=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, point.all, strict=True))
    for grad in one.grads:
        assert not any(np.shares_memory(grad, a) for a in [*point.all, *one.cache])
    for k, grad in enumerate(one.grads):
        assert not any(np.shares_memory(grad, g) for g in one.grads[:k])
    for output in one.outputs:
        assert not any(np.shares_memory(output, a) for a in point.all)


def rows(point: Point, order: Any) -> Point:
    """Other samples of the batch."""
    return replace(
        point,
        inputs=[a[order] for a in point.inputs],
        targets=[a[order] for a in point.targets],
        upstream=[a[order] for a in point.upstream],
    )


@holds("a permuted batch permutes what it should", lambda s: s.batch > 1, longer=True)
def permuted(subject: Subject) -> None:
    order = np.random.default_rng(subject.seed).permutation(subject.batch)
    one, other = subject.result, subject.at(rows(subject.point, order))
    count = len(subject.point.params)
    values = one.values[: len(one.values) - len(one.outputs)] + [a[order] for a in one.outputs]
    close(other.values, values, 1e-11, 1e-12)
    grads = one.grads[:count] + [g[order] for g in one.grads[count:]]
    close(other.grads, grads, 1e-10, [1e3 * n for n in subject.rounding])


@holds("a doubled batch leaves the mean gradient", longer=True)
def doubled(subject: Subject) -> None:
    twice = np.concatenate([np.arange(subject.batch)] * 2)
    one, other = subject.result, subject.at(rows(subject.point, twice))
    count = len(subject.point.params)
    factor = 1 if subject.graph.losses else 2
    halves = [g[: subject.batch] + g[subject.batch :] for g in other.grads[count:]]
    expected = [factor * g for g in one.grads]
    slack = [1e3 * n for n in subject.rounding]
    close([*other.grads[:count], *halves], expected, 1e-10, slack)


def free_units(subject: Subject) -> list[list[tuple[int, int]]]:
    """The hidden layers whose parameters nothing else uses: numbers and axes."""
    graph = subject.graph
    often: dict[int, int] = {}
    for numbers in graph.parameters:
        for p in numbers:
            often[p] = often.get(p, 0) + 1
    found = []
    for step, numbers in zip(graph.all, graph.parameters, strict=True):
        places = [(numbers[k], axis) for k, axis in step.made.hidden]
        if places and all(often[p] == 1 for p, _ in places):
            found.append(places)
    return found


@holds("hidden units in another order have their gradients in that order", free_units, longer=True)
def hidden(subject: Subject) -> None:
    params, expected = list(subject.point.params), list(subject.result.grads)
    for places in free_units(subject):
        first, axis = places[0]
        order = np.random.default_rng(subject.seed).permutation(params[first].shape[axis])
        for p, axis in places:
            params[p] = np.take(params[p], order, axis)
            expected[p] = np.take(expected[p], order, axis)
    found = subject.at(replace(subject.point, params=params))
    close(found.values, subject.result.values, 1e-11, 1e-12)
    close(found.grads, expected, 1e-10, [1e3 * n for n in subject.rounding])


@holds("tied weights get the sum of the untied ones", lambda s: s.graph.tied, longer=True)
def tied(subject: Subject) -> None:
    apart, was = subject.graph.untied()
    other = replace(subject, graph=apart)
    point = replace(subject.point, params=[subject.point.params[p] for p in was])
    grads = other.at(point).grads
    sums = [np.zeros_like(a) for a in subject.point.params]
    for p, grad in zip(was, grads, strict=False):
        sums[p] = sums[p] + grad
    close(
        [*sums, *grads[len(was) :]],
        subject.result.grads,
        1e-10,
        [1e3 * n for n in subject.rounding],
    )


def otherwise(letter: str, step: int) -> str:
    """Names in another order of the alphabet, of other lengths, some of them Greek."""
    lead = "zyxwvutsrq"[step % 10]
    greek = {"x": "omega", "W": "Theta", "y": "eta", "i": "rho", "j": "a"}
    return f"{lead}{greek.get(letter, letter * 2)}_{step}"


@holds("renaming everything changes nothing but names", one_in_three(0), longer=True)
def renamed(subject: Subject) -> None:
    other = replace(subject, name=otherwise)
    assert [*other.module.SHAPES.values()] == [*subject.module.SHAPES.values()]
    found = other.at(subject.point)
    close(found.values, subject.result.values, 1e-12, 1e-13)
    close(found.grads, subject.result.grads, 1e-11, [1e2 * n for n in subject.rounding])


def moderate(subject: Subject) -> bool:
    """Far from the ends of float32; and no batch norm of one sample, which divides nothing but
    rounding by the root of eps.
    """
    if subject.graph.flagged("mixes") and subject.batch == 1:
        return False
    made = [*subject.result.values, *subject.result.grads, *subject.result.cache]
    return all(np.max(np.abs(a), initial=0) < 1e15 for a in made)


@holds("float32 within 1e-4 of float64, and float32 throughout", moderate)
def single(subject: Subject) -> None:
    """At one of three points: where a normalization divides by next to nothing, rounding is large,
    and jitter of the arguments does not tell how large. Where it is large at each of them, no
    larger than float64's in its own units.
    """
    points = [replace(subject, seed=subject.seed + 3 * k) for k in range(3)]
    if all(map(_is_apart, points)):
        longer = replace(subject, dtype=np.longdouble).result.grads
        ratio = float(np.finfo(np.float32).eps / np.finfo(float).eps)
        apart = zip(subject.result.grads, longer, strict=True)
        _single(subject, [10 * ratio * float(np.max(np.abs(a - b), initial=0)) for a, b in apart])


def _is_apart(subject: Subject) -> bool:
    try:
        _single(subject, [0.0] * len(subject.result.grads))
    except AssertionError:
        return True
    return False


def _single(subject: Subject, rounding: list[float]) -> None:
    found = subject.at(cast(subject.point, np.float32))
    for a in [*found.outputs, *found.grads, *found.cache]:
        assert a.dtype == np.float32 or a.dtype.kind in "iub", a.dtype
    slack = [1000 * n + 1e-5 + r for n, r in zip(subject.noise(6e-8), rounding, strict=True)]
    close(found.grads, subject.result.grads, 1e-4, slack, of_all=0.1)


def degree(subject: Subject) -> int:
    """Of the values in the inputs, as polynomials: 17 is more than can be asked of float64."""
    powers: list[int] = []
    for step in subject.graph.all:
        powers.append(step.made.power * max((powers[a] for a in step.args), default=1))
    return max(powers)


def grows(subject: Subject) -> bool:
    """Whether numbers of 1e4 may leave float64."""
    return subject.graph.flagged("grows") or degree(subject) > 16


def beyond(subject: Subject) -> bool:
    """Whether the numbers at the point leave float64 already, an exp of a power's: longer numbers,
    which go on to 1e4932, are the witness.
    """
    if not grows(subject):
        return False
    with np.errstate(all="ignore"):
        found = subject.at(subject.point)
        if all(np.isfinite(a).all() for a in [*found.values, *found.grads]):
            return False
        longer = replace(subject, dtype=np.longdouble).result
    return any(np.any(np.abs(a) > 1e308) for a in [*longer.values, *longer.grads])


@holds(
    "inputs to 1e4 of both signs give finite values and gradients, without a warning",
    lambda s: not grows(s),
)
def large(subject: Subject) -> None:
    rng = np.random.default_rng(subject.seed)
    inputs = [
        rng.uniform(-1e4, 1e4, a.shape) if a.dtype.kind == "f" else a for a in subject.point.inputs
    ]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        found = subject.at(replace(subject.point, inputs=inputs))
    assert all(np.isfinite(a).all() for a in [*found.values, *found.grads])


@holds("nan in, nan out", lambda s: any(a.dtype.kind == "f" and a.size for a in s.variables))
def nan(subject: Subject) -> None:
    """Where an entry has a gradient, values depend on it."""
    sizes = [np.max(np.abs(g), initial=0) for g in subject.result.grads]
    k = int(np.argmax(sizes))
    if sizes[k] < 1e-8:
        return
    grad = subject.result.grads[k]
    at = np.unravel_index(int(np.argmax(np.abs(grad))), grad.shape)
    step = np.zeros(grad.shape)
    step[at] = np.nan
    with np.errstate(invalid="ignore"):
        found = subject.at(subject.moved(k, step))
    assert any(np.isnan(a).any() for a in found.values), subject.wrt[k]
