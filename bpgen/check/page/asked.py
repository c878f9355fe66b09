"""What is asked of the scope in which a formula is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bpgen.check.page import formula as f
from bpgen.check.page.names import Found
from bpgen.check.page.reading import Reading
from bpgen.check.page.scalars import Array
from bpgen.check.page.world import World


class Asked(Protocol):
    """Index letters by name, each an array along an axis of its own; see `evaluate`."""

    @property
    def reading(self) -> Reading: ...
    @property
    def world(self) -> World: ...
    @property
    def letters(self) -> Mapping[str, Array]: ...
    @property
    def depth(self) -> int: ...

    def at(self, values: Mapping[str, Array]) -> Asked:
        """The same where the tensors have other values."""

    def find(self, symbol: f.Symbol) -> Found | None:
        """What a symbol names."""

    def parts(self, node: f.Symbol, name: str, upstream: bool = False) -> tuple[f.Node, ...]:
        """The indices of a symbol, one for each axis that is told."""

    def value(self, node: f.Node) -> Array:
        """The value of a formula."""

    def index(self, node: f.Node) -> Array:
        """An index, as a whole number at each value of the letters."""

    def ranged(self, node: f.Over, otherwise: float) -> Array:
        """What stands below a sum or a maximum, with an axis for each letter, the last first."""

    def access(self, node: f.Symbol, name: str, array: Array) -> Array:
        """An element of an array."""
