"""A network written out, entry by entry, on a tape: what the exact check expects.

Every element of every tensor is a scalar that its equation makes of others, and the gradient is the
chain rule over these scalars: no index notation, and nothing of what bpgen derives. Where a
function has regions (relu, max, abs), the point decides, and what is proved holds around it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.residues.expressions import Bound, Expressions, Reader
from bpgen.check.residues.tape import Tape
from bpgen.check.residues.values import NotProved, OnKink
from bpgen.ir import Element, Equation, Index, Network, Size, Term, element
from bpgen.progress import say

Tensors = dict[str, Any]  # arrays of scalars; integer tensors as they are


class Entries:
    """The entries of every tensor of a network, and of its gradient."""

    def __init__(
        self,
        network: Network,
        lengths: Mapping[str, int],
        given: Mapping[str, Any],
        tape: Tape,
        held: frozenset[str] = frozenset(),
    ) -> None:
        """`held` are the tensors that are no variables: what is shown holds for these values."""
        self.network, self.lengths, self.tape = network, dict(lengths), tape
        self.expressions = Expressions(tape, self.lengths, self._access)
        self._terms: dict[str, dict[tuple[int, ...], list[tuple[Term, Bound]]]] = {}
        self._begun: set[tuple[str, tuple[int, ...]]] = set()
        self.held = held
        self.tensors: Tensors = {name: self._given(name, a) for name, a in given.items()}
        self.arguments = dict(self.tensors)
        for _, members in itertools.groupby(network, key=lambda e: e.loop or e):
            self._forward(list(members))
        self.loss = self._loss()

    def gradient(self, names: tuple[str, ...]) -> Tensors:
        """dL/d(entry) of these tensors, by the chain rule."""
        if self.loss.op == "inf":
            raise OnKink("an infinite number varies with nothing")
        wanted = [x for name in names for x in self.tensors[name].ravel()]
        found = iter(self.tape.adjoints(self.loss, wanted))
        return {name: self._like(self.tensors[name], found) for name in names}

    @staticmethod
    def _like(tensor: Any, values: Iterator[Any]) -> Any:
        made = np.empty(tensor.size, object)
        made[:] = list(itertools.islice(values, tensor.size))
        return made.reshape(tensor.shape)

    def _given(self, name: str, array: Any) -> Any:
        """Variables for a given tensor; the last of those that sum to one is one minus the
        others.
        """
        array = np.asarray(array)
        if array.dtype.kind in "iu":
            return array
        info = self.network.tensors.get(name)
        rest = info is not None and info.sums_to_one
        values = [self.tape.lift(_fraction(v)) for v in array.ravel()]
        numbers = self._like(array, iter(values))
        made = np.empty(array.shape, object)
        for at in np.ndindex(array.shape):
            if name in self.held:
                made[at] = self.tape.held(numbers[at])
            elif not rest or at[-1] < array.shape[-1] - 1:
                made[at] = self.tape.given(numbers[at].value)
            else:
                made[at] = reduce(lambda a, b: a - b, made[at[:-1]][:-1], self.tape.one)
        return made

    def _forward(self, members: list[Equation]) -> None:
        """One equation, or those of a loop, element by element; of a loop, what stands before the
        first step, and then step after step.
        """
        for e in members:
            self.tensors[e.name] = np.empty(self._stored(e), object)
            self._terms[e.name] = self._written(e)
        for step in self._steps(members):
            for e in members:
                say(f"exactly, {e.name} written out")
                for at in np.ndindex(self.tensors[e.name].shape):
                    if step is None or self._axis_value(e, at) == step:
                        self._entry(e.name, at)

    def _entry(self, name: str, at: tuple[int, ...]) -> Any:
        """An entry, computed where it is first asked for: a recurrence may read another at any
        place of the same step.
        """
        found = self.tensors[name][at]
        if found is None:
            if (name, at) in self._begun:
                raise NotProved(f"{name}{list(at)} is read before it is defined")
            self._begun.add((name, at))
            terms = [self._term(*t) for t in self._terms[name].get(at, ())]
            found = reduce(lambda a, b: a + b, terms, self.tape.zero)
            self.tensors[name][at] = found
        return found

    def _steps(self, members: list[Equation]) -> list[int | None]:
        """The steps of a loop, with the one before the first; of a lone equation there is one."""
        loop = members[0].loop
        return [None] if loop is None else [*range(-1, self.size(loop.index.size))]

    def _axis_value(self, equation: Equation, at: tuple[int, ...]) -> int:
        """The step of a loop to which an element belongs."""
        assert equation.loop is not None
        k = equation.indices.index(equation.loop.index)
        return at[k] - self._starts(equation.name)[k]

    def size(self, size: Size | None) -> int:
        """The length of an axis here."""
        if size is None:
            raise NotProved("an index without a size")
        return size if isinstance(size, int) else self.lengths[size]

    def _starts(self, name: str) -> tuple[int, ...]:
        """Where element 0 of each axis is stored: in slot 1 of a recurrence's, whose slot 0 holds
        what stands before the first step.
        """
        info = self.network.tensors[name]
        return tuple(int(info.carried == k) for k in range(len(info.indices)))

    def _stored(self, equation: Equation) -> tuple[int, ...]:
        sizes = (self.size(i.size) for i in equation.indices)
        return tuple(n + s for n, s in zip(sizes, self._starts(equation.name), strict=True))

    def _written(self, equation: Equation) -> dict[tuple[int, ...], list[tuple[Term, Bound]]]:
        """The terms of each element, with the values of the indices for which they are written
        there.
        """
        found: dict[tuple[int, ...], list[tuple[Term, Bound]]] = {}
        for term in equation.terms:
            place = element(equation.name, term.at or equation.indices)
            over = term.over if term.at is not None else ()
            inner = (i for e in place.indices for i in e.free_symbols if isinstance(i, Index))
            for bound in self._ranges(tuple(sorted({*over, *inner}, key=str))):
                found.setdefault(self._place(place, bound), []).append((term, bound))
        return found

    def _ranges(self, over: tuple[Index, ...]) -> Iterator[Bound]:
        for at in itertools.product(*(range(self.size(i.size)) for i in over)):
            yield dict(zip(over, at, strict=True))

    def _term(self, term: Term, bound: Bound) -> Any:
        over = () if term.at is not None else term.over
        read = self.expressions.reader(term.body)
        bodies = [
            self.expressions.scalar(read({**bound, **values})) for values in self._ranges(over)
        ]
        if term.reduce == "logsumexp":
            bodies = [self.tape.call("exp", b) for b in bodies]
            return self.tape.call("log", reduce(lambda a, b: a + b, bodies))
        if term.reduce not in ("sum", "max"):
            raise NotProved(f"the reduction {term.reduce}")
        if term.reduce == "sum":
            return reduce(lambda a, b: a + b, bodies, self.tape.zero)
        return reduce(self.expressions.larger, bodies)

    def _place(self, access: Element, bound: Bound) -> tuple[int, ...]:
        """Where the element that an access means is stored."""
        values = (int(self.expressions.reader(i)(bound)) for i in access.indices)
        at = tuple(v + s for v, s in zip(values, self._starts(access.name), strict=True))
        if any(
            not 0 <= i < n for i, n in zip(at, np.shape(self.tensors[access.name]), strict=True)
        ):
            raise NotProved(f"{access.name}{list(at)} is outside the tensor")
        return at

    def _access(self, expr: Element) -> Reader:
        def read(bound: Bound) -> Any:
            found = self._entry(expr.name, self._place(expr, bound))
            return int(found) if isinstance(found, np.integer) else found

        return read

    def _loss(self) -> Any:
        """The loss; of a function, the sum of cotangents times outputs."""
        if self.network.loss is not None:
            return self.tensors[self.network.loss][()]
        outputs = [x for name in self.network.outputs for x in np.ravel(self.shown(name))]
        cotangents = [
            x
            for k, _ in enumerate(self.network.outputs, 1)
            for x in np.ravel(self.tensors[f"cotangent {k}"])
        ]
        products = (c * o for c, o in zip(cotangents, outputs, strict=True))
        return reduce(lambda a, b: a + b, products, self.tape.zero)

    def shown(self, name: str) -> Any:
        """A tensor as a caller sees it: without what stands before a recurrence's first step; of
        blocks, the last one's.
        """
        tensor = self.tensors[name][tuple(slice(s, None) for s in self._starts(name))]
        return tensor[-1] if self.network.tensors[name].block else tensor


def _fraction(value: Any) -> Any:
    return Fraction(int(value.p), int(value.q)) if isinstance(value, sp.Rational) else value
