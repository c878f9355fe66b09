"""The gradients of a network at one point: the chain rule over its entries, last to first.

Nothing here knows a derivative: the slope of a body along each element that it reads is found by a
complex step. A product alone is not asked: it is linear in each of its elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise.entries import Entries
from bpgen.check.entrywise.evaluation import STEP, Evaluation
from bpgen.check.entrywise.grid import contracted
from bpgen.check.entrywise.order import scheduled, starts
from bpgen.check.entrywise.places import Array, Places
from bpgen.ir import Element, Equation, Term


class Adjoints:
    """The gradient of a sum of weighted outputs, or of the loss, by the entries of every tensor."""

    def __init__(self, evaluation: Evaluation, of: Mapping[str, Array]) -> None:
        self.evaluation, self.network = evaluation, evaluation.network
        self.found: dict[str, Array] = {
            name: np.zeros(evaluation.stored(name), evaluation.real)
            for name, info in self.network.tensors.items()
            if info.bound is None
        }
        for name, weight in of.items():
            self._seed(name, weight)
        with np.errstate(all="ignore"):
            for members, once in reversed([*scheduled(self.network)]):
                self._back(members, once)

    def _seed(self, name: str, weight: Array) -> None:
        """What is given for an output, as a caller sees it."""
        here: list[Any] = [slice(s, None) for s in starts(self.network, name)]
        if self.network.tensors[name].block:
            here[0] = -1
        self.found[name][tuple(here)] += weight

    def _back(self, members: tuple[Equation, ...], once: bool) -> None:
        if members[0].loop is None:
            for term in members[0].terms:
                self._term(members[0], term, None)
            return
        for step in reversed(self.evaluation.span(members[0])):
            here = self.evaluation.of_step(members, step)
            if once:
                self._step(here, step, self.found)
            else:
                self._settle(here, step)

    def _step(self, members: tuple[Equation, ...], step: int, known: Mapping[str, Array]) -> None:
        """What is read by the equations of a step receives its part of what is known of them."""
        for e in reversed(members):
            for term in e.terms:
                self._term(e, term, step, known)

    def _settle(self, members: tuple[Equation, ...], step: int) -> None:
        """The same where entries need entries of each other: from what the step has received, again
        until what is known of it does not change.
        """
        received = {name: array.copy() for name, array in self.found.items()}
        known: dict[str, Array] = {}
        while not known or any(
            not np.array_equal(known[e.name], self.found[e.name], equal_nan=True) for e in members
        ):
            known = {e.name: self.found[e.name] for e in members}
            self.found = {name: array.copy() for name, array in received.items()}
            self._step(members, step, known)

    def _term(
        self,
        equation: Equation,
        term: Term,
        step: int | None,
        known: Mapping[str, Array] | None = None,
    ) -> None:
        """What the tensors that a term reads receive through it."""
        entries = Entries(self.evaluation, equation, term, step)
        read = [e for e in entries.tape.elements if e.name in self.found]
        if not entries.any or not read or term.reduce == "first":
            return
        upstream = entries.spread(entries.left.read((known or self.found)[equation.name]))
        if (product := entries.product) is not None:
            for access in read:
                self._factor(entries, access, product, upstream)
            return
        weights = 1 if term.reduce == "sum" else entries.weights(entries.body())[0]
        passed = np.broadcast_to(upstream * weights, entries.grid.shape)
        for access, slope in zip(read, slopes(entries, read), strict=True):
            added(self.found[access.name], entries.places(access), passed * slope)

    def _factor(
        self,
        entries: Entries,
        access: Element,
        product: tuple[Any, Mapping[Element, Array]],
        upstream: Array,
    ) -> None:
        """What one element of a product receives: its slope is all the others."""
        number, arrays = product
        others = [a[0] for e, a in arrays.items() if e != access]
        places = entries.places(access)
        received = number * contracted([upstream, *others], places.moving)
        shape = np.broadcast_shapes(received.shape, *(p.shape for p in places))
        added(self.found[access.name], places, np.broadcast_to(received, shape))


def added(total: Array, places: Places, received: Array) -> None:
    """Add at places, some of which may be the same, first over the axes that move none of them."""
    shape = np.broadcast_shapes((1,) * received.ndim, *(p.shape for p in places))
    still = tuple(k for k in range(len(shape)) if k not in places.moving)
    sums = received.sum(still, keepdims=True)
    places.add(total, sums)


def slopes(entries: Entries, read: list[Element]) -> Array:
    """The derivative of the body along each of these elements, at all entries."""
    lanes = np.eye(len(read)).reshape(len(read), len(read), *entries.grid.flat)

    def leaf(expr: sp.Expr) -> Any:
        if not isinstance(expr, Element):
            return entries.grid.leaf(expr, entries.at.real)
        value = entries.read(expr).astype(entries.at.real)
        return value + 1j * STEP * lanes[read.index(expr)] if expr in read else value + 0j

    value = np.imag(entries.tape.run(leaf)[0]) / STEP
    return np.broadcast_to(value, (len(read), *entries.grid.shape))
