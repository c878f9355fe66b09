"""The axes of a module's arguments: which are over samples, and which are always as long."""

from __future__ import annotations

import numpy as np

from bpgen.check.module import Subject
from bpgen.ir import BATCH, Index, TensorInfo

Axes = dict[str, tuple[int, ...]]


def over_samples(subject: Subject) -> Axes:
    """The arguments that have a sample in each row, and their axes over samples."""
    names = {*subject.module.INPUTS, *getattr(subject.module, "TARGETS", {})}
    if subject.network is None:
        growing = {n: axes for n, axes in _changing(subject, subject).items() if axes}
        return {**dict.fromkeys(names, (0,)), **growing}
    outputs = {f"cotangent {k}": o for k, o in enumerate(subject.network.outputs, 1)}
    tensors = subject.network.tensors
    axes = {
        argument: tuple(k for k, i in enumerate(_shown(tensors[name])) if i.size == BATCH)
        for argument, name in (*((n, n) for n in names), *outputs.items())
    }
    return {argument: found for argument, found in axes.items() if found}


def fixed(subject: Subject, name: str, rank: int) -> list[int]:
    """The axes, of so many, whose length the module declares; of what comes to an output, those
    that neither the batch nor a length known at run time changes.
    """
    module = subject.module
    if name in subject.states:
        return [*range(rank)]
    declared = {**module.INPUTS, **getattr(module, "TARGETS", {})}
    if name in declared:
        return [k for k, size in enumerate(declared[name], 1) if isinstance(size, int)]
    changing = _changing(subject, subject.at_lengths(1))[name]
    return [k for k in range(rank) if k not in changing]


def _shown(tensor: TensorInfo) -> tuple[Index, ...]:
    """The axes of a tensor as callers see it: of what goes through blocks, those of the last."""
    return tensor.indices[tensor.block :]


def _changing(subject: Subject, other: Subject) -> Axes:
    """The axes of what comes to a module's outputs whose lengths are others in another batch, and
    at another module's lengths known at run time: some have none.
    """
    asked = ((subject, 2), (other, 3))
    one, two = (at.draw(np.random.default_rng(0), batch).rest for at, batch in asked)
    return {
        name: tuple(k for k, size in enumerate(a.shape) if size != two[name].shape[k])
        for name, a in one.items()
        if name.startswith("cotangent ")
    }
