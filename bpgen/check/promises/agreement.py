"""What must agree: one gradient asked for in two ways, a sample alone and among others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpgen.check.module import Array, Point, Subject, with_rest
from bpgen.check.promises.axes import over_samples
from bpgen.check.promises.finding import Finding, near, scales
from bpgen.ir import BATCH, Equation, Index, Network, indices_of


def linear(subject: Subject, point: Point) -> Iterator[Finding]:
    """A function's gradients are linear in its cotangents: zero gives zero, -2.5 times gives -2.5
    times.
    """
    if subject.has_loss:
        return
    for name, gradient in subject.gradients(with_rest(point, np.zeros_like)).items():
        if np.any(gradient != 0):
            yield Finding(name, "a cotangent of zero gives a gradient that is not zero")
    grads = subject.gradients(point)
    scale = scales(grads)
    for name, gradient in subject.gradients(with_rest(point, lambda d: -2.5 * d)).items():
        if not near(gradient, -2.5 * grads[name], 2.5 * scale[name]):
            yield Finding(name, "a cotangent times -2.5 does not give the gradient times -2.5")


def agreeing(subject: Subject, point: Point) -> Iterator[Finding]:
    """loss_and_grad is loss and backward."""
    if not subject.has_loss:
        return
    for flat in subject.memory.get("workspace", {}).get("flat", ()):
        flat.fill(np.nan)  # or what is not written may be right already
    value, found = subject.loss_and_grad(point)
    grads, alone = (
        {name: np.copy(gradient) for name, gradient in found.items()},
        subject.objective(point),
    )
    if not isinstance(value, float) or not near(np.asarray(value), np.asarray(alone), abs(alone)):
        yield Finding("", f"loss_and_grad returns {value!r} where loss returns {alone!r}")
    ours = subject.gradients(point)
    if set(grads) != set(subject.shapes):
        yield Finding(
            "",
            f"loss_and_grad returns gradients of {sorted(grads)}, not of {sorted(subject.shapes)}",
        )
    scale = scales(ours)
    for name in set(grads) & set(ours):
        if np.shape(grads[name]) != np.shape(ours[name]) or not near(
            grads[name], ours[name], scale[name]
        ):
            yield Finding(name, "loss_and_grad and backward give different gradients")


def permuted(subject: Subject, point: Point) -> Iterator[Finding]:
    """The order of a batch changes no gradient of a parameter, and reorders those of the inputs."""
    if subject.network is not None and _numbered(subject.network):
        return
    subject = subject.without_chance()  # noise does not follow its sample
    batched = over_samples(subject)
    order = np.arange(len(next((a for n, a in point.inputs.items() if n in batched), ())))[::-1]
    if len(order) < 2:
        return
    turned = point.map(lambda n, a: _taken(a, order, batched.get(n, ())))
    grads, other = subject.gradients(point), subject.gradients(turned)
    scale = scales(grads)
    for name, gradient in grads.items():
        expected = _taken(gradient, order, batched.get(name, ()))
        if not near(expected, other[name], 100 * scale[name]):
            yield Finding(name, "the order of the samples changes the gradient")


def _numbered(network: Network) -> bool:
    """Whether a sample is told by its number: the first is another in another order."""
    return any(
        axis.size == BATCH and not isinstance(at, Index)
        for equation in network
        for element in equation.reads()
        for axis, at in zip(network.tensors[element.name].indices, element.indices, strict=True)
    )


def _taken(array: Array, order: Array, axes: tuple[int, ...]) -> Array:
    """The array with the samples along each of these axes in another order."""
    for axis in axes:
        array = np.take(array, order, axis)
    return array


def apart(subject: Subject, point: Point) -> Iterator[Finding]:
    """Where no equation sums over the batch, an output of one sample is the same in any batch."""
    network, subject = subject.network, subject.without_chance()
    if network is None or any(_mixes(network, e) for e in network):
        return
    together, samples = subject.outputs(point), over_samples(subject)
    for k in range(len(together[0])):
        alone = point.map(lambda n, a, k=k: a[k : k + 1] if n in samples else a)  # type: ignore[misc]
        for name, one, all_ in zip(network.outputs, subject.outputs(alone), together, strict=True):
            if not near(one[0], all_[k], max(1.0, _largest(all_))):
                yield Finding(name, "the output of a sample depends on the others of its batch")
                return


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0, where=np.isfinite(array)))


def _mixes(network: Network, equation: Equation) -> bool:
    """Whether an equation reads other samples than its own, and is not the loss."""
    own = next((i for i in equation.indices if i.size == BATCH), None)
    speaks = (i for t in equation.terms for i in (*t.over, *indices_of(t.body)))
    return equation.name != network.loss and any(i.size == BATCH and i != own for i in speaks)
