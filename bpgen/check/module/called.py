"""A module as it is called: what it declares, and what its functions are given."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cached_property
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.check.conditions import masks, thresholds
from bpgen.check.module.loading import load, quiet
from bpgen.check.module.point import Array, Point
from bpgen.ir import Network

# For lengths known at run time: unlike each other and unlike the batches 1, 2 and 5.
LENGTHS = (3, 4, 7)
BLOCK = 2  # samples in a block of the batch, so that 5 are several, with one that is left
NOISE = 11  # where the generator of noise begins


class Called:
    """An emitted module, at some lengths of what is as long as its caller likes, with chance or
    without.
    """

    def __init__(
        self,
        source: str,
        network: Network | None = None,
        long: tuple[int, ...] = LENGTHS,
        chance: bool = True,
    ) -> None:
        self.source, self.network, self.long, self.chance = source, network, long, chance
        self.memory: dict[str, Any] = {}  # of a planned module: the workspace it is called with
        self.module = load(source)
        if hasattr(self.module, "BLOCK"):
            vars(self.module)["BLOCK"] = BLOCK

    @property
    def has_loss(self) -> bool:
        return hasattr(self.module, "loss")

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
    def lengths(self) -> dict[str, int]:
        """The axes whose length is known at run time only, and the length each has in this
        check.
        """
        tables = (self.module.INPUTS, getattr(self.module, "TARGETS", {}))
        names = {
            s for table in tables for sizes in table.values() for s in sizes if isinstance(s, str)
        }
        return dict(zip(sorted(names), itertools.cycle(self.long), strict=False))

    def outputs(self, point: Point, module: ModuleType | None = None) -> tuple[Array, ...]:
        """The outputs of forward, as a tuple even where there is one."""
        with quiet():
            output, _ = self.called((module or self.module).forward, point)
        return output if isinstance(output, tuple) else (output,)

    def called(self, function: Callable[..., Any], point: Point, *rest: Any) -> Any:
        """What a function of the module returns at a point, for the rest of its arguments."""
        given = (*point.inputs.values(), *rest, *self._drawing())
        return function(point.params, *given, **self.memory)
