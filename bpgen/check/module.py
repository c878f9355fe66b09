"""The module under check: loaded from its text, and asked for its objective and gradients in one
uniform way.
"""

from __future__ import annotations

import builtins
import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from statistics import NormalDist
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from bpgen.check.conditions import masks, thresholds
from bpgen.ir import BATCH, Network, length

Array = NDArray[Any]
Arrays = dict[str, Array]

# For lengths known at run time: unlike each other and unlike the batches 1, 2 and 5.
LENGTHS = (
    3,
    4,
    7,
)
# Of parameters and inputs, draw after draw: where one saturates another does not.
SCALES = (
    1.0,
    1.6,
    0.3,
    2.5,
)
FEW = 256  # numbers that are drawn one from each part of their distribution
NOISE = 11  # where the generator of noise begins
PROBES = 6  # draws that must be finite before a domain is believed


class Numpy:
    """numpy with some of its functions replaced: what a copy of the module sees as `np`."""

    def __init__(self, overrides: Mapping[str, Any]) -> None:
        self.__dict__.update(overrides)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def load(source: str, overrides: Mapping[str, Any] | None = None) -> ModuleType:
    """The module that `source` is, with the functions of its numpy named in `overrides`
    replaced.
    """
    module = ModuleType("emitted")
    exec(compile(source, "<emitted>", "exec"), module.__dict__)
    if overrides is not None:
        module.__dict__["np"] = Numpy(overrides)
        module.__dict__.update(
            {name: f for name, f in overrides.items() if hasattr(builtins, name)}
        )
    return module


def _absolute(z: Any, *args: Any, **kwargs: Any) -> Any:
    """|z| continued analytically: numpy's modulus of a complex number would drop the step."""
    return np.where(np.real(z) < 0, -z, z) if np.iscomplexobj(z) else np.abs(z, *args, **kwargs)


def _sign(z: Any, *args: Any, **kwargs: Any) -> Any:
    """The sign of the real part, as a complex number: numpy's is z / |z|, which is not constant."""
    return np.sign(np.real(z)) + 0j if np.iscomplexobj(z) else np.sign(z, *args, **kwargs)


ANALYTIC = {"abs": _absolute, "absolute": _absolute, "fabs": _absolute, "sign": _sign}


@dataclass(frozen=True)
class Point:
    """Arguments of one call. `rest` holds the targets of a loss, or cotangents of a function's
    outputs.
    """

    params: Arrays
    inputs: Arrays
    rest: Arrays

    def groups(self) -> tuple[Arrays, Arrays, Arrays]:
        return self.params, self.inputs, self.rest

    def map(self, change: Callable[[str, Array], Array]) -> Point:
        """The point with every array changed."""
        return Point(
            *({name: change(name, a) for name, a in group.items()} for group in self.groups())
        )

    def moved(self, tensor: str, step: Array) -> Point:
        """The point with `step` added to one parameter or input."""
        return Point(
            *({n: a + step if n == tensor else a for n, a in g.items()} for g in self.groups())
        )


Range = tuple[float, float]
POSITIVE: Range = (0.2, 1.2)
SHARE: Range = (0.1, 0.9)


@dataclass(frozen=True)
class Domain:
    """Between which numbers values are drawn, where those of both signs leave some function's
    domain.
    """

    params: Range | None = None
    inputs: Range | None = None
    rows: bool = True  # whether a mask may leave out all of a row


DOMAINS = (
    Domain(),
    Domain(inputs=POSITIVE),
    Domain(inputs=SHARE),
    Domain(params=POSITIVE),
    Domain(POSITIVE, POSITIVE),
    Domain(POSITIVE, SHARE),
)


