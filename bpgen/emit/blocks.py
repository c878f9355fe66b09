"""A repeated block as one pair of functions, and the loops that call them."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy as sp

from bpgen.emit.flat import (
    after,
    flat,
    flat_tensors,
    of_one,
    outside_blocks,
    per_block,
    read_by,
    stepwise,
)
from bpgen.emit.function import Function
from bpgen.emit.layout import WIDTH, collection, comment
from bpgen.emit.lengths import measured
from bpgen.emit.text import definition, drawn, joined
from bpgen.ir import Element, Equation, Term
from bpgen.lower.comment import spoken

if TYPE_CHECKING:
    from bpgen.emit.statements import Item, Statements


class Blocks:
    """Writes one block's functions and the loops that call them. `forward` and `backward` are the
    equations of its two loops, `elsewhere` those after them that sum over the blocks.
    """

    def __init__(
        self,
        write: Statements,
        name: str,
        forward: list[Item],
        backward: list[Item],
        elsewhere: list[Item],
    ) -> None:
        self.around, self.tensors = copy(write), write.tensors
        self.around.scope = replace(write.scope, tensors=flat_tensors(self.tensors))
        self.forward_items, self.backward_items = forward, backward
        loop = forward[0].evaluated.loop
        assert loop is not None
        self.times, self.carried, self.name = loop.index.size, loop.name, name
        self.gradient = write.adjoints.get(self.carried, "")
        self.write = copy(self.around)
        self.write.given = self.carried, after(self.gradient)
        self.members = {i.evaluated.name for i in forward}
        family = self.members | {i.evaluated.name for i in backward}
        self.summed = [(i, terms) for i in elsewhere if (terms := self._added(i, family))]
        self.store, self.stacked, self.kept, self.one, self.l = (
            self._free(own)
            for own in (f"of{name}s", f"stacked{name[6:]}", "kept", f"of{name}", "l")
        )

    def _free(self, own: str) -> str:
        """A name of the module's own that no tensor has."""
        while own in self.tensors:
            own += "_"
        return own

    def _added(self, item: Item, family: set[str]) -> tuple[Term, ...]:
        """The terms of an equation outside that these blocks add up."""
        every = per_block(item.evaluated, self.tensors)[0]
        return tuple(t for t in every if family & {e.name for e in t.body.atoms(Element)})

    def forward(self) -> Function:
        """One block: what it hands on, and what backward needs of it."""
        items = self._forward_told()
        equations = self._forward_equations()
        body = [*self._unpacked(equations), *self._noise(equations)]
        for item, equation in zip(items, equations, strict=True):
            body += self.write.headed(item, 4)
            body += self.write.plain(equation, 4)
        arrays = {n: n for n in (self.carried, *self._outside(equations))}
        body = measured(body, arrays, self.write.scope.tensors)
        kept = [f'"{n}": {n}' for n in self._kept()]
        body += collection(f"return {after(self.carried)}, ", kept, indent=4)
        arguments = ["params: Arrays", f"{self.l}: int", f"{self.carried}: np.ndarray"]
        arguments += [f"{n}: np.ndarray" for n in self._outside(equations)]
        arguments += ["rng: np.random.Generator | None"] * bool(self._noise(equations))
        head = definition(self.name, arguments, "tuple[np.ndarray, Arrays]")
        doc = f"Block l of {self.times}: its output, and its part of the cache."
        return Function(tuple(head), doc, tuple(body))

    def backward(self) -> Function:
        """One block's gradients, from that of what it handed on."""
        equations = self._backward_equations()
        body = [*self._unpacked(equations), *self._opened(equations)]
        of_params = [e for e in equations if self._parameter(e) is not None]
        for item, equation in zip(self._backward_told(), equations, strict=True):
            body += self.write.headed(item, 4)
            body += self.write.plain(equation, 4)
        incoming = after(self.gradient)
        body = measured(body, {incoming: incoming}, self.write.scope.tensors)
        names = list(self.write.network.tensors)
        of_params.sort(key=lambda e: names.index(self._parameter(e) or ""))
        grads = [f'"{self._parameter(e)}": {e.name}' for e in of_params]
        grads += [f'"{i.evaluated.name}": {i.evaluated.name}' for i, _ in self.summed]
        body += collection(f"return {self.gradient}, ", grads, indent=4)
        arguments = ["params: Arrays", "cache: Arrays", f"{self.l}: int", f"{incoming}: np.ndarray"]
        head = definition(f"{self.name}_backward", arguments, "tuple[np.ndarray, Arrays]")
        doc = f"The gradients of block l, from {incoming}, that of its output."
        return Function(tuple(head), doc, tuple(body))

    def forward_lines(self) -> list[str]:
        """The loop over the blocks, in forward."""
        last = next(i for i in self.forward_items if i.evaluated.name == self.carried)
        equations = self._forward_equations()
        given = joined(
            "params",
            self.l,
            self.carried,
            *self._outside(equations),
            "rng" if self._noise(equations) else "",
        )
        return [
            *self._start(last),
            f"{self.store}: Arrays = {{}}",
            f"for {self.l} in range({self.times}):",
            f"    {self.carried}, {self.kept} = {self.name}({given})",
            f'    {self.store} |= {{f"{{name}}[{{{self.l}}}]": array '
            f"for name, array in {self.kept}.items()}}",
        ]

    def backward_lines(self) -> list[str]:
        """The loop over the blocks, last to first, in backward."""
        first = next(i for i in self.backward_items if i.evaluated.name == self.gradient)
        stored = bool(self._parameters() or self.summed)
        return [
            *self._start(first),
            *[f"{self.store}: list[Arrays] = []"] * stored,
            f"for {self.l} in reversed(range({self.times})):",
            f"    {self.gradient}, {self.one if stored else '_'} = "
            f"{self.name}_backward(params, cache, {self.l}, {self.gradient})",
            *[f"    {self.store}.insert(0, {self.one})"] * stored,
        ]

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

    def stacked_lines(self) -> list[str]:
        """The gradients of the parameters of every block, each as one array."""
        if not self._parameters():
            return []
        parts = [
            f"name: np.stack([of[name] for of in {self.store}])",
            f"for name in {self.store}[0]",
        ]
        parts += ["if name in SHAPES"] * bool(self.summed)
        line = f"{self.stacked} = {{{' '.join(parts)}}}"
        if 4 + len(line) <= WIDTH:
            return [line]
        return [f"{self.stacked} = {{", *(f"    {part}" for part in parts), "}"]

    def _start(self, item: Item) -> list[str]:
        """What the first block is given; for gradients, the last."""
        start = outside_blocks(item.evaluated)
        if not start.terms:  # what reads the last block cancels
            start = replace(start, terms=(Term(sp.S.Zero),))
        said = spoken(start, self.write.order)
        return [
            *comment(f"({item.number}) {said}", 4),
            *self.around.plain(self._flat(start), 4, passed=True),
        ]

    def _flat(self, equation: Equation) -> Equation:
        return flat(equation, self.tensors)

    def _forward_told(self) -> list[Item]:
        """The equations of one block, what it hands on last."""
        told = [i for i in self.forward_items if i.evaluated.name != self.carried]
        (last,) = (i for i in self.forward_items if i.evaluated.name == self.carried)
        ends = [replace(e, terms=stepwise(e)) for e in (last.equation, last.evaluated)]
        return [*told, replace(last, equation=ends[0], evaluated=ends[1])]

    def _forward_equations(self) -> list[Equation]:
        made = [self._flat(i.evaluated) for i in self._forward_told()]
        return [*made[:-1], replace(made[-1], name=after(self.carried))]

    def _backward_told(self) -> list[Item]:
        """The steps of one block, what it hands on last."""
        told = [i for i in self.backward_items if i.evaluated.name != self.gradient]
        ends = next(i for i in self.backward_items if i.evaluated.name == self.gradient)
        partial = [
            replace(i, equation=e, evaluated=e)
            for i, terms in self.summed
            for e in [replace(i.evaluated, terms=terms)]
        ]
        handed = replace(ends.evaluated, terms=stepwise(ends.evaluated))
        return [*told, *partial, replace(ends, equation=handed, evaluated=handed)]

    def _backward_equations(self) -> list[Equation]:
        if not self.has(self.gradient):  # all that the loss hears of the blocks cancels
            return []
        sums = {i.evaluated.name for i, _ in self.summed}
        return [
            of_one(i.evaluated, self.tensors)
            if i.evaluated.name in sums
            else self._flat(i.evaluated)
            for i in self._backward_told()
        ]

    def _kept(self) -> list[str]:
        """What backward reads of each block."""
        read = read_by(self._backward_equations())
        own = [self.carried, *(i.evaluated.name for i in self.forward_items), after(self.carried)]
        own += [t.name for t in self.write.network.role("noise") if t.block]
        return [n for n in dict.fromkeys(own) if n in read]

    def _unpacked(self, equations: list[Equation]) -> list[str]:
        read = read_by(equations)
        return [
            f'{t.name} = params["{t.name}"]' + f"[{self.l}]" * t.block
            for t in self.write.network.role("param")
            if t.name in read
        ]

    def _opened(self, equations: list[Equation]) -> list[str]:
        read = read_by(equations) - {e.name for e in equations}
        blocks = [f'{n} = cache[f"{n}[{{{self.l}}}]"]' for n in self._kept()]
        return blocks + [
            f'{n} = cache["{n}"]'
            for n in self.write.plan.cache
            if n in read and not self.tensors[n].block
        ]

    def _outside(self, equations: list[Equation]) -> list[str]:
        """Arrays from outside the block that it reads."""
        read = read_by(equations)
        return [
            n
            for n, t in self.write.network.tensors.items()
            if n in read and t.role != "param" and not t.block
        ]

    def _noise(self, equations: list[Equation]) -> list[str]:
        read = read_by(equations)
        found = [t for t in self.write.network.role("noise") if t.block and t.name in read]
        flat_ones = (self.write.scope.tensors[t.name] for t in found)
        return [line for t in flat_ones for line in drawn(t, self.carried)]

    def _parameter(self, equation: Equation) -> str | None:
        """The parameter of each block that an equation is the gradient of."""
        of = self.write.differentiates.get(equation.name)
        info = self.tensors.get(of or "")
        return of if info is not None and info.role == "param" and info.block else None
