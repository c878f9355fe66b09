"""The module of a random network, called."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.ir import Network
from bpgen.load import declared_by
from bpgen.record import Derivation
from bpgen.render import render
from tests.conftest import module_of
from tests.networks.graph import Graph, Naming, plain, source
from tests.networks.operation import Given, Shape

Arrays = list[Any]
DROPS = 3  # the seed of what is left out


@dataclass(frozen=True)
class Point:
    """Arrays in the order of declaration: of a network without a loss also the gradients given for
    its outputs.
    """

    params: Arrays
    inputs: Arrays
    states: Arrays
    targets: Arrays
    upstream: Arrays

    @property
    def all(self) -> Arrays:
        return [*self.params, *self.inputs, *self.states, *self.targets, *self.upstream]


def jittered(point: Point, by: float, seed: int = 0) -> Point:
    """The point with every real number off by a share of itself."""
    rng = np.random.default_rng(seed)
    moved = {
        name: [
            a * (1 + by * rng.choice([-1, 1], np.shape(a))) if a.dtype.kind == "f" else a
            for a in map(np.asarray, getattr(point, name))
        ]
        for name in ("params", "inputs", "states", "upstream")
    }
    return replace(point, **moved)


def cast(point: Point, dtype: type) -> Point:
    """The point with its real numbers in another precision."""
    arrays = ([*map(np.asarray, getattr(point, f.name))] for f in fields(Point))
    return Point(*([a.astype(dtype) if a.dtype.kind == "f" else a for a in of] for of in arrays))


@lru_cache(8)  # one network is asked about at several points
def declared(source: str) -> Network:
    return declared_by(source)


@lru_cache(8)
def derived(source: str) -> Derivation:
    return derive(declared(source))


@lru_cache(8)
def written(source: str) -> str:
    """The module emitted for a net.py."""
    return emitted(derived(source))


@dataclass(frozen=True)
class Result:
    loss: Any  # None where there is none
    outputs: Arrays
    grads: Arrays  # of the parameters, then of the inputs that hold real numbers
    cache: Arrays

    @property
    def values(self) -> Arrays:
        return [*([] if self.loss is None else [self.loss]), *self.outputs]


@dataclass(frozen=True)
class Subject:
    """A network with its module and a point that is drawn for it."""

    graph: Graph
    seed: int
    batch: int
    name: Naming = plain
    dtype: type = np.float64

    @cached_property
    def source(self) -> str:
        return source(self.graph, self.name)

    @cached_property
    def text(self) -> str:
        """The emitted module."""
        return written(self.source)

    @cached_property
    def module(self) -> ModuleType:
        return module_of(self.text)

    @cached_property
    def latex(self) -> str:
        return render(derived(self.source), fmt="tex")

    @cached_property
    def lengths(self) -> dict[str, int]:
        rng = np.random.default_rng(self.seed)
        return {"T": int(rng.choice([1, 2, 3, 5])), "S": int(rng.choice([1, 2, 4]))}

    def sizes(self, shape: Shape, batched: bool = True) -> tuple[int, ...]:
        of_sample = (n if isinstance(n, int) else self.lengths[n] for n in shape)
        return ((self.batch,) if batched else ()) + tuple(of_sample)

    @cached_property
    def point(self) -> Point:
        rng = np.random.default_rng(self.seed)
        given = self.graph.given.values()
        inputs, states, targets = (
            [self.drawn(g, rng) for g in given if g.word in words]
            for words in (("input",), ("state",), ("target", "label", "one_hot"))
        )
        params = [0.8 * rng.standard_normal(shape) for shape in self.module.SHAPES.values()]
        shapes = (
            []
            if self.graph.losses
            else [self.graph.steps[k].made.shape for k in self.graph.outputs]
        )
        upstream = [rng.standard_normal(self.sizes(shape)) for shape in shapes]
        return cast(Point(params, inputs, states, targets, upstream), self.dtype)

    def drawn(self, given: Given, rng: np.random.Generator) -> Any:
        sizes = self.sizes(given.shape, given.word != "state")
        if given.below is not None:
            return rng.integers(0, given.below, sizes)
        kind = "hot" if given.word == "one_hot" else given.draw
        return DRAWS[kind](rng, sizes)

    @cached_property
    def result(self) -> Result:
        return self.at(self.point)

    def at(self, point: Point, rng: Any = None) -> Result:
        """Values and gradients; with numbers drawn for dropout if a generator is given."""
        module, graph = self.module, self.graph
        params = self.named(point.params)
        arguments = [params, *point.inputs, *point.states]
        drawing = {} if rng is None else {"rng": rng}
        output, cache = module.forward(*arguments, **drawing)
        outputs = list(output) if graph.outputs[1:] else [output]
        grads = module.backward(params, cache, *point.targets, *point.upstream, inputs=True)
        loss = None
        if graph.losses:
            outputs = outputs if graph.outputs else []
            again = {} if rng is None else {"rng": np.random.default_rng(DROPS)}
            loss = module.loss(*arguments, *point.targets, **again)
        return Result(loss, outputs, [grads[name] for name in self.wrt], list(cache.values()))

    def named(self, params: Arrays) -> dict[str, Any]:
        return dict(zip(self.module.SHAPES, params, strict=True))

    @cached_property
    def wrt(self) -> list[str]:
        """What there are gradients of."""
        integers = getattr(self.module, "INTEGERS", {})
        return [*self.module.SHAPES, *(x for x in self.module.INPUTS if x not in integers)]

    def noise(self, by: float) -> Arrays:
        """What gradients do when each number is off by a share of itself; at least what rounding
        leaves of a sum that is 0, of a centred value say.
        """
        base = self.result.grads
        moved = [self.at(jittered(self.point, by, seed)).grads for seed in range(4)]
        least = by * max((np.max(np.abs(a), initial=0) for a in self.result.cache), default=0.0)
        return [
            max(least / 1e3, *(np.max(np.abs(m[k] - g), initial=0) for m in moved))
            for k, g in enumerate(base)
        ]

    @cached_property
    def rounding(self) -> Arrays:
        """The noise of numbers that are off by some units in float64's last place."""
        return self.noise(1e-15)

    def value(self, point: Point, rng: bool = False) -> Any:
        """The number that is differentiated."""
        drawing = {"rng": np.random.default_rng(DROPS)} if rng else {}
        arguments = [self.named(point.params), *point.inputs, *point.states]
        if self.graph.losses:
            return self.module.loss(*arguments, *point.targets, **drawing)
        output, _ = self.module.forward(*arguments, **drawing)
        outputs = list(output) if self.graph.outputs[1:] else [output]
        return sum(np.sum(g * o) for g, o in zip(point.upstream, outputs, strict=True))

    def moved(self, k: int, step: Any) -> Point:
        """The point with a step added to the k-th of what there are gradients of."""
        point, count = self.point, len(self.point.params)
        if k < count:
            params = [a + step if j == k else a for j, a in enumerate(point.params)]
            return replace(point, params=params)
        real = [j for j, a in enumerate(point.inputs) if a.dtype.kind == "f"]
        inputs = [a + step if j == real[k - count] else a for j, a in enumerate(point.inputs)]
        return replace(point, inputs=inputs)

    @property
    def variables(self) -> Arrays:
        """The arrays that there are gradients of."""
        return self.point.params + [a for a in self.point.inputs if a.dtype.kind == "f"]


def shares(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    """Probabilities, now and then one-hot."""
    if rng.random() < 0.5:
        return rng.dirichlet(np.ones(sizes[-1]), sizes[:-1])
    return np.eye(sizes[-1])[rng.integers(0, sizes[-1], sizes[:-1])]


def mask(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    """0 and 1, the first always 1."""
    kept = rng.integers(0, 2, sizes).astype(float)
    kept[:, 0] = 1
    return kept


DRAWS = {
    "real": lambda rng, sizes: rng.standard_normal(sizes),
    "positive": lambda rng, sizes: rng.uniform(0.5, 2, sizes),
    "unit": lambda rng, sizes: rng.uniform(0, 1, sizes),
    "signs": lambda rng, sizes: rng.choice([-1.0, 1.0], sizes),
    "counts": lambda rng, sizes: rng.poisson(2.0, sizes).astype(float),
    "coin": lambda rng, sizes: rng.integers(0, 2, sizes).astype(float),
    "hot": shares,
    "mask": mask,
}
