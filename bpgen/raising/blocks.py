"""A repeated block as one pair of functions, and the loops that call them."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.ir import Element, Equation, Index, Term
from bpgen.names import free
from bpgen.program import grammar as program
from bpgen.program.grammar import Argument, Assign, Call, Function, Keep, Node, Ref, Step
from bpgen.raising.equation import Item, Raiser, drawn
from bpgen.raising.flat import (
    after,
    flat,
    flat_tensors,
    outside_blocks,
    per_block,
    read_by,
    stepwise,
)

Named = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Way:
    """One way through the blocks: what begins it, and what each of them computes, as the derivation
    tells it and as a block sees it; what it hands on comes last.
    """

    start: Item
    items: list[Item]
    equations: list[Equation]


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
        self.around, self.tensors, self.name = copy(raiser), raiser.tensors, name
        self.around.scope = replace(raiser.scope, tensors=flat_tensors(self.tensors))
        loop = forward[0].evaluated.loop
        assert loop is not None
        self.times, self.carried = loop.index.size, loop.name
        self.gradient = raiser.adjoints.get(self.carried, "")
        self.gradients = {i.evaluated.name for i in backward}
        partial = self._added(elsewhere, {i.evaluated.name for i in (*forward, *backward)})
        self.summed = [i.evaluated.name for i in partial]  # what every block adds something to
        self.ahead, self.back = self._way(self.carried, forward), None
        if self.gradient in self.gradients:  # or all that the loss hears of the blocks cancels
            self.back = self._way(self.gradient, backward, partial)
        self.store, self.stacked, self.kept, self.one, self.l = (
            free(own, self.tensors)
            for own in (f"of{name}s", f"stacked{name[6:]}", "kept", f"of{name}", "l")
        )
        self.raiser = copy(self.around)
        self.raiser.given = self.carried, after(self.gradient)
        self.raiser.handed = frozenset({self.gradient, *self.summed})
        self.raiser.counter = self.l

    def _added(self, elsewhere: list[Item], family: set[str]) -> list[Item]:
        """What these blocks add to equations outside."""
        found = []
        for item in elsewhere:
            every = per_block(item.evaluated, self.tensors)[0]
            own = tuple(t for t in every if family & {e.name for e in t.body.atoms(Element)})
            if own:
                part = replace(item.evaluated, terms=own)
                found.append(Item(item.number, part, part))
        return found

    def _way(self, handed: str, items: list[Item], partial: Iterable[Item] = ()) -> _Way:
        """The equations of one block, with what it adds to sums over the blocks."""
        whole = next(i for i in items if i.evaluated.name == handed)
        ends = (replace(e, terms=stepwise(e)) for e in (whole.equation, whole.evaluated))
        own = [*(i for i in items if i != whole), *partial, Item(whole.number, *ends)]
        seen = [flat(i.evaluated, self.tensors) for i in own]
        seen = [replace(e, name=after(e.name)) if e.name == self.carried else e for e in seen]
        return _Way(whole, own, seen)

    # The functions of one block.

    def forward(self) -> Function:
        """One block: what it hands on, and what backward needs of it."""
        given, noise = self._given(), self._noise()
        kept = tuple((n, n) for n in self._kept())
        doc = f"Block l of {self.times}: its output, and its part of the cache."
        return self._function(self.name, given, doc, self.ahead, noise, kept)

    def backward(self) -> Function:
        """One block's gradients, from that of what it handed on."""
        assert self.back is not None
        incoming, opened = after(self.gradient), self._opened(self.back)
        given = [
            Argument("params", "arrays"),
            Argument("cache", "arrays"),
            Argument(self.l, "block"),
            Argument(incoming, "array"),
        ]
        grads = (*self._of_parameters(), *((n, n) for n in self.summed))
        doc = f"The gradients of block l, from {incoming}, that of its output."
        return self._function(self._backward, given, doc, self.back, opened, grads)

    def _function(
        self,
        name: str,
        given: Iterable[Argument],
        doc: str,
        way: _Way,
        opened: Iterable[Node],
        entries: Named,
    ) -> Function:
        steps = (
            self.raiser.step(item, self.raiser.plain(equation), equation.name in self.summed)
            for item, equation in zip(way.items, way.equations, strict=True)
        )
        body = (*self.raiser.unpacked(way.equations), *opened, *steps)
        handed = program.Pack("", entries, beside=way.equations[-1].name)
        return Function(name, tuple(given), ("array", "arrays"), doc, (*body, handed))

    @property
    def _backward(self) -> str:
        return f"{self.name}_backward"

    def _given(self) -> list[Argument]:
        """What a block is given in forward."""
        read, every = read_by(self.ahead.equations), self.raiser.network.tensors.values()
        outside = [t.name for t in every if t.name in read and t.role != "param" and not t.block]
        return [
            Argument("params", "arrays"),
            Argument(self.l, "block"),
            *(Argument(n, "array") for n in (self.carried, *outside)),
            *[Argument("rng", "noise")] * bool(self._noise()),
        ]

    def _noise(self) -> tuple[Node, ...]:
        read, tensors = read_by(self.ahead.equations), self.raiser.scope.tensors
        found = [t for t in self.raiser.network.role("noise") if t.block and t.name in read]
        return tuple(drawn(tensors[t.name], Ref(self.carried)) for t in found)

    def _kept(self) -> list[str]:
        """What backward reads of each block."""
        read = read_by(self.back.equations) if self.back is not None else ()
        own = [self.carried, *(i.evaluated.name for i in self.ahead.items), after(self.carried)]
        own += [t.name for t in self.raiser.network.role("noise") if t.block]
        return [n for n in dict.fromkeys(own) if n in read]

    def _opened(self, back: _Way) -> tuple[Assign, ...]:
        read = read_by(back.equations) - {e.name for e in back.equations}
        blocks = (Assign(n, Ref(n, "cache", self.l)) for n in self._kept())
        shared = (n for n in self.raiser.plan.cache if n in read and not self.tensors[n].block)
        return *blocks, *(Assign(n, Ref(n, "cache")) for n in shared)

    def _of_parameters(self) -> Named:
        """The parameters of each block, and their gradients."""
        own = (t.name for t in self.raiser.network.role("param") if t.block)
        adjoints = ((name, self.raiser.adjoints.get(name, "")) for name in own)
        return tuple((name, adjoint) for name, adjoint in adjoints if adjoint in self.gradients)

    # The loops over the blocks, in the functions around them.

    def forward_loop(self) -> tuple[Node, ...]:
        """The loop over the blocks, in forward."""
        call = Call((self.carried, self.kept), self.name, tuple(a.name for a in self._given()))
        return self._loop(self.ahead, call, (Keep(self.store, self.kept, self.l),))

    def backward_loop(self) -> tuple[Node, ...]:
        """The loop over the blocks, last to first, in backward."""
        assert self.back is not None
        keep = (Keep(self.store, self.one),) * bool(self._of_parameters() or self.summed)
        given = ("params", "cache", self.l, self.gradient)
        call = Call((self.gradient, self.one if keep else "_"), self._backward, given)
        return self._loop(self.back, call, keep, reverse=True)

    def _loop(
        self, way: _Way, call: Call, keep: tuple[Keep, ...], reverse: bool = False
    ) -> tuple[Node, ...]:
        begin = (program.Begin(k.store, named=bool(k.block)) for k in keep)
        loop = program.Loop((Index(self.l, self.times),), (call, *keep), reverse)
        return (self._start(way.start), *begin, loop)

    def _start(self, item: Item) -> Step:
        """What the first block is given; for gradients, the last."""
        start = outside_blocks(item.evaluated)
        if not start.terms:  # what reads the last block cancels
            start = replace(start, terms=(Term(sp.S.Zero),))
        body = self.around.plain(flat(start, self.tensors), passed=True)
        return Step(item.number, (self.raiser.comments.text_of(start),), body)

    def stacks(self) -> tuple[Node, ...]:
        """The gradients of the parameters of every block, each as one array."""
        stack = program.Stack(self.stacked, self.store, some=bool(self.summed))
        return (stack,) * bool(self._of_parameters())
