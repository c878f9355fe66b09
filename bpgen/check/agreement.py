"""Is a module what its equations say? It is run, and compared.

The equations are evaluated entry by entry, by what shares nothing with derive, lower or emit. Small
networks are compared at every entry of every output, of the loss and of every gradient; of large
ones the gradients are compared along a random direction of them all, by a complex step through the
whole network. Rounding is told from an error by measuring it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpgen.check.difference import SHAKEN, TOLERANCE, Difference, differing
from bpgen.check.module import Array, Arrays
from bpgen.check.trial import TOGETHER, Raises, Trial, cost, trials
from bpgen.ir import Network

SMALL = 300_000  # entries of a network that is compared at each of them
POINTS = 3  # at which a small network is compared; a large one at one


@dataclass(frozen=True)
class Verdict:
    """The smallest thing that differs, if any; and what was no number at any point, so that nothing
    could be compared.
    """

    wrong: Difference | None
    undefined: tuple[str, ...] = ()


def difference(source: str, network: Network) -> Difference | None:
    """The smallest thing that differs at the points tried."""
    return verdict(source, network).wrong


def verdict(source: str, network: Network) -> Verdict:
    """What differs at the points tried: of the outputs, then of the loss, then of the gradients."""
    small = cost(network) < SMALL
    late = (network.loss, TOGETHER)
    undefined: dict[str, None] | None = None
    try:
        for trial in trials(source, network, POINTS, small):
            found = at_entries(trial) if small else _at_large(trial)
            if found:
                first = min(found, key=lambda d: (d.what in late, d.entries))
                return Verdict(first.explained(trial.meant.steep))
            if small:
                here = dict.fromkeys(trial.undefined)
                undefined = {n: None for n in here if undefined is None or n in undefined}
    except Raises as error:
        return Verdict(Difference("the module", str(error)))
    return Verdict(None, tuple(undefined or ()))


def at_entries(trial: Trial) -> list[Difference]:
    """What differs at any entry; where values differ, gradients are not asked."""
    _, *gradients = trial.computed
    return at_values(trial) or _differing_gradients(trial, gradients, trial.slopes)


def at_values(trial: Trial) -> list[Difference]:
    """What differs of the outputs and the loss."""
    values = trial.computed[0]
    return [*differing(values, trial.values(trial.meant), lambda: trial.noise[0], "")]


def _differing_gradients(
    trial: Trial, gradients: Sequence[Arrays], meant: Arrays
) -> list[Difference]:
    """Of what backward returns each time it is asked: always the parameters."""
    wrong: list[Difference] = []
    for found in gradients:
        asked = {n: g for n, g in meant.items() if n in found or n in trial.subject.shapes}
        wrong += differing(found, asked, lambda: trial.noise[1], "dL/d")
    return wrong


def _at_large(trial: Trial) -> list[Difference]:
    """The same of a large network, whose gradients are compared one by one only where they differ
    along a direction.
    """
    values, gradients, *others = trial.computed
    rng = np.random.default_rng(0)
    directions = {n: _direction(rng, g) for n, g in gradients.items()}
    meant, true = trial.stepped(directions)
    wrong = [*differing(values, meant, lambda: trial.noise[0], "")]
    wrong = wrong or _differing_gradients(trial, others, gradients)
    if wrong:
        return wrong
    parts = {n: gradients[n] * directions[n] for n in gradients}
    ours = sum(float(np.sum(p)) for p in parts.values())
    size = sum(float(np.sum(np.abs(p))) for p in parts.values())
    if gradients.keys() == {*trial.subject.differentiable} and abs(ours - true) <= TOLERANCE * size:
        return []
    named = at_entries(trial)
    slack = sum(trial.noise[1][n] * float(np.sum(np.abs(d))) for n, d in directions.items())
    if named or not np.isfinite(true) or abs(ours - true) <= TOLERANCE * size + SHAKEN * slack:
        return named
    said = f"is {ours!r}, where the equations say {true!r}"
    return [Difference("the gradient along a random direction", said)]


def _direction(rng: np.random.Generator, gradient: Array) -> Array:
    """A random direction along which each entry matters, whatever the size of the gradient."""
    largest = float(np.max(np.abs(gradient), initial=0))
    return np.asarray(rng.standard_normal(np.shape(gradient)) / (largest or 1.0))
