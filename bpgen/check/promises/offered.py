"""What a module offers: names, keys, shapes and types."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpgen.check.module import Point, Subject
from bpgen.check.promises.finding import Finding, same_bits

NAMES = ("SHAPES", "INPUTS", "TARGETS", "INTEGERS", "init", "forward", "backward", "pack", "unpack")


def surface(subject: Subject, _point: Point) -> Iterator[Finding]:
    names = (*NAMES, "loss_and_grad") if subject.has_loss else NAMES
    for name in names:
        if not hasattr(subject.module, name):
            yield Finding("", f"the module has no {name}")


def shapes(subject: Subject, point: Point) -> Iterator[Finding]:
    """The keys and shapes of the parameters, and of the inputs where they are asked for."""
    grads = subject.gradients(point)
    if set(grads) != set(subject.differentiable):
        yield Finding("", f"backward returns {sorted(grads)}, not {sorted(subject.differentiable)}")
        return
    for name, like in (*point.params.items(), *point.inputs.items()):
        if name in grads and not isinstance(grads[name], np.ndarray):
            yield Finding(name, f"the gradient is a {type(grads[name]).__name__}, no array")
        elif name in grads and np.shape(grads[name]) != np.shape(like):
            yield Finding(
                name, f"the gradient has shape {np.shape(grads[name])}, not {np.shape(like)}"
            )
    with_default = subject.module.backward(
        point.params, subject.forward(point), *point.rest.values()
    )
    if set(with_default) != set(subject.shapes):
        yield Finding(
            "",
            f"backward without inputs returns {sorted(with_default)}, not {sorted(subject.shapes)}",
        )


def dtypes(subject: Subject, point: Point) -> Iterator[Finding]:
    """float32 in, float32 out; float64 in, float64 out."""
    for dtype in (np.float64, np.float32):
        cast = point.map(lambda _, a, to=dtype: a.astype(to) if a.dtype.kind == "f" else a)  # type: ignore[misc]
        results = [
            *subject.gradients(cast).items(),
            *(("output", o) for o in subject.outputs(cast) if not _is_given(o, cast)),
        ]
        results += list(subject.module.init(0, dtype).items())
        for name, result in results:
            if np.asarray(result).dtype != dtype:
                yield Finding(
                    name, f"{np.asarray(result).dtype} where everything given is {np.dtype(dtype)}"
                )


def _is_given(output: np.ndarray, point: Point) -> bool:
    """Whether it is an input as it was given, as labels are where nothing is computed of them."""
    return any(output is array for array in point.inputs.values())


def finite(subject: Subject, point: Point) -> Iterator[Finding]:
    if not np.isfinite(subject.objective(point)):
        yield Finding("", "the objective is not finite")
    for name, gradient in subject.gradients(point).items():
        if not np.all(np.isfinite(gradient)):
            yield Finding(name, "the gradient is not finite")


def packed(subject: Subject, point: Point) -> Iterator[Finding]:
    """pack and unpack are inverse, in the order of sorted names, and unpack gives views."""
    flat = subject.module.pack(point.params)
    expected = [np.ravel(point.params[name]) for name in sorted(point.params)]
    if not same_bits(flat, np.concatenate(expected) if expected else np.zeros(0)):
        yield Finding("", "pack is not the parameters in the order of their sorted names")
    for name, array in subject.module.unpack(flat).items():
        if not same_bits(array, point.params[name]):
            yield Finding(name, "unpack does not undo pack")
        elif array.size and not np.shares_memory(array, flat):
            yield Finding(name, "unpack gives a copy, not a view")
