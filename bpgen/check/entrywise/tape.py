"""A scalar body as a list of operations on arrays, what is common to its parts only once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from bpgen.check.entrywise import scalars
from bpgen.check.entrywise.named import smooth
from bpgen.functions import Named
from bpgen.ir import Element

Decision = tuple[sp.Expr, str, sp.Expr]  # one, > or =, the other
Steep = tuple[sp.Pow, float]  # a power, and what its base is: near 0 its slope has no end
NEAR = 1e-9  # what is compared and is nearer than this, and not equal, is hardly decided


class Tape:
    """Operations in order. A slot holds a leaf (an element, an index, a length, a number) or what
    an operation makes of earlier slots.
    """

    def __init__(self, body: sp.Expr) -> None:
        self.leaves: list[tuple[int, sp.Expr]] = []
        self.operations: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        self.compared: list[tuple[int, int]] = []  # slots of which one decides by being the larger
        self.equated: list[tuple[int, int]] = []  # slots that decide by being the same
        self.powers: list[tuple[sp.Pow, int, int]] = []  # with the slots of base and exponent
        self._slots: dict[Any, int] = {}
        self._count = 0
        self.result = self._slot(sp.sympify(body))

    @property
    def elements(self) -> list[Element]:
        return [leaf for _, leaf in self.leaves if isinstance(leaf, Element)]

    def run(self, leaf: Callable[[sp.Expr], Any]) -> tuple[Any, Sequence[Any]]:
        """The value of the body, and those of all slots, for these values of the leaves."""
        values: list[Any] = [None] * self._count
        for slot, expr in self.leaves:
            values[slot] = leaf(expr)
        for slot, call, arguments in self.operations:
            values[slot] = call(*(values[k] for k in arguments))
        return values[self.result], values

    def near(self, values: Sequence[Any]) -> bool:
        """Whether anything was decided by a hair."""
        apart = (np.abs(np.real(values[a]) - np.real(values[b])) for a, b in self.compared)
        return any(bool(np.any((d > 0) & (d < NEAR))) for d in apart)

    def sides(self, values: Sequence[Any]) -> Iterator[tuple[Decision, set[int]]]:
        """The signs of the differences that anything was decided by."""
        every = {slot: expr for expr, slot in reversed(self._slots.items())}
        pairs = [(pair, ">") for pair in self.compared] + [(pair, "=") for pair in self.equated]
        for (a, b), sign in pairs:
            if every[a].has(Element) or every[b].has(Element):  # indices decide for themselves
                apart = np.real(values[a]) - np.real(values[b])
                yield (every[a], sign, every[b]), {*np.sign(apart[~np.isnan(apart)]).astype(int)}

    def steep(self, values: Sequence[Any]) -> Iterator[Steep]:
        """The powers whose slope has no end at 0, and no value beyond, of what is 0 but for
        rounding.
        """
        for power, base, exponent in self.powers:
            b, e = np.broadcast_arrays(np.real(values[base]), np.real(values[exponent]))
            found = b[(np.abs(b) < NEAR) & (e > 0) & (e < 1)]
            if found.size:
                yield power, float(found[np.argmin(np.abs(found))])

    def _slot(self, expr: Any) -> int:
        if expr not in self._slots:
            made = self._made(expr)
            if isinstance(made, int):  # it is another expression
                self._slots[expr] = made
                return made
            slot = self._slots[expr] = self._count
            self._count += 1
            if made is None:
                self.leaves.append((slot, expr))
            else:
                self.operations.append((slot, *made))
        return self._slots[expr]

    def _made(self, expr: Any) -> tuple[Callable[..., Any], tuple[int, ...]] | int | None:
        """How an expression is computed of others; the slot of one that it equals; None of a
        leaf.
        """
        if expr.is_Atom or isinstance(expr, Element):
            return None
        if isinstance(expr, sp.Pow):
            return self._power(expr)
        if isinstance(expr, sp.Piecewise):
            return scalars.chosen, self._arguments(
                [part for case in expr.args for part in case.args]
            )
        name = type(expr).__name__
        if isinstance(expr, Relational):
            return self._comparison(scalars.COMPARISONS[name], expr)
        if isinstance(expr, Named):
            return smooth(expr.word, expr.order), self._arguments(expr.args)
        if isinstance(expr, sp.exp) and isinstance(expr.args[0], sp.Add):
            return scalars.raised, self._arguments(expr.args[0].args)
        if name in scalars.CALLS:
            arguments = self._arguments(expr.args)
            self._decided(name, arguments)
            return scalars.CALLS[name], arguments
        if isinstance(expr, (sp.Add, sp.Mul)):
            made = scalars.summed if isinstance(expr, sp.Add) else scalars.multiplied
            return made, self._arguments(expr.args)
        meaning = scalars.defined(expr)
        if meaning is None:
            raise NotImplementedError(f"no value of {name} is known")
        return self._slot(sp.sympify(meaning))

    def _arguments(self, expressions: Sequence[Any]) -> tuple[int, ...]:
        return tuple(map(self._slot, expressions))

    def _decided(self, name: str, arguments: tuple[int, ...]) -> None:
        if name in ("Max", "Min"):
            self.compared += [(a, b) for k, a in enumerate(arguments) for b in arguments[:k]]
        elif name in ("Abs", "sign"):
            self.compared += [(a, self._slot(sp.S.Zero)) for a in arguments]
        elif name == "masked":
            self.equated.append((arguments[1], self._slot(sp.S.Zero)))

    def _power(self, expr: sp.Pow) -> tuple[Callable[..., Any], tuple[int, ...]]:
        base, exponent = expr.args
        if exponent.is_Integer:
            return scalars.whole_power(int(exponent)), self._arguments([base])
        self.powers.append((expr, *self._arguments([base, exponent])))
        if abs(exponent) == sp.Rational(1, 2):
            flat = scalars.root if exponent > 0 else lambda z: 1 / scalars.root(z)
            return flat, self._arguments([base])
        return scalars.power, self._arguments([base, exponent])

    def _comparison(
        self, call: Callable[..., Any], expr: Relational
    ) -> tuple[Callable[..., Any], tuple[int, ...]]:
        arguments = self._arguments(expr.args)
        decided = self.equated if isinstance(expr, (sp.Eq, sp.Ne)) else self.compared
        decided.append((arguments[0], arguments[1]))
        return call, arguments


@lru_cache(4096)  # the blocks of a network have the same bodies, and so have the steps of a loop
def tape(body: sp.Expr) -> Tape:
    return Tape(body)
