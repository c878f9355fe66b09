"""The programs of real networks, broken: the checker refuses each kind of break, wherever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest

from bpgen.derive import derive
from bpgen.ir import Malformed
from bpgen.load import declared_by
from bpgen.program import grammar as program
from bpgen.program.check import check
from bpgen.program.grammar import Function, Node
from bpgen.raising.functions import functions
from tests.few import one_in

HEAD = "from bpgen import *\n"
NETS = {
    "a product and a softmax": "x, y = input(4), label(3)\nL = loss(categorical_cross_entropy(softmax(dense(dense(x, 5, tanh), 3)), y))",
    "windows": "x, y = input(2, 6), target(3)\nL = loss(squared_error(dense(flatten(max_pool1d(conv1d(x, 3, 2, relu), 2)), 3), y))",
    "a recurrence and a table": 'x = input("T", below=5)\noutput(dense(last(rnn(embedding(x, 5, 3), 2)), 2))',
    "blocks": "x, y = input(3), target(3)\nL = loss(squared_error(repeat(2, lambda b: b + dense(b, 3, tanh), x), y))",
}

NAMING = (program.Assign, program.Begin, program.Draw, program.Stack, program.Call, program.Pack)
# How a node is broken: None takes it out.
BREAKS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Node | None]]] = {
    "a statement that names is left out": (lambda n: isinstance(n, NAMING), lambda _: None),
    "an argument is not let in": (lambda n: isinstance(n, program.Admit), lambda _: None),
    "a name that nobody gave is read": (
        lambda n: isinstance(n, program.Read),
        lambda n: replace(n, name="nobody"),
    ),
    "an axis is lost": (
        lambda n: isinstance(n, (program.Read, program.View, program.Gather, program.Reduce)) and n.axes,
        lambda n: replace(n, axes=n.axes[1:]),
    ),
    "the axes of a view are told in another order": (
        lambda n: isinstance(n, program.Slice) and len(n.axes) > 1,
        lambda n: replace(n, axes=n.axes[::-1]),
    ),
    "an axis is longer than it is": (
        lambda n: isinstance(n, program.Slot),
        lambda n: replace(n, length=n.length + 2),
    ),
    "steps are done once": (
        lambda n: isinstance(n, program.Loop),
        lambda n: program.Step(0, (), n.body),
    ),
}  # fmt: skip


def broken(node: Any, kind: str) -> Iterator[Any]:
    """A part of a program, each time with one of its nodes broken; None where it is that node."""
    applies, change = BREAKS[kind]
    if isinstance(node, tuple):
        for k, part in enumerate(node):
            for other in broken(part, kind):
                yield node[:k] + ((other,) if other is not None else ()) + node[k + 1 :]
    if isinstance(node, Node):
        if applies(node):
            yield change(node)
        for field in fields(node):  # type: ignore[arg-type]
            for other in broken(getattr(node, field.name), kind):
                if other is not None:
                    yield replace(node, **{field.name: other})  # type: ignore[type-var]


def made(name: str) -> list[Function]:
    return functions(derive(declared_by(f"{HEAD}{NETS[name]}\n")))


@pytest.mark.parametrize(("kind", "name"), one_in(8, [*product(BREAKS, NETS)]))
def test_a_broken_program_is_refused(name: str, kind: str) -> None:
    every = made(name)
    for k, function in enumerate(every):
        for other in broken(function, kind):
            with pytest.raises(Malformed):
                check([*every[:k], other, *every[k + 1 :]])


def test_every_break_is_of_some_program() -> None:
    every = [function for name in NETS for function in made(name)]
    for kind in BREAKS:
        assert any(True for function in every for _ in broken(function, kind)), kind
