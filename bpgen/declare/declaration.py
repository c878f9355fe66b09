"""What one net.py has declared so far: quantities in order, the loss, the outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import sympy as sp

from bpgen.errors import NetError
from bpgen.ir import Index, Role, Size, Term

_NAMELESS = {
    "value": "a tensor",
    "input": "an input",
    "target": "a target",
    "param": "a parameter",
    "state": "a state",
    "noise": "noise",
}

# The axis along which a block's argument is carried: it comes before those that net.py speaks of.
OVER_BLOCKS = -1


@dataclass(frozen=True, eq=False)
class Block:
    """A block that is repeated, and the index that counts its repetitions."""

    index: Index


class Quantity:
    """A tensor of one sample, as data: what it is, and what it is defined by. `Tensor` gives it
    operators.
    """

    def __init__(
        self,
        shape: tuple[Size, ...],
        role: Role = "value",
        *,
        name: str | None = None,
        hint: str = "u",
        layer: int | None = None,
        bound: int | None = None,
        sums_to_one: bool = False,
        init: str | float = "",
        indices: tuple[Index, ...] = (),
        terms: tuple[Term, ...] = (),
        open: bool = False,
        carried: int | None = None,
        keep: sp.Expr | None = None,
    ) -> None:
        self.shape, self.role, self.name, self.hint, self.layer = shape, role, name, hint, layer
        self.bound, self.sums_to_one, self.init, self.keep = bound, sums_to_one, init, keep
        self.indices, self.terms = indices, terms
        self.open, self.carried = open, carried  # open: written element by element, t[i] = ...
        self.written: list[tuple[sp.Expr, ...]] = []  # the places, line by line
        self.predicts: int | None = None  # the target that it is compared with
        self.home, self.block = here(), here().block
        self.line = self.home.line()
        self.serial = self.home.add(self)
        self.moment = next(self.home.moments)

    @property
    def rank(self) -> int:
        return len(self.shape)

    def said(self) -> str:
        """How an error names it: its variable where it is known by now, what it is otherwise, and
        its shape.
        """
        name = self.name or here().variable(self) or _NAMELESS[self.role]
        return f"{name} ({', '.join(map(str, self.shape))}{',' * (self.rank == 1)})"


@dataclass(eq=False)
class Declaration:
    """The quantities by their serial numbers; names are found when net.py has run."""

    path: str = ""
    tensors: list[Quantity] = field(default_factory=list)
    loss: Quantity | None = None
    loss_line: int | None = None
    outputs: tuple[Quantity, ...] = ()
    layers: int = 0  # layers declared by functions of layers.py, which number what they make
    lengths: set[str] = field(default_factory=set)  # known at run time
    # Numbers of nameless indices: the same in every run.
    indices: Iterator[int] = field(default_factory=count)
    samples: int = 0  # how often net.py asked for the index of a sample
    blocks: list[Block] = field(default_factory=list)  # being declared, each within the one before
    called: dict[int, str] = field(default_factory=dict)  # by the variables of a block
    # Arguments of the module that no equation need read, by their serial numbers.
    arguments: set[int] = field(default_factory=set)
    example: dict[str, Any] | None = None  # the values of a worked example, by names
    example_line: int | None = None
    penalties: dict[int, str] = field(default_factory=dict)  # the word that made each
    moments: Iterator[int] = field(default_factory=count)  # when each tensor was defined

    def add(self, tensor: Quantity) -> int:
        self.tensors.append(tensor)
        self.lengths.update(size for size in tensor.shape if isinstance(size, str))
        return len(self.tensors) - 1

    @property
    def block(self) -> Block | None:
        """The innermost of the blocks that are being declared."""
        return self.blocks[-1] if self.blocks else None

    def line(self) -> int | None:
        """The line of net.py that is running."""
        frame = self.frame()
        return frame.f_lineno if frame is not None else None

    def variable(self, value: object) -> str | None:
        """The variable of net.py that holds the value, while net.py runs."""
        frame = self.frame()
        return (
            next((n for n, v in {**frame.f_globals, **frame.f_locals}.items() if v is value), None)
            if frame is not None
            else None
        )

    def frame(self) -> Any:
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back
        return frame

    def place(self, line: int | None) -> str:
        return f"{self.path}:{line}" if line else self.path

    def set_example(self, values: dict[str, Any]) -> None:
        if self.example is not None:
            raise NetError(
                f"two examples: one on line {self.example_line}, another here",
                "a network has one; others stand in files, for --values",
            )
        self.example, self.example_line = values, self.line()

    def set_loss(self, tensor: Quantity) -> None:
        if self.loss is not None:
            raise NetError(
                f"two losses: one on line {self.loss_line}, another here",
                "a network has one loss; add them: loss(first + second)",
            )
        self.loss, self.loss_line = tensor, self.line()


current = Declaration()


@contextmanager
def declaring(path: str) -> Iterator[Declaration]:
    """A fresh declaration, current while net.py runs."""
    global current
    outer, current = current, Declaration(path)
    try:
        yield current
    finally:
        current = outer


def here() -> Declaration:
    return current
