"""How much is computed, counted from the equations: every product, sum and quotient once for each
value of the indices that its operands have together, as arrays are computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from bpgen.equations.contraction import Group, Sum, groups
from bpgen.ir import Element, Equation, Index, elements, extent, indices_of, length
from bpgen.record import Derivation, Step


@dataclass(frozen=True)
class Count:
    """Of what a name is computed by: sums, products and quotients; and values of functions."""

    name: str
    operations: sp.Expr
    functions: sp.Expr


def forward(derivation: Derivation) -> list[Count]:
    """Of every forward equation, as it is evaluated."""
    return [_count(f.evaluated.name, f.evaluated) for f in derivation.forward]


def backward(derivation: Derivation) -> list[Count]:
    """Of every step that the parameters' gradients need, by the tensor that it is of."""
    return [_count(s.of, s.evaluated) for s in needed(derivation)]


def kept(derivation: Derivation) -> dict[str, sp.Expr]:
    """How many numbers backward reads of each value and input; of what is carried from step to
    step, that before the first is one of them, unless parameters say it.
    """
    tensors = derivation.network.tensors
    reads = [e for s in needed(derivation) for e in s.evaluated.reads()]
    begun = {f.evaluated.name for f in derivation.forward if _begins(f.evaluated, derivation)}
    found = {}
    for name in dict.fromkeys(e.name for e in reads if e.name in tensors):
        info = tensors[name]
        if info.role not in ("value", "input", "state", "noise"):
            continue
        found[name] = _size(info.indices)
        if info.carried is not None and name in begun:
            steps = {e.indices[info.carried] for e in reads if e.name == name}
            if any(not isinstance(k, Index) and not (k.is_number and k >= 0) for k in steps):
                found[name] += found[name] / length(info.indices[info.carried].size)
    return found


def _begins(equation: Equation, derivation: Derivation) -> bool:
    """Whether what stands before the first step is told by values."""
    tensors = derivation.network.tensors
    k = tensors[equation.name].carried
    begun = [t for t in equation.terms if k is not None and t.at is not None and t.at[k] == -1]
    return any(tensors[e.name].role != "param" for t in begun for e in elements(t.body))


def needed(derivation: Derivation) -> list[Step]:
    """The steps that are computed for the gradients of parameters."""
    from bpgen.raising.plan import plan

    return list(plan(derivation).backward)


def layers(derivation: Derivation) -> list[list[str]]:
    """What is computed, cut where parameters are read that were not read before; the inputs with
    the first.
    """
    tensors, found, seen = derivation.network.tensors, [list[str]()], set[str]()
    for f in derivation.forward:
        read = [e.name for e in f.evaluated.reads()]
        new = [n for n in dict.fromkeys(read) if tensors[n].role == "param" and n not in seen]
        if new and found[-1] and f.equation.name != derivation.network.loss:
            found.append([])
        seen |= {*new}
        given = [n for n in dict.fromkeys(read) if tensors[n].role in ("input", "state", "noise")]
        own = [n for n in given if n not in seen]
        seen |= {*own}
        found[-1] += [*own, *new, f.equation.name]
    return found


def _count(name: str, equation: Equation) -> Count:
    work = _Work()
    work.equation(equation)
    return Count(name, sp.expand(work.operations), sp.expand(work.functions))


@dataclass
class _Work:
    operations: sp.Expr = sp.S.Zero
    functions: sp.Expr = sp.S.Zero

    def equation(self, equation: Equation) -> None:
        """The addends one by one, and their sum."""
        found = groups(equation)
        for group in found:
            self.group(group, equation.indices)
        plain = [g for g in found if g.at is None]
        addends = sum(max(len(g.sums), 1) for g in plain) - len(plain)  # within their groups
        self.operations += (addends + max(len(plain) - 1, 0)) * _size(equation.indices)
        several = len(found) > 1
        for group in (g for g in found if g.at is not None and (several or g.sums)):
            self.operations += _size(_within(group, equation.indices))

    def group(self, group: Group, left: tuple[Index, ...]) -> None:
        for part in group.sums:
            self.sum(part)
        self.value(group.outer)
        if group.sums and group.outer != 1 and group.outer != -1:
            used = {i for g in (group.outer, *(s.body for s in group.sums)) for i in indices_of(g)}
            bound = {k for s in group.sums for k in s.over if k not in left}
            self.operations += _size(used - bound)

    def sum(self, part: Sum) -> None:
        """The products at every value, then as many sums as there are values but one."""
        self.value(part.body)
        used = {*indices_of(part.body), *part.over}
        added = _size(used) - _size(used - {*part.over})
        self.operations += added
        if part.reduce == "logsumexp":  # exp of each, less the largest of them; one log of all
            self.functions += _size(used) + _size(used - {*part.over})
            self.operations += added + _size(used) + _size(used - {*part.over})

    def value(self, expr: sp.Expr) -> None:
        """A scalar formula at all values of its indices."""
        if isinstance(expr, Element) or not expr.has(Element):
            return
        here, parts = _size(indices_of(expr)), expr.args
        if isinstance(expr, sp.Mul):
            parts = tuple(f for f in parts if f != -1)
            numbers = [f for f in parts if f.is_number or not f.atoms(Element)]
            varying = [f for f in parts if f not in numbers]
            inverse = [f for f in varying if isinstance(f, sp.Pow) and f.exp == -1]
            self.operations += (len(varying) - 1 + bool(numbers)) * here
            if len(inverse) == len(varying) and not numbers:
                self.operations += here  # 1 over them
            parts = tuple(f.base if f in inverse else f for f in varying)
        elif isinstance(expr, sp.Add):
            self.operations += (len(parts) - 1) * here
        elif isinstance(expr, sp.Pow):
            self.operations += here
        else:
            self.functions += here
        for part in parts:
            self.value(part)


def _within(group: Group, left: tuple[Index, ...]) -> set[Index]:
    bodies = (group.outer, *(s.body for s in group.sums), *(group.at or ()))
    return {i for b in bodies for i in indices_of(b)} & {*left}


def _size(indices: Iterable[Index]) -> sp.Expr:
    return extent(i.size for i in dict.fromkeys(indices))
