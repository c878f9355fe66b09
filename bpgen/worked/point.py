"""An example's values as arrays: every tensor that is given, the samples along the first axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpgen.errors import NetError
from bpgen.ir import BATCH, Network, Role, TensorInfo
from bpgen.worked.example import Example

Array = NDArray[Any]
Arrays = Mapping[str, Array]
_GIVEN: tuple[Role, ...] = ("param", "input", "state", "target")


@dataclass(frozen=True)
class Point:
    """A value of every parameter, input, state and target; the lengths that they have; and which
    parameters the example does not give.
    """

    values: Arrays
    lengths: Mapping[str, int]
    drawn: tuple[str, ...] = ()


def point(network: Network, example: Example, initial: Arrays) -> Point:
    """The point of an example. Parameters that it does not give are the `initial` ones.

    Raises NetError, at the example's place, where a name is no tensor's, a value has another shape
    or range, or an input is missing.
    """
    known = {t.name: t for role in _GIVEN for t in network.role(role)}
    for name in (*example.values, *example.held):
        _refuse_unknown(name, known, network, example)
    lengths: dict[str, int] = {}
    values: dict[str, Array] = {}
    for name, info in known.items():
        if name in example.values:
            values[name] = _fitted(info, example.values[name], lengths, example)
        elif info.role == "param":
            values[name] = np.asarray(initial[name])
        else:
            raise NetError(f"the example gives no {name}", f"add {name}=... to it", example.place)
    lengths.setdefault(BATCH, 1)
    drawn = tuple(n for n, t in known.items() if t.role == "param" and n not in example.values)
    return Point(values, lengths, drawn)


def _refuse_unknown(
    name: str, known: Mapping[str, TensorInfo], network: Network, example: Example
) -> None:
    if name in known:
        return
    if name in network.tensors:
        fact = f"{name} is computed: an example gives parameters, inputs and targets"
        raise NetError(fact, f"leave {name} out", example.place)
    near = get_close_matches(name, known, 1)
    remedy = f"{near[0]} is meant?" if near else f"there are {', '.join(known)}"
    raise NetError(f"the example gives {name}, which is no tensor", remedy, example.place)


def _fitted(info: TensorInfo, value: Any, lengths: dict[str, int], example: Example) -> Array:
    """A value as an array of the tensor's shape. Of one sample, the axis of samples is added; a
    single number is a vector of one.
    """
    sizes = tuple(i.size for i in info.indices if i.size is not None)
    array = _numbers(info, value, example)
    if info.batched and array.ndim == len(sizes) - 1:
        array = array[None]
    elif info.batched and sizes[1:] == (1,) and array.ndim == 0:
        array = array.reshape(1, 1)
    elif sizes == (1,) and array.ndim == 0:
        array = array.reshape(1)
    fits = array.ndim == len(sizes) and all(
        n == (size if isinstance(size, int) else lengths.setdefault(size, n))
        for n, size in zip(array.shape, sizes, strict=True)
    )
    if not fits:
        said = ", ".join(str(lengths.get(str(s), s)) for s in sizes[info.batched :])
        raise NetError(
            f"the example's {info.name} has the shape {np.shape(value)}",
            f"{info.name} is ({said}{',' * (',' not in said and said != '')})"
            + (" for each sample" if info.batched else ""),
            example.place,
        )
    return array


def _numbers(info: TensorInfo, value: Any, example: Example) -> Array:
    """The value as numbers; of a label, as whole ones within its range."""
    try:
        if any(isinstance(v, (str, bytes)) for v in np.array(value, object).flat):
            raise TypeError  # "1" may be a class's name as well as a number
        array = np.array(value, float)
    except (TypeError, ValueError):
        fact = f"the example's {info.name} is not numbers: {value!r:.40}"
        raise NetError(fact, "give a number, or lists of them", example.place) from None
    if not np.all(np.isfinite(array)):
        fact = f"the example's {info.name} is not finite"
        raise NetError(fact, "give finite numbers", example.place)
    if info.bound is None:
        return array
    if np.any(array != np.floor(array)) or np.any((array < 0) | (array >= info.bound)):
        raise NetError(
            f"the example's {info.name} is {value!r:.40}",
            f"{info.name} holds whole numbers from 0 to {info.bound - 1}",
            example.place,
        )
    return array.astype(int)
