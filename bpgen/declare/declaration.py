"""What one net.py has declared so far: tensors in order, the loss, the outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bpgen.errors import NetError

if TYPE_CHECKING:
    from bpgen.declare.tensor import Tensor


@dataclass
class Declaration:
    """The tensors by their serial numbers; names are found when net.py has run."""

    path: str = ""
    tensors: list[Tensor] = field(default_factory=list)
    loss: Tensor | None = None
    loss_line: int | None = None
    outputs: tuple[Tensor, ...] = ()
    layers: int = 0  # layers declared by functions of layers.py, which number what they make

    def add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def line(self) -> int | None:
        """The line of net.py that is running."""
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back  # type: ignore[assignment]
        return frame.f_lineno if frame is not None else None

    def place(self, line: int | None) -> str:
        return f"{self.path}:{line}" if line else self.path

    def set_loss(self, tensor: Tensor) -> None:
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
