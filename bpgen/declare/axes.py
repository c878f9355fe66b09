"""The tensor that an element is of, and what the element has along each of its axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp

from bpgen.declare.declaration import Quantity, here
from bpgen.ir import Element, Size, element


def element_of(serial: int, indices: Iterable[Any]) -> Element:
    """An element of a tensor that has no name yet."""
    return element(f"%{serial}", indices)


def serial_of(access: Element) -> int:
    """The number of the tensor that an element is of."""
    return int(access.name[1:])


def tensor_of(access: Element) -> Quantity:
    """The tensor that an element is of, while net.py runs."""
    return here().tensors[serial_of(access)]


def sample_axes(access: Element) -> Iterator[tuple[int, Size, sp.Expr]]:
    """The axes of one sample with what an element has there."""
    tensor = tensor_of(access)
    indices = access.indices[len(access.indices) - tensor.rank :]
    return ((k, s, i) for k, (s, i) in enumerate(zip(tensor.shape, indices, strict=True)))


def least(tensor: Quantity, axis: int) -> int:
    """The first index of an axis: a recurrence has an element before the first."""
    return -1 if tensor.carried == axis else 0


def one_step_more(tensor: Quantity, axis: int, lowest: sp.Expr) -> str:
    """How a recurrence is read more than one step before a step, or begun there; or nothing."""
    if tensor.carried != axis or not (lowest + 2).is_nonpositive:
        return ""
    name, letters = here().variable(tensor) or "h", "ijkm"[: tensor.rank - 1]
    other = "g" if name != "g" else "h"
    before, now, first = (", ".join((step, *letters)) for step in ("t - 1", "t", "-1"))
    kept = f"{other} = recurrent(*{name}.shape); {other}[{now}] = {name}[{before}]"
    return (
        f"one step more is kept beside it: {kept}; what is two steps back is {other}[{before}],"
        f" its start {other}[{first}]"
    )
