"""The equations of a recurrence as one loop of the module: a step computes each of them in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from bpgen.affine import apart
from bpgen.emit.flat import seen_outside
from bpgen.emit.layout import assignment, comment
from bpgen.emit.scattered import added
from bpgen.ir import Equation, Index, Loop, Malformed, Term, indices_of, length
from bpgen.lower.access import Operand, aligned, read
from bpgen.lower.comment import spoken
from bpgen.lower.scatter import scatters
from bpgen.lower.scope import Scope
from bpgen.names import RESERVED
from bpgen.pieces import Place, in_order, pieces, place

if TYPE_CHECKING:
    from bpgen.emit.statements import Item, Statements


class Looping:
    """Writes one loop. What is read outside it, or at another step, is kept for every step; the
    rest is a plain variable of the step.
    """

    def __init__(self, write: Statements, loop: Loop, items: list[Item], indent: int) -> None:
        self.write, self.loop, self.indent = write, loop, indent
        self.index = Index(self._variable(items), loop.index.size)
        self.items = [replace(i, evaluated=self._counted(i.evaluated)) for i in items]
        self.equations = [i.evaluated for i in self.items]
        self.members = {e.name for e in self.equations}
        self.at_once = not any(
            map(self._reads_members, (t for e in self.equations for t in e.terms))
        )
        self.kept = self._kept()
        precision = write.dtype(self.equations)
        self.dtype = "dtype" if len(self.kept) > 1 and "(" in precision else precision
        self.places: dict[str, list[Place]] = {}  # where each tensor has been written so far
        local = frozenset(self.members - self.kept)
        self.step = replace(write.scope, fixed=frozenset({self.index}), local=local)

    def _variable(self, items: Iterable[Item]) -> str:
        """What the step is called: as its index, but for names that the module has otherwise, and
        the other indices of these equations, of which it would make one.
        """
        terms = (t for i in items for t in i.evaluated.terms)
        others = {k for i in items for k in i.evaluated.indices}
        others |= {
            k for t in terms for e in (t.body, *(t.at or ()), *t.over) for k in indices_of(e)
        }
        taken = {*self.write.scope.tensors, *(RESERVED - {"t"})}
        taken |= {str(k.name) for k in others - {self.loop.index}}
        own, numbered = str(self.loop.index.name), (f"t{k}" for k in range(len(taken) + 1))
        letters: tuple[str, ...] = (own, *"tsklpq", *numbered)
        return next(c for c in letters if c not in taken)

    def lines(self) -> list[str]:
        """Arrays for what is kept, what stands there before the loop, and the loop."""
        made = [item for item in self.items if item.evaluated.name in self.kept]
        groups = self._groups()
        lines: list[str] = []
        if groups:
            numbers = [item.number for item in self.items]
            steps = f"{self.index.name} = {self._ends()}"
            lines += comment(
                f"({min(numbers)}) to ({max(numbers)}), step by step: {steps}", self.indent
            )
        if self.dtype == "dtype":
            lines += assignment("dtype", self.write.dtype(self.equations), self.indent)
        for item in made:
            lines += self._made(item)
        if groups:
            count = f"range({self.index.size})"
            lines.append(
                f"for {self.index.name} in {f'reversed({count})' if self.loop.reverse else count}:"
            )
        for group in groups:
            lines += [f"    {line}" for line in self._written(*group, self.indent + 4)]
        return lines

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
        in_pieces = {e.name for e in self.equations if len(pieces(e)) > 1 or e.terms[0].at}
        return self.members & (outside | asked | carried | in_pieces)

    def _reads_members(self, term: Term) -> bool:
        return any(e.name in self.members for e in Equation("", (), (term,)).reads())

    def _before(self, equation: Equation) -> Equation:
        """What a tensor that is carried holds before the loop runs."""
        terms = tuple(t for t in equation.terms if not self._stepwise(t))
        return replace(equation, terms=terms)

    def _stepwise(self, term: Term) -> bool:
        """Whether a term waits for the step before, or for others that do."""
        if self.loop.reverse or term.at is not None or self.at_once:
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
            lines += self._filled(before, self.write.scope, [], self.indent)
            self.places[equation.name] = [place(p) for p in pieces(before)]
        return lines

    def _filled(
        self, equation: Equation, scope: Scope, written: Collection[Place] | None, indent: int
    ) -> list[str]:
        """A statement that writes the plain terms of an equation, and its scatters. `written` are
        the places that something stands at; None: it may stand at any.
        """
        lines: list[str] = []
        equation = seen_outside(equation, self.write.tensors)
        scope = self.write.precise(equation, scope)
        plain = replace(equation, terms=tuple(t for t in equation.terms if t.at is None))
        if plain.terms:
            first = written is not None and all(apart(equation.indices, at) for at in written)
            target = read(equation.lhs, scope)
            right = self.write.right(plain, scope)
            tight = right.text.isidentifier()
            text = right.text
            if right.axes != target.axes:
                text = aligned(Operand(right.text, right.axes, tight), target.axes)
            lines += assignment(target.text, text, indent, "=" if first else "+=")
            written = None if written is None else [*written, equation.indices]
        return lines + added(scatters(equation, scope), indent, written)

    def _groups(self) -> list[tuple[Item, Equation]]:
        """What a step writes, each after all that it reads of the same step; otherwise what it
        computes of its own, then what it hands on to the next.
        """
        told: list[tuple[bool, Item, Equation]] = []
        for item in self.items:
            carried = self._is_carried(item.evaluated)
            every = (t for t in item.evaluated.terms if not carried or self._stepwise(t))
            for piece in pieces(replace(item.evaluated, terms=tuple(every))):
                told.append((carried and piece.terms[0].at is not None, item, piece))
        told.sort(key=lambda of: of[0])
        order = in_order([piece for *_, piece in told], self.index)
        if len(order) < len(told):
            raise Malformed(f"no order in one step of {self.loop.name}")
        groups: list[tuple[Item, Equation]] = []
        for (_, item), same in groupby((told[k] for k in order), key=lambda of: of[:2]):
            terms = tuple(t for *_, piece in same for t in piece.terms)
            groups.append((item, replace(item.evaluated, terms=terms)))
        return groups

    def _written(self, item: Item, equation: Equation, indent: int) -> list[str]:
        """The lines of what a step writes of one tensor."""
        earlier: list[Place] | None = self.places.setdefault(equation.name, [])
        if self.loop.reverse and self._is_carried(equation):
            earlier = None  # what the step after this one handed on, at least
        lines = comment(f"({item.number}) {spoken(equation, self.write.order)}", indent)
        lines += self._filled(equation, self.step, earlier, indent)
        self.places[equation.name] += map(place, pieces(equation))
        return lines
