"""The equations of a recurrence as one loop of the module: a step computes each of them in turn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bpgen.emit.flat import seen_outside
from bpgen.emit.layout import assignment, comment
from bpgen.emit.scattered import added
from bpgen.ir import Equation, Index, Loop, Term, length
from bpgen.lower.access import Operand, aligned, read
from bpgen.lower.comment import spoken
from bpgen.lower.scatter import scatters
from bpgen.lower.scope import Scope
from bpgen.network.naming import RESERVED

if TYPE_CHECKING:
    from bpgen.emit.statements import Item, Statements


class Looping:
    """Writes one loop. What is read outside it, or at another step, is kept for every step; the
    rest is a plain variable of the step.
    """

    def __init__(self, write: Statements, loop: Loop, items: list[Item], indent: int) -> None:
        self.write, self.loop, self.indent = write, loop, indent
        taken = {*write.scope.tensors, *(RESERVED - {"t"})}
        name = next(c for c in (loop.index.name, *"tsklpq") if c not in taken)
        self.index = Index(name, loop.index.size)
        self.items = [replace(i, evaluated=self._counted(i.evaluated)) for i in items]
        self.equations = [i.evaluated for i in self.items]
        self.members = {e.name for e in self.equations}
        self.kept = self._kept()
        precision = write.dtype(self.equations)
        self.dtype = "dtype" if len(self.kept) > 1 and "(" in precision else precision
        local = frozenset(self.members - self.kept)
        self.step = replace(write.scope, fixed=frozenset({self.index}), local=local)

    def lines(self) -> list[str]:
        """Arrays for what is kept, what stands there before the loop, and the loop."""
        numbers = [item.number for item in self.items]
        steps = f"{self.index.name} = {self._ends()}"
        lines = comment(f"({min(numbers)}) to ({max(numbers)}), step by step: {steps}", self.indent)
        made = [item for item in self.items if item.evaluated.name in self.kept]
        if self.dtype == "dtype":
            lines += assignment("dtype", self.write.dtype(self.equations), self.indent)
        for item in made:
            lines += self._made(item)
        count = f"range({self.index.size})"
        steps = f"reversed({count})" if self.loop.reverse else count
        lines.append(f"for {self.index.name} in {steps}:")
        inner = self.indent + 4
        body = [line for item in self.items for line in self._here(item, inner)]
        body += [line for item in self.items for line in self._elsewhere(item, inner)]
        return lines + [f"    {line}" for line in body]

    def _ends(self) -> str:
        """The first step and the last, in the order in which they are done."""
        ends = ["0", str(length(self.index.size) - 1)]
        return " .. ".join(reversed(ends) if self.loop.reverse else ends)

    def _counted(self, equation: Equation) -> Equation:
        """The equation with the loop's variable for its index."""
        new = {self.loop.index: self.index}

        def term(t: Term) -> Term:
            at = None if t.at is None else tuple(e.xreplace(new) for e in t.at)
            return replace(t, body=t.body.xreplace(new), at=at)

        left = tuple(new.get(i, i) for i in equation.indices)
        return replace(equation, indices=left, terms=tuple(map(term, equation.terms)))

    def _kept(self) -> set[str]:
        outside = {
            e.name
            for equation in self.write.everything
            if equation.name not in self.members
            for e in equation.reads()
        }
        asked = {*self.write.network.outputs, *self.write.plan.cache}
        carried = {n for n in self.members if self.write.scope.tensors[n].carried is not None}
        return self.members & (outside | asked | carried)

    def _reads_members(self, term: Term) -> bool:
        return any(e.name in self.members for e in Equation("", (), (term,)).reads())

    def _before(self, equation: Equation) -> Equation:
        """What a tensor that is carried holds before the loop runs."""
        terms = tuple(t for t in equation.terms if not self._stepwise(t))
        return replace(equation, terms=terms)

    def _stepwise(self, term: Term) -> bool:
        if self.loop.reverse or term.at is not None:
            return self._reads_members(term)
        return True

    def _is_carried(self, equation: Equation) -> bool:
        return self.write.scope.tensors[equation.name].carried is not None

    def _made(self, item: Item) -> list[str]:
        """The array, and what does not wait for the loop."""
        equation = item.evaluated
        lines: list[str] = []
        before = self._before(equation) if self._is_carried(equation) else None
        if before is not None and before.terms:
            lines += comment(f"({item.number}) {spoken(before, self.write.order)}", self.indent)
        fill = "zeros" if before is not None or any(t.at for t in equation.terms) else "empty"
        sizes = ", ".join(self.write.sizes(equation))
        value = f"np.{fill}(({sizes}), {self.dtype})"
        lines += assignment(equation.name, value, self.indent)
        if before is not None:
            lines += self._filled(before, self.write.scope, "=", self.indent)
        return lines

    def _filled(self, equation: Equation, scope: Scope, sign: str, indent: int) -> list[str]:
        """A statement that writes the plain terms of an equation, and its scatters."""
        lines: list[str] = []
        equation = seen_outside(equation, self.write.tensors)
        scope = self.write.precise(equation, scope)
        plain = replace(equation, terms=tuple(t for t in equation.terms if t.at is None))
        if plain.terms:
            target = read(equation.lhs, scope)
            right = self.write.right(plain, scope)
            tight = right.text.isidentifier()
            text = right.text
            if right.axes != target.axes:
                text = aligned(Operand(right.text, right.axes, tight), target.axes)
            lines += assignment(target.text, text, indent, sign)
        zeros = not plain.terms and sign == "="
        return lines + added(equation.name, scatters(equation, scope), indent, zeros)

    def _here(self, item: Item, indent: int) -> list[str]:
        """What a step computes of its own."""
        equation = item.evaluated
        carried = self._is_carried(equation)
        terms = [t for t in equation.terms if not carried or (self._stepwise(t) and t.at is None)]
        if not terms:
            return []
        own = replace(equation, terms=tuple(terms))
        sign = "+=" if carried and self.loop.reverse else "="
        lines = comment(f"({item.number}) {spoken(own, self.write.order)}", indent)
        return lines + self._filled(own, self.step, sign, indent)

    def _elsewhere(self, item: Item, indent: int) -> list[str]:
        """What a step hands on to the one after it."""
        equation = item.evaluated
        terms = [t for t in equation.terms if t.at is not None and self._stepwise(t)]
        if not self._is_carried(equation) or not terms:
            return []
        handed = replace(equation, terms=tuple(terms))
        lines = comment(f"({item.number}) {spoken(handed, self.write.order)}", indent)
        return lines + self._filled(handed, self.step, "+=", indent)
