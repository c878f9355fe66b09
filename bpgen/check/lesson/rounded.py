"""What rounding makes of a number: all values computed anew, each off by a few roundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bpgen.check.entrywise.evaluation import Arrays, Evaluation
from bpgen.check.entrywise.places import Array
from bpgen.ir import Network

DRAWS = 4  # of their signs
_ROUNDINGS = 16 * np.finfo(float).eps
_EXACT = ("max", "first")  # of several values one, as it is


class Rounded(Evaluation):
    """The values of a network in more digits, where parameters and what is computed are each
    multiplied by 1 and a few roundings more or less: as far as another order of the same sums may
    be off. What rounding makes of one formula shows beside the usual digits.
    """

    def __init__(self, network: Network, lengths: Mapping[str, int], point: Arrays, seed: int):
        self.rng = np.random.default_rng(seed)
        exact = {e.name for e in network if any(t.reduce in _EXACT for t in e.terms)}
        given = {t.name for role in ("input", "target") for t in network.role(role)}
        self.exact = exact | given
        super().__init__(network, lengths, point, dtype=np.longdouble)

    def moved(self, name: str, array: Array, here: Any = ...) -> Array:
        array = super().moved(name, array, here)
        if name in self.exact or self.network.tensors[name].bound is not None:
            return array
        return array * (1 + _ROUNDINGS * self.rng.choice((-1, 1), np.shape(array)))
