"""Trees of elementary calls: what is computed of what, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import sympy as sp

from bpgen.ir import Element


class Call(NamedTuple):
    """An elementary function of numpy by its name, or one of the module's own."""

    name: str
    args: tuple[Tree, ...]
    own: bool = False


Tree: TypeAlias = Call | sp.Expr  # an element, or what is made of numbers and lengths alone


def leaves(tree: Tree) -> Iterator[Element]:
    """The elements that it is computed of, in order."""
    if isinstance(tree, Call):
        for argument in tree.args:
            yield from leaves(argument)
    elif isinstance(tree, Element):
        yield tree


COMPARES = {
    *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
    *("logical_and", "logical_or"),
}


def compares(tree: Tree) -> bool:
    """Whether a tree comes to yes or no at each place."""
    if not isinstance(tree, Call):
        return False
    return tree.name in COMPARES or (tree.name == "multiply" and all(map(compares, tree.args)))
