"""C that was written: is it what its equations say?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bpgen.check.agreement import at_entries
from bpgen.check.difference import Difference, differing
from bpgen.check.entrywise.order import starts
from bpgen.check.module import Arrays
from bpgen.check.module.called import NOISE
from bpgen.check.trial import Raises, Trial, trials
from bpgen.compiled.library import Found, Library, Source, Texts, compiler, libraries
from bpgen.compiled.noise import drawn
from bpgen.emit import emit
from bpgen.ir import Network

POINTS = 2
SEED = 7

__all__ = ["at_points", "compiler", "difference", "difference_of_module", "ran", "source_of"]


def difference(
    texts: Texts, network: Network, small: bool = True, by: Sequence[str] = ()
) -> Difference | None:
    """The smallest thing that differs from what the equations say, evaluated entry by entry."""
    for trial in at_points(emit(network), network, POINTS, small):
        try:
            (compiled,) = libraries([source_of(texts, trial)], np.float64, by)
        except ValueError as error:
            return Difference("the C compiler", f"says {error}")
        wrong = _differing(compiled, trial)
        if wrong:
            return min(wrong, key=lambda d: d.entries).explained(trial.meant.steep)
        found = found_of(compiled, trial)
        for name, agrees, said in (
            (
                "backward_descend",
                found.moves,
                "moves parameters otherwise than backward and descend",
            ),
            ("loss", found.is_one, "is not what backward returns, or backward_descend does"),
        ):
            if not agrees:
                return Difference(f"{network.name}_{name}", said)
    return None


def difference_of_module(text: str, network: Network) -> Difference | None:
    """The same of a module that computes by C. OSError where its library cannot be kept."""
    seed = int(np.random.default_rng(NOISE).integers(2**32))  # as it draws one
    try:
        for trial in at_points(text, network, POINTS, seed=seed):
            wrong = at_entries(trial)
            if wrong:
                return min(wrong, key=lambda d: d.entries).explained(trial.meant.steep)
    except Raises as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        return Difference("the module", str(error))
    return None


def _differing(compiled: Library, trial: Trial) -> list[Difference]:
    values, grads = ran(compiled, trial)
    slopes = {n: trial.slopes[n] for n in grads}
    of_values = differing(values, _values(trial), lambda: trial.noise[0], "")
    return [*of_values, *differing(grads, slopes, lambda: trial.noise[1], "dL/d")]


def at_points(
    module: str, network: Network, points: int, small: bool = True, seed: int = SEED
) -> Iterator[Trial]:
    """Points of a network and its module, where what is dropped is what C drops."""
    for trial in trials(module, network, points, small):
        noisy = bool(network.role("noise"))
        yield replace(trial, drawn=drawn(network, trial.lengths, seed)) if noisy else trial


def _values(trial: Trial) -> Arrays:
    """The outputs that are computed and the loss, as the equations say."""
    values = trial.values(trial.meant)
    return {n: values[n] for n in (*_computed(trial.network), trial.network.loss) if n}


def source_of(texts: Texts, trial: Trial) -> Source:
    """The files of a network with room for a point."""
    network: Network = trial.network
    lengths: Mapping[str, int] = {n: trial.lengths[n] for n in network.lengths}
    values = _values(trial)

    def held(name: str) -> tuple[int, ...]:
        """The lengths of an output in memory, with what stands before its first step."""
        return tuple(n + b for n, b in zip(values[name].shape, _before(network, name), strict=True))

    inputs = trial.point.inputs
    of = {n: np.shape(inputs[n]) for n in trial.subject.differentiable if n in inputs}
    return Source(texts, lengths, {n: held(n) for n in _computed(network)}, of)


def ran(compiled: Library, trial: Trial) -> tuple[Arrays, Arrays]:
    """What C makes of a point: its values and its gradients."""
    loss, network, found = trial.network.loss, trial.network, found_of(compiled, trial)
    values = {
        n: a[tuple(slice(b, None) for b in _before(network, n))] for n, a in found.outputs.items()
    }
    return values | ({} if loss is None else {loss: np.asarray(found.loss)}), found.grads


def found_of(compiled: Library, trial: Trial) -> Found:
    """The same, as it came out."""
    point, has_loss = trial.point, trial.network.loss is not None
    inputs, rest = point.inputs.values(), [*point.rest.values()]
    return compiled(point.params, inputs, rest, has_loss, SEED if trial.drawn else None)


def _computed(network: Network) -> list[str]:
    """The outputs that are no inputs."""
    inputs = {t.name for t in network.role("input")}
    return [n for n in network.outputs if n not in inputs]


def _before(network: Network, name: str) -> tuple[int, ...]:
    """How much stands along each axis before what a caller asks for."""
    return starts(network, name)[network.tensors[name].block :]
