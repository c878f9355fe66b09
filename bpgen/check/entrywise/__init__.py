"""What a network's equations mean, entry by entry: the values of all tensors at a point, and the
gradients of the loss, or of weighted outputs, by each entry of each of them.

Nothing is shared with what derives, lowers or emits: every term is its body at every value of its
indices, and a derivative is a complex step. Small sizes are meant: nothing is done to be quick.

Arrays are as the tensors are declared, the batch among their axes (and the block before it). A
recurrence has one entry more along its axis: entry 0 is what stands before the first step. `shown`
leaves that out, as the emitted module does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bpgen.check.entrywise.adjoints import Adjoints
from bpgen.check.entrywise.evaluation import STEP, Evaluation
from bpgen.check.entrywise.order import shown
from bpgen.check.entrywise.places import Array
from bpgen.ir import Network

__all__ = ["along", "evaluate", "gradients", "shown"]

Arrays = Mapping[str, Array]


def evaluate(
    network: Network, lengths: Mapping[str, int], point: Arrays, dtype: Any = np.float64
) -> dict[str, Array]:
    """The value of every tensor. `lengths` has those known at run time, N among them; `point` the
    parameters, inputs, targets, states and noise, by their names.
    """
    found = Evaluation(network, lengths, point, dtype=dtype)
    return {name: values[0] for name, values in found.values.items()}


def gradients(
    network: Network,
    lengths: Mapping[str, int],
    point: Arrays,
    of: Arrays | None = None,
    wrt: Iterable[str] | None = None,
    dtype: Any = np.float64,
) -> dict[str, Array]:
    """The gradient by every entry of the tensors asked for (all that hold real numbers): what is
    computed counts too, as if a number were added to its entry.

    It is that of the loss, or of the outputs times what `of` holds for them, as `shown`.
    """
    found = Adjoints(Evaluation(network, lengths, point, dtype=dtype), weighted(network, of)).found
    return found if wrt is None else {name: found[name] for name in wrt}


def along(
    network: Network,
    lengths: Mapping[str, int],
    point: Arrays,
    directions: Arrays,
    of: Arrays | None = None,
) -> Array:
    """The derivatives along `directions`, one for each along the first axis of its arrays, by a
    complex step through the whole network.
    """
    found = Evaluation(network, lengths, point, directions)
    total: Array = 0.0
    for name, weight in weighted(network, of).items():
        lanes = np.broadcast_to(found.values[name], (found.lanes, *found.values[name].shape[1:]))
        steps = np.stack([shown(network, name, np.imag(lane) / STEP) for lane in lanes])
        total = total + np.sum(steps * weight, tuple(range(1, steps.ndim)))
    return total


def weighted(network: Network, of: Arrays | None) -> Arrays:
    """What is differentiated: the loss, unless outputs are."""
    if of is None:
        assert network.loss is not None, "a network without a loss is differentiated by its outputs"
        return {network.loss: np.ones(())}
    return of
