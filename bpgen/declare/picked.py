"""What is meant by numpy's ways to pick from a tensor, W[0], x[1:3], x[:, None]."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen.declare.declaration import Quantity, here
from bpgen.ir import Size

_LETTERS = "ijkmpquv"
_ALL = slice(None)


def picked(tensor: Quantity, keys: tuple[Any, ...]) -> str:
    """What to write for it, in net.py's names; "" where no more is known."""
    if any(key is Ellipsis for key in keys):
        place = next(k for k, key in enumerate(keys) if key is Ellipsis)
        rest = tensor.rank - sum(key is not None for key in keys) + 1
        return picked(tensor, (*keys[:place], *(_ALL,) * rest, *keys[place + 1 :]))
    name = here().variable(tensor) or "..."
    if any(key is None for key in keys):
        return f"write {_with_axes(tensor, name, keys)}"
    keys = (*keys, *(_ALL,) * (tensor.rank - len(keys)))
    if type(keys[0]) is int and keys[0] == -1 and all(map(_is_all, keys[1:])):
        return f"write last({name})"
    if len(keys) == tensor.rank:
        keys = tuple(map(_from_the_start, keys, tensor.shape))
    if len(keys) > tensor.rank or not all(map(_is_plain, keys)):
        return ""
    cut = [k for k, key in enumerate(keys) if not _is_all(key)]
    if not cut:
        return f"the whole of it is {name}"
    part = _part(tensor, name, cut[0], keys[cut[0]]) if len(cut) == 1 else ""
    return f"write {part}" if part else _by_indices(tensor, name, keys)


def _is_all(key: Any) -> bool:
    return isinstance(key, slice) and (key.start, key.stop, key.step) == (None, None, None)


def _from_the_start(key: Any, size: Size) -> Any:
    """The place of an entry that is counted from the end, where the length is known."""
    return key + size if type(key) is int and key < 0 and isinstance(size, int) else key


def _is_plain(key: Any) -> bool:
    """A whole number that is counted from 0, a slice between such, an index or a label."""
    if isinstance(key, slice):
        return all(k is None or type(k) is int for k in (key.start, key.stop, key.step))
    return bool(_called(key))


def _called(key: Any) -> str:
    """How net.py writes a number, an index, or a label."""
    label = getattr(key, "bound", None) is not None and not key.rank
    if isinstance(key, Quantity):
        return (here().variable(key) or "") if label else ""
    counted = type(key) is int and key >= 0
    return str(key) if counted or isinstance(key, sp.Expr) else ""


def _with_axes(tensor: Quantity, name: str, keys: tuple[Any, ...]) -> str:
    """Each None is an axis of one entry."""
    sizes = iter(tensor.shape)
    shape = [*(1 if key is None else next(sizes, 1) for key in keys), *sizes]
    return f"reshape({name}, {', '.join(map(repr, shape))})".replace("'", '"')


def _part(tensor: Quantity, name: str, axis: int, key: Any) -> str:
    """A run of entries along one axis, or all of them backwards."""
    along = f", axis={axis}" if axis else ""
    if key == slice(None, None, -1):
        return f"reverse({name}{along})"
    size = tensor.shape[axis]
    if not isinstance(key, slice) or not isinstance(size, int) or key.step not in (None, 1):
        return ""
    start, stop, _ = key.indices(size)
    return f"part({name}, {start}, {stop}{along})" if start < stop else ""


def _by_indices(tensor: Quantity, name: str, keys: tuple[Any, ...]) -> str:
    """What is left runs by an index of its own, up to the end of its axis."""
    named = {str(s) for key in keys if isinstance(key, sp.Expr) for s in key.free_symbols}
    letters, places, left = (k for k in _LETTERS if k not in named), [], []
    for key, size in zip(keys, tensor.shape, strict=True):
        if isinstance(key, slice):
            left.append(next(letters))
            places.append(_run(key, size, left[-1]))
        else:
            places.append(_called(key))
    element = f"{name if name != '...' else '(...)'}[{', '.join(places)}]"
    if not all(places):
        return ""
    if named:
        return f"name one index for each axis: {element}"
    declared = f', where {", ".join(left)} = indices("{" ".join(left)}")'
    return f"write tensor({', '.join((element, *left))}){declared}"


def _run(key: slice, size: Size, letter: str) -> str:
    """The place that an index reaches, where that is the slice; else ""."""
    start, step = key.start or 0, key.step or 1
    if start < 0 or step < 0 or not (key.stop is None or key.stop == size):
        return ""
    run = letter if step == 1 else f"{step} * {letter}"
    return f"{run} + {start}" if start else run
