"""What is said of a recurrence before and beside its equations."""

from __future__ import annotations

from bpgen.ir import Equation, Index, Loop, length
from bpgen.render.sample import View
from bpgen.render.steps import looks_ahead
from bpgen.render.writer import Writer


def forward(loop: Loop, writer: Writer) -> str:
    """For t = 0, ..., T-1, step by step:"""
    inline, first = writer.dialect.inline, str(writer.first)
    steps = inline(
        f"{_is(loop.index, writer)} {first}, {_dots(writer)}, {_last(loop.index, writer)}"
    )
    return f"Step by step, for {steps}:"


def backward(loop: Loop, numbers: list[int], writer: Writer) -> str:
    """Backpropagation through time, for t = T-1, ..., 0."""
    inline, first = writer.dialect.inline, str(writer.first)
    steps = inline(
        f"{_is(loop.index, writer)} {_last(loop.index, writer)}, {_dots(writer)}, {first}"
    )
    between = "to" if numbers[2:] else "and"
    begin, last = map(writer.dialect.reference, (numbers[0], numbers[-1]))
    which = f"{begin} {between} {last}" if numbers[1:] else begin
    return (
        f"Backpropagation through time: {which}, step by step, for {steps}."
        f" {_beyond(loop.index, writer)}"
    )


def beyond(equation: Equation, view: View, writer: Writer) -> list[str]:
    """What a gradient after the last step is, where one is read."""
    if not looks_ahead(equation, view.carried, view.axes):
        return []
    return [_beyond(equation.indices[view.carried[equation.name]], writer)]


def _beyond(index: Index, writer: Writer) -> str:
    end = writer.dialect.inline(f"{_is(index, writer)} {writer.subscript(length(index.size))}")
    return f"Beyond the last step, at {end}, gradients are 0."


def _is(index: Index, writer: Writer) -> str:
    return f"{writer.index(index.name)} {writer.dialect.relations['==']}"


def _dots(writer: Writer) -> str:
    return writer.dialect.words["dots"]


def _last(index: Index, writer: Writer) -> str:
    """The last value of an index."""
    return writer.subscript(length(index.size) - 1)
