"""A net.py of raw equations read literally: it runs with arrays in place of what bpgen declares.

An expression is an array with an axis for the sample itself and one for each index; where it does
not depend on one, that axis has one entry. Nothing of bpgen is used, so that what is misread while
a network is declared is seen: all other checkers begin with what was declared.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
AXES = 16  # the first is that of the sample itself
FUNCTIONS = {
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "relu": lambda z: np.maximum(z, 0.0),
    "sigmoid": lambda z: np.exp(-np.logaddexp(0.0, -_entries(z))),
    "softplus": lambda z: np.logaddexp(0.0, z),
}


class Tensor(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose first axis is that of the samples, of one entry where all share it."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any) -> Any:
        return getattr(ufunc, method)(*map(_entries, inputs))

    def __getitem__(self, key: Any) -> Array:
        return np.asarray(self.array[self._places(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        """What is written at one place more than once is added up."""
        places, value = self._written(key, value)
        np.add.at(self.array, places, value)

    def _places(self, key: Any) -> tuple[Any, ...]:
        """Whole numbers along each axis; the sample is itself where it is not said which."""
        keys = tuple(map(_entries, _tuple(key)))
        if len(keys) < self.array.ndim:
            keys = (_along(0, len(self.array)), *keys)
        return (keys[0] if len(self.array) > 1 else np.array(0), *keys[1:])

    def _written(self, key: Any, value: Any) -> tuple[tuple[Array, ...], Array]:
        """The places and what is written there, one by one."""
        parts = [_entries(part) for part in (*_tuple(key), value)]
        samples = max(np.shape(p)[0] if np.ndim(p) else 1 for p in parts)
        if samples > len(self.array):
            self.array = np.repeat(self.array, samples, axis=0)
        *places, made = np.broadcast_arrays(*self._places(key), parts[-1])
        return tuple(places), made


class Steps(Tensor):
    """The steps of a recurrence; what is before the first is the last entry, -1."""

    def __setitem__(self, key: Any, value: Any) -> None:
        places, value = self._written(key, value)
        self.array[places] = value


class Literal:
    """What the lines of a net.py make of arrays: its variables by their `names`."""

    def __init__(self, source: str, given: Mapping[str, Array], samples: int, steps: int) -> None:
        self.given, self.length, self.steps = given, samples, steps
        self.axes, self.over_samples = count(1), set[int]()
        self.block: tuple[str, int] | None = None  # its function and its number
        self.declaring: dict[str, list[str]] = {}  # the blocks in which a name is a parameter
        words = (self.input, self.param, self.indices, self.samples, self.tensor)
        words += (self.zeros, self.recurrent, self.repeat, self.loss)
        self.names: dict[str, Any] = {**FUNCTIONS, **REDUCTIONS}
        self.names |= {"output": lambda *_: None, **{w.__name__: w for w in words}}
        waiting: list[ast.stmt] = []
        for line in ast.parse(_told_names(source)).body:
            if isinstance(self._written_at(line), Steps):
                waiting.append(line)
                continue
            self._run_steps(waiting)
            waiting = []
            self._run(line)

    def _written_at(self, line: ast.stmt) -> Any:
        """The tensor of which a line writes entries."""
        match line:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                return self.names[name]
        return None

    def _run(self, line: ast.stmt) -> None:
        exec(compile(ast.Module([line], []), "net.py", "exec"), self.names)

    def _run_steps(self, lines: Sequence[ast.stmt]) -> None:
        """Lines in any order, as often as what one step reads of others may be one more step old."""
        longest = max((self._written_at(line).array.shape[1] for line in lines), default=0)
        for _ in range(longest * len(lines)):
            for line in lines:
                self._run(line)

    def input(self, name: str, *_shape: Any, below: int | None = None) -> Tensor:
        return Tensor(self.given[name])

    def param(self, name: str, *_shape: Any) -> Tensor:
        """That of a block is one of several, whose name bears a number if other blocks have it."""
        if self.block is None:
            return Tensor(self.given[name][None])
        block, number = self.block
        same = self.declaring.setdefault(name, [])
        same += [] if block in same else [block]
        every = self.given[name if name in self.given else f"{name}{same.index(block) + 1}"]
        return Tensor(every[number][None])

    def indices(self, _name: str, size: int | None = None) -> Array:
        return _along(next(self.axes), self.steps if size is None else size)

    def samples(self) -> Array:
        self.over_samples.add(axis := next(self.axes))
        return _along(axis, self.length)

    def tensor(self, of: Any, *indices: Array) -> Tensor:
        """The entries of an expression, by its indices: the first over samples is the sample itself
        where that is not spoken of.
        """
        places = [_axis(i) for i in indices]
        full = _broadcast(of, indices)
        shared, samples = full.shape[0] == 1, [a for a in places if a in self.over_samples]
        own = places.pop(places.index(samples[0])) if shared and samples else 0
        others = [a for a in range(AXES) if a not in (own, *places)]
        every = np.transpose(full, (own, *places, *others))
        return Tensor(every.reshape(every.shape[: 1 + len(places)]))

    def zeros(self, *shape: int) -> Tensor:
        return Tensor(np.zeros((1, *shape)))

    def recurrent(self, length: int | str, *shape: int) -> Tensor:
        steps = self.steps if isinstance(length, str) else length
        return Steps(np.zeros((1, steps + 1, *shape)))

    def repeat(self, blocks: int, block: Callable[[Any], Any], x: Any) -> Any:
        for number in range(blocks):
            self.block = (block.__name__, number)
            x = block(x)
        self.block = None
        return x

    def loss(self, of: Any) -> Tensor:
        """The mean over the samples."""
        return Tensor(np.mean(_entries(of), keepdims=True)[(0,) * AXES][None])

    def value(self, name: str) -> Array:
        """That of a tensor, without an axis of samples where all share it."""
        tensor = self.names[name]
        array = tensor.array[:, :-1] if isinstance(tensor, Steps) else tensor.array
        return np.asarray(array if len(array) > 1 else array[0])


def _reduction(reduce: Callable[..., Any]) -> Callable[..., Array]:
    """A function of an expression and the indices over which it is summed, say."""

    def reduced(of: Any, *over: Array) -> Array:
        axes = tuple(map(_axis, over))
        return np.asarray(reduce(_broadcast(of, over), axis=axes, keepdims=True))

    return reduced


REDUCTIONS = {"sum": _reduction(np.sum), "mean": _reduction(np.mean), "max": _reduction(np.max)}


def _along(axis: int, size: int) -> Array:
    """0, 1, 2, ... along one axis."""
    return np.arange(size).reshape([size if a == axis else 1 for a in range(AXES)])


def _axis(index: Array) -> int:
    """The axis of an index; all have more than one entry."""
    return index.shape.index(index.size)


def _broadcast(of: Any, indices: Sequence[Array]) -> Array:
    """An expression's entries along these axes, too, if it does not depend on them."""
    entries = _entries(of)
    shape = np.broadcast_shapes(entries.shape, *(i.shape for i in indices))
    return np.broadcast_to(entries, shape)


def _entries(part: Any) -> Array:
    """An expression's: a tensor without axes is written without brackets."""
    found = part[()] if isinstance(part, Tensor) else np.asarray(part)
    return found if found.ndim else found.reshape((1,) * AXES)


def _tuple(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _told_names(source: str) -> str:
    """The lines after the import, in which inputs and parameters are told their names."""
    lines = source.removeprefix("from bpgen import *\n")
    return re.sub(r"(\w+) = (input|param)\(", r'\1 = \2("\1", ', lines)
