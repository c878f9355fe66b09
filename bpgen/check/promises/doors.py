"""What a module refuses: arguments that are no such arrays, in words that name the argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from bpgen.check.module import Array, Point, Subject, quiet
from bpgen.check.promises.axes import fixed, over_samples
from bpgen.check.promises.finding import Finding

Changes = dict[str, Callable[[Array], Any]]
Call = Callable[[], Any]


@dataclass(frozen=True)
class Wrong:
    """A call with a wrong argument: what is wrong with it, and how a refusal may begin. Of what may
    be `fit` to be let in, nothing but a result that is not finite is wrong.
    """

    name: str
    what: str
    call: Call
    begins: tuple[str, ...]
    fit: bool = False


def refusing(subject: Subject, point: Point) -> Iterator[Finding]:
    """Parameters, inputs, targets and caches that are none are refused by name."""
    for kind in (_of_params, _of_flat, _of_inputs, _of_rest, _of_caches, _of_nothing):
        for wrong in kind(subject, point):
            said = _said(wrong)
            if said:
                yield Finding(wrong.name, said)


def _said(wrong: Wrong) -> str:
    """What is to be said of a wrong call; nothing, if it is refused in words of the module's own:
    an error of numpy's names no argument.
    """
    accepted = f"it is accepted with {wrong.what}"
    try:
        with quiet():
            value = wrong.call()
    except Exception as error:
        named = isinstance(error, (TypeError, ValueError)) and str(error).startswith(wrong.begins)
        if named or wrong.fit:
            return ""
        return f"{accepted}, and then raises {type(error).__name__}: {error}"
    return "" if wrong.fit and np.all(np.isfinite(value)) else accepted


def _of_params(subject: Subject, point: Point) -> Iterator[Wrong]:
    """Parameters as forward and pack take them."""
    module = subject.module
    takers: tuple[Callable[[Any], Any], ...] = (
        lambda params: subject.called(module.forward, replace(point, params=params)),
        module.pack,
    )
    for taker in takers:
        yield Wrong("", "a list for the dict of parameters", partial(taker, []), ("params ",))
        more = {**point.params, "no parameter": np.ones(1)}
        yield Wrong("", "a parameter more", partial(taker, more), ("params: no parameter ",))
        for name, array in point.params.items():
            begins = (f"params: {name} ",)
            without = {n: a for n, a in point.params.items() if n != name}
            yield Wrong(name, "the parameter missing", partial(taker, without), begins)
            for what, change in _CHANGES_OF_PARAMS.items():
                wrong = {**point.params, name: change(array)}
                yield Wrong(name, what, partial(taker, wrong), begins)


_CHANGES_OF_PARAMS: Changes = {
    "an axis too many": lambda a: a[None],
    "whole numbers": lambda a: a.astype(int),
    "a masked array": np.ma.array,
    "a list": lambda a: a.tolist() if a.ndim else [1],
}


def _of_flat(subject: Subject, point: Point) -> Iterator[Wrong]:
    """What unpack is given."""
    flat = subject.module.pack(point.params)
    changes: Changes = {
        "a number more": lambda a: np.append(a, a.dtype.type(1)),
        "a column": lambda a: a[:, None],
        "whole numbers": lambda a: a.astype(int),
        "a masked array": np.ma.array,
    }
    for what, change in changes.items():
        yield Wrong("flat", what, partial(subject.module.unpack, change(flat)), ("flat ",))


def _of_inputs(subject: Subject, point: Point) -> Iterator[Wrong]:
    def given(name: str, array: Any) -> Call:
        inputs = {**point.inputs, name: array}
        return lambda: subject.called(subject.module.forward, replace(point, inputs=inputs))

    yield from _of_arrays(subject, point.inputs, {}, given)


def _of_rest(subject: Subject, point: Point) -> Iterator[Wrong]:
    """Targets are refused by loss and by backward; what comes to a function's outputs, there."""

    def backward(name: str, array: Any) -> Call:
        given = {**point.rest, name: array}
        return lambda: subject.backward(replace(point, rest=given), cache)

    def loss(name: str, array: Any) -> Call:
        given = {**point.rest, name: array}
        return lambda: subject.objective(replace(point, rest=given))

    cache = subject.forward(point)
    arguments = [*signature(subject.module.backward).parameters][2:]
    named = dict(zip(point.rest, arguments, strict=False))
    yield from _of_arrays(subject, point.rest, named, backward)
    if subject.has_loss:
        yield from _of_arrays(subject, point.rest, named, loss)


