"""The sentences before a recurrence, or before equal blocks, and beside their equations."""

from __future__ import annotations

import sympy as sp

from bpgen.ir import Equation, Index, Loop, length
from bpgen.record import Derivation
from bpgen.render.sample import View
from bpgen.render.steps import looks_ahead
from bpgen.render.writer import Writer


def forward(loop: Loop, derivation: Derivation, view: View, writer: Writer) -> str:
    """For t = 0, ..., T-1, step by step; or block l, for l = 0, ..., 5: from x^(l-1) to x^(l)."""
    if not loop.block:
        return f"Step by step, for {_values(loop, writer, True)}:"
    inside = [f.equation.name for f in derivation.forward if f.equation.loop == loop]
    carried = next(n for n in inside if n in view.carried)
    before, after = _ends(loop, carried, writer)
    left = _at(carried, length(loop.index.size) - 1, writer)
    return f"{_block(loop, writer, True)}: from {before} to {after}. The last leaves {left}."


def backward(loop: Loop, derivation: Derivation, view: View, writer: Writer) -> str:
    """Backpropagation through time, for t = T-1, ..., 0; or block l, for l = 5, ..., 0: from the
    gradient of x^(l) to that of x^(l-1).
    """
    steps = [s for s in derivation.steps if s.equation.loop == loop]
    if loop.block:
        before, after = _ends(loop, next(s.of for s in steps if s.of in view.carried), writer)
        block = _block(loop, writer, False)
        return f"{block}: from the gradient with respect to {after} to that of {before}."
    numbers = [s.number for s in steps]
    begin, last = map(writer.dialect.reference, (numbers[0], numbers[-1]))
    between = "to" if numbers[2:] else "and"
    which = f"{begin} {between} {last}" if numbers[1:] else begin
    return (
        f"Backpropagation through time: {which}, step by step, for"
        f" {_values(loop, writer, False)}. {_beyond(loop.index, writer)}"
    )


def beyond(equation: Equation, view: View, writer: Writer) -> list[str]:
    """What a gradient after the last step is, where one is read."""
    if not looks_ahead(equation, view.carried, view.axes):
        return []
    return [_beyond(equation.indices[view.carried[equation.name]], writer)]


def _beyond(index: Index, writer: Writer) -> str:
    end = f"{_is(index, writer)} {writer.subscript(length(index.size))}"
    return f"Beyond the last step, at {writer.dialect.inline(end)}, gradients are 0."


def _block(loop: Loop, writer: Writer, forwards: bool) -> str:
    """Block l, for l = 0, ..., 5"""
    letter = writer.dialect.inline(writer.index(loop.index.name))
    return f"Block {letter}, for {_values(loop, writer, forwards)}"


def _ends(loop: Loop, carried: str, writer: Writer) -> list[str]:
    """What a block is given, and what it leaves."""
    return [_at(carried, place, writer) for place in (loop.index - 1, loop.index)]


def _at(carried: str, place: sp.Expr, writer: Writer) -> str:
    """What goes from block to block, of one of them."""
    return writer.dialect.inline(writer.tensor(carried, above=writer.at_block(place)).text)


def _values(loop: Loop, writer: Writer, forwards: bool) -> str:
    """t = 0, ..., T-1, or the other way round; of a single step or block, its number."""
    ends = [sp.Integer(0), length(loop.index.size) - 1]
    first, last = map(writer.subscript, ends if forwards else ends[::-1])
    values = first if first == last else f"{first}, {writer.dialect.words['dots']}, {last}"
    return writer.dialect.inline(f"{_is(loop.index, writer)} {values}")


def _is(index: Index, writer: Writer) -> str:
    return f"{writer.index(index.name)} {writer.dialect.relations['==']}"
