"""Where a gradient is no number though the objective is one: at zeros, which people reach.

A norm has no derivative where it is 0, a root has an infinite one. That is no mistake of the
module; but who starts at 0, pads with 0 or clips to 0 should know.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpgen.check.module import Array, Point, Subject

SAMPLES = 2
MOST = 50  # tensors that are set to 0 one after the other


def undefined(subject: Subject, seed: int) -> tuple[str, ...]:
    """A line for each tensor that makes gradients undefined where all of it is 0."""
    found: dict[tuple[str, ...], list[str]] = {}
    try:
        for tensor, point in _zeros(subject, seed):
            bad = not_finite(subject, point)
            if bad:
                found.setdefault(bad, []).append(tensor)
    except Exception:  # what raises is told among the broken promises
        return ()
    whole = "the loss is" if subject.has_loss else "the outputs are"
    return tuple(
        f"undefined where {' or '.join(where)} is 0: {whole} finite there, {_told(bad)} not"
        for bad, where in found.items()
    )


def _told(bad: tuple[str, ...]) -> str:
    return f"{', '.join('d' + name for name in bad)} {'are' if len(bad) > 1 else 'is'}"


def _zeros(subject: Subject, seed: int) -> Iterator[tuple[str, Point]]:
    """Points at which one tensor is 0, and else as drawn."""
    point = subject.draw(np.random.default_rng([seed, SAMPLES, 98]), SAMPLES)
    for tensor in subject.differentiable[:MOST]:

        def at_zero(name: str, array: Array, tensor: str = tensor) -> Array:
            return array * 0 if name == tensor else array

        yield tensor, point.map(at_zero)


def not_finite(subject: Subject, point: Point) -> tuple[str, ...]:
    """The tensors whose gradients are not finite at a point where the objective is."""
    if not np.isfinite(subject.objective(point)):
        return ()
    grads = subject.gradients(point)
    return tuple(name for name, g in grads.items() if not np.all(np.isfinite(g)))
