"""A repeated block as one pair of functions, and the loops that call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace

import sympy as sp

from bpgen.ir import Element, Equation, Index, TensorInfo, Term
from bpgen.names import free
from bpgen.program.grammar import (
    Argument,
    Assign,
    Begin,
    Call,
    Function,
    Keep,
    Loop,
    Node,
    Pack,
    Ref,
    Stack,
    Step,
)
from bpgen.program.measured import measured
from bpgen.raising.equation import Item, Raiser, drawn
from bpgen.raising.flat import (
    after,
    flat,
    flat_tensors,
    of_one,
    outside_blocks,
    per_block,
    read_by,
    stepwise,
)
from bpgen.text.comment import text_of


class Blocks:
    """Raises one block's functions and the loops that call them. `forward` and `backward` are the
    equations of its two loops, `elsewhere` those after them that sum over the blocks.
    """

    def __init__(
        self,
        raiser: Raiser,
        name: str,
        forward: list[Item],
        backward: list[Item],
        elsewhere: list[Item],
    ) -> None:
        self.around, self.tensors = copy(raiser), raiser.tensors
        self.around.scope = replace(raiser.scope, tensors=flat_tensors(self.tensors))
        self.forward_items, self.backward_items = forward, backward
        loop = forward[0].evaluated.loop
        assert loop is not None
        self.times, self.carried, self.name = loop.index.size, loop.name, name
        self.gradient = raiser.adjoints.get(self.carried, "")
        self.raiser = copy(self.around)
        self.raiser.given = self.carried, after(self.gradient)
        self.members = {i.evaluated.name for i in forward}
        family = self.members | {i.evaluated.name for i in backward}
        self.summed = [(i, terms) for i in elsewhere if (terms := self._added(i, family))]
        self.raiser.handed = frozenset({self.gradient, *(i.evaluated.name for i, _ in self.summed)})
        self.store, self.stacked, self.kept, self.one, self.l = (
            free(own, self.tensors)
            for own in (f"of{name}s", f"stacked{name[6:]}", "kept", f"of{name}", "l")
        )
        self.raiser.counter = self.l

    def _added(self, item: Item, family: set[str]) -> tuple[Term, ...]:
        """The terms of an equation outside that these blocks add up."""
        every = per_block(item.evaluated, self.tensors)[0]
        return tuple(t for t in every if family & {e.name for e in t.body.atoms(Element)})

    def forward(self) -> Function:
        """One block: what it hands on, and what backward needs of it."""
        equations = self._forward_equations()
        noise = self._noise(equations)
        body = (
            *self.raiser.unpacked(equations),
            *noise,
            *self._steps(self._forward_in_order(), equations),
        )
        outside = self._outside(equations)
        body = measured(body, {n: Ref(n) for n in (self.carried, *outside)}, self.own_tensors)
        kept = tuple((n, n) for n in self._kept())
        arguments = (
            Argument("params", "arrays"),
            Argument(self.l, "block"),
            *(Argument(n, "array") for n in (self.carried, *outside)),
            *(Argument("rng", "noise") for _ in noise[:1]),
        )
        doc = f"Block l of {self.times}: its output, and its part of the cache."
        handed = Pack("", kept, beside=after(self.carried))
        return Function(self.name, arguments, ("array", "arrays"), doc, (*body, handed))

    def backward(self) -> Function:
        """One block's gradients, from that of what it handed on."""
        equations = self._backward_equations()
        incoming, opened = after(self.gradient), self._opened(equations)
        body = (
            *self.raiser.unpacked(equations),
            *opened,
            *self._steps(self._backward_in_order(), equations),
        )
        own = {n: Ref(n) for n in (incoming, *(a.name for a in opened))}
        others = (n for n in self.raiser.plan.cache if n not in own and not self.tensors[n].block)
        at_hand = own | {n: Ref(n, "cache") for n in others}
        body = measured(body, at_hand, self.own_tensors)
        of_params = [e for e in equations if self._parameter(e) is not None]
        names = list(self.raiser.network.tensors)
        of_params.sort(key=lambda e: names.index(self._parameter(e) or ""))
        grads = [(self._parameter(e) or "", e.name) for e in of_params]
        grads += [(i.evaluated.name, i.evaluated.name) for i, _ in self.summed]
        arguments = (
            Argument("params", "arrays"),
            Argument("cache", "arrays"),
            Argument(self.l, "block"),
            Argument(incoming, "array"),
        )
        doc = f"The gradients of block l, from {incoming}, that of its output."
        handed = Pack("", tuple(grads), beside=self.gradient)
        name = f"{self.name}_backward"
        return Function(name, arguments, ("array", "arrays"), doc, (*body, handed))

    @property
    def own_tensors(self) -> Mapping[str, TensorInfo]:
        return self.raiser.scope.tensors

    def _steps(self, items: list[Item], equations: list[Equation]) -> Iterator[Node]:
        for item, equation in zip(items, equations, strict=True):
            yield self.raiser.step(item, self.raiser.plain(equation))

    def forward_loop(self) -> tuple[Node, ...]:
        """The loop over the blocks, in forward."""
        last = _named(self.carried, self.forward_items)
        equations = self._forward_equations()
        given = ("params", self.l, self.carried, *self._outside(equations))
        given += ("rng",) * bool(self._noise(equations))
        call = Call((self.carried, self.kept), self.name, given)
        keep = Keep(self.store, self.kept, self.l)
        loop = Loop((self.counter,), (call, keep))
        return (self._start(last), Begin(self.store, named=True), loop)

    def backward_loop(self) -> tuple[Node, ...]:
        """The loop over the blocks, last to first, in backward."""
        first = _named(self.gradient, self.backward_items)
        stored = bool(self._parameters() or self.summed)
        given = ("params", "cache", self.l, self.gradient)
        names = (self.gradient, self.one if stored else "_")
        call = Call(names, f"{self.name}_backward", given)
        keep = (Keep(self.store, self.one),) * stored
        begin = (Begin(self.store, named=False),) * stored
        loop = Loop((self.counter,), (call, *keep), reverse=True)
        return (self._start(first), *begin, loop)

    @property
    def counter(self) -> Index:
        return Index(self.l, self.times)

    def _parameters(self) -> list[Equation]:
        """The gradients of the parameters of each block."""
        every = (i.evaluated for i in self.backward_items)
        return [e for e in every if self._parameter(e) is not None]

    def has(self, gradient: str) -> bool:
        """Whether a block's function returns it."""
        return any(i.evaluated.name == gradient for i in self.backward_items)

    def sums(self, equation: Equation) -> bool:
        """Whether every block adds something to it."""
        return any(i.evaluated == equation for i, _ in self.summed)

    def stacks(self) -> tuple[Node, ...]:
        """The gradients of the parameters of every block, each as one array."""
        stack = Stack(self.stacked, self.store, some=bool(self.summed))
        return (stack,) * bool(self._parameters())

    def _start(self, item: Item) -> Step:
        """What the first block is given; for gradients, the last."""
        start = outside_blocks(item.evaluated)
        if not start.terms:  # what reads the last block cancels
            start = replace(start, terms=(Term(sp.S.Zero),))
        body = self.around.plain(self._flat(start), passed=True)
        return Step(item.number, (text_of(start, self.raiser.order),), body)

    def _flat(self, equation: Equation) -> Equation:
        return flat(equation, self.tensors)

    def _in_order(self, items: list[Item], handed: str, *partial: Item) -> list[Item]:
        """The equations of one block, what it hands on last."""
        last = _named(handed, items)
        ends = (replace(e, terms=stepwise(e)) for e in (last.equation, last.evaluated))
        return [*(i for i in items if i != last), *partial, Item(last.number, *ends)]

    def _forward_in_order(self) -> list[Item]:
        return self._in_order(self.forward_items, self.carried)

    def _forward_equations(self) -> list[Equation]:
        made = [self._flat(i.evaluated) for i in self._forward_in_order()]
        return [*made[:-1], replace(made[-1], name=after(self.carried))]

    def _backward_in_order(self) -> list[Item]:
        """With what one block adds to sums over the blocks."""
        sums = ((i, replace(i.evaluated, terms=terms)) for i, terms in self.summed)
        partial = (replace(i, equation=e, evaluated=e) for i, e in sums)
        return self._in_order(self.backward_items, self.gradient, *partial)

    def _backward_equations(self) -> list[Equation]:
        if not self.has(self.gradient):  # all that the loss hears of the blocks cancels
            return []
        sums = {i.evaluated.name for i, _ in self.summed}
        told = (i.evaluated for i in self._backward_in_order())
        return [of_one(e, self.tensors) if e.name in sums else self._flat(e) for e in told]

    def _kept(self) -> list[str]:
        """What backward reads of each block."""
        read = read_by(self._backward_equations())
        own = [self.carried, *(i.evaluated.name for i in self.forward_items), after(self.carried)]
        own += [t.name for t in self.raiser.network.role("noise") if t.block]
        return [n for n in dict.fromkeys(own) if n in read]

    def _opened(self, equations: list[Equation]) -> tuple[Assign, ...]:
        read = read_by(equations) - {e.name for e in equations}
        blocks = (Assign(n, Ref(n, "cache", self.l)) for n in self._kept())
        shared = (n for n in self.raiser.plan.cache if n in read and not self.tensors[n].block)
        return *blocks, *(Assign(n, Ref(n, "cache")) for n in shared)

    def _outside(self, equations: list[Equation]) -> list[str]:
        """Arrays from outside the block that it reads."""
        read, every = read_by(equations), self.raiser.network.tensors.values()
        return [t.name for t in every if t.name in read and t.role != "param" and not t.block]

    def _noise(self, equations: list[Equation]) -> tuple[Node, ...]:
        read = read_by(equations)
        found = [t for t in self.raiser.network.role("noise") if t.block and t.name in read]
        return tuple(drawn(self.own_tensors[t.name], Ref(self.carried)) for t in found)

    def _parameter(self, equation: Equation) -> str | None:
        """The parameter of each block that an equation is the gradient of."""
        of = self.raiser.differentiates.get(equation.name)
        info = self.tensors.get(of or "")
        return of if info is not None and info.role == "param" and info.block else None


def _named(name: str, items: list[Item]) -> Item:
    return next(i for i in items if i.evaluated.name == name)
