"""Random arguments of a module: nothing in them is zero or constant, and both sides of what it
decides by are among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bpgen.check.conditions import masks
from bpgen.check.module.called import Called
from bpgen.check.module.point import Array, Point
from bpgen.ir import Network

# Of parameters and inputs, draw after draw: where one saturates another does not.
SCALES = (1.0, 1.6, 0.3, 2.5)
MANY = 16  # ones of a mask to one 0
FEW = 256  # numbers that are drawn one from each part of their distribution

Range = tuple[float, float]
POSITIVE: Range = (0.2, 1.2)
SHARE: Range = (0.1, 0.9)
ABOVE: Range = (4.0, 8.0)  # as log(x - 1) needs them
BELOW: Range = (-8.0, -4.0)


@dataclass(frozen=True)
class Domain:
    """Between which numbers values are drawn, where those of both signs leave some function's
    domain.
    """

    params: Range | None = None
    inputs: Range | None = None
    rows: bool = True  # whether a mask may leave out all of a row
    finite: bool = False  # whether a draw is one of a finite loss: no mask leaves out its label


DOMAINS = (
    Domain(),
    Domain(inputs=POSITIVE),
    Domain(inputs=SHARE),
    Domain(params=POSITIVE),
    Domain(POSITIVE, POSITIVE),
    Domain(POSITIVE, SHARE),
    Domain(inputs=ABOVE),
    Domain(ABOVE, ABOVE),
    Domain(inputs=BELOW),
    Domain(ABOVE, BELOW),
)


def of_finite_loss(network: Network | None) -> tuple[Domain, ...]:
    """What is drawn last, where a mask may leave out what the loss is of."""
    if network is None or network.loss is None or not masks(network):
        return ()
    return (Domain(rows=False, finite=True),)


class Drawing:
    """Draws of a module's arguments, of a batch and a scale."""

    def __init__(
        self,
        subject: Called,
        domain: Domain,
        rng: np.random.Generator,
        batch: int,
        scale: float,
    ) -> None:
        self.subject, self.domain = subject, domain
        self.rng, self.batch, self.scale = rng, batch, scale

    def point(self) -> Point:
        """A random point; nothing in it is zero or constant, biases included."""
        subject, module = self.subject, self.subject.module
        params = {name: self._param(np.asarray(a)) for name, a in module.init(self.rng).items()}
        inputs = {
            name: self._input(name, sizes)
            for name, sizes in {**module.INPUTS, **subject.states}.items()
        }
        targets = {name: self._target(name) for name in getattr(module, "TARGETS", {})}
        if subject.has_loss:
            return Point(params, inputs, targets)
        outputs = enumerate(subject.outputs(Point(params, inputs, {})), 1)
        given = {f"cotangent {k}": self.rng.standard_normal(np.shape(o)) for k, o in outputs}
        return Point(params, inputs, given)

    def _param(self, initial: Array) -> Array:
        rng = self.rng
        if self.domain.params:
            return rng.uniform(*self.domain.params, initial.shape)
        constant = initial.size == 0 or np.all(initial == initial.flat[0])
        moved = initial + 0.4 * rng.standard_normal(initial.shape) if constant else initial
        return np.asarray(self.scale * moved)

    def _input(self, name: str, sizes: tuple[int | str, ...]) -> Array:
        shape = self._shape(name, sizes)
        if (chosen := self._chosen(name, shape)) is not None:
            return chosen
        if self.domain.inputs:
            return self.rng.uniform(*self.domain.inputs, shape)
        around = (0.0, *self.subject.thresholds.get(name, ()))
        centres = self.rng.choice(around, shape) if len(around) > 1 else 0.0
        return np.asarray(centres + self.scale * _normal(self.rng, shape))

    def _target(self, name: str) -> Array:
        shape = self._shape(name, self.subject.module.TARGETS[name])
        if (chosen := self._chosen(name, shape)) is not None:
            return chosen
        values = self.rng.uniform(0.1, 0.9, shape)
        return values / values.sum(axis=-1, keepdims=True) if self._sums_to_one(name) else values

    def _chosen(self, name: str, shape: tuple[int, ...]) -> Array | None:
        """Whole numbers, or those of a mask; None of what is neither."""
        if name in self.subject.integers:
            return _whole(self.rng, shape, self.subject.integers[name])
        if name in self.subject.masks:
            return _kept(self.rng, shape, self.domain)
        return None

    def _sums_to_one(self, name: str) -> bool:
        """As declared; for a module alone, whenever it can be, because its gradient may
        rely on it.
        """
        if self.subject.network is not None:
            return self.subject.network.tensors[name].sums_to_one
        sizes = self.subject.module.TARGETS[name]
        return bool(sizes) and sizes[-1] != 1

    def _shape(self, name: str, sizes: tuple[int | str, ...]) -> tuple[int, ...]:
        batched, lengths = name not in self.subject.states, self.subject.lengths
        if self.subject.network is not None:
            batched = self.subject.network.tensors[name].batched
        sample = tuple(size if isinstance(size, int) else lengths[size] for size in sizes)
        return (self.batch, *sample) if batched else sample


def _whole(rng: np.random.Generator, shape: tuple[int, ...], bound: int) -> Array:
    """Whole numbers, as many of them as there is room for; of several samples one has a single
    number throughout, and two agree: what is gathered twice must be added twice.
    """
    every = np.resize(rng.permutation(bound), math.prod(shape))
    drawn = np.asarray(rng.permutation(every).reshape(shape))
    if drawn.ndim and len(drawn) > 1:
        drawn[0] = drawn[0].flat[0] if drawn[0].size else 0
    if drawn.ndim and len(drawn) > 2:
        drawn[-1] = drawn[1]
    return drawn


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal numbers; of few, one from each part of the distribution, so that both of its ends,
    and both sides of a kink, are among them.
    """
    size = math.prod(shape)
    if not 1 < size <= FEW:
        return rng.standard_normal(shape)
    ranks = (rng.permutation(size) + rng.uniform(0.01, 0.99, size)) / size
    return np.array([NormalDist().inv_cdf(rank) for rank in ranks]).reshape(shape)


def _kept(rng: np.random.Generator, shape: tuple[int, ...], domain: Domain) -> Array:
    """A mask: ones and zeros, both among a few; of several rows one is all zeros, if that may be,
    and else none. Where zeros may make a loss infinite they are few.
    """
    rows, ones = domain.rows, MANY if domain.finite else 1
    drawn = rng.permutation(np.resize([1.0, 0.0, *[1.0] * ones], math.prod(shape))).reshape(shape)
    flat = drawn.reshape(-1, shape[-1]) if shape else drawn.reshape(1, 1)
    if rows and len(flat) > 1:
        flat[rng.integers(len(flat))] = 0.0
    for row in flat:
        if not rows and not row.any():
            row[rng.integers(len(row))] = 1.0
    return flat.reshape(shape)
