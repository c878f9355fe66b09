"""The noise that C draws from a seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from math import prod

import numpy as np

from bpgen.check.chance import together
from bpgen.check.module import Array, Arrays
from bpgen.ir import Network


def drawn(network: Network, lengths: Mapping[str, int], seed: int) -> Arrays:
    """Each tensor of it after the other, that of blocks block by block."""
    sequence = uniform(seed)
    found: Arrays = {}
    for tensors, times in together(network):
        parts: dict[str, list[Array]] = {t.name: [] for t in tensors}
        for _, t in itertools.product(range(times), tensors):
            axes = t.indices[t.block :]
            shape = [i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in axes]
            numbers = [next(sequence) for _ in range(prod(shape))]
            keep = float(t.keep or 1)
            parts[t.name].append(np.reshape(np.less(numbers, keep) / keep, shape))
        found |= {t.name: np.array(parts[t.name]) if t.block else parts[t.name][0] for t in tensors}
    return found


def uniform(seed: int) -> Iterator[float]:
    """The sequence of C's uniform."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield (seed >> 8) / 2**24
