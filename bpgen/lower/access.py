"""An access as the numpy that reads it: which axes come out, in which order, and how to line them
up.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from bpgen.errors import NetError
from bpgen.ir import BATCH, Element, Index


@dataclass(frozen=True)
class Operand:
    """numpy text and the index that each of its axes stands for. `tight`: an atom, needing no
    bracket.
    """

    text: str
    axes: tuple[Index, ...]
    tight: bool = True

    def bracketed(self) -> str:
        return self.text if self.tight else f"({self.text})"


def read(access: Element) -> Operand:
    """The array that an access means, with its axes in the array's own order."""
    name, indices = access.name, access.indices
    plain = [i for i in indices if isinstance(i, Index)]
    if len(plain) == len(indices) and len(set(plain)) == len(plain):
        return Operand(name, tuple(plain))
    if len(set(plain)) == len(plain) and all(
        isinstance(i, (Index, sp.Integer, Element)) for i in indices
    ):
        return _gather(name, indices)
    raise NetError(
        f"{access} is not an access that numpy code is written for yet",
        "use each index once, unshifted",
    )


def subscript(indices: tuple[sp.Expr, ...]) -> tuple[str, tuple[Index, ...]]:
    """The subscript of a gather and the axes it yields: `rows, y` for [n, y[n]], `tok` for [tok[n],
    d].
    """
    inner = next((i for i in indices if isinstance(i, Element)), None)
    if inner is None:  # whole numbers and plain indices
        axes = tuple(i for i in indices if isinstance(i, Index))
        return ", ".join(":" if isinstance(i, Index) else str(i) for i in indices), axes
    by = tuple(i for i in inner.indices if isinstance(i, Index))
    written = [_slot(i, by) for i in indices]
    yielded = _yielded(indices, by, [text != ":" for text in written])
    while written[-1] == ":":
        written.pop()
    return ", ".join(written), yielded


def _slot(index: sp.Expr, by: tuple[Index, ...]) -> str:
    """One entry of a gather's subscript."""
    if isinstance(index, Element):
        return index.name
    if not isinstance(index, Index):
        return str(index)
    if index not in by:
        return ":"
    return "rows" if index.size == BATCH and len(by) == 1 else f"np.arange({index.size})"


def _yielded(
    indices: tuple[sp.Expr, ...], by: tuple[Index, ...], gathered: list[bool]
) -> tuple[Index, ...]:
    """The axes in numpy's order: gathered ones stay in place where they stand together, else they
    come first.
    """
    places = [k for k, is_gathered in enumerate(gathered) if is_gathered]
    first = places[0] if places[-1] - places[0] + 1 == len(places) else 0
    kept = [(k, i) for k, i in enumerate(indices) if not gathered[k] and isinstance(i, Index)]
    return (*(i for k, i in kept if k < first), *by, *(i for k, i in kept if k >= first))


def _gather(name: str, indices: tuple[sp.Expr, ...]) -> Operand:
    inside, axes = subscript(indices)
    return Operand(f"{name}[{inside}]", axes)


def transposed(operand: Operand, axes: tuple[Index, ...]) -> Operand:
    """The operand with its axes in the order given."""
    if operand.axes == axes:
        return operand
    if operand.axes == axes[::-1]:
        return Operand(f"{operand.bracketed()}.T", axes)
    order = tuple(operand.axes.index(a) for a in axes)
    return Operand(f"{operand.bracketed()}.transpose{order}", axes)


def aligned(operand: Operand, axes: tuple[Index, ...]) -> str:
    """The operand's text so that it broadcasts against an array of these axes."""
    ordered = transposed(operand, tuple(a for a in axes if a in operand.axes))
    first = axes.index(ordered.axes[0]) if ordered.axes else len(axes)
    slots = [":" if a in ordered.axes else "None" for a in axes[first:]]
    return ordered.text if "None" not in slots else f"{ordered.bracketed()}[{', '.join(slots)}]"
