"""Values that may overflow, vanish or saturate, each by what it is computed from: a stable spelling
is found as if their definitions stood where their names do.
"""

from __future__ import annotations

import sympy as sp

from bpgen.atoms import replaced
from bpgen.derive.exponentials import one_exponential, over_exponentials
from bpgen.derive.measure import weight
from bpgen.derive.vanishing import at_step
from bpgen.functions import ROWS, on_paper
from bpgen.ir import Element, Equation, Index, Network, TensorInfo, elements

_RISKY = tuple(r.function for r in ROWS.values() if r.risk)
_UNBOUNDED = tuple(r.function for r in ROWS.values() if r.risk == "overflows")
_EXACT = tuple(r for r in ROWS.values() if r.exact)
_LARGEST = 60.0  # the weight of a definition that is looked into


class Bounds:
    """The log-sum-exps and maxima of a network, each with what it is of."""

    def __init__(self, network: Network) -> None:
        self.read: dict[str, set[str]] = {}
        for equation in network:
            if equation.terms[0].reduce in ("logsumexp", "max"):
                self.add(equation)

    def add(self, equation: Equation) -> None:
        self.read[equation.name] = {e.name for e in equation.reads()}

    def hold(self, call: sp.Expr) -> bool:
        """Whether it is exp of one of several, less the largest of them or their log-sum-exp."""
        argument = call.args[0]
        taken = (s for s in argument.atoms(Element) if argument.coeff(s) == -1)
        return isinstance(call, sp.exp) and any(
            {e.name for e in (argument + s).atoms(Element)} <= self.read[s.name]
            for s in taken
            if s.name in self.read
        )


class Values:
    """The values of one network whose definitions are worth looking into, found in its order."""

    def __init__(self) -> None:
        self.defined: dict[str, tuple[tuple[Index, ...], sp.Expr]] = {}
        self.unbounded: set[str] = set()
        self.carried: dict[str, int | None] = {}
        self.bodies: dict[str, tuple[tuple[Index, ...], sp.Expr]] = {}  # as they are evaluated

    def learn(self, equation: Equation, info: TensorInfo, bounds: Bounds) -> None:
        """Remember an equation in its stable spelling."""
        equation = equation.of_steps()
        body = equation.terms[0].body
        if equation.pointwise():
            self.carried[equation.name] = info.carried
            self.bodies[equation.name] = equation.indices, body
            value = on_paper(self.written(body))
            for known in _EXACT:
                if value.has(known.function):
                    value = value.replace(known.function, known.definition)
            self.define(equation.name, equation.indices, value, bounds)

    def define(self, name: str, indices: tuple[Index, ...], value: sp.Expr, bounds: Bounds) -> None:
        """What a value is, if it may overflow or vanish and is told in a formula of some size."""
        if value.has(*_RISKY) and weight(value) <= _LARGEST:
            self.defined[name] = indices, value
            if not all(map(bounds.hold, value.atoms(*_UNBOUNDED))):
                self.unbounded.add(name)

    def body(self, access: sp.Expr) -> sp.Expr | None:
        """The formula of a value, as it is evaluated, where it is one of its own entries."""
        if not isinstance(access, Element) or access.name not in self.bodies:
            return None
        indices, body = self.bodies[access.name]
        return replaced(body, dict(zip(indices, access.indices, strict=True)))

    def read(self, expr: sp.Expr) -> dict[Element, sp.Expr]:
        """The values that an expression reads, each by its definition."""
        found = {}
        for access in elements(expr):
            if access.name in self.defined and at_step(access, self.carried.get(access.name)):
                indices, value = self.defined[access.name]
                found[access] = replaced(value, dict(zip(indices, access.indices, strict=True)))
        return found

    def written(self, expr: sp.Expr) -> sp.Expr:
        """An expression with the definitions in the place of the names; a quotient of exponentials
        as one.
        """
        return self.opened(expr, self.read(expr))

    def opened(self, expr: sp.Expr, read: dict[Element, sp.Expr]) -> sp.Expr:
        """The same of an expression whose definitions, those that are `read`, are at hand."""
        return _written(expr, read) if read else expr

    def told(self, expr: sp.Expr, read: dict[Element, sp.Expr]) -> sp.Expr:
        """An expression with the names in the place of what is left of the definitions, those of
        what the definitions read among them.
        """
        known, waiting = dict(read), list(read)
        while waiting:
            body = self.body(waiting.pop())
            inner = self.read(body) if body is not None else {}
            waiting += [e for e in inner if e not in known]
            known |= inner
        for access, value in sorted(known.items(), key=lambda item: (-weight(item[1]), str(item))):
            expr = _named(expr.xreplace({value: access}), value, access)
        return expr


def _named(expr: sp.Expr, value: sp.Expr, access: Element) -> sp.Expr:
    """An expression with a name in the place of its value, or of a multiple of it, among other
    addends: s - b h - c is s - z, of z = b h + c.
    """
    addends, new = value.as_coefficients_dict(), {}
    for total in {expr, *expr.atoms(sp.Add)}:
        mine = total.as_coefficients_dict()
        times = {mine[part] / number for part, number in addends.items()}
        if len(times) == 1 and times != {0}:
            rest = (number * part for part, number in mine.items() if part not in addends)
            new[total] = sp.Add(*rest, times.pop() * access)
    return expr.xreplace(new)


def _written(expr: sp.Expr, values: dict[Element, sp.Expr]) -> sp.Expr:
    if isinstance(expr, Element) or not expr.args:
        return values.get(expr, expr)
    args = [_written(a, values) for a in expr.args]
    written = expr if tuple(args) == expr.args else expr.func(*args)
    factors = sp.Mul.make_args(expr)
    bases = [f.base for f in factors if isinstance(f, sp.Pow) and f.exp == -1]
    under = [value for base in bases if (value := _written(base, values)) != base]
    if any(isinstance(value, sp.exp) for value in under):
        return one_exponential(written)
    for value in under:
        written = over_exponentials(written, value)
    return written
