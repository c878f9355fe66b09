"""Two exponentials of one value, that are bounded in two ways, made of one.

A function that must not overflow takes exp(min(u, 0)) and exp(min(u, -u)). The second is exp(-|u|);
the first is the same number where u is not positive, and 1 elsewhere: max(exp(-|u|), [u > 0]).
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from bpgen.formulas.tree import Call, Tree
from bpgen.ir import Element


def bounded_twice(tree: Tree) -> Tree | None:
    """The value of which a tree takes both; None where there is none."""
    calls = [*_calls(tree)]
    found = (_inner(c) for c in calls if c == _below_one(_inner(c)))
    return next((u for u in found if _downwards(u) in calls), None)


def downwards(of: Tree) -> Call:
    """exp(-|u|)."""
    return Call("exp", (Call("negative", (Call("abs", (of,)),)),))


def with_one(tree: Tree, of: Tree, known: Element) -> Tree:
    """The tree where exp(-|u|) is known."""
    if tree == _downwards(of):
        return known
    if tree == _below_one(of):
        return Call("maximum", (known, Call("greater", (of, sp.S.Zero))))
    if not isinstance(tree, Call):
        return tree
    return Call(tree.name, tuple(with_one(a, of, known) for a in tree.args), tree.own)


def _below_one(of: Tree) -> Call:
    return Call("exp", (Call("minimum", (of, sp.S.Zero)),))


def _downwards(of: Tree) -> Call:
    return Call("exp", (Call("minimum", (of, Call("negative", (of,)))),))


def _inner(call: Call) -> Tree:
    """What u is if this is exp(min(u, v))."""
    argument = call.args[0]
    return argument.args[0] if isinstance(argument, Call) else argument


def _calls(tree: Tree) -> Iterator[Call]:
    if isinstance(tree, Call):
        yield tree
        for argument in tree.args:
            yield from _calls(argument)
