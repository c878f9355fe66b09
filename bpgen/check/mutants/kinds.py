"""The mistakes, a row each."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bpgen.check.mutants import expressions, statements, subscripts, wrappers
from bpgen.check.mutants.source import Source


@dataclass(frozen=True)
class Site:
    """A place in the module, and the text in which it is wrong, when these are wanted."""

    place: Callable[[], str]
    text: Callable[[], str]


@dataclass(frozen=True)
class Kind:
    """One mistake: its name, and every site of a module where it can be made."""

    name: str
    sites: Callable[[Source], Iterator[Site]]


Sites = Callable[[Source], Iterator[Site]]
Change = Callable[[ast.AST], Iterator[ast.AST]]  # what a node is instead; it stays as it is


def _changed(nodes: Callable[[Source], Sequence[ast.AST]], change: Change) -> Sites:
    """At each of the nodes, and for each that one becomes."""

    def sites(source: Source) -> Iterator[Site]:
        for node in nodes(source):
            for other in change(node):
                yield Site(partial(_place, node), partial(source.with_other, node, other))

    return sites


def _place(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


def _around(lines: wrappers.Lines) -> Sites:
    """A wrapper around backward: each body gets `grads`, and all that was passed, and may do as it
    likes.
    """

    def sites(source: Source) -> Iterator[Site]:
        for place, body in lines(source):
            wrapper = wrappers.around(body)
            yield Site(partial(str, place), partial("".join, (source.text, wrapper)))

    return sites


def _of_expression(change: Change) -> Sites:
    return _changed(lambda source: source.expressions, change)


def _of_statement(change: Change) -> Sites:
    return _changed(lambda source: source.statements, change)


def _of_subscript(change: Change) -> Sites:
    return _changed(lambda source: source.subscripts, change)


def _in(function: str, change: Change) -> Sites:
    """A change of a statement of a function that is in no loop's body."""
    return _changed(lambda source: source.function(function).body, change)


_FLOAT32 = "np.asarray(({}).astype(np.float32) + params[next(iter(params))].dtype.type(0))"

KINDS: tuple[Kind, ...] = (
    Kind("a sign flipped", _of_expression(expressions.flip)),
    Kind("a value negated", _of_statement(statements.assigned("-({})"))),
    Kind("the local derivative dropped", _of_expression(expressions.sides(ast.Mult, "left"))),
    Kind("a factor missing", _of_expression(expressions.sides(ast.Mult, "right"))),
    Kind(
        "the batch mean or a divisor forgotten", _of_expression(expressions.sides(ast.Div, "left"))
    ),
    Kind("a second use forgotten", _of_expression(expressions.sides(ast.Add, "left", "right"))),
    Kind("a contribution not added", _of_statement(statements.forgotten)),
    Kind("put there, not added", _of_statement(statements.assigned_there)),
    Kind("a place or a step beside", _of_subscript(subscripts.step_away)),
    Kind("the offsets of a kernel exchanged", _of_subscript(subscripts.swapped)),
    Kind("a loop not reversed", _in("backward", statements.forwards)),
    Kind("what stands before the first step dropped", _in("backward", statements.not_written)),
    Kind("an initial state or a padding dropped", _in("forward", statements.not_written)),
    Kind("the largest not told from the rest", _of_expression(expressions.mask_dropped)),
    Kind("a reshape or transposition of other axes", _of_expression(expressions.other_way)),
    Kind("a product over other axes", _of_expression(expressions.other_axes)),
    Kind("a factor transposed", _of_expression(expressions.transposed)),
    Kind("a sum lost", _of_expression(expressions.lost_sum)),
    Kind("a mean for a sum", _of_expression(expressions.mean_for_sum)),
    Kind("a constant off", _of_expression(expressions.constant)),
    Kind("an axis rolled", _of_statement(statements.assigned("np.roll({}, 1, -1)"))),
    Kind("float32 inside", _of_statement(statements.assigned(_FLOAT32))),
    Kind("a gradient 0.1 % off", _around(wrappers.OFF)),
    Kind("one entry 1 % off", _around(wrappers.ENTRY_OFF)),
    Kind("a gradient left out", _around(wrappers.LEFT_OUT)),
    Kind("a gradient from another", _around(wrappers.from_another)),
    Kind("weights updated in the pass", _around(wrappers.updated_weights)),
    Kind("an argument mutated", _around(wrappers.mutated)),
    Kind("another batch's cache", _around(wrappers.stale)),
    Kind("a stale second call", _around(wrappers.memoised)),
    Kind("a buffer returned again", _around(wrappers.reused)),
    Kind("a cotangent ignored", _around(wrappers.ignored)),
)
