"""What an array of the program is, and where one is found, of which shape and precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from bpgen.ir import Index
from bpgen.program.nodes import Node

Axes = tuple[Index, ...]
Sizes = tuple[sp.Expr, ...]
Held = Literal["", "params", "cache", "grads"]  # a dict of arrays


class Expr(Node):
    """An array; `axes` are the indices of its axes, in their order, no index twice."""

    axes: Axes


@dataclass(frozen=True)
class Ref(Node):
    """An array by its name, whatever its axes: a variable, or what a dict of arrays holds under the
    name, of all blocks or of one.
    """

    name: str
    held: Held = ""
    block: str = ""  # the variable that counts the blocks


@dataclass(frozen=True)
class Shape(Node):
    """A length for each axis, or the shape of an array at hand."""

    sizes: Sizes = ()
    of: Ref | None = None


@dataclass(frozen=True)
class Precision(Node):
    """That of what is computed from these arrays together, or what a variable holds of it; of none,
    float64.
    """

    of: tuple[Ref, ...] = ()
    variable: str = ""


@dataclass(frozen=True)
class Slot(Node):
    """A place along one axis of an array, affine in indices or looked up in an array of whole
    numbers, and the length of that axis.
    """

    at: sp.Expr | Expr
    length: sp.Expr
