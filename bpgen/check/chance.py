"""In which order a network draws its noise."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from bpgen.ir import Network, TensorInfo


def together(network: Network) -> Iterator[tuple[list[TensorInfo], int]]:
    """The noise that is drawn together, and how many times: alone, and that of each block."""
    noise = network.role("noise")
    yield [t for t in noise if not t.block], 1
    loops = dict.fromkeys(e.loop for e in network if e.loop is not None and e.loop.block)
    for loop in loops:
        assert isinstance(loop.index.size, int)
        read = {a.name for e in network if e.loop == loop for a in e.reads()}
        yield [t for t in noise if t.block and t.name in read], loop.index.size


def one_by_one(network: Network, arrays: Mapping[str, Any]) -> Iterator[Any]:
    """Of the noise of a pass what each call of dropout draws."""
    for tensors, times in together(network):
        for block, t in itertools.product(range(times), tensors):
            yield arrays[t.name][block] if t.block else arrays[t.name]
