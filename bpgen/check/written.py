"""A network written out, scalar by scalar, at one point: what the exact check expects.

Every element of every tensor becomes a symbol with a definition in earlier symbols, and a value at
a random rational point. The gradient is the chain rule over these scalars, with sympy's derivative
of each definition: no index notation, and nothing of what bpgen derives.

Where a function has regions (relu, max, abs), the point decides, and what is proved holds in the
region around it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from bpgen import functions
from bpgen.ir import BATCH, Element, Equation, Index, Network, Size, Term, element, length

DIGITS = 60
TIE = mpmath.mpf(10) ** -35  # values nearer than this are equal, or the point lies on a kink

mp = mpmath.mp.clone()
mp.dps = DIGITS

Key = tuple[str, tuple[int, ...]]
Bound = Mapping[Index, sp.Integer]  # values of indices
Tensors = dict[str, Any]  # object arrays of sympy expressions; integer tensors as they are


class NotProved(Exception):
    """Why something could not be shown; never that it is wrong."""


class Undefined(NotProved):
    """The network itself divides by zero: the unbiased variance of one sample does."""


class OnKink(NotProved):
    """Two values that decide a region are equal at the point: another point is needed."""


_CALLS = {
    "exp": mp.exp,
    "log": mp.log,
    "tanh": mp.tanh,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "expm1": mp.expm1,
    "log1p": lambda z: mp.log(1 + z),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "Abs": abs,
    "sign": mp.sign,
}


def evaluate(expr: sp.Expr, values: Mapping[sp.Symbol, Any]) -> Any:
    """The value of a scalar expression, to `DIGITS` digits."""
    if expr.is_Symbol:
        return values[expr]
    if expr.is_Rational:
        return mp.mpf(int(expr.p)) / int(expr.q)
    if expr is sp.S.NegativeInfinity:
        return -mp.inf
    if expr.is_Number or expr.is_NumberSymbol:
        return mp.mpmathify(sp.N(expr, DIGITS + 5))
    arguments = [evaluate(a, values) for a in expr.args]
    if expr.is_Add:
        return mp.fsum(arguments)
    if expr.is_Mul:
        return reduce(lambda a, b: a * b, arguments)
    if expr.is_Pow:
        exponent = expr.exp
        return arguments[0] ** int(exponent) if exponent.is_Integer else mp.power(*arguments)
    call = _CALLS.get(type(expr).__name__)
    if call is None:
        raise NotProved(f"the exact check knows no value of {type(expr).__name__}")
    return call(*arguments)


class Written:
    """Symbols of a network's scalars, with their definitions and values."""

    def __init__(
        self, network: Network, lengths: Mapping[str, int], point: Mapping[str, Any]
    ) -> None:
        self.network, self.lengths = network, dict(lengths)
        self.values: dict[sp.Symbol, Any] = {}
        self.definitions: dict[sp.Symbol, sp.Expr] = {}
        # The first of those defined alike, as what samples with the same integers are.
        self.same: dict[sp.Symbol, sp.Symbol] = {}
        self._reads: dict[sp.Symbol, frozenset[sp.Symbol]] = {}
        self._first: dict[sp.Expr, sp.Symbol] = {}  # by definition, in the first of their kind
        self.group: dict[
            sp.Symbol, int
        ] = {}  # scalars of one tensor share a number; what is defined later, a higher one
        self.tensors: Tensors = {
            name: self._given(name, np.asarray(a)) for name, a in point.items()
        }
        self.groups = itertools.count()
        for _, members in itertools.groupby(network, key=lambda e: e.loop or e):
            self._forward(list(members))
        self.loss = self._loss(next(self.groups))
        self.forward = frozenset(self.definitions)
        self.adjoint = self._adjoints()

    def size(self, size: Size | None) -> int:
        """The length of an axis here."""
        if size is None:
            raise NotProved("an index without a size")
        return size if isinstance(size, int) else self.lengths[size]

    def symbol(
        self, name: str, value: Any, definition: sp.Expr | None = None, group: int = -1
    ) -> sp.Symbol:
        """A new scalar."""
        new = sp.Symbol(name, real=True)
        self.values[new], self.group[new] = value, group
        if definition is not None:
            self.definitions[new] = definition
        return new

    def _given(self, name: str, array: Any) -> Any:
        """Symbols for a given tensor; the last of those that sum to one is one minus the others."""
        if array.dtype.kind in "iu":
            return array
        symbols = np.empty(array.shape, object)
        for at in np.ndindex(array.shape):
            value = sp.Rational(array[at]) if not isinstance(array[at], sp.Expr) else array[at]
            symbols[at] = self.symbol(_called(name, at), evaluate(value, {}))
        info = self.network.tensors.get(name)
        if info is not None and info.sums_to_one:
            for at in np.ndindex(array.shape[:-1]):
                symbols[(*at, -1)] = 1 - sum(symbols[(*at, slice(None, -1))])
        return symbols

    def _forward(self, members: list[Equation]) -> None:
        """One equation, or those of a loop, element by element; of a loop, what stands before the
        first step, and then step after step.
        """
        for e in members:
            self.tensors[e.name] = np.empty(self._stored(e), object)
        written = {e.name: self._written(e) for e in members}
        for step in self._steps(members):
            for e in members:
                group = next(self.groups)
                for at in np.ndindex(self.tensors[e.name].shape):
                    if step is None or self._axis_value(e, at) == step:
                        terms = [self._term(*t) for t in written[e.name].get(at, ())]
                        name = _called(
                            e.name,
                            tuple(i - s for i, s in zip(at, self._starts(e.name), strict=True)),
                        )
                        self.tensors[e.name][at] = self._defined(name, sp.Add(*terms), group)

    def _steps(self, members: list[Equation]) -> list[int | None]:
        """The steps of a loop, with the one before the first; of a lone equation there is one."""
        loop = members[0].loop
        return [None] if loop is None else [*range(-1, self.size(loop.index.size))]

    def _axis_value(self, equation: Equation, at: tuple[int, ...]) -> int:
        """The step of a loop to which an element belongs."""
        assert equation.loop is not None
        k = equation.indices.index(equation.loop.index)
        return at[k] - self._starts(equation.name)[k]

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
            place = term.at or equation.indices
            over = term.over if term.at is not None else ()
            open_ = {*over, *(i for e in place for i in e.free_symbols if isinstance(i, Index))}
            for bound in self._ranges(tuple(sorted(open_, key=str))):
                at = self._place(element(equation.name, place), bound)
                found.setdefault(at, []).append((term, bound))
        return found

    def _defined(self, name: str, definition: sp.Expr, group: int) -> sp.Expr:
        """A symbol for what is defined, or the definition itself where that is a number or a
        symbol.
        """
        if definition.has(sp.zoo, sp.nan):
            raise Undefined(f"{name} is undefined")
        if definition.is_Atom or (-definition).is_Atom:
            return definition
        new = self.symbol(name, evaluate(definition, self.values), definition, group)
        first = self._first.setdefault(definition.xreplace(self.same), new)
        if first is not new:
            self.same[new] = first
        return new

    def _term(self, term: Term, bound: Bound) -> sp.Expr:
        over = () if term.at is not None else term.over
        bodies = [self.scalar(term.body, {**bound, **values}) for values in self._ranges(over)]
        if term.reduce == "logsumexp":
            return sp.log(sp.Add(*map(sp.exp, bodies)))
        if term.reduce not in ("sum", "max"):
            raise NotProved(f"the reduction {term.reduce}")
        return sp.Add(*bodies) if term.reduce == "sum" else reduce(self._larger, bodies)

    def _ranges(self, over: tuple[Index, ...]) -> Iterator[dict[Index, sp.Integer]]:
        for at in itertools.product(*(range(self.size(i.size)) for i in over)):
            yield dict(zip(over, map(sp.Integer, at), strict=True))

    def scalar(self, body: sp.Expr, bound: Bound) -> sp.Expr:
        """A body at given indices, in scalars, in the region of the point."""
        return self.resolve(self._read(body.xreplace({**bound, **self._lengths()})))

    def _read(self, expr: Any) -> Any:
        """Elements replaced by their scalars, gathers from the inside out."""
        if isinstance(expr, Element):
            at = self._place(expr, {})
            tensor = self.tensors[expr.name]
            if tensor[at] is None:
                raise NotProved(f"{expr} is read before it is defined")
            return sp.sympify(
                tensor[at] if not isinstance(tensor[at], np.integer) else int(tensor[at])
            )
        return expr.func(*map(self._read, expr.args)) if expr.args and expr.has(Element) else expr

    def _place(self, access: Element, bound: Bound) -> tuple[int, ...]:
        """Where the element that an access means is stored."""
        sizes = self._lengths()
        values = (int(self._read(i.xreplace({**bound, **sizes}))) for i in access.indices)
        at = tuple(v + s for v, s in zip(values, self._starts(access.name), strict=True))
        if any(
            not 0 <= i < n for i, n in zip(at, np.shape(self.tensors[access.name]), strict=True)
        ):
            raise NotProved(f"{access.name}{list(at)} is outside the tensor")
        return at

    def _lengths(self) -> dict[sp.Expr, sp.Integer]:
        """The lengths known at run time."""
        return {length(name): sp.Integer(n) for name, n in self.lengths.items()}

    def resolve(self, expr: Any) -> Any:
        """Functions by their definitions, and the region of the point wherever there are
        several.
        """
        if isinstance(expr, sp.Piecewise):
            return next(self.resolve(value) for value, when in expr.args if self.holds(when))
        if expr.is_Atom:
            return expr
        arguments = [self.resolve(a) for a in expr.args]
        if isinstance(expr, functions.masked):
            return arguments[0] if self.compare(arguments[1], sp.S.Zero) else sp.S.NegativeInfinity
        known = functions.row(expr)
        if (
            known is not None
            and known.definition is not None
            and not isinstance(known.function, sp.Symbol)
        ):
            return self.resolve(known.definition(*arguments))
        decide = {
            sp.Abs: self._magnitude,
            sp.sign: self._sign,
            sp.Max: self._maximum,
            sp.Min: self._minimum,
        }
        if type(expr) in decide:
            return decide[type(expr)](*arguments)
        return expr.func(*arguments)

    def holds(self, condition: Any) -> bool:
        """Whether a condition holds at the point, and so around it."""
        if isinstance(condition, (BooleanTrue, BooleanFalse, bool)):
            return bool(condition)
        if isinstance(condition, (And, Or)):
            return (all if isinstance(condition, And) else any)(
                self.holds(c) for c in condition.args
            )
        if isinstance(condition, Not):
            return not self.holds(condition.args[0])
        if not isinstance(condition, Relational):
            raise NotProved(f"the condition {condition}")
        left, right = (self.resolve(side) for side in condition.args)
        compared = self.compare(left, right)
        return bool(condition.func(sp.Integer(compared), 0))

    def compare(self, left: sp.Expr, right: sp.Expr) -> int:
        """-1, 0 or 1; 0 only where both are the same expression."""
        if left == right:
            return 0
        difference = evaluate(left, self.values) - evaluate(right, self.values)
        if abs(difference) > TIE:
            return 1 if difference > 0 else -1
        if sp.expand(left - right) != 0:
            raise OnKink(f"{left} and {right} are equal at the point")
        return 0

    def _larger(self, one: sp.Expr, other: sp.Expr) -> sp.Expr:
        return one if self.compare(one, other) >= 0 else other

    def _maximum(self, *them: sp.Expr) -> sp.Expr:
        return reduce(self._larger, them)

    def _minimum(self, *them: sp.Expr) -> sp.Expr:
        return -self._maximum(*(-a for a in them))

    def _sign(self, z: sp.Expr) -> sp.Expr:
        return sp.Integer(self.compare(z, sp.S.Zero))

    def _magnitude(self, z: sp.Expr) -> sp.Expr:
        return z * self._sign(z)

    def _loss(self, group: int) -> sp.Expr:
        """The loss; of a function, the sum of cotangents times outputs."""
        if self.network.loss is not None:
            return self.tensors[self.network.loss][()]
        outputs = [np.ravel(self.shown(name)) for name in self.network.outputs]
        cotangents = [np.ravel(self.tensors[f"cotangent {k}"]) for k, _ in enumerate(outputs, 1)]
        products = [sp.Add(*(c * o)) for c, o in zip(cotangents, outputs, strict=True)]
        return self._defined("objective", sp.Add(*products), group)

    def _adjoints(self) -> dict[sp.Symbol, sp.Expr]:
        """dL/d(scalar) for every scalar: the chain rule, one definition at a time, the
        last first.
        """
        paths: dict[sp.Symbol, list[sp.Expr]] = {self.loss: [sp.S.One]}
        found: dict[sp.Symbol, sp.Expr] = {}
        last = max(self.group.values(), default=0) + 1
        named = {definition: symbol for symbol, definition in reversed(self.definitions.items())}
        order = dict.fromkeys(self.definitions)
        for symbol in [
            *reversed(order),
            *(s for s in list(self.values) if s not in self.definitions),
        ]:
            group = 2 * last - self.group[symbol]
            found[symbol] = self._defined(
                f"dL/d {symbol.name}", sp.Add(*paths.get(symbol, [])), group
            )
            definition = self.definitions.get(symbol, sp.S.Zero) if symbol in order else sp.S.Zero
            known = _inverse(definition, symbol)
            for read in sorted(definition.free_symbols, key=str) if found[symbol] != 0 else ():
                slope = sp.diff(definition, read).xreplace(known).xreplace(named)
                paths.setdefault(read, []).append(found[symbol] * slope)
        return found

    def shown(self, name: str) -> Any:
        """A tensor as a caller sees it: without what stands before a recurrence's first step; of
        blocks, the last one's.
        """
        tensor = self.tensors[name][tuple(slice(s, None) for s in self._starts(name))]
        return tensor[-1] if self.network.tensors[name].block else tensor

    def reads(self, symbol: sp.Symbol) -> frozenset[sp.Symbol]:
        """The scalars in a scalar's definition."""
        if symbol not in self._reads:
            self._reads[symbol] = frozenset(self.definitions[symbol].free_symbols)
        return self._reads[symbol]

    def batch(self) -> int:
        return self.lengths[BATCH]


def _inverse(definition: sp.Expr, symbol: sp.Symbol) -> dict[sp.Expr, sp.Expr]:
    """What a definition says of the function in it: so the slope of s = 1/(1 + exp(-z)) is written
    in s, and that of s = log(A) without A. It is the same slope, and a shorter one.
    """
    if isinstance(definition, sp.log):
        return {definition.args[0]: sp.exp(symbol)}
    functions_ = definition.atoms(sp.Function)
    if len(functions_) != 1:
        return {}
    (function,), g = functions_, sp.Dummy()
    outer = definition.xreplace({function: g})
    if outer.free_symbols != {g} or not outer.is_rational_function(g):
        return {}
    num, den = (sp.Poly(part, g) for part in sp.fraction(sp.together(outer)))
    if max(num.degree(), den.degree()) != 1:
        return {}
    (a, b), (c, d) = ((p.coeff_monomial(g), p.coeff_monomial(1)) for p in (num, den))
    return {function: (b - d * symbol) / (c * symbol - a)}


def _called(name: str, at: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, at))}]"