@contextmanager
def quiet() -> Iterator[None]:
    """Overflow and nan are looked for in the results; a cast that drops an imaginary part is an
    error.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


class Subject:
    """An emitted module as a scalar objective with gradients: its loss, or cotangents times its
    outputs.
    """

    def __init__(
        self,
        source: str,
        network: Network | None = None,
        domain: Domain | None = None,
        long: tuple[int, ...] = LENGTHS,
        chance: bool = True,
    ) -> None:
        self.source, self.network, self.long, self.chance = source, network, long, chance
        self.module = load(source)
        self.domain = Domain()
        self.domain = domain if domain is not None else self._find_domain()

    def at_lengths(self, *long: int) -> Subject:
        """The same module where the lengths known at run time are others."""
        return self._with(long=long)

    def without_chance(self) -> Subject:
        """The same module when it is given no generator, and so draws no noise."""
        return self._with(chance=False)

    def _with(self, **changed: Any) -> Subject:
        """The same module, loaded once, called in another way."""
        other = copy(self)
        vars(other).update(changed)
        return other

    @cached_property
    def continued(self) -> ModuleType:
        """A copy of the module whose numpy continues abs and sign analytically."""
        return load(self.source, ANALYTIC)

    @cached_property
    def fewest(self) -> int:
        """The fewest samples that the network is defined for: an unbiased variance needs two. A
        module alone is asked.
        """
        if self.network is None:
            return 2 if self._defined_for(2) and not self._defined_for(1) else 1
        one = {length(BATCH): sp.S.One}
        bodies = (t.body for e in self.network or () for t in e.terms)
        return 2 if any(b.xreplace(one).has(sp.zoo, sp.nan) for b in bodies) else 1

    @property
    def has_loss(self) -> bool:
        return hasattr(self.module, "loss")

    def shape_of(self, tensor: str) -> tuple[int | str, ...]:
        """The shape of a parameter, or of one sample of an input, as the module declares it."""
        return tuple(self.shapes.get(tensor, self.module.INPUTS.get(tensor, ())))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return dict(self.module.SHAPES)

    @property
    def states(self) -> dict[str, tuple[int, ...]]:
        """What all samples share and nothing learns: passed after the inputs."""
        return dict(getattr(self.module, "STATES", {}))

    @property
    def noisy(self) -> bool:
        """Whether forward takes a generator, and draws noise."""
        return "rng" in signature(self.module.forward).parameters

    def _drawing(self) -> list[np.random.Generator]:
        """The generator that a call is given: always in the same state, so that every call draws
        the same noise.
        """
        return [np.random.default_rng(NOISE)] if self.noisy and self.chance else []

    @property
    def integers(self) -> dict[str, int]:
        return dict(getattr(self.module, "INTEGERS", {}))

    @cached_property
    def masks(self) -> frozenset[str]:
        """The inputs and targets that are drawn 0 and 1; of a module alone none is known."""
        return masks(self.network) if self.network is not None else frozenset()

    @cached_property
    def thresholds(self) -> dict[str, tuple[float, ...]]:
        """What an input is compared with besides 0: it is drawn around each."""
        return thresholds(self.network) if self.network is not None else {}

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The tensors that have a gradient: parameters, then inputs that are not integers."""
        return (*self.shapes, *(name for name in self.module.INPUTS if name not in self.integers))

    def draw(self, rng: np.random.Generator, batch: int, scale: float = 1.0) -> Point:
        """A random point; nothing in it is zero or constant, biases included."""
        initial = self.module.init(rng)
        params = {name: self._param(rng, np.asarray(a), scale) for name, a in initial.items()}
        inputs = {
            name: self._input(rng, name, sizes, batch, scale)
            for name, sizes in {**self.module.INPUTS, **self.states}.items()
        }
        targets = {
            name: self._target(rng, name, batch) for name in getattr(self.module, "TARGETS", {})
        }
        if self.has_loss:
            return Point(params, inputs, targets)
        outputs = self.outputs(Point(params, inputs, {}))
        return Point(
            params,
            inputs,
            {f"cotangent {i}": rng.standard_normal(np.shape(o)) for i, o in enumerate(outputs, 1)},
        )

    def _param(self, rng: np.random.Generator, initial: Array, scale: float) -> Array:
        if self.domain.params:
            return rng.uniform(*self.domain.params, initial.shape)
        constant = initial.size == 0 or np.all(initial == initial.flat[0])
        return np.asarray(
            scale * (initial + 0.4 * rng.standard_normal(initial.shape) if constant else initial)
        )

    def _input(
        self,
        rng: np.random.Generator,
        name: str,
        sizes: tuple[int | str, ...],
        batch: int,
        scale: float,
    ) -> Array:
        shape = self._shape(name, sizes, batch)
        if name in self.integers:
            return self._whole(rng, name, shape)
        if name in self.masks:
            return _kept(rng, shape, self.domain.rows)
        if self.domain.inputs:
            return rng.uniform(*self.domain.inputs, shape)
        around = (0.0, *self.thresholds.get(name, ()))
        centres = rng.choice(around, shape) if len(around) > 1 else 0.0
        return np.asarray(centres + scale * _normal(rng, shape))

    def _whole(self, rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> Array:
        """Whole numbers, as many of them as there is room for; of several samples one has a single
        number throughout, and two agree: what is gathered twice must be added twice.
        """
        every = np.resize(rng.permutation(self.integers[name]), math.prod(shape))
        drawn = np.asarray(rng.permutation(every).reshape(shape))
        if drawn.ndim and len(drawn) > 1:
            drawn[0] = drawn[0].flat[0] if drawn[0].size else 0
        if drawn.ndim and len(drawn) > 3:
            drawn[-1] = drawn[1]
        return drawn

    def _target(self, rng: np.random.Generator, name: str, batch: int) -> Array:
        shape = self._shape(name, self.module.TARGETS[name], batch)
        if name in self.integers:
            return self._whole(rng, name, shape)
        if name in self.masks:
            return _kept(rng, shape, self.domain.rows)
        values = rng.uniform(0.1, 0.9, shape)
        return values / values.sum(axis=-1, keepdims=True) if self._sums_to_one(name) else values

    def _sums_to_one(self, name: str) -> bool:
        """As declared; for a module alone, whenever it can be, because its gradient may
        rely on it.
        """
        if self.network is not None:
            return self.network.tensors[name].sums_to_one
        sizes = self.module.TARGETS[name]
        return bool(sizes) and sizes[-1] != 1

    def _shape(self, name: str, sizes: tuple[int | str, ...], batch: int) -> tuple[int, ...]:
        batched = name not in self.states
        if self.network is not None:
            batched = self.network.tensors[name].batched
        sample = tuple(size if isinstance(size, int) else self.lengths[size] for size in sizes)
        return (batch, *sample) if batched else sample

    @property
    def lengths(self) -> dict[str, int]:
        """The axes whose length is known at run time only, and the length each has in this
        check.
        """
        tables = (self.module.INPUTS, getattr(self.module, "TARGETS", {}))
        names = {
            s for table in tables for sizes in table.values() for s in sizes if isinstance(s, str)
        }
        return dict(zip(sorted(names), itertools.cycle(self.long), strict=False))

    def _find_domain(self) -> Domain:
        """The widest domain whose objective is finite at every probing draw; the widest where none
        is.
        """
        narrower = [replace(d, rows=False) for d in DOMAINS] if self.masks else []
        for self.domain in (*DOMAINS, *narrower):
            if all(self._finite_at(seed) for seed in range(PROBES)):
                return self.domain
        return Domain()

    def _defined_for(self, batch: int) -> bool:
        """Whether the objective is a number at any of some draws; what raises is told elsewhere."""
        draws = (self.draw(np.random.default_rng([s, batch, 78]), batch) for s in range(PROBES))
        try:
            return any(bool(np.isfinite(self.objective(point))) for point in draws)
        except Exception:
            return True

    def _finite_at(self, seed: int) -> bool:
        scale = SCALES[seed % len(SCALES)]
        return bool(
            np.isfinite(self.objective(self.draw(np.random.default_rng([seed, 77]), 5, scale)))
        )

    def outputs(self, point: Point, module: ModuleType | None = None) -> tuple[Array, ...]:
        """The outputs of forward, as a tuple even where there is one."""
        with quiet():
            output, _ = self.called((module or self.module).forward, point)
        return output if isinstance(output, tuple) else (output,)

    def objective(self, point: Point, module: ModuleType | None = None) -> Any:
        """The scalar whose gradients are checked: a float, or complex where the point is."""
        module = module or self.module
        if self.has_loss:
            with quiet():
                return self.called(module.loss, point, *point.rest.values())
        return sum(
            np.sum(d * o)
            for d, o in zip(point.rest.values(), self.outputs(point, module), strict=True)
        )

    def continuation(self, point: Point, steps: Arrays) -> Any:
        """The objective at complex steps, continued analytically through abs and sign."""
        whole = point.map(
            lambda name, a: a if name in self.integers else a + 1j * steps.get(name, 0.0)
        )
        return self.objective(whole, self.continued)

    def forward(self, point: Point) -> Any:
        """The cache of forward."""
        with quiet():
            return self.called(self.module.forward, point)[1]

    def called(self, function: Callable[..., Any], point: Point, *rest: Any) -> Any:
        """What a function of the module returns at a point, for the rest of its arguments."""
        return function(point.params, *point.inputs.values(), *rest, *self._drawing())

    def backward(self, point: Point, cache: Any) -> Arrays:
        """The gradients of parameters and inputs, given the cache of a forward call."""
        with quiet():
            grads: Arrays = self.module.backward(
                point.params, cache, *point.rest.values(), inputs=True
            )
        return grads

    def gradients(self, point: Point) -> Arrays:
        """The gradients of parameters and inputs at a point."""
        return self.backward(point, self.forward(point))


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal numbers; of few, one from each part of the distribution, so that both of its ends,
    and both sides of a kink, are among them.
    """
    size = math.prod(shape)
    if not 1 < size <= FEW:
        return rng.standard_normal(shape)
    ranks = (rng.permutation(size) + rng.uniform(0.01, 0.99, size)) / size
    return np.array([NormalDist().inv_cdf(rank) for rank in ranks]).reshape(shape)


def _kept(rng: np.random.Generator, shape: tuple[int, ...], rows: bool) -> Array:
    """A mask: ones and zeros, both among a few; of several rows one is all zeros, if that may be,
    and else none.
    """
    drawn = rng.permutation(np.resize([1.0, 0.0, 1.0], math.prod(shape))).reshape(shape)
    flat = drawn.reshape(-1, shape[-1]) if shape else drawn.reshape(1, 1)
    if rows and len(flat) > 1:
        flat[rng.integers(len(flat))] = 0.0
    for row in flat:
        if not rows and not row.any():
            row[rng.integers(len(row))] = 1.0
    return flat.reshape(shape)


def with_rest(point: Point, change: Callable[[Array], Array]) -> Point:
    """The point with every cotangent changed."""
    return replace(point, rest={name: change(a) for name, a in point.rest.items()})
