"""What an emitted module promises besides right numbers: one row of `PROMISES` each, from cheap to
dear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bpgen.check.module import Array, Arrays, Point, Subject, quiet, with_rest
from bpgen.ir import BATCH, Equation, Index, Network, TensorInfo, indices_of
from bpgen.progress import say

BATCHES = (1, 2, 5)
ZERO = 1e-12  # of the largest gradient at the point: zero up to rounding
ROUNDING = 1e-12  # of the largest entry: what a different order of summation may change
NAMES = ("SHAPES", "INPUTS", "TARGETS", "INTEGERS", "init", "forward", "backward", "pack", "unpack")


@dataclass(frozen=True)
class Finding:
    """A broken promise, and the tensor that shows it where there is one."""

    tensor: str
    fact: str

    def __str__(self) -> str:
        return f"{self.tensor}: {self.fact}" if self.tensor else self.fact


Promise = Callable[[Subject, Point], Iterator[Finding]]


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Array]]:
    """Every array in nested dicts, tuples and lists (a cache may hold any), with the name it goes
    by.
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, str(key))
    elif isinstance(tree, (tuple, list)):
        for value in tree:
            yield from leaves(value, name)
    elif isinstance(tree, np.ndarray):
        yield name, tree


def same_bits(one: Any, other: Any) -> bool:
    """Equal in type and in every bit: nan equals nan, 0.0 does not equal -0.0."""
    one, other = np.asarray(one), np.asarray(other)
    return bool(
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def near(one: Array, other: Array, scale: float) -> bool:
    """Equal up to rounding at the given scale; never where there is nan."""
    return bool(np.all(np.abs(one - other) <= ROUNDING * scale))


def scales(grads: Arrays) -> dict[str, float]:
    """The largest entry of each tensor, or a thousandth of the largest of all where that is more;
    of what is nothing but rounding, the largest of all.
    """
    sizes = {n: float(np.max(np.abs(g), initial=0)) for n, g in grads.items()}
    whole = max(sizes.values(), default=0.0)
    return {n: whole if s <= ZERO * whole else max(s, 1e-3 * whole) for n, s in sizes.items()}


def surface(subject: Subject, _point: Point) -> Iterator[Finding]:
    names = (*NAMES, "loss_and_grad") if subject.has_loss else NAMES
    for name in names:
        if not hasattr(subject.module, name):
            yield Finding("", f"the module has no {name}")


def shapes(subject: Subject, point: Point) -> Iterator[Finding]:
    """The keys and shapes of the parameters, and of the inputs where they are asked for."""
    grads = subject.gradients(point)
    if set(grads) != set(subject.differentiable):
        yield Finding("", f"backward returns {sorted(grads)}, not {sorted(subject.differentiable)}")
        return
    for name, like in (*point.params.items(), *point.inputs.items()):
        if name in grads and not isinstance(grads[name], np.ndarray):
            yield Finding(name, f"the gradient is a {type(grads[name]).__name__}, no array")
        elif name in grads and np.shape(grads[name]) != np.shape(like):
            yield Finding(
                name, f"the gradient has shape {np.shape(grads[name])}, not {np.shape(like)}"
            )
    with_default = subject.module.backward(
        point.params, subject.forward(point), *point.rest.values()
    )
    if set(with_default) != set(subject.shapes):
        yield Finding(
            "",
            f"backward without inputs returns {sorted(with_default)}, not {sorted(subject.shapes)}",
        )


def dtypes(subject: Subject, point: Point) -> Iterator[Finding]:
    """float32 in, float32 out; float64 in, float64 out."""
    for dtype in (np.float64, np.float32):
        cast = point.map(lambda _, a, to=dtype: a.astype(to) if a.dtype.kind == "f" else a)  # type: ignore[misc]
        results = [
            *subject.gradients(cast).items(),
            *(("output", o) for o in subject.outputs(cast)),
        ]
        results += list(subject.module.init(0, dtype).items())
        for name, result in results:
            if np.asarray(result).dtype != dtype:
                yield Finding(
                    name, f"{np.asarray(result).dtype} where everything given is {np.dtype(dtype)}"
                )


def finite(subject: Subject, point: Point) -> Iterator[Finding]:
    if not np.isfinite(subject.objective(point)):
        yield Finding("", "the objective is not finite")
    for name, gradient in subject.gradients(point).items():
        if not np.all(np.isfinite(gradient)):
            yield Finding(name, "the gradient is not finite")


def repeatable(subject: Subject, point: Point) -> Iterator[Finding]:
    """The same cache gives the same bits twice, also after both passes at another point, and
    afresh.
    """
    cache = subject.forward(point)
    kept = subject.backward(point, cache)
    first = {name: np.copy(g) for name, g in kept.items()}
    other = Point(_moved(point.params), _moved(point.inputs), point.rest)
    subject.backward(other, subject.forward(other))
    # Before the first point is taken again, which would write the same numbers there.
    for name, gradient in kept.items():
        if not same_bits(first[name], gradient):
            yield Finding(name, "a later call changed the gradient that an earlier one returned")
    for again in (subject.backward(point, cache), subject.gradients(point)):
        for name, gradient in again.items():
            if not same_bits(first[name], gradient):
                yield Finding(name, "the gradient differs at a second call")


def _moved(arrays: Arrays) -> Arrays:
    """Other values of the same kind: positive ones stay positive, integers within their bound."""
    return {n: a[::-1].copy() if a.dtype.kind in "iu" else a * 0.5 + 0.1 for n, a in arrays.items()}


def untouched(subject: Subject, point: Point) -> Iterator[Finding]:
    """No argument changes: parameters, inputs, targets, cotangents, cache."""
    cache = subject.forward(point)
    subject.objective(point)
    arguments = {**point.params, **point.inputs, **point.rest, "cache": cache}
    before = deepcopy(arguments)
    subject.forward(point)
    subject.backward(point, cache)
    if subject.has_loss:
        subject.objective(point)
    for (name, was), (_, now) in zip(leaves(before), leaves(arguments), strict=True):
        if not same_bits(was, now):
            yield Finding(name, "an argument was changed by the call")


def unshared(subject: Subject, point: Point) -> Iterator[Finding]:
    """A caller may change a result in place: it is no view of an argument, the cache or another
    result.
    """
    cache = subject.forward(point)
    grads = subject.backward(point, cache)
    arguments = leaves([*point.groups(), {"cache": cache}])
    held = [*((n, g, True) for n, g in grads.items()), *((n, a, False) for n, a in arguments)]
    for (name, one, of_one), (other, two, of_two) in _overlapping(held):
        if (of_one or of_two) and np.shares_memory(one, two):
            name, other = (name, other) if of_one else (other, name)
            yield Finding(name, f"the gradient shares memory with {other}")


Held = tuple[str, Array, bool]  # a name, its array, and whether it is a gradient


def _overlapping(held: list[Held]) -> Iterator[tuple[Held, Held]]:
    """The pairs whose stretches of memory overlap, found from one end of memory to the other: there
    are too many pairs to ask each.
    """
    spans = sorted(((*_span(h[1]), k) for k, h in enumerate(held) if h[1].size), reverse=True)
    reaching: list[tuple[int, int]] = []  # the ends of those that begin before, and their numbers
    while spans:
        start, end, k = spans.pop()
        reaching = [(e, j) for e, j in reaching if e > start]
        yield from ((held[max(j, k)], held[min(j, k)]) for _, j in reaching)
        reaching.append((end, k))


def _span(array: Array) -> tuple[int, int]:
    """Where an array's memory begins, and where it ends."""
    first: int = array.__array_interface__["data"][0]
    steps = [(n - 1) * s for n, s in zip(array.shape, array.strides, strict=True)]
    below, above = sum(min(0, s) for s in steps), sum(max(0, s) for s in steps)
    return first + below, first + above + array.itemsize


def linear(subject: Subject, point: Point) -> Iterator[Finding]:
    """A function's gradients are linear in its cotangents: zero gives zero, -2.5 times gives -2.5
    times.
    """
    if subject.has_loss:
        return
    for name, gradient in subject.gradients(with_rest(point, np.zeros_like)).items():
        if np.any(gradient != 0):
            yield Finding(name, "a cotangent of zero gives a gradient that is not zero")
    grads = subject.gradients(point)
    scale = scales(grads)
    for name, gradient in subject.gradients(with_rest(point, lambda d: -2.5 * d)).items():
        if not near(gradient, -2.5 * grads[name], 2.5 * scale[name]):
            yield Finding(name, "a cotangent times -2.5 does not give the gradient times -2.5")


def agreeing(subject: Subject, point: Point) -> Iterator[Finding]:
    """loss_and_grad is loss and backward."""
    if not subject.has_loss:
        return
    value, grads = subject.called(subject.module.loss_and_grad, point, *point.rest.values())
    if not isinstance(value, float) or abs(value - subject.objective(point)) > ROUNDING * abs(
        value
    ):
        yield Finding(
            "", f"loss_and_grad returns {value!r} where loss returns {subject.objective(point)!r}"
        )
    ours = subject.gradients(point)
    if set(grads) != set(subject.shapes):
        yield Finding(
            "",
            f"loss_and_grad returns gradients of {sorted(grads)}, not of {sorted(subject.shapes)}",
        )
    scale = scales(ours)
    for name in set(grads) & set(ours):
        if np.shape(grads[name]) != np.shape(ours[name]) or not near(
            grads[name], ours[name], scale[name]
        ):
            yield Finding(name, "loss_and_grad and backward give different gradients")


def packed(subject: Subject, point: Point) -> Iterator[Finding]:
    """pack and unpack are inverse, in the order of sorted names, and unpack gives views."""
    flat = subject.module.pack(point.params)
    expected = [np.ravel(point.params[name]) for name in sorted(point.params)]
    if not same_bits(flat, np.concatenate(expected) if expected else np.zeros(0)):
        yield Finding("", "pack is not the parameters in the order of their sorted names")
    for name, array in subject.module.unpack(flat).items():
        if not same_bits(array, point.params[name]):
            yield Finding(name, "unpack does not undo pack")
        elif array.size and not np.shares_memory(array, flat):
            yield Finding(name, "unpack gives a copy, not a view")


def permuted(subject: Subject, point: Point) -> Iterator[Finding]:
    """The order of a batch changes no gradient of a parameter, and reorders those of the inputs."""
    subject = subject.without_chance()  # noise does not follow its sample
    batched = _batched(subject)
    order = np.arange(len(next((a for n, a in point.inputs.items() if n in batched), ())))[::-1]
    if len(order) < 2:
        return
    turned = point.map(lambda n, a: _taken(a, order, batched.get(n, ())))
    grads, other = subject.gradients(point), subject.gradients(turned)
    scale = scales(grads)
    for name, gradient in grads.items():
        expected = _taken(gradient, order, batched.get(name, ()))
        if not near(expected, other[name], 100 * scale[name]):
            yield Finding(name, "the order of the samples changes the gradient")


def _taken(array: Array, order: Array, axes: tuple[int, ...]) -> Array:
    """The array with the samples along each of these axes in another order."""
    for axis in axes:
        array = np.take(array, order, axis)
    return array


def _batched(subject: Subject) -> dict[str, tuple[int, ...]]:
    """The arguments that have a sample in each row, and their axes over samples."""
    names = {*subject.module.INPUTS, *getattr(subject.module, "TARGETS", {})}
    if subject.network is None:
        return {**dict.fromkeys(names, (0,)), **_growing(subject)}
    outputs = {f"cotangent {k}": o for k, o in enumerate(subject.network.outputs, 1)}
    tensors = subject.network.tensors
    axes = {
        argument: tuple(k for k, i in enumerate(_shown(tensors[name])) if i.size == BATCH)
        for argument, name in (*((n, n) for n in names), *outputs.items())
    }
    return {argument: found for argument, found in axes.items() if found}


def _shown(tensor: TensorInfo) -> tuple[Index, ...]:
    """The axes of a tensor as callers see it: of what goes through blocks, those of the last."""
    return tensor.indices[tensor.block :]


def _growing(subject: Subject) -> dict[str, tuple[int, ...]]:
    """The axes over samples of a module's outputs, told by two batches: some have none."""
    one, other = (subject.draw(np.random.default_rng(0), n).rest for n in (2, 3))
    return {
        name: tuple(k for k, size in enumerate(a.shape) if size != other[name].shape[k])
        for name, a in one.items()
        if name.startswith("cotangent ")
    }


def apart(subject: Subject, point: Point) -> Iterator[Finding]:
    """Where no equation sums over the batch, an output of one sample is the same in any batch."""
    network, subject = subject.network, subject.without_chance()
    if network is None or any(_mixes(network, e) for e in network):
        return
    together = subject.outputs(point)
    for k in range(len(together[0])):
        alone = point.map(lambda n, a, k=k: a[k : k + 1] if n in _batched(subject) else a)  # type: ignore[misc]
        for name, one, all_ in zip(network.outputs, subject.outputs(alone), together, strict=True):
            if not near(one[0], all_[k], max(1.0, float(np.max(np.abs(all_), initial=0)))):
                yield Finding(name, "the output of a sample depends on the others of its batch")
                return


def _mixes(network: Network, equation: Equation) -> bool:
    """Whether an equation reads other samples than its own, and is not the loss."""
    own = next((i for i in equation.indices if i.size == BATCH), None)
    speaks = (i for t in equation.terms for i in (*t.over, *indices_of(t.body)))
    return equation.name != network.loss and any(i.size == BATCH and i != own for i in speaks)


def refusing(subject: Subject, point: Point) -> Iterator[Finding]:
    """Whole numbers are refused where they are real, negative, or beyond what net.py declares."""
    for name, bound in subject.integers.items():
        wrong: dict[str, Callable[[Array], Array]] = {
            "real numbers": lambda a: a.astype(float),
            "a negative number": lambda a: a * 0 - 1,
            f"{bound}, where {bound - 1} is the largest": lambda a, b=bound: a * 0 + b,  # type: ignore[misc]
        }
        for what, change in wrong.items():
            changed = point.map(partial(_changed, name, change))
            if not _refused(subject, changed):
                yield Finding(name, f"it is accepted with {what}")


def _changed(name: str, change: Callable[[Array], Array], other: str, array: Array) -> Array:
    return change(array) if other == name else array


def _refused(subject: Subject, point: Point) -> bool:
    """Whether the module refuses a point in words of its own: an IndexError is numpy's."""
    try:
        subject.objective(point)
    except (TypeError, ValueError):
        return True
    except IndexError:
        return False
    return False


PROMISES: tuple[Promise, ...] = (
    surface,
    shapes,
    finite,
    dtypes,
    repeatable,
    untouched,
    unshared,
    agreeing,
    packed,
    permuted,
    apart,
    linear,
    refusing,
)


COMPARING = (agreeing, permuted, apart, linear)


def contract(subject: Subject, seed: int) -> Iterator[Finding]:
    """Every broken promise, at batches of 1, 2 and 5, and where lengths known at run time are 1;
    what the module raises is one, too.
    """
    raised: dict[str, list[str]] = {}
    for batch, where, at in _places(subject):
        told = False  # that something is not finite: then nothing is near anything
        try:
            point = at.draw(np.random.default_rng([seed, batch, 99]), batch)
            for promise in PROMISES:
                if told and promise in COMPARING:
                    continue
                say(f"promises, {promise.__name__}, at a batch of {where}")
                with quiet():
                    broken = list(promise(at, point))
                yield from broken
                told = told or (promise is finite and bool(broken))
        except Exception as error:
            raised.setdefault(f"{type(error).__name__}: {error}".strip(), []).append(where)
    for said, places in raised.items():
        yield Finding("", f"at a batch of {', '.join(places)} it raises {said}")


def _places(subject: Subject) -> Iterator[tuple[int, str, Subject]]:
    """Sizes of the batch, in words too, and the module at the lengths known at run time."""
    batches = dict.fromkeys(max(batch, subject.fewest) for batch in BATCHES)
    yield from ((batch, str(batch), subject) for batch in batches)
    if subject.lengths:
        yield (
            2,
            f"2 and {', '.join(f'{name} = 1' for name in subject.lengths)}",
            subject.at_lengths(1),
        )
