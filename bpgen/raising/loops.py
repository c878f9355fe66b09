"""The equations of a recurrence as one loop of the module: a step computes each of them in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import groupby

from bpgen.equations.affine import disjoint
from bpgen.equations.pieces import Place, in_order, pieces, place
from bpgen.equations.substitution import bound_as
from bpgen.ir import Equation, Index, Loop, Malformed, Term, indices_of, length
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Fill, Node, Step, Store
from bpgen.raising.access import read
from bpgen.raising.equation import Item, Raiser
from bpgen.raising.flat import flat
from bpgen.raising.scatter import added
from bpgen.raising.scope import Scope
from bpgen.raising.terms import raised


class Looping:
    """Raises one loop. What is read outside it, or at another step, is kept for every step; the
    rest is a plain variable of the step.
    """

    def __init__(self, raiser: Raiser, loop: Loop, items: list[Item]) -> None:
        self.raiser, self.loop = raiser, loop
        self.index = Index(self._variable(items), loop.index.size)
        self.items = [replace(i, evaluated=self._counted(i.evaluated)) for i in items]
        self.equations = [i.evaluated for i in self.items]
        self.members = {e.name for e in self.equations}
        self.at_once = not any(
            map(self._reads_members, (t for e in self.equations for t in e.terms))
        )
        self.kept = self._kept()
        self.precision = raiser.precision(self.equations)
        self.stored: dict[str, list[Place]] = {}  # where each tensor has been written so far
        local = frozenset(self.members - self.kept)
        self.step = replace(raiser.scope, fixed=frozenset({self.index}), local=local)

    def _variable(self, items: Iterable[Item]) -> str:
        """What the step is called: as its index, but for names that the module has otherwise, and
        the other indices of these equations, of which it would make one.
        """
        terms = (t for i in items for t in i.evaluated.terms)
        others = {k for i in items for k in i.evaluated.indices}
        others |= {k for t in terms for e in (*t.exprs, *t.over) for k in indices_of(e)}
        taken = self.raiser.scope.taken | {str(k.name) for k in others - {self.loop.index}}
        own, numbered = str(self.loop.index.name), (f"t{k}" for k in range(len(taken) + 1))
        letters: tuple[str, ...] = (own, *"tsklpq", *numbered)
        return next(c for c in letters if c not in taken)

    def statements(self) -> tuple[Node, ...]:
        """Arrays for what is kept, what stands there before the loop, and the loop."""
        made = [item for item in self.items if item.evaluated.name in self.kept]
        groups = self._groups()
        named: tuple[Node, ...] = ()
        precision = self.precision
        if len(self.kept) > 1 and len(precision.of) > 1:
            named = (Assign("dtype", precision),)
            self.precision = replace(precision, variable="dtype")
        arrays = tuple(s for item in made for s in self._made(item))
        if not groups:
            return (*named, *arrays)
        numbers = [item.number for item in self.items]
        last = f"to ({max(numbers)}), " if len({*numbers}) > 1 else ""
        steps = f"{last}step by step: {self.index.name} = {self._ends()}"
        body = tuple(self._written(*group) for group in groups)
        loop = program.Loop((self.index,), body, self.loop.reverse)
        return (Step(min(numbers), (steps,), named), *arrays, loop)

    def _ends(self) -> str:
        """The first step and the last, in the order in which they are done."""
        ends = ["0", str(length(self.index.size) - 1)]
        return " .. ".join(reversed(ends) if self.loop.reverse else ends)

    def _counted(self, equation: Equation) -> Equation:
        """The equation with the loop's variable for its index."""
        new = {self.loop.index: self.index}
        left = tuple(new.get(i, i) for i in equation.indices)
        return replace(
            equation, indices=left, terms=tuple(bound_as(t, new) for t in equation.terms)
        )

    def _kept(self) -> set[str]:
        outside = {
            e.name
            for equation in self.raiser.everything
            if equation.name not in self.members
            for e in equation.reads()
        }
        asked = {*self.raiser.network.outputs, *self.raiser.plan.cache}
        carried = {n for n in self.members if self.raiser.scope.tensors[n].carried is not None}
        in_pieces = {e.name for e in self.equations if len(pieces(e)) > 1 or e.terms[0].at}
        return self.members & (outside | asked | carried | in_pieces)

    def _reads_members(self, term: Term) -> bool:
        return any(e.name in self.members for e in Equation("", (), (term,)).reads())

    def _before(self, equation: Equation) -> Equation:
        """What a tensor that is carried holds before the loop runs."""
        terms = tuple(t for t in equation.terms if not self._stepwise(equation, t))
        return replace(equation, terms=terms)

    def _stepwise(self, equation: Equation, term: Term) -> bool:
        """Whether a term waits for the step before, or for others that do."""
        if term.at is not None or self.at_once or self._hands_on(equation):
            return self._reads_members(term)
        return True

    def _hands_on(self, equation: Equation) -> bool:
        """Whether what a step computes is added to what the next one finds there; or else a step
        reads what the one before has left.
        """
        axis = self.raiser.scope.tensors[equation.name].carried
        return axis is not None and any(
            t.at is not None and t.at[axis] != self.index and self._reads_members(t)
            for t in equation.terms
        )

    def _is_carried(self, equation: Equation) -> bool:
        return self.raiser.scope.tensors[equation.name].carried is not None

    def _made(self, item: Item) -> tuple[Node, ...]:
        """The array, and what does not wait for the loop."""
        equation = item.evaluated
        before = self._before(equation) if self._is_carried(equation) else None
        first = before is not None or any(t.at for t in equation.terms)
        shape, zeros = self.raiser.sizes(equation), program.NOTHING if first else None
        array = Assign(equation.name, Fill(zeros, equation.indices, shape, self.precision))
        if before is None:
            return (array,)
        starts = self._filled(before, self.raiser.scope, [])
        self.stored[equation.name] = [place(p) for p in pieces(before)]
        if not before.terms:
            return (array, *starts)
        return (Step(item.number, (self.raiser.comments.text_of(before),), (array, *starts)),)

    def _filled(
        self, equation: Equation, scope: Scope, written: Collection[Place] | None
    ) -> tuple[Node, ...]:
        """Statements that write the plain terms of an equation, and its scatters. `written` are
        the places that something stands at; None: it may stand at any.
        """
        equation = flat(equation, self.raiser.tensors)
        scope = self.raiser.precise(equation, scope)
        plain = replace(equation, terms=tuple(t for t in equation.terms if t.at is None))
        made: tuple[Node, ...] = ()
        if plain.terms:
            first = written is not None and all(disjoint(equation.indices, at) for at in written)
            target, right = read(equation.lhs, scope), raised(plain, scope)
            local = equation.name in scope.local
            made = (Assign(equation.name, right) if local else Store(target, right, not first),)
            written = None if written is None else [*written, equation.indices]
        return *made, *added(equation, scope, written)

    def _groups(self) -> list[tuple[Item, Equation]]:
        """What a step writes, each after all that it reads of the same step; otherwise what it
        computes of its own, then what it hands on to the next.
        """
        told: list[tuple[bool, Item, Equation]] = []
        for item in self.items:
            carried = self._is_carried(item.evaluated)
            every = (
                t for t in item.evaluated.terms if not carried or self._stepwise(item.evaluated, t)
            )
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

    def _written(self, item: Item, equation: Equation) -> Step:
        """What a step writes of one tensor."""
        before = self.stored.setdefault(equation.name, [])
        earlier: list[Place] | None = before
        if self._is_carried(equation) and self._hands_on(item.evaluated):
            earlier = None  # what the step before this one handed on, at least
        made = self._filled(equation, self.step, earlier)
        places = [place(p) for p in pieces(equation)]
        more = any(not disjoint(one, other) for one in places for other in before)
        self.stored[equation.name] = [*before, *places]
        return Step(item.number, (self.raiser.comments.text_of(equation, more),), made)
