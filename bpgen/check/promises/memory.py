"""What a module remembers, changes and shares: it is pure, and what it returns is the caller's."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import numpy as np

from bpgen.check.module import Array, Arrays, Point, Subject
from bpgen.check.promises.finding import Finding, leaves, same_bits

Held = tuple[str, Array, bool]  # a name, its array, and whether it is a gradient


def repeatable(subject: Subject, point: Point) -> Iterator[Finding]:
    """The same cache gives the same bits twice, also after both passes at another point, and
    afresh.
    """
    cache = subject.forward(point)
    kept = subject.backward(point, cache)
    first = {name: np.copy(g) for name, g in kept.items()}
    other = moved(point)
    subject.backward(other, subject.forward(other))
    # Before the first point is taken again, which would write the same numbers there.
    for name, gradient in kept.items():
        if not same_bits(first[name], gradient):
            yield Finding(name, "a later call changed the gradient that an earlier one returned")
    for again in (subject.backward(point, cache), subject.gradients(point)):
        for name, gradient in again.items():
            if not same_bits(first[name], gradient):
                yield Finding(name, "the gradient differs at a second call")


def moved(point: Point) -> Point:
    """Another point, of the same targets."""
    return Point(_moved(point.params), _moved(point.inputs), point.rest)


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
