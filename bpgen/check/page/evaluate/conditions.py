"""Conditions: where they hold, and what depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.maxima import first_along, gives, largest_along
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import letters_of
from bpgen.check.page.world import Array

_RELATIONS: dict[str, Any] = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def indicator(scope: Scope, node: f.Indicator) -> Array:
    parts = node.condition if isinstance(node.condition, tuple) else (node.condition,)
    return all_hold(scope, parts).astype(float)


def cases(scope: Scope, node: f.Cases) -> Array:
    *rows, (otherwise, last) = node.rows
    if last is not None:
        raise Unreadable("cases without an otherwise")
    found = scope.value(otherwise)
    for value, when in reversed(rows):
        if when is None:
            raise Unreadable("an otherwise before the last case")
        found = np.where(all_hold(scope, when), scope.value(value), found)
    return found


def all_hold(scope: Scope, conditions: Sequence[f.Node]) -> Array:
    """Where conditions hold together."""
    return reduce(np.logical_and, (_HOLDS[type(c)](scope, c) for c in conditions))


def _gives(scope: Scope, node: f.Gives) -> Array:
    found = gives(scope, node.element, node.largest, node.at)
    if node.at:
        return found
    fixed = {*letters_of(node.largest)}
    inner = [n for n in letters_of(node.element) if n not in fixed and n in scope.letters]
    return first_along(scope, found, inner)


def _first(scope: Scope, node: f.First) -> Array:
    if node.condition.signs != ("==",):
        raise Unreadable("the first of what is not the largest")
    letters = [n for n in node.letters if n in scope.letters]
    if not letters:
        element, largest = node.condition.parts
        return gives(scope, element, largest, node.at)
    within = all_hold(scope, node.within) if node.within else np.asarray(True)
    return first_along(scope, largest_along(scope, letters, within, *node.condition.parts), letters)


def _relation(scope: Scope, node: f.Relation) -> Array:
    """A chain of comparisons; what is not there meets none."""
    values = [np.real(scope.value(p)) for p in node.parts]
    found = np.asarray(True)
    for one, other, sign in zip(values, values[1:], node.signs, strict=False):
        there = ~(np.isnan(one) | np.isnan(other))
        found = found & _RELATIONS[sign](one, other) & there
    return np.asarray(found)


_HOLDS: dict[type, Any] = {f.Gives: _gives, f.First: _first, f.Relation: _relation}
