"""The loss and the gradients of an emitted module, beside those of its equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.check.entrywise.adjoints import Adjoints
from bpgen.check.lesson.rounded import DRAWS, Rounded
from bpgen.check.module import quiet
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.worked import rounding
from bpgen.worked.point import Array, Arrays, Point

_SAME = 1e-9  # of the largest number: as far apart the module and its equations may be
_ALIKE = 1e-3  # of a number: as far apart as two of which some digits are right
_GONE = 0.25  # of a number: what may be rounding of it, for the rest to say something
_ROUNDING = 1e-13  # of the largest gradient: what rounding makes of one that is 0, or nearly
_TIMES = 16  # what rounding makes of one way to compute a number, for what it makes of another


def compared(
    network: Network, emitted: ModuleType, given: Point, values: Arrays, slopes: Arrays, place: str
) -> dict[str, Array]:
    """The module's gradients; NetError where a number of its is not that of the equations, and
    where rounding decides both, so that neither has digits to print.
    """
    loss, grads = _by_module(emitted, given)
    longer = _by_module(emitted, given, np.longdouble)[1]
    top = network.loss or ""
    if not _same(np.asarray(loss), values[top], rounding.of_loss(values, slopes)):
        raise _defect(top)
    noise = _ROUNDING * max((np.max(np.abs(slopes[n]), initial=0) for n in grads), default=0)
    for name, gradient in grads.items():
        if _same(gradient, slopes[name], noise):
            continue
        saturated = _ROUNDING * max(np.max(np.abs(g), initial=0) for g in slopes.values())
        moves = [gradient - longer[name], *_moves(network, given, slopes[name], name)]
        rounded = max(float(np.max(np.abs(move), initial=0)) for move in moves)
        if not _same(gradient, slopes[name], max(_TIMES * rounded, saturated)):
            raise _defect(f"dL/d{name}")
        raise _cancels(name, place)
    left = {n: _without_noise(g, slopes[n], longer[n], noise) for n, g in grads.items()}
    if any(map(np.any, grads.values())) and not any(map(np.any, left.values())):
        raise _cancels(next(n for n, g in grads.items() if np.any(g)), place)
    return left


def _by_module(
    emitted: ModuleType, given: Point, dtype: Any = np.double
) -> tuple[float, Mapping[str, Array]]:
    """The loss and the gradients as the module computes them, in a precision."""
    real = {n: v.astype(dtype) if v.dtype.kind == "f" else v for n, v in given.values.items()}
    names = [*emitted.INPUTS, *getattr(emitted, "STATES", ()), *emitted.TARGETS]
    params = {n: real[n] for n in emitted.SHAPES}
    with quiet():
        found: tuple[float, Mapping[str, Array]] = emitted.loss_and_grad(
            params, *(real[n] for n in names)
        )
    return found


def _same(of_module: Array, of_equations: Array, noise: float) -> bool:
    """Whether two numbers are one, but for what rounding makes of a 0."""
    scale = np.max(np.abs(of_equations), initial=1e-300)
    return bool(np.all(np.abs(of_module - of_equations) <= _SAME * scale + noise))


def _defect(what: str) -> NetError:
    fact = f"{what} of the module is not what its equations say"
    return NetError(fact, "a defect of bpgen: report it with net.py")


def _cancels(name: str, place: str) -> NetError:
    fact = f"values cancel in dL/d{name}, and rounding decides its digits"
    return NetError(fact, f"give other values, or a loss that {name} moves by more", place)


def _moves(network: Network, given: Point, slope: Array, name: str) -> Iterator[Array]:
    """How far a gradient by the equations moves where they are computed in more digits, each value
    off by a few roundings.
    """
    for seed in range(DRAWS):
        one = Rounded(network, given.lengths, given.values, seed)
        yield Adjoints(one, {network.loss or "": np.ones(())}).found[name] - slope


def _without_noise(of_module: Array, of_equations: Array, longer: Array, noise: float) -> Array:
    """A gradient; 0 where it is so small that it may be, and its two numbers have no digits in
    common; and where in more digits next to nothing, or something else, is left of an entry.
    """
    small = np.max(np.abs(of_module), initial=0) <= noise
    apart = np.abs(of_module - of_equations) > _ALIKE * np.abs(of_module)
    gone = np.abs(of_module - longer) > _GONE * np.abs(of_module)
    return np.where(gone | (small & np.any(apart)), 0.0, of_module)
