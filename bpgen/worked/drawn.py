"""A worked example of drawn numbers, where a person gives none."""

from __future__ import annotations

import numpy as np

from bpgen.check.trial import cost
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.functions import Named
from bpgen.ir import Network, TensorInfo
from bpgen.record import Derivation
from bpgen.worked import Worked, worked
from bpgen.worked.example import Example
from bpgen.worked.point import Array

LARGEST = 400_000  # entries of a network that is evaluated entry by entry
_LENGTH = 3  # of axes known at run time


def at_drawn(derivation: Derivation) -> Worked | None:
    """The numbers at drawn inputs and targets; None where there is nothing to compute with, or too
    much.
    """
    network = derivation.network
    letters = any(isinstance(s, str) for t in network.role("param") for s in t.sample_shape)
    by_name = any(t.body.has(Named) for e in network for t in e.terms)
    dropped = network.role("noise")
    if network.loss is None or letters or by_name or dropped or cost(network) > LARGEST:
        return None
    try:
        return worked(derivation, emitted(derivation), Example(drawn(network)))
    except NetError:  # something has no value there, as what is masked out
        return None


def drawn(network: Network) -> dict[str, Array]:
    """A sample of every input, state and target, to two digits, always the same."""
    rng = np.random.default_rng(0)
    given = (t for role in ("input", "state", "target") for t in network.role(role))
    return {t.name: _value(t, rng) for t in given}


def _value(info: TensorInfo, rng: np.random.Generator) -> Array:
    shape = [s if isinstance(s, int) else _LENGTH for s in info.sample_shape]
    if info.bound is not None:
        return rng.integers(info.bound, size=shape)
    if info.sums_to_one:
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
    if info.role == "target":
        return np.asarray(rng.integers(2, size=shape), float)
    return np.round(rng.uniform(0.1, 1.0, size=shape), 2)
