"""The backward pass with a mistake in it, entry by entry: what an element receives from what reads
it is found by a complex step, and then changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise.adjoints import Adjoints, added, slopes
from bpgen.check.entrywise.entries import Entries
from bpgen.check.entrywise.evaluation import STEP, Evaluation
from bpgen.check.entrywise.tape import tape
from bpgen.check.lesson.ground import constant
from bpgen.functions import row
from bpgen.ir import Element, Equation, Network, Term

Array = Any
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Site:
    """Where the mistake is made: a term of an equation reads an element, at a step of a loop."""

    evaluation: Evaluation
    equation: Equation
    term: Term
    access: Element
    step: int | None

    @property
    def network(self) -> Network:
        return self.evaluation.network

    @property
    def is_of_parameter(self) -> bool:
        return self.network.tensors[self.access.name].role == "param"

    @property
    def entries(self) -> Entries:
        return Entries(self.evaluation, self.equation, self.term, self.step)

    @property
    def slope(self) -> Array:
        """The derivative along the element, at all entries."""
        return slopes(self.entries, [self.access])[0] * self._weights()

    def _weights(self) -> Array:
        """How much each entry of the body moves what is made of it: of a logsumexp exp(body - s),
        of the forward pass's s.
        """
        entries = self.entries
        if self.term.reduce == "sum":
            return 1.0
        if self.term.reduce == "logsumexp":
            made = entries.spread(entries.left.read(self.evaluation.values[self.equation.name][0]))
            return np.exp(entries.body()[0] - made)
        return entries.weights(entries.body())[0]

    def reading(self, others: Arrays) -> Array:
        """The same where other values are read."""
        own, inner = self.within()
        return own * inner._reading(others)

    def within(self) -> tuple[Array, Site]:
        """What the function that is applied last is of, and that function's derivative. Where its
        value tells it, as that of tanh, it is the forward pass's, whatever the mistake; and so is
        a of a = z^w, whose derivative by w is a log z, and of a = (u z)^w, where it is w a / z.
        """
        alone = self.equation.of_steps().terms == (self.term,) and not self.term.over
        body = self.term.body
        if alone and self._is_power_of_product(body):
            power = replace(self.term, body=body.exp * sp.log(body.base))
            return self.entries.body()[0], replace(self, term=power)
        if not (alone and _tells_slope(body)):
            return 1.0, self
        inner = replace(self, term=replace(self.term, body=body.args[0]))
        return inner._of_function(lambda z: body.func(z, *body.args[1:])), inner

    def _is_power_of_product(self, body: sp.Expr) -> bool:
        """Whether a power is varied in its exponent, or in a factor that is raised to one that
        varies.
        """
        varies = body.is_Pow and not body.exp.is_number
        return bool(varies and (body.base.is_Mul or not body.base.has(self.access)))

    def _reading(self, others: Arrays) -> Array:
        other = copy(self.evaluation)
        other.values = {**self.evaluation.values, **{n: a[None] for n, a in others.items()}}
        return replace(self, evaluation=other).slope

    def _of_function(self, function: Callable[[sp.Expr], sp.Expr]) -> Array:
        """The derivative of a function of the body."""
        z = sp.Dummy(real=True)
        at = self.entries.body()[0] + 1j * STEP
        found = tape(function(z)).run(lambda leaf: at if leaf == z else constant(leaf))[0]
        return np.imag(found) / STEP


def _tells_slope(body: sp.Expr) -> bool:
    """Whether the derivative of the function that is applied last is one of its value alone."""
    if body.is_Pow and body.exp.is_Rational:
        return bool((1 - 1 / body.exp).is_integer)  # of a = z**e it is e * a**(1 - 1 / e)
    if row(body) is None or len(body.args) != 1:
        return False
    z = sp.Dummy(real=True)
    value = body.func(z)
    return z not in value.diff(z).xreplace({value: sp.Dummy()}).free_symbols


Mistaken = Callable[[Site], Array]


class Wrong(Adjoints):
    """Gradients where what each element receives is what a mistake makes of it."""

    def __init__(self, evaluation: Evaluation, top: str, mistaken: Mistaken) -> None:
        self.mistaken = mistaken
        super().__init__(evaluation, {top: np.ones(())})

    def _term(
        self,
        equation: Equation,
        term: Term,
        step: int | None,
        known: Mapping[str, Array] | None = None,
    ) -> None:
        entries = Entries(self.evaluation, equation, term, step)
        read = [e for e in entries.tape.elements if e.name in self.found]
        if not entries.any or term.reduce == "first":
            return
        upstream = entries.spread(entries.left.read((known or self.found)[equation.name]))
        for access in read:
            slope = self.mistaken(Site(self.evaluation, equation, term, access, step))
            passed = np.broadcast_to(upstream * slope, entries.grid.shape)
            added(self.found[access.name], entries.places(access), passed)
