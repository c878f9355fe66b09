"""In which order a network is computed, and where in an array what is meant is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any

from bpgen.check.entrywise.places import Array
from bpgen.ir import Equation, Network


def starts(network: Network, name: str) -> tuple[int, ...]:
    """Where element 0 of each axis is stored: in slot 1 of a recurrence's axis."""
    info = network.tensors[name]
    return tuple(int(info.carried == k) for k in range(len(info.indices)))


def shown(network: Network, name: str, array: Array) -> Array:
    """A tensor as a caller of the module sees it: without what stands before a recurrence's first
    step; of equal blocks, the last one's.
    """
    seen = array[tuple(slice(s, None) for s in starts(network, name))]
    return seen[-1] if network.tensors[name].block else seen


def scheduled(network: Network) -> Iterator[tuple[tuple[Equation, ...], bool]]:
    """The equations, those of a loop together, and whether a step can compute them in this order,
    each once. Where entries of tensors need entries of each other it cannot.
    """
    for loop, members in groupby(network, key=lambda e: e.loop or e.name):
        together = tuple(members)
        order = together if isinstance(loop, str) else _in_step(together)
        yield (order or together), order is not None


@lru_cache(256)  # it is asked at each point
def _in_step(members: tuple[Equation, ...]) -> tuple[Equation, ...] | None:
    """Each after what it reads of the same step; None where there is no such order."""
    axes = {e.name: axis(e) for e in members}
    waiting = {e.name: _needed(e, axes) for e in members}
    by_name = {e.name: e for e in members}
    done: list[Equation] = []
    while waiting:
        ready = next((n for n, needs in waiting.items() if not needs & waiting.keys()), None)
        if ready is None:
            return None
        done.append(by_name[ready])
        del waiting[ready]
    return tuple(done)


def _needed(equation: Equation, axes: Mapping[str, int]) -> set[str]:
    """The members of a loop, each with the axis that it runs along, that an equation reads at the
    step itself.
    """
    loop = equation.loop
    assert loop is not None
    reads = (e for e in equation.reads() if e.name in axes)
    return {e.name for e in reads if e.indices[axes[e.name]] == loop.index}


def axis(equation: Equation) -> int:
    """The axis of an equation's tensor that its loop runs along."""
    assert equation.loop is not None
    return equation.indices.index(equation.loop.index)


def at_step(network: Network, equation: Equation, step: int) -> tuple[Any, ...]:
    """The entries of one step, in all lanes."""
    k = axis(equation)
    slot = step + starts(network, equation.name)[k]
    return (slice(None), *(slice(None) for _ in range(k)), slot)
