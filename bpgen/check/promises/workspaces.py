"""What a planned module promises of its workspace: what it returns is what it returns without one,
whatever was computed there before; and one that is made for other arguments is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from inspect import signature
from itertools import product
from typing import Any

import numpy as np

from bpgen.check.module import Arrays, Point, Subject
from bpgen.check.promises.agreement import agreeing
from bpgen.check.promises.finding import Finding, leaves, same_bits
from bpgen.check.promises.memory import moved

UNLIKE = "another number with a workspace than without"


def within_workspace(subject: Subject, point: Point) -> Iterator[Finding]:
    """The same bits as without one: at first, after another point, and where nothing is checked."""
    if not is_planned(subject):
        return
    alone, workspace = _returned(subject, point), made(subject, point)
    there = subject.within(workspace=workspace)
    ways = {
        "": there,
        ", at a second call": there,
        ", unchecked": subject.within(workspace=workspace, checked=False),
    }
    for when, at in ways.items():
        found = _returned(at, point)
        yield from _unlike(alone, found, f"{UNLIKE}{when}")
        yield from _apart(workspace, at, point)
        _returned(at, moved(point))
    yield from agreeing(there, point)
    unchecked = _returned(subject.within(checked=False), point)
    yield from _unlike(alone, unchecked, "another number unchecked")


def suited(subject: Subject, point: Point) -> Iterator[Finding]:
    """A workspace for another length, of another type, of another module, a copy, whose arrays
    share no memory, an empty one, none at all, or one that cannot be written in, is refused in
    words by what needs it; and what needs none of it returns what it does without.
    """
    if not is_planned(subject):
        return
    others = {f"for another {n}": made(subject, point, longer=n) for n in _lengths(subject, point)}
    others["of another type"] = made(subject, point, dtype=np.float32)
    others["of another module"] = _of_another(subject, point)
    others["that is a copy"] = deepcopy(made(subject, point))
    others["that is empty"] = {}
    others["that is a number"] = 8.0
    others["that is read-only"] = _read_only(made(subject, point))
    cache = deepcopy(subject.forward(point))
    calls: dict[str, Callable[[Subject], Any]] = {
        "forward": lambda at: at.called(at.module.forward, point),
        "backward": lambda at: at.backward(point, cache),
    }
    if subject.has_loss:
        calls["loss_and_grad"] = lambda at: at.loss_and_grad(point)
    for (name, call), (what, workspace) in product(calls.items(), others.items()):
        if not _refused(call, subject, subject.within(workspace=workspace)):
            yield Finding("", f"{name} accepts a workspace {what}")


def sized(subject: Subject, point: Point) -> Iterator[Finding]:
    """A workspace of half a sample, of fewer than none, or of whole numbers is not made."""
    if not is_planned(subject):
        return
    lengths = _lengths(subject, point)
    asked = [*product(lengths, (2.5, "2", None, True, -1)), ("dtype", np.int64)]
    for name, wrong in asked:
        try:
            subject.module.workspace(**{**lengths, name: wrong})
        except (TypeError, ValueError) as error:
            if str(error).startswith(f"workspace: {name} is "):
                continue
        yield Finding("", f"workspace accepts {name} = {wrong!r}")


def is_planned(subject: Subject) -> bool:
    return hasattr(subject.module, "workspace")


def made(subject: Subject, point: Point, dtype: type = np.float64, longer: str = "") -> Any:
    """A workspace for a point, or one for a length that is greater by 1."""
    lengths = {n: size + (n == longer) for n, size in _lengths(subject, point).items()}
    return subject.module.workspace(**lengths, dtype=dtype)


def _of_another(subject: Subject, point: Point) -> Any:
    """A workspace that the same text made as another module, with none of its constants."""
    workspace = made(subject.loaded_again(), point)
    for array in (a for arrays in workspace.values() for a in arrays if a.dtype.kind == "f"):
        array.fill(np.nan)
    return workspace


def _read_only(workspace: Any) -> Any:
    for array in (a for arrays in workspace.values() for a in arrays):
        array.flags.writeable = False
    return workspace


def _lengths(subject: Subject, point: Point) -> dict[str, int]:
    """The lengths that a workspace is made for, by the names of its arguments."""
    names = [n for n in signature(subject.module.workspace).parameters if n != "dtype"]
    known = {**subject.lengths, "N": batch_of(subject, point)}
    return {name: known[name] for name in names}


def batch_of(subject: Subject, point: Point) -> int:
    """The number of samples at a point."""
    batched = [a for n, a in point.inputs.items() if n not in subject.states]
    return len(batched[0]) if batched else 1


def _returned(subject: Subject, point: Point) -> Arrays:
    """Copies of all that the functions of a module return, by name."""
    output, cache = subject.called(subject.module.forward, point)
    outputs = output if isinstance(output, tuple) else (output,)
    found = {f"output {k}": np.copy(o) for k, o in enumerate(outputs, 1)}
    found |= {f"the cache's {n}": np.copy(a) for n, a in leaves(cache)}
    for again in ("", ", asked again"):
        grads = subject.backward(point, cache)
        found |= {f"d{n}{again}": np.copy(g) for n, g in grads.items()}
    if subject.has_loss:
        found["loss"] = np.asarray(subject.objective(point))
        value, grads = subject.loss_and_grad(point)
        found["the loss of loss_and_grad"] = np.asarray(value)
        found |= {f"d{n} of loss_and_grad": np.copy(g) for n, g in grads.items()}
    return found


def _unlike(alone: Arrays, found: Arrays, said: str) -> Iterator[Finding]:
    for name in alone.keys() | found.keys():
        if name not in alone or name not in found or not same_bits(alone[name], found[name]):
            yield Finding(name, said)
            return


def _apart(workspace: Any, there: Subject, point: Point) -> Iterator[Finding]:
    """The gradients are parts of one flat array, in the order of pack."""
    (flat,) = workspace["flat"]
    for grads in _both_ways(there, point):
        for name in there.shapes:
            if grads[name].size and not np.shares_memory(flat, grads[name]):
                yield Finding(name, "the gradient is no part of the workspace's flat array")
        if not same_bits(there.module.pack({n: grads[n] for n in there.shapes}), flat):
            yield Finding("", "the workspace's flat array is not the gradients as pack has them")


def _both_ways(there: Subject, point: Point) -> Iterator[Arrays]:
    """The gradients as backward returns them, and then those that are returned with the loss."""
    yield there.gradients(point)
    if there.has_loss:
        yield there.loss_and_grad(point)[1]


def _refused(call: Callable[[Subject], Any], alone: Subject, there: Subject) -> bool:
    """Whether a call is refused in words about its workspace, as numpy has none; or has no need of
    it, and then returns the same bits.
    """
    try:
        found = call(there)
    except (KeyError, TypeError, ValueError) as error:
        return "workspace" in str(error)
    pairs = zip(leaves(call(alone)), leaves(found), strict=True)
    return all(same_bits(one, other) for (_, one), (_, other) in pairs)
