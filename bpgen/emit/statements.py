"""Equations as statements of the module, each under its numbered equation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.emit.layout import assignment, comment
from bpgen.emit.plan import Plan, definitions
from bpgen.ir import BATCH, Equation
from bpgen.lower.access import Operand, aligned, subscript, transposed
from bpgen.lower.comment import spoken
from bpgen.lower.contract import lowered, operand, scatters
from bpgen.lower.printer import SUM, Text, bracketed
from bpgen.lower.softmax import argument_of_softmax
from bpgen.record import Derivation, Forward, Step
from bpgen.stable import without_cancellation


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
            said = f"({item.number}) {spoken(item.equation, self.order)}"
            lines += comment(said, indent)
            if item.evaluated != item.equation:
                stable = spoken(item.evaluated, self.order).split(" = ", 1)[1]
                lines += comment(f"({item.number}) evaluated as {stable}", indent)
            lines += self.statement(item.evaluated, indent)
        return lines

    def backward(self, steps: Iterable[Step], indent: int = 4) -> list[str]:
        lines: list[str] = []
        for step in steps:
            lines += comment(f"({step.number}) {spoken(step.equation, self.order)}", indent)
            stable = tuple(t.map(without_cancellation) for t in step.equation.terms)
            lines += self.statement(
                Equation(step.equation.name, step.equation.indices, stable), indent
            )
        return lines

    def statement(self, equation: Equation, indent: int) -> list[str]:
        """`name = ...`, and a line for each scatter."""
        right, added = self._right(equation), scatters(equation, self.order)
        text = right.text
        if set(equation.indices) - set(right.axes):
            text = self._filled(equation, right)
        elif text.isidentifier() and (added or self._is_returned(equation)):
            text = f"{text}.copy()"  # what is returned shares no memory with what was given
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

    def _filled(self, equation: Equation, right: Operand) -> str:
        """A value that is the same along some axis, in the full shape of the left side."""
        like = self._like(equation)
        if right.text == "0":
            return f"np.zeros_like({like})"
        value = aligned(replace(right, tight=right.text.isidentifier()), equation.indices)
        bare = value[-1] in ")]" or value.isidentifier()
        return f"np.ones_like({like}) * {value if bare else f'({value})'}"

    def _like(self, equation: Equation) -> str:
        """An array at hand with the shape of the left side."""
        original = self.differentiates.get(equation.name, equation.name)
        role = self.network.tensors[original].role
        if role == "param":
            return f'params["{original}"]'
        if original in self.plan.cache:
            return f'cache["{original}"]'
        first = (
            next(f.evaluated.reads()[0].name for f in self.plan.forward)
            if role == "value"
            else original
        )
        sizes = ", ".join("N" if i.size == BATCH else str(i.size) for i in equation.indices)
        return f"np.empty(({sizes},), {first}.dtype)"

    def _is_returned(self, equation: Equation) -> bool:
        original = self.differentiates.get(equation.name)
        return original is None or self.network.tensors[original].role in ("param", "input")


def _scatter(name: str, at: tuple[sp.Expr, ...], value: Text) -> list[str]:
    inside, axes = subscript(at)
    text = bracketed(value, SUM)
    if all(a in at for a in axes):  # each element is met at most once
        sign, text = ("-=", text[1:]) if text.startswith("-") else ("+=", text)
        return assignment(f"{name}[{inside}]", text, sign=sign)
    return [f"np.add.at({name}, ({inside},), {text})"]


def _order(derivation: Derivation) -> Mapping[str, int]:
    """Adjoints first, then parameters, then the other tensors as they were declared."""
    network = derivation.network
    names = [
        *(f"d_{o}" for o in network.outputs),
        *derivation.adjoint.values(),
        *(t.name for t in network.role("param")),
    ]
    return {name: k for k, name in enumerate(dict.fromkeys([*names, *network.tensors]))}
