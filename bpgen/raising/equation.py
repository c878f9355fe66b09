"""One equation as statements of the program, under its number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.equations.letters import lettered
from bpgen.equations.softmaxes import argument_of_softmax
from bpgen.functions import at_most, masked, unless
from bpgen.ir import Element, Equation, Index, TensorInfo, Term, length
from bpgen.program import grammar as program
from bpgen.program.elements import outermost
from bpgen.program.grammar import Assign, Copy, Expr, Fill, Node, Precision, Ref, Shape, Step
from bpgen.program.memory import is_folded, is_zero, looks_at
from bpgen.raising.flat import flat_tensors, read_by
from bpgen.raising.plan import Plan, definitions
from bpgen.raising.scatter import added, reshaped
from bpgen.raising.scope import Scope
from bpgen.raising.terms import raised
from bpgen.record import Derivation, Forward
from bpgen.record import Step as Adjoint
from bpgen.rows import is_log_sum_exp, spelled
from bpgen.text.comment import Comments, left_of


@dataclass(frozen=True)
class Item:
    """One numbered equation of the derivation, as written and as evaluated."""

    number: int
    equation: Equation
    evaluated: Equation


class Raiser:
    """Raises equations of one derivation, one by one."""

    def __init__(self, derivation: Derivation, plan: Plan) -> None:
        self.network, self.plan = derivation.network, plan
        self.tensors = derivation.tensors
        self.scope = Scope(order_of(derivation), flat_tensors(self.tensors, stacked=True))
        self.comments = Comments(self.scope.order, self.tensors)
        self.definitions = definitions(derivation)
        self.adjoints = derivation.adjoint
        self.differentiates = {adjoint: name for name, adjoint in derivation.adjoint.items()}
        self.everything = [
            *(f.evaluated for f in derivation.forward),
            *(s.evaluated for s in derivation.steps if not s.inlined),
        ]
        self.computed = {f.equation.name for f in (*plan.forward, *plan.loss)}
        self.counter = ""  # the variable that counts the blocks, within one
        self.given: tuple[str, str] | None = None  # what a block's forward and backward are given
        self.handed: frozenset[str] = frozenset()  # the gradients that a block hands on

    def unpacked(self, equations: Iterable[Equation]) -> tuple[Node, ...]:
        """The parameters that equations read, each of all blocks or of the one whose they are."""
        read = read_by(equations)
        return tuple(
            Assign(t.name, Ref(t.name, "params", self.counter if t.block else ""))
            for t in self.network.role("param")
            if t.name in read
        )

    def step(self, item: Item, body: Iterable[Node], more: bool = False) -> Step:
        """Statements under their equation, and how it is evaluated where this is another
        spelling. `more`: they add to what others compute.
        """
        comments, said = [self._comment(item.equation, more)], spelled(item.evaluated)
        if said != item.equation:
            comments.append(f"evaluated as {self.comments.right_of(said)}")
        comments += (f"where {self.comments.text_of(s)}" for s in self._uncomputed(item, said))
        return Step(item.number, tuple(comments), tuple(body))

    def _uncomputed(self, item: Item, said: Equation) -> list[Equation]:
        """The log-sum-exps that the comments speak of and no statement computes."""
        told = [e for e in (item.equation, said) if not self._is_softmax(e)]
        read = dict.fromkeys(e.name for equation in told for e in equation.reads())
        sums = (self.definitions[n] for n in read if n in self.definitions)
        return [s for s in sums if is_log_sum_exp(s) and s.name not in self.computed]

    def _is_softmax(self, equation: Equation) -> bool:
        return argument_of_softmax(equation, self.definitions) is not None

    def _comment(self, equation: Equation, more: bool) -> str:
        """The equation; of a softmax, whose log-sum-exp may not be computed, what it means."""
        u = argument_of_softmax(equation, self.definitions)
        if u is None:
            return self.comments.text_of(equation, more)
        bound = Index("_", equation.indices[-1].size)
        total = Term(sp.exp(u.xreplace({equation.indices[-1]: bound})), (bound,))
        above, below = (
            self.comments.right_of(lettered(replace(equation, terms=(t,))))
            for t in (Term(sp.exp(u)), total)
        )
        return f"{left_of(lettered(equation))} = {above} / {below}"

    def plain(self, equation: Equation, passed: bool = False) -> tuple[Node, ...]:
        """A name for the right-hand side, and what is added at places. `passed`: to a function,
        which changes none of its arguments.
        """
        joined = reshaped(equation, self.scope)
        if joined is not None:
            shared = self._shares(equation, joined) and not passed
            return (Assign(equation.name, Copy(joined) if shared else joined),)
        scope = self.precise(equation, self.scope)
        right, scatters = raised(equation, scope), added(equation, scope)
        if is_zero(right):
            scatters = added(equation, scope, before=())
        return Assign(equation.name, self._full(equation, right, bool(scatters), passed)), *scatters

    def _full(self, equation: Equation, right: Expr, scatters: bool, passed: bool) -> Expr:
        """The right-hand side in the shape of the left, in memory that may be written."""
        if is_zero(right) and scatters and not self._is_like(equation):
            return Fill(right, equation.indices, self.shape(equation), self.precision([equation]))
        if {*equation.indices} - {*right.axes}:
            return self._filled(equation, right, scatters)
        if (scatters and looks_at(right)) or (self._shares(equation, right) and not passed):
            return Copy(right)  # what is added to, or returned, shares no memory with others
        if not equation.indices and equation.name in self.differentiates:
            varies = right.axes or any(t.body.has(Element) for t in equation.terms)
            return program.AsArray(right) if varies else self._filled(equation, right, False)
        return right

    def precise(self, equation: Equation, scope: Scope) -> Scope:
        """The scope of an equation that has comparisons for numbers, or masks numbers: in the
        precision of what it reads first, or else of a real array at hand.
        """
        if not any(t.body.has(at_most, masked, unless) for t in equation.terms):
            return scope
        read = (e.name for t in equation.terms for e in outermost(t.body))
        real = next((n for n in read if self.scope.tensors[n].bound is None), None)
        at_hand = Precision((Ref(real),)) if real else self._at_hand(equation)
        return replace(scope, precision=at_hand)

    def precision(self, equations: Iterable[Equation]) -> Precision:
        """The precision of what equations compute: that of what they read."""
        equations = list(equations)
        own = {e.name for e in equations}
        read = dict.fromkeys(
            e.name
            for equation in equations
            for term in equation.terms
            for e in outermost(term.body)
            if e.name not in own and self.scope.tensors[e.name].bound is None
        )  # none: constants alone, or what labels pick
        return Precision(tuple(map(Ref, read))) if read else self._at_hand(equations[0])

    def _is_like(self, equation: Equation) -> bool:
        """A gradient of a parameter or an input, which has its shape."""
        return self._is_returned(equation) and equation.name in self.differentiates

    def _filled(self, equation: Equation, right: Expr, scatters: bool) -> Expr:
        """A value that is the same along some axis, in the full shape of the left side."""
        axes = equation.indices
        if right.axes:
            full = program.Broadcast(right, self.shape(equation), axes)
            return Copy(full) if self._is_given_away(equation) or scatters else full
        if not self._is_like(equation):
            return Fill(right, axes, self.shape(equation), self.precision([equation]))
        return Fill(right, axes, Shape(of=self._like(equation)))

    def _at_hand(self, equation: Equation) -> Precision:
        """That of a real array at hand: what a block is given, an input in forward, one of the
        cache after, or else a parameter.
        """
        forward = equation.name in {f.equation.name for f in self.plan.forward}
        if self.given is not None:
            return Precision((Ref(self.given[not forward]),))
        names = [t.name for t in self.network.role("input")] if forward else self.plan.cache
        infos = (self.tensors[n] for n in names)
        real = next((t.name for t in infos if t.bound is None and not t.block), None)
        if real is not None:
            return Precision((Ref(real, "" if forward else "cache"),))
        params = self.network.role("param")
        return Precision((Ref(params[0].name, "params"),)) if params else Precision()

    def shape(self, equation: Equation) -> Shape:
        """The shape of the left side, from an array at hand where there is one."""
        original = self.differentiates.get(equation.name)  # the cache is at hand in backward
        if original in self.plan.cache and not self.tensors[original].block:
            return Shape(of=Ref(original, "cache"))
        return self.sizes(equation)

    def sizes(self, equation: Equation) -> Shape:
        """The length of each axis; a recurrence is stored with what stands before its start."""
        carried = self.scope.tensors[equation.name].carried
        return Shape(
            tuple(length(i.size) + int(k == carried) for k, i in enumerate(equation.indices))
        )

    def _like(self, equation: Equation) -> Ref:
        """The parameter or input that a gradient is of."""
        original = self.differentiates[equation.name]
        info = self.network.tensors[original]
        held: program.Held = "params" if info.role == "param" else "cache"
        return Ref(original, held, self.counter if info.block else "")

    def _shares(self, equation: Equation, value: Expr) -> bool:
        """Whether what a caller gets would share memory with what the value looks at."""
        seen = equation.name in self.differentiates or equation.name in self.network.outputs
        if not seen and is_folded(value):
            return False  # a copy of what overlaps is many times larger
        return self._is_given_away(equation) and looks_at(value) is not None

    def _is_given_away(self, equation: Equation) -> bool:
        return equation.name in self.handed or self._is_returned(equation)

    def _is_returned(self, equation: Equation) -> bool:
        original = self.differentiates.get(equation.name)
        return original is None or self.network.tensors[original].role in ("param", "input")


def order_of(derivation: Derivation) -> Mapping[str, int]:
    """Where a name stands in a product: adjoints first, then parameters, then the other tensors as
    they were declared.
    """
    network = derivation.network
    names = [
        *(f"d_{o}" for o in network.outputs),
        *derivation.adjoint.values(),
        *(t.name for t in network.role("param")),
    ]
    return {name: k for k, name in enumerate(dict.fromkeys([*names, *network.tensors]))}


def items(steps: Iterable[Forward | Adjoint]) -> list[Item]:
    return [Item(s.number, s.equation, s.evaluated) for s in steps]


def drawn(tensor: TensorInfo, like: Ref) -> program.Draw:
    """The statement that draws noise anew."""
    keep = float(tensor.keep if tensor.keep is not None else 1)
    return program.Draw(tensor.name, tuple(length(i.size) for i in tensor.indices), keep, like)
