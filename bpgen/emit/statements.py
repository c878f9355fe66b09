"""Equations as statements of the module, each under its numbered equation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

import sympy as sp

from bpgen.emit.blocks import Blocks
from bpgen.emit.flat import flat, flat_tensors, per_block
from bpgen.emit.layout import assignment, comment
from bpgen.emit.loops import Looping
from bpgen.emit.plan import Plan, definitions
from bpgen.emit.scattered import added
from bpgen.functions import at_most, masked, unless
from bpgen.ir import Element, Equation, Index, Loop, Term, length
from bpgen.letters import lettered
from bpgen.lower.access import Operand, aligned
from bpgen.lower.comment import right_of, spoken
from bpgen.lower.contract import lowered, outermost
from bpgen.lower.rows import spelled
from bpgen.lower.scatter import scatters, whole
from bpgen.lower.scope import Scope
from bpgen.record import Derivation, Forward, Step
from bpgen.softmaxes import argument_of_softmax

_SUBSCRIPT = re.compile(r"\[([^\]]*)\]")
_VIEW = re.compile(
    r"(windows\(([^()]|\([^()]*\))*\)|[a-zA-Z_]\w*)"
    r"(\.T|\.(transpose|swapaxes)\([^()]*\)|\[[^\]]*\])*"
)
_RESHAPE = re.compile(r"\.reshape\([^()]*\)")


@dataclass(frozen=True)
class Item:
    """One numbered equation of the derivation, as written and as evaluated."""

    number: int
    equation: Equation
    evaluated: Equation


class Statements:
    """Writes the equations of one derivation."""

    def __init__(self, derivation: Derivation, plan: Plan) -> None:
        self.network, self.plan = derivation.network, plan
        self.tensors = derivation.tensors
        self.scope = Scope(_order(derivation), flat_tensors(self.tensors, stacked=True))
        self.order = self.scope.order
        self.definitions = definitions(derivation)
        self.adjoints = derivation.adjoint
        self.differentiates = {adjoint: name for name, adjoint in derivation.adjoint.items()}
        self.everything = [
            *(f.evaluated for f in derivation.forward),
            *(s.evaluated for s in derivation.steps if not s.inlined),
        ]
        self.blocks: dict[str, Blocks] = {}
        self.given: tuple[str, str] | None = None  # what a block's forward and backward are given
        self._find_blocks()

    def _find_blocks(self) -> None:
        """The repeated blocks, by the name of what goes from block to block and of its gradient."""
        forward = _items(self.plan.forward)
        backward = _items((*self.plan.backward, *self.plan.input_backward))
        sums = [i for i in backward if per_block(i.evaluated, self.tensors)[0]]
        loops = dict.fromkeys(
            i.evaluated.loop for i in forward if i.evaluated.loop and i.evaluated.loop.block
        )
        for k, loop in enumerate(loops, start=1):
            assert loop is not None
            gradient = self.adjoints.get(loop.name, "")
            own = [i for i in forward if i.evaluated.loop == loop]
            back = [i for i in backward if i.evaluated.loop and i.evaluated.loop.name == gradient]
            members = {i.evaluated.name for i in back}
            elsewhere = [i for i in sums if members & {e.name for e in i.evaluated.reads()}]
            name = "_block" if len(loops) == 1 else f"_block{k}"
            blocks = Blocks(self, name, own, back, elsewhere)
            self.blocks[loop.name] = self.blocks[gradient] = blocks

    def forward(self, items: Iterable[Forward], indent: int = 4) -> list[str]:
        return self._written(_items(items), indent)

    def backward(self, steps: Iterable[Step], indent: int = 4) -> list[str]:
        return self._written(_items(steps), indent)

    def _written(self, items: Iterable[Item], indent: int) -> list[str]:
        lines: list[str] = []
        done: set[Loop] = set()
        for loop, group in groupby(items, key=lambda item: item.evaluated.loop):
            if loop is None:
                for item in group:
                    lines += self.headed(item, indent)
                    lines += self.statement(item.evaluated, indent)
            elif loop in done:  # the functions of a block tell all of it
                continue
            elif loop.block:
                done.add(loop)
                blocks = self.blocks[loop.name]
                lines += blocks.backward_lines() if loop.reverse else blocks.forward_lines()
            else:
                lines += Looping(self, loop, list(group), indent).lines()
        return lines

    def headed(self, item: Item, indent: int) -> list[str]:
        """The comment over a statement: the equation, and how it is evaluated."""
        lines = comment(f"({item.number}) {self._said(item.equation)}", indent)
        return lines + self._evaluated_as(item.equation, item.evaluated, item.number, indent)

    def _said(self, equation: Equation) -> str:
        """The equation; of a softmax, whose log-sum-exp may not be computed, what it means."""
        u = argument_of_softmax(equation, self.definitions)
        if u is None:
            return spoken(equation, self.order)
        bound = Index("_", equation.indices[-1].size)
        total = Term(sp.exp(u.xreplace({equation.indices[-1]: bound})), (bound,))
        above, below = (
            spoken(lettered(replace(equation, terms=(t,))), self.order).split(" = ", 1)
            for t in (Term(sp.exp(u)), total)
        )
        return f"{above[0]} = {above[1]} / {below[1]}"

    def _evaluated_as(
        self, equation: Equation, evaluated: Equation, number: int, indent: int
    ) -> list[str]:
        """The other spelling, where it is another."""
        if spelled(evaluated) == equation:
            return []
        return comment(f"({number}) evaluated as {right_of(evaluated, self.order)}", indent)

    def statement(self, equation: Equation, indent: int) -> list[str]:
        """The lines of an equation outside the blocks, with what each of them adds to it."""
        of_blocks, rest = per_block(equation, self.tensors)
        own = replace(equation, terms=rest)
        lines = self.plain(flat(own, self.tensors), indent) if rest else []
        if of_blocks:
            blocks = dict.fromkeys(b for b in self.blocks.values() if b.sums(equation))
            for store in (b.store for b in blocks):
                total = f'np.sum([of["{equation.name}"] for of in {store}], axis=0)'
                total = f"{equation.name} + {total}" if lines else total
                lines += assignment(equation.name, total, indent)
        return lines

    def plain(self, equation: Equation, indent: int, passed: bool = False) -> list[str]:
        """`name = ...`, and a line for each scatter. `passed`: to a function, which changes none of
        its arguments.
        """
        reshaped = whole(equation, self.scope)
        if reshaped is not None:
            shared = self._shares(equation, reshaped.text) and not passed
            text = f"{reshaped.text}.copy()" if shared else reshaped.text
            return assignment(equation.name, text, indent)
        scope = self.precise(equation, self.scope)
        right, places = self.right(equation, scope), scatters(equation, scope)
        text = right.text
        if right.text == "0" and places and not self._is_like(equation):
            text = f"np.zeros({self.shape(equation)}, {self.dtype([equation])})"
        elif set(equation.indices) - set(right.axes):
            text = self._filled(equation, right, added=bool(places))
        elif (places and self._is_view(_RESHAPE.sub("", text))) or (
            self._shares(equation, text) and not passed
        ):
            text = f"{text}.copy()"  # what is added to, or returned, shares no memory with others
        elif not equation.indices and equation.name in self.differentiates:
            text = (
                f"np.asarray({text})"
                if right.axes or _reads_arrays(equation)
                else self._filled(equation, right)
            )
        lines = assignment(equation.name, text, indent)
        return lines + added(places, indent, () if right.text == "0" else None)

    def right(self, equation: Equation, scope: Scope) -> Operand:
        """The right-hand side, with those of its axes along which it varies."""
        return lowered(equation, scope)

    def precise(self, equation: Equation, scope: Scope) -> Scope:
        """The scope of an equation that has comparisons for numbers, or masks numbers: in the
        precision of what it reads first, or else of a real array at hand.
        """
        if not any(t.body.has(at_most, masked, unless) for t in equation.terms):
            return scope
        read = (e.name for t in equation.terms for e in outermost(t.body))
        real = next((n for n in read if self.tensors[n].bound is None), None)
        return replace(scope, precision=f"{real}.dtype" if real else self._precision(equation))

    def dtype(self, equations: Iterable[Equation]) -> str:
        """The precision of what equations compute: that of what they read."""
        equations = list(equations)
        own = {e.name for e in equations}
        read = dict.fromkeys(
            e.name
            for equation in equations
            for term in equation.terms
            for e in outermost(term.body)
            if e.name not in own and self.tensors[e.name].bound is None
        )
        if not read:  # constants alone, or what labels pick
            return self._precision(equations[0])
        if len(read) == 1:
            return f"{next(iter(read))}.dtype"
        return f"np.result_type({', '.join(read)})"

    def _is_like(self, equation: Equation) -> bool:
        """A gradient of a parameter or an input, which has its shape."""
        return self._is_returned(equation) and equation.name in self.differentiates

    def _filled(self, equation: Equation, right: Operand, added: bool = False) -> str:
        """A value that is the same along some axis, in the full shape of the left side."""
        returned = self._is_returned(equation)
        if right.axes:
            value = aligned(replace(right, tight=right.text.isidentifier()), equation.indices)
            whole = f"np.broadcast_to({value}, {self.shape(equation)})"
            return f"{whole}.copy()" if returned or added else whole
        if not returned or equation.name not in self.differentiates:
            return f"np.full({self.shape(equation)}, {right.text}, {self.dtype([equation])})"
        like = self._like(equation)
        if right.text == "0":
            return f"np.zeros_like({like})"
        return f"np.full_like({like}, {right.text})"

    def _precision(self, equation: Equation) -> str:
        """That of a real array at hand: what a block is given, an input in forward, one of the
        cache after, or else a parameter.
        """
        forward = equation.name in {f.equation.name for f in self.plan.forward}
        if self.given is not None:
            return f"{self.given[not forward]}.dtype"
        names = [t.name for t in self.network.role("input")] if forward else self.plan.cache
        infos = (self.tensors[n] for n in names)
        real = next((t.name for t in infos if t.bound is None and not t.block), None)
        if real is not None:
            return f"{real}.dtype" if forward else f'cache["{real}"].dtype'
        params = self.network.role("param")
        return f'params["{params[0].name}"].dtype' if params else "np.float64"

    def shape(self, equation: Equation) -> str:
        """The shape of the left side, from an array at hand where there is one."""
        original = self.differentiates.get(equation.name)  # the cache is at hand in backward
        if original in self.plan.cache and not self.tensors[original].block:
            return f'cache["{original}"].shape'
        return f"({', '.join(self.sizes(equation))}{',' if len(equation.indices) == 1 else ''})"

    def sizes(self, equation: Equation) -> list[str]:
        """The length of each axis; a recurrence is stored with what stands before its start."""
        carried = self.scope.tensors[equation.name].carried
        return [
            str(length(i.size) + 1) if k == carried else str(i.size)
            for k, i in enumerate(equation.indices)
        ]

    def _like(self, equation: Equation) -> str:
        """The parameter or input that a gradient is of."""
        original = self.differentiates[equation.name]
        held = "params" if self.network.tensors[original].role == "param" else "cache"
        of_block = next((b for b in self.blocks.values() if b.has(equation.name)), None)
        return f'{held}["{original}"]' + (f"[{of_block.l}]" if of_block else "")

    def _is_view(self, text: str) -> bool:
        """Whether numpy text only looks at an array: a name, its transpose, a part of it. What is
        gathered through an array of places is new.
        """
        if not _VIEW.fullmatch(text):
            return False
        parts = (p for inside in _SUBSCRIPT.findall(text) for p in inside.split(", "))
        return not any(p in self.scope.tensors for p in parts)

    def _shares(self, equation: Equation, text: str) -> bool:
        """Whether what a caller gets would share memory with what the text looks at."""
        seen = equation.name in {*self.differentiates, *self.network.outputs}
        if not seen and text.startswith("windows("):
            return False  # a copy of what overlaps is many times larger
        whole = _RESHAPE.sub("", text) if seen else text
        return self._is_returned(equation) and self._is_view(whole)

    def _is_returned(self, equation: Equation) -> bool:
        original = self.differentiates.get(equation.name)
        return original is None or self.network.tensors[original].role in ("param", "input")


def _items(steps: Iterable[Forward | Step]) -> list[Item]:
    return [Item(s.number, s.equation, s.evaluated) for s in steps]


def _reads_arrays(equation: Equation) -> bool:
    return any(t.body.has(Element) for t in equation.terms)


def _order(derivation: Derivation) -> Mapping[str, int]:
    """Adjoints first, then parameters, then the other tensors as they were declared."""
    network = derivation.network
    names = [
        *(f"d_{o}" for o in network.outputs),
        *derivation.adjoint.values(),
        *(t.name for t in network.role("param")),
    ]
    return {name: k for k, name in enumerate(dict.fromkeys([*names, *network.tensors]))}
