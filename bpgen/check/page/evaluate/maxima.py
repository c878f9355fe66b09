"""Maxima: what they run through, and where a formula is what they chose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.choices import Choice, first_of, same
from bpgen.check.page.evaluate.elements import element as element_of
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.evaluate.sums import run_through
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import describe
from bpgen.check.page.world import Array, Values

_ROUNDING = 1e-12  # of values that are one on paper


def choose(scope: Scope, node: f.Over | f.Call, sizes: tuple[int, ...]) -> Choice:
    """The first of the largest that a maximum runs through, whose indices have these sizes."""
    here = np.real(_run_through(scope, node))
    others = (_elsewhere(scope, v) for v in scope.reading.choices.others)
    return first_of(here, [np.real(_run_through(o, node)) for o in others], sizes)


def _elsewhere(scope: Scope, values: Values) -> Scope:
    """At other values, where no step is taken."""
    return replace(scope, values={n: v[None] for n, v in values.items()}, which=np.asarray(0))


def _run_through(scope: Scope, node: f.Over | f.Call) -> Array:
    """What a maximum runs through, along a last axis."""
    if isinstance(node, f.Call):
        return np.stack(np.broadcast_arrays(*map(scope.value, node.arguments)), -1)
    return run_through(scope, node)


def gives(scope: Scope, element: f.Node, largest: f.Node, at: tuple[f.Node, ...] = ()) -> Array:
    """Where an element is the one that was chosen to be the largest, at these values of the
    maximum's indices if they are said.
    """
    known = scope.find(largest) if isinstance(largest, f.Symbol) else None
    chosen = scope.reading.choices.told.get(known[1]) if known is not None else None
    if known is None or chosen is None or len(at) not in (0, chosen.places.shape[-1]):
        raise Unreadable(f"nothing says of what {describe(largest)} is the largest")

    def of(array: Array) -> Array:
        return np.real(element_of(scope, largest, known[1], array[None]))

    others = [_elsewhere(scope, v) for v in scope.reading.choices.others]
    elements = [np.real(o.value(element)) for o in others]
    found = same(elements, [of(v) for v in chosen.values])
    for k, node in enumerate(at):
        place = scope.place(node)[..., None, None]
        found = found & (of(chosen.places[..., k]) == place)
    return found


def largest_along(
    scope: Scope, letters: list[str], within: Array, element: f.Node, largest: f.Node
) -> Array:
    """Where an element is the largest along letters, of those that are `within`, or the same
    formula as that one, whose factors stand in another order, and that is what it is said to equal.
    """
    here, *elsewhere = (
        _along(scope, letters, np.where(within, _elsewhere(scope, v).value(element), -np.inf))
        for v in (scope.world.values, *scope.reading.choices.others)
    )
    chosen = here.argmax(-1)[..., None]
    again = same(elsewhere, [np.take_along_axis(e, chosen, -1) for e in elsewhere])
    found = (here == here.max(-1, keepdims=True)) | again
    told = _along(scope, letters, scope.value(largest))
    off = np.abs(here - told) <= _ROUNDING * np.maximum(np.abs(here), np.abs(told))
    return _back(scope, letters, found & off) & within


def first_along(scope: Scope, found: Array, letters: list[str]) -> Array:
    """Of what holds along letters, the first."""
    if not letters:
        return found
    flat = _along(scope, letters, found)
    return _back(scope, letters, flat & (np.cumsum(flat, -1) == 1))


def _along(scope: Scope, letters: list[str], values: Array) -> Array:
    """Values at all values of the letters, with those of some of them along a last axis."""
    shape = [1] * (scope.depth + 2)
    for own in scope.letters.values():
        shape[-2 - own.ndim] = own.shape[0]
    whole = np.broadcast_to(np.real(values), np.broadcast_shapes(values.shape, tuple(shape)))
    moved = np.moveaxis(whole, _axes(scope, letters), range(-len(letters), 0))
    return moved.reshape((*moved.shape[: -len(letters)], -1))


def _back(scope: Scope, letters: list[str], flat: Array) -> Array:
    """The letters' axes where they were."""
    sizes = (scope.letters[n].shape[0] for n in letters)
    moved = flat.reshape((*flat.shape[:-1], *sizes))
    return np.moveaxis(moved, range(-len(letters), 0), _axes(scope, letters))


def _axes(scope: Scope, letters: list[str]) -> list[int]:
    return [-2 - scope.letters[n].ndim for n in letters]
