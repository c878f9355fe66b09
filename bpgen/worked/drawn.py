"""A worked example of drawn numbers, where a person gives none."""

from __future__ import annotations

from collections.abc import Iterator

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

LARGEST = 100_000_000  # products and sums of a network that is evaluated entry by entry
_LENGTH = 3  # of axes known at run time


def at_drawn(derivation: Derivation) -> Worked | None:
    """The numbers at drawn inputs and targets; None where there is nothing to compute with, or too
    much.
    """
    network = derivation.network
    if any(holds for holds, _ in _reasons(network)):
        return None
    try:
        return worked(derivation, emitted(derivation), Example(drawn(network)))
    except NetError:  # something has no value there, as what is masked out
        return None


def why_none(network: Network) -> str:
    """Why there are no numbers at drawn inputs, where there are none."""
    return next((said for holds, said in _reasons(network) if holds), _UNDEFINED)


def _reasons(network: Network) -> Iterator[tuple[bool, str]]:
    yield network.loss is None, "net.py says no loss, and so there is nothing to descend"
    letters = any(isinstance(s, str) for t in network.role("param") for s in t.sample_shape)
    yield letters, "a width is a letter"
    yield any(t.body.has(Named) for e in network for t in e.terms), "a function is a name alone"
    yield bool(network.role("noise")), "something is drawn in forward, as dropout does"
    yield cost(network) > LARGEST, "the network is too large; one of fewer entries has them"


_UNDEFINED = (
    "something has no value at the inputs that bpgen draws; give others, by example(...) in net.py"
)


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
