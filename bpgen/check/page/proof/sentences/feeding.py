"""Each u feeds every v, so sum_j adds what comes back: which entries are made of which."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.elements import slots_of
from bpgen.check.page.evaluate.letters import free, letter_axes
from bpgen.check.page.grammar import Parser
from bpgen.check.page.proof.page import Page, symbol_of
from bpgen.check.page.reading import Reading
from bpgen.check.page.reads import read_by
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import letter_of, letters_of
from bpgen.check.page.world import Array, World

_DRAWS = 3  # at one of them, what is 0 at another has a slope


@dataclass(frozen=True)
class _Feeding:
    """An element, another that it is said to feed, their letters, and how many of these, the first,
    are those of the sum over the other.
    """

    one: f.Symbol
    other: f.Symbol
    letters: tuple[str, ...]
    summed: int


def feeds(found: re.Match[str], page: Page) -> str:
    """By v's equation, or by what the page differentiates instead; each is each value of the
    letters of u, and every is every value of those of the sum.
    """
    reading = page.sample
    (one, name, _), (other, into, _) = (symbol_of(found[k], reading) for k in ("read", "through"))
    over = [letter_of(n) for n in Parser(tokens(found["over"]), lambda _: False).subscripts()]
    own, others = (free(Scope(reading), e) for e in (one, other))
    if {*over} != {*others} - {*own}:
        return "over what is the sum?"
    if bool(found["each"]) != bool({*own} - {*letters_of(one.block)}):
        return "of how many is it said?"
    if found["how"] not in _HOLDS:
        raise Unreadable(f"what is {found['how']}?")
    letters = dict.fromkeys((*filter(None, over), *own))
    said, wrong = _Feeding(one, other, tuple(letters), len(over)), "it does not feed that"
    for ways in _ways(reading.world, name, into):
        fed = [_fed(said, made, replace(reading, world=world)) for world, made in ways]
        if any((f > 0).any() for f in fed):
            wrong = "" if _HOLDS[found["how"]](fed) else "it does not feed as many"
        if not wrong:
            break
    return wrong


def _each_every(fed: Sequence[Array]) -> bool:
    return all((f != 0).all() for f in fed)


def _some_several(fed: Sequence[Array]) -> bool:
    return not _each_every(fed) and any(((f > 0).sum(-1) > 1).any() for f in fed)


# What is said, of arrays of what each feeds: one row of each, for any labels.
_HOLDS: dict[str, Callable[[Sequence[Array]], bool]] = {
    "feeds every": _each_every,
    "may feed several": _some_several,
}


def _ways(world: World, name: str, into: str) -> Iterator[list[tuple[World, Array]]]:
    """What entries are made of, by the network and by what the page tells instead; for the labels
    that are drawn, and where all are equal, each with its own.
    """
    labels = {n for n, t in world.network.tensors.items() if t.bound is not None}
    equal = {n: np.zeros_like(v) for n, v in world.values.items() if n in labels}
    worlds = [world, replace(world, values={**world.values, **equal})][: 1 + bool(equal)]
    if any(equation.name == into for equation in world.network):
        yield [(w, _made(w, into, name)) for w in worlds]
    if (into, False) in world.told:
        yield [(w, _moved(w, name, into)) for w in worlds]


def _made(world: World, into: str, name: str) -> Array:
    """By the equation, and through a log-sum-exp that the page writes as softmaxes alone."""
    equations = {e.name: e for e in world.network}
    made = read_by(world, equations[into], name)
    for within in world.within & {e.name for e in equations[into].reads()}:
        rank = world.values[within].ndim
        steps = read_by(world, equations[into], within), read_by(world, equations[within], name)
        made = made | np.tensordot(*steps, rank)
    return made


def _moved(world: World, name: str, into: str) -> Array:
    """The same of what the page tells instead: what moves with a step, wherever it is taken."""
    rng, moves = np.random.default_rng(0), np.asarray(False)
    for _ in range(_DRAWS):
        values = {
            n: (v if world.network.tensors[n].bound is not None else rng.normal(size=v.shape))[None]
            for n, v in world.values.items()
        }
        values[name] = values[name] + 1j * STEP * world.steps(name)
        told = world.told[into, False](world, values)
        moves = moves | (np.imag(told) != 0)
    return _behind(moves, world, name, into)


def _behind(moves: Array, world: World, name: str, into: str) -> Array:
    """By the places at which both are stored; nothing moves before the first step."""
    shape, carried = world.values[name].shape, world.network.tensors[into].carried
    if carried is not None:
        moves = np.insert(moves, 0, False, carried + 1)
    return np.moveaxis(moves, 0, -1).reshape((*moves.shape[1:], *shape))


def _fed(said: _Feeding, made: Array, reading: Reading) -> Array:
    """A row for each value of the letters that are not summed over: 1 where the other is fed, 0
    where it is not, -1 where there is none, as beyond the last block.
    """
    scope = Scope(reading)
    sizes = {n: _size(scope, said, n) for n in said.letters}
    scope, shape = scope.counted(sizes), tuple(sizes.values())[::-1]
    slots = [*_slots(scope, said.other), *_slots(scope, said.one)]
    inside = np.ones(shape, bool)
    for slot, size in zip(slots, made.shape, strict=True):
        inside = inside & (slot >= 0) & (slot < size)
    fed = made[tuple(np.broadcast_to(np.where(inside, slot, 0), shape) for slot in slots)]
    rows = math.prod(shape[: len(shape) - said.summed])
    return np.where(inside, fed, -1).reshape((rows, -1))


def _size(scope: Scope, said: _Feeding, letter: str) -> int:
    """How many values a letter has at most: where it stands alone, as many as the axis has."""
    alone, within = [], []
    for element in (said.other, said.one):
        alone += [
            size for name, size in letter_axes(scope, element, shifted=True) if name == letter
        ]
        axes = scope.world.network.tensors[_name(scope, element)].indices
        within += [scope.world.size(axis.size) for axis in axes]
    return min(alone) if alone else max(within)


def _name(scope: Scope, element: f.Symbol) -> str:
    known = scope.find(element)
    assert known is not None
    return known[1]


def _slots(scope: Scope, element: f.Symbol) -> list[Array]:
    return slots_of(scope, element, _name(scope, element))
