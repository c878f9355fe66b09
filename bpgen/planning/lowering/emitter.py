"""The statements of a function as they are made, and the values that are there by then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace

import sympy as sp

from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.lowering.clipping import as_clip, joined
from bpgen.planning.lowering.scratch import Scratch
from bpgen.planning.nodes import Apply, ArgMax, FlatIndex, Helper, Kind
from bpgen.program.grammar import Expr, Node, Read, Store
from bpgen.program.memory import looks_at


class Emitter(ABC):
    """Writes statements, and knows which values they leave in which arrays."""

    def __init__(
        self,
        taken: Iterable[str],
        helper: Callable[[str], Helper | None],
        layouts: Layouts | None = None,
    ) -> None:
        self.layouts = layouts if layouts is not None else Layouts()
        self.scratch, self.helper = Scratch(taken, self.layouts), helper
        self.made: list[Node] = []
        self.in_loop = False
        self.known: dict[Expr, Read] = {}  # values that are there, as long as their arrays stay so
        self.aliases: dict[str, str] = {}  # names for parts of others
        self.largest: dict[Expr, tuple[Expr, Read]] = {}  # of arrays, as long as they stay so

    def put(self, at: Expr, value: Expr) -> None:
        """The statement that writes a value at a place; a difference that is to be negative is the
        other way about at once.
        """
        before = self.made[-1] if self.made else None
        if isinstance(before, Store) and value == Apply("negative", (at,), at.axes):
            swapped = _swapped(before.value)
            if swapped is not None and before == Store(at, before.value, False):
                self.made.pop()
                value = swapped
        bound = as_clip(at, value) if self._reads_real(value) else None
        if bound is not None:
            both = joined(before, at, bound)
            value = bound if both is None else both
            self.made[len(self.made) - (both is not None) :] = []
        self.made.append(Store(at, self._with_numbers(value), False))

    def _with_numbers(self, value: Expr) -> Expr:
        """A call that is given numbers as arrays, where it is given real arrays beside."""
        if not isinstance(value, Apply) or not self._reads_real(value):
            return value
        pairs = ((o, isinstance(o, Expr) or self.scratch.number(o)) for o in value.operands)
        return replace(value, operands=tuple(o if n in (True, None) else n for o, n in pairs))

    def _reads_real(self, value: Expr) -> bool:
        return isinstance(value, Apply) and any(map(self._is_real, value.operands))

    def _is_real(self, operand: Expr | sp.Expr) -> bool:
        return (
            isinstance(operand, Expr)
            and looks_at(operand) not in (None, *self.layouts.whole)
            and self.kind(operand) == "real"
        )

    def once(self, value: Expr) -> Read:
        """The array of a value; it may be there since it was asked for before."""
        if value not in self.known:
            places = isinstance(value, (ArgMax, FlatIndex)) or self._are_places(value)
            self.known[value] = made = self.scratch.take(value.axes, "places" if places else "real")
            self.into(made, value)
        return self.known[value]

    def _are_places(self, value: Expr) -> bool:
        operands = value.operands if isinstance(value, Apply) else ()
        return any(isinstance(o, Expr) and self.kind(o) == "places" for o in operands)

    def forget(self, name: str = "") -> None:
        """An array may hold something else from here on, or any may: so what is computed of it."""
        self.largest.clear()
        gone = {self.aliases.get(name, name)}
        for value, made in [*self.known.items()]:
            read = {n.name for n in value.walk() if isinstance(n, Read)}
            if not name or gone & {self.aliases.get(n, n) for n in read}:
                gone.add(made.name)
                del self.known[value]

    @abstractmethod
    def into(self, at: Expr, value: Expr) -> None:
        """Statements that leave a value at a place."""

    def kind(self, at: Expr) -> Kind:
        buffer = self.scratch.buffers.get(str(looks_at(at)))
        return buffer.kind if buffer is not None else "real"


def _swapped(value: Expr) -> Apply | None:
    """The negative of a difference of two arrays; None where it is none."""
    if not isinstance(value, Apply) or value.call != "subtract":
        return None
    one, other = value.operands
    both = isinstance(one, Expr) and isinstance(other, Expr)
    return replace(value, operands=(other, one)) if both else None
