"""Equations as statements of the module, each under its numbered equation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.emit.layout import assignment, comment
from bpgen.emit.plan import Plan, definitions
from bpgen.ir import BATCH, Element, Equation, Index, Term
from bpgen.lower.access import Operand, aligned, subscript, transposed
from bpgen.lower.comment import spoken
from bpgen.lower.contract import lowered, operand, scatters
from bpgen.lower.printer import SUM, Text, bracketed
from bpgen.lower.softmax import argument_of_softmax
from bpgen.network.letters import lettered
from bpgen.record import Derivation, Forward, Step


class Statements:
    """Writes the equations of one derivation; `order` is where a name stands in a product."""

    def __init__(self, derivation: Derivation, plan: Plan) -> None:
        self.network, self.plan = derivation.network, plan
        self.order = _order(derivation)
        self.definitions = definitions(derivation)
        self.differentiates = {adjoint: name for name, adjoint in derivation.adjoint.items()}

    def forward(self, items: Iterable[Forward], indent: int = 4) -> list[str]:
        lines: list[str] = []
        for item in items:
            lines += comment(f"({item.number}) {self._said(item.equation)}", indent)
            lines += self._evaluated_as(item.equation, item.evaluated, item.number, indent)
            lines += self.statement(item.evaluated, indent)
        return lines

    def backward(self, steps: Iterable[Step], indent: int = 4) -> list[str]:
        lines: list[str] = []
        for step in steps:
            lines += comment(f"({step.number}) {spoken(step.equation, self.order)}", indent)
            lines += self._evaluated_as(step.equation, step.evaluated, step.number, indent)
            lines += self.statement(step.evaluated, indent)
        return lines

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
        if evaluated == equation:
            return []
        stable = spoken(evaluated, self.order).split(" = ", 1)[1]
        return comment(f"({number}) evaluated as {stable}", indent)

    def statement(self, equation: Equation, indent: int) -> list[str]:
        """`name = ...`, and a line for each scatter."""
        right, added = self._right(equation), scatters(equation, self.order)
        text = right.text
        if set(equation.indices) - set(right.axes):
            text = self._filled(equation, right, added=bool(added))
        elif _is_view(text) and (added or self._is_returned(equation)):
            text = f"{text}.copy()"  # what is returned shares no memory with what was given
        elif not equation.indices and equation.name in self.differentiates:
            text = (
                f"np.asarray({text})"
                if right.axes or _reads_arrays(equation)
                else self._filled(equation, right)
            )
        lines = assignment(equation.name, text, indent)
        for at, value in added:
            lines += _scatter(equation.name, at, value)
        return lines

    def _right(self, equation: Equation) -> Operand:
        u = argument_of_softmax(equation, self.definitions)
        if u is None:
            return lowered(equation, self.order)
        array = transposed(operand(u, equation.indices, self.order), equation.indices)
        return Operand(f"softmax({array.text})", equation.indices)

    def _filled(self, equation: Equation, right: Operand, added: bool = False) -> str:
        """A value that is the same along some axis, in the full shape of the left side."""
        returned = self._is_returned(equation)
        if right.axes:
            value = aligned(replace(right, tight=right.text.isidentifier()), equation.indices)
            whole = f"np.broadcast_to({value}, {self._shape(equation)})"
            return f"{whole}.copy()" if returned or added else whole
        if not returned:
            return f"np.full({self._shape(equation)}, {right.text}, {self._real()}.dtype)"
        like = self._like(equation)
        if right.text == "0":
            return f"np.zeros_like({like})"
        return f"np.full_like({like}, {right.text})"

    def _real(self) -> str:
        """A real array at hand, for its precision."""
        real = (n for n in self.plan.cache if self.network.tensors[n].bound is None)
        return f'cache["{next(real)}"]'

    def _shape(self, equation: Equation) -> str:
        """The shape of the left side, from an array at hand where there is one."""
        original = self.differentiates.get(equation.name, equation.name)
        if original in self.plan.cache:
            return f'cache["{original}"].shape'
        sizes = ["N" if i.size == BATCH else str(i.size) for i in equation.indices]
        return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"

    def _like(self, equation: Equation) -> str:
        """The parameter or input that a gradient is of."""
        original = self.differentiates[equation.name]
        held = "params" if self.network.tensors[original].role == "param" else "cache"
        return f'{held}["{original}"]'

    def _is_returned(self, equation: Equation) -> bool:
        original = self.differentiates.get(equation.name)
        return original is None or self.network.tensors[original].role in ("param", "input")


def _is_view(text: str) -> bool:
    """Whether numpy text only looks at an array: a name, its transpose, a part of it."""
    return bool(
        re.fullmatch(r"[a-zA-Z_]\w*(\.T|\.(transpose|swapaxes)\([^()]*\)|\[[^\]]*\])*", text)
    )


def _reads_arrays(equation: Equation) -> bool:
    return any(t.body.has(Element) for t in equation.terms)


def _scatter(name: str, at: tuple[sp.Expr, ...], value: Text) -> list[str]:
    inside, axes = subscript(at)
    text = bracketed(value, SUM)
    if all(a in at for a in axes):  # each element is met at most once
        sign, text = ("-=", text[1:]) if text.startswith("-") else ("+=", text)
        return assignment(f"{name}[{inside}]", text, sign=sign)
    places = inside.replace(":", "slice(None)")
    return [f"np.add.at({name}, {f'({places})' if ', ' in places else places}, {text})"]


def _order(derivation: Derivation) -> Mapping[str, int]:
    """Adjoints first, then parameters, then the other tensors as they were declared."""
    network = derivation.network
    names = [
        *(f"d_{o}" for o in network.outputs),
        *derivation.adjoint.values(),
        *(t.name for t in network.role("param")),
    ]
    return {name: k for k, name in enumerate(dict.fromkeys([*names, *network.tensors]))}
