"""What is found of a page, or of the comments of a module, when they are read back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FalseLine:
    """A line that does not hold, or cannot be read."""

    line: str
    reason: str
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.line}\n    {self.reason}"


@dataclass(frozen=True)
class ReadBack:
    """How many of its equations hold. Of a long page some may be `left` out, and not judged."""

    proved: int
    total: int
    false: tuple[FalseLine, ...] = ()
    left: int = 0

    @property
    def ok(self) -> bool:
        return self.total > 0 and self.proved == self.total

    def __str__(self) -> str:
        return f"{self.proved} of {self.total} equations"
