"""One function of the module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """One function of the module, as lines of text."""

    signature: tuple[str, ...]
    doc: str
    body: tuple[str, ...]
