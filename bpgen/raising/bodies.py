"""Equations in order as the bodies of functions: alone, in loops, in the blocks of a `repeat`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from bpgen.errors import NetError
from bpgen.ir import Equation, Loop
from bpgen.program.grammar import AsArray, Assign, Expr, FromBlocks, Node, Total
from bpgen.raising.blocks import Blocks
from bpgen.raising.equation import Raiser, items
from bpgen.raising.flat import flat, per_block
from bpgen.raising.loops import Looping
from bpgen.record import Forward
from bpgen.record import Step as Adjoint


class Bodies:
    """Raises the equations of one derivation; `blocks` by the name of what goes from block to block
    and of its gradient.
    """

    def __init__(self, raiser: Raiser) -> None:
        self.raiser = raiser
        self.every: list[Blocks] = []
        self.blocks: dict[str, Blocks] = {}
        self._find_blocks()

    def _find_blocks(self) -> None:
        """The repeated blocks."""
        forward = items(self.raiser.plan.forward)
        backward = items((*self.raiser.plan.backward, *self.raiser.plan.input_backward))
        sums = [i for i in backward if per_block(i.evaluated, self.raiser.tensors)[0]]
        loops = dict.fromkeys(
            i.evaluated.loop for i in forward if i.evaluated.loop and i.evaluated.loop.block
        )
        for k, loop in enumerate(loops, start=1):
            assert loop is not None
            if loop.reverse:
                raise NetError(
                    f"the blocks of {loop.name} go from the last to the first",
                    "a loop that is over no blocks may run in either direction",
                )
            gradient = self.raiser.adjoints.get(loop.name, "")
            own = [i for i in forward if i.evaluated.loop == loop]
            back = [i for i in backward if i.evaluated.loop and i.evaluated.loop.name == gradient]
            members = {i.evaluated.name for i in back}
            elsewhere = [i for i in sums if members & {e.name for e in i.evaluated.reads()}]
            name = "_block" if len(loops) == 1 else f"_block{k}"
            blocks = Blocks(self.raiser, name, own, back, elsewhere)
            self.blocks[loop.name] = self.blocks[gradient] = blocks
            self.every.append(blocks)

    def statements(self, steps: Iterable[Forward | Adjoint]) -> tuple[Node, ...]:
        """What computes these equations, in order."""
        made: list[Node] = []
        done: set[Loop] = set()
        for loop, group in groupby(items(steps), key=lambda item: item.evaluated.loop):
            if loop is None:
                made += (self.raiser.step(item, self.statement(item.evaluated)) for item in group)
            elif loop in done:  # the functions of a block tell all of it
                continue
            elif loop.block:
                done.add(loop)
                blocks = self.blocks[loop.name]
                made += blocks.backward_loop() if loop.reverse else blocks.forward_loop()
            else:
                made += Looping(self.raiser, loop, list(group)).statements()
        return tuple(made)

    def statement(self, equation: Equation) -> tuple[Node, ...]:
        """The statements of an equation outside the blocks, with what each of them adds to it."""
        of_blocks, rest = per_block(equation, self.raiser.tensors)
        own = replace(equation, terms=rest)
        made = self.raiser.plain(flat(own, self.raiser.tensors)) if rest else ()
        if of_blocks:
            for blocks in (b for b in self.every if equation.name in b.summed):
                total: Expr = FromBlocks(equation.name, blocks.store, equation.indices)
                if made:
                    so_far = self.raiser.scope.array(equation.lhs)
                    total = Total((so_far, total), equation.indices)
                made = (*made, Assign(equation.name, total))
            if not equation.indices and equation.name in self.raiser.differentiates:
                made = (*made[:-1], Assign(equation.name, AsArray(total)))
        return made
