"""Random values at which every equation of a network has a finite value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from bpgen.check.conditions import masks
from bpgen.check.page.world import LOWEST, Array, World
from bpgen.ir import BATCH, Network, TensorInfo

Between = tuple[tuple[float, float] | None, ...]
_PRIMES = (3, 5, 7, 2, 11)
# Between which numbers parameters and all else are drawn, attempt after attempt, where some
# function is not defined for normal ones: sqrt(x), log(1 - x), log(x - 1).
_SHARE, _ABOVE, _BELOW = (0.15, 0.85), (4.0, 8.0), (-8.0, -4.0)
_BETWEEN = (
    *((None, None), (_SHARE, _SHARE), (None, _SHARE)) * 4,
    *((None, _ABOVE), (_ABOVE, _ABOVE), (None, _BELOW), (_ABOVE, _BELOW)) * 2,
)

_MASKED, _KEPT = 8, 0.7  # draws in which something is masked out; of what decides, how much not
_DIGITS = 1e-12  # those that a value loses, at most


@dataclass(frozen=True, eq=False)
class _Itself:
    """A network that is the same as itself alone: the values of its tensors need no comparing."""

    network: Network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.network is other.network

    def __hash__(self) -> int:
        return id(self.network)


def drawn(network: Network, batch: int, seed: int, nothing: bool = False) -> World:
    """The first of some draws that will do, and keeps its digits if one does; of a network without
    a loss with the upstream gradients of its outputs. `nothing`: a softmax of nothing is 0. It is
    the caller's own.
    """
    found = _drawn_once(_Itself(network), batch, seed, nothing)
    values = {name: value.copy() for name, value in found.values.items()}
    return replace(found, values=values, given=dict(found.given), told={}, _moved={})


@lru_cache(128)  # the lines of a page, and each claim among them, are judged at the same points
def _drawn_once(itself: _Itself, batch: int, seed: int, nothing: bool) -> World:
    network = itself.network
    lengths = lengths_of(network, batch)
    rng = np.random.default_rng(seed)
    found: World | None = None
    decide = masks(network)
    for between, left_out in _draws(decide):
        given = {
            info.name: _drawn(info, lengths, rng, between[info.role != "param"], seed)
            for info in network.tensors.values()
            if info.role != "value"
        }
        for name in sorted(decide) if left_out else ():
            given[name] *= rng.uniform(size=given[name].shape) < _KEPT
        world = World.at(network, lengths, given, nothing)
        if world.defined and _keeps_digits(world):
            found = world
            break
        found = world if found is None or (world.defined and not found.defined) else found
    world = found or world
    for name in network.outputs if network.loss is None else ():
        info = network.tensors[name]
        world.given[name] = rng.normal(size=world.shape(info)[info.block :])
    return world


def _draws(decide: frozenset[str]) -> Iterator[tuple[Between, bool]]:
    """Between which numbers to draw, and whether masks leave something out: first they do."""
    yield from ((_BETWEEN[0], True) for _ in range(_MASKED if decide else 0))
    yield from ((between, False) for between in _BETWEEN)


def _keeps_digits(world: World) -> bool:
    """Whether every value is that of the longest numbers, as log(1 - a) is not where a is nearly
    1: of what rounds as a whole, no line can be judged.
    """
    longer = world.longer().values
    choices = {e.name for e in world.network if any(t.reduce == "first" for t in e.terms)}
    pairs = ((v, longer[name]) for name, v in world.values.items() if name not in choices)
    return all(np.allclose(v, other, rtol=_DIGITS, atol=_DIGITS * _size(v)) for v, other in pairs)


def _size(array: Array) -> float:
    """The largest of what is no minus infinity."""
    return float(np.max(np.abs(np.where(array > LOWEST, array, 0)), initial=0.0))


def lengths_of(network: Network, batch: int) -> dict[str, int]:
    """The lengths known at run time: different ones, as far as there are."""
    names = {str(i.size) for t in network.tensors.values() for i in t.indices}
    free = sorted(n for n in names if not n.isdigit() and n not in (BATCH, "None"))
    return {n: _PRIMES[k % len(_PRIMES)] for k, n in enumerate(free)} | {BATCH: batch}


def _drawn(
    info: TensorInfo,
    lengths: dict[str, int],
    rng: np.random.Generator,
    between: tuple[float, float] | None,
    seed: int,
) -> Array:
    shape = tuple(i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in info.indices)
    if info.keep is not None:
        keep = float(info.keep)
        return np.where(rng.uniform(size=shape) < max(keep, 0.5), 1 / keep, 0.0)
    normal = rng.normal(size=shape)
    if info.bound is not None:  # each label another one with each seed
        first = np.random.default_rng(len(info.name)).integers(info.bound, size=shape)
        return np.asarray((first + seed) % info.bound)
    if info.sums_to_one:
        raised = np.exp(normal)
        return np.asarray(raised / raised.sum(-1, keepdims=True))
    return normal if between is None else rng.uniform(*between, size=shape)