def _of_caches(subject: Subject, point: Point) -> Iterator[Wrong]:
    begins = ("backward needs the cache",)
    yield Wrong("", "None for the cache", partial(subject.backward, point, None), begins)
    if subject.forward(point):
        yield Wrong("", "an empty cache", partial(subject.backward, point, {}), begins)


def _of_nothing(subject: Subject, point: Point) -> Iterator[Wrong]:
    """Where a length known at run time is 0: an error, or a number."""
    module = subject.module
    sizes = {**module.INPUTS, **getattr(module, "TARGETS", {})}
    for length in subject.lengths:
        axes = {n: [k for k, s in enumerate(sizes[n], 1) if s == length] for n in sizes}
        empty = point.map(lambda n, a, axes=axes: _empty(a, axes.get(n, [])))  # type: ignore[misc]
        call = subject.objective if subject.has_loss else partial(_sums, subject)
        yield Wrong("", f"{length} = 0", partial(call, empty), (), fit=True)


def _sums(subject: Subject, point: Point) -> list[float]:
    return [np.sum(output) for output in subject.outputs(point)]


def _empty(array: Array, axes: list[int]) -> Array:
    for axis in axes:
        array = np.take(array, [], axis=axis)
    return array


def _of_arrays(
    subject: Subject,
    arrays: dict[str, Array],
    named: dict[str, str],
    given: Callable[[str, Any], Call],
) -> Iterator[Wrong]:
    """Each array changed in every way that is wrong; lengths that do not agree may be blamed on
    any of those that have them.
    """
    samples = over_samples(subject)
    for name, array in arrays.items():
        if named and not _is_read(given(name, object())):
            continue  # a target that no gradient needs: whatever it is, nothing is wrong
        own = (f"{named.get(name, name)} ",)
        for what, change in _changes(subject, name, array, samples.get(name, ())).items():
            yield Wrong(name, what, given(name, change(array)), own)
    every = tuple(f"{named.get(n, n)} " for n in arrays)
    batched = [n for n in arrays if n in samples]
    batched = [n for n in batched if not named or _is_read(given(n, object()))]
    if len(batched) > 1 or named:
        for name in batched:
            twice = given(name, np.repeat(arrays[name], 2, axis=samples[name][0]))
            yield Wrong(name, "another batch than the rest", twice, every)


def _is_read(call: Call) -> bool:
    """Whether a call that is given no array for one stumbles over it."""
    try:
        with quiet():
            call()
    except Exception:
        return True
    return False


def _changes(subject: Subject, name: str, array: Array, samples: tuple[int, ...]) -> Changes:
    """What is wrong of an array, whose axes over samples are told."""
    changes: Changes = {
        "an axis too many": lambda a: a[..., None],
        "text": lambda a: a.astype(str),
        "a masked array": np.ma.array,
    }
    for axis in samples[:1]:
        changes["a sample for a batch"] = partial(np.take, indices=0, axis=axis)
        changes["an empty batch"] = partial(np.take, indices=[], axis=axis)
    for axis in fixed(subject, name, array.ndim):
        changes[f"axis {axis} twice as long"] = partial(np.repeat, repeats=2, axis=axis)
        if array.shape[axis] > 1:
            changes[f"axis {axis} of 1"] = partial(np.take, indices=[0], axis=axis)
    if name in subject.integers:
        changes |= _of_labels(subject.integers[name])
    tensors = subject.network.tensors if subject.network is not None else {}
    if name in tensors and tensors[name].sums_to_one:
        changes["rows that sum to 2"] = lambda a: 2 * a
    return changes


def _of_labels(bound: int) -> Changes:
    return {
        "real numbers": lambda a: a.astype(float),
        "a negative number": lambda a: a * 0 - 1,
        f"{bound}, where {bound - 1} is the largest": lambda a: a * 0 + bound,
        "a row for each label": lambda a: np.eye(bound)[a],
    }
