"""A module as a scalar objective with gradients, asked in one uniform way."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.check.module.called import LENGTHS, Called
from bpgen.check.module.drawing import DOMAINS, SCALES, Domain, Drawing, of_finite_loss
from bpgen.check.module.loading import ANALYTIC, load, quiet
from bpgen.check.module.point import Arrays, Point
from bpgen.check.module.single import defined_for_one, numbers
from bpgen.ir import Network

DRAWS = 500  # until the loss is finite
PROBES = 6  # draws that must be finite before a domain is believed


class Subject(Called):
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
        super().__init__(source, network, long, chance)
        self.domain = Domain()
        self.domain = domain if domain is not None else self._find_domain()

    def at_lengths(self, *long: int) -> Subject:
        """The same module where the lengths known at run time are others."""
        return self._with(long=long)

    def without_chance(self) -> Subject:
        """The same module when it is given no generator, and so draws no noise."""
        return self._with(chance=False)

    def within(self, **memory: Any) -> Subject:
        """The same planned module, whose functions are given a workspace besides, or told not to
        look at what they are given.
        """
        return self._with(memory=memory)

    def loaded_again(self) -> Subject:
        """The same text as another module."""
        return self._with(module=Called(self.source).module)

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
        """The fewest samples that the network is defined for: an unbiased variance needs two, and a
        correlation. Where its module has numbers for two and none for one, its equations are
        asked.
        """
        if self._defined_for(1) or not self._defined_for(2):
            return 1
        if self.network is None:
            return 2
        return 1 if defined_for_one(self.network, self.lengths, self._draws(1)) else 2

    def shape_of(self, tensor: str) -> tuple[int | str, ...]:
        """The shape of a parameter, or of one sample of an input, as the module declares it."""
        return tuple(self.shapes.get(tensor, self.module.INPUTS.get(tensor, ())))

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The tensors that have a gradient: parameters, then inputs that are not integers."""
        return (*self.shapes, *(name for name in self.module.INPUTS if name not in self.integers))

    def draw(self, rng: np.random.Generator, batch: int, scale: float = 1.0) -> Point:
        """A random point; nothing in it is zero or constant, biases included."""
        drawing = Drawing(self, self.domain, rng, batch, scale)
        point = drawing.point()
        for _ in range(DRAWS if self.domain.finite else 0):
            if np.isfinite(self.objective(point)):
                break
            point = drawing.point()
        return point

    def _find_domain(self) -> Domain:
        """The widest domain whose objective is finite at every probing draw; the widest where none
        is.
        """
        narrower = [replace(d, rows=False) for d in DOMAINS] if self.masks else []
        finite = of_finite_loss(self.network)
        for self.domain in (*DOMAINS, *narrower, *finite):
            if all(self._finite_at(seed) for seed in range(PROBES)):
                return self.domain
        return Domain()

    def _defined_for(self, batch: int) -> bool:
        """Whether the module has numbers at any of some draws; what raises is told elsewhere."""
        try:
            return any(
                numbers([self.objective(point), *self.gradients(point).values()])
                for point in self._draws(batch)
            )
        except Exception:
            return True

    def _draws(self, batch: int) -> Iterator[Point]:
        """Some draws of so many samples."""
        for seed in range(PROBES):
            yield self.draw(np.random.default_rng([seed, batch, 78]), batch)

    def _finite_at(self, seed: int) -> bool:
        scale = SCALES[seed % len(SCALES)]
        return bool(
            np.isfinite(self.objective(self.draw(np.random.default_rng([seed, 77]), 5, scale)))
        )

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

    def backward(self, point: Point, cache: Any) -> Arrays:
        """The gradients of parameters and inputs, given the cache of a forward call."""
        with quiet():
            grads: Arrays = self.module.backward(
                point.params, cache, *point.rest.values(), inputs=True, **self.memory
            )
        return grads

    def loss_and_grad(self, point: Point) -> tuple[Any, Arrays]:
        """The loss, and the gradients of parameters, asked for together."""
        with quiet():
            found: tuple[Any, Arrays]
            found = self.called(self.module.loss_and_grad, point, *point.rest.values())
        return found

    def gradients(self, point: Point) -> Arrays:
        """The gradients of parameters and inputs at a point."""
        return self.backward(point, self.forward(point))
