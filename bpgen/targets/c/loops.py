"""Loops over indices, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpgen.ir import Index, length
from bpgen.program.grammar import Axes
from bpgen.targets.c.layout import nest
from bpgen.targets.c.places import whole
from bpgen.targets.c.scalar import C
from bpgen.targets.c.stored import Names

At = Mapping[Index, C]


class Loops:
    """Writes loops. `lines` is where those go that must run before what is read, `helpers` are the
    functions that are spoken of.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.lines: list[str] = []
        self.helpers: set[str] = set()

    def here(self, axes: Axes) -> dict[Index, C]:
        """Where the loops around it stand; along an axis of length 1 there is none."""
        return {i: C("0") if i.size == 1 else C(self.names.index(i)) for i in axes}

    def looped(self, over: Axes, body: Callable[[At], list[str]], shared: bool = False) -> None:
        """Loops over indices; what the body must compute before is computed within them. The first
        may be shared out among threads.
        """
        outside, self.lines = self.lines, []
        own = body(self.here(over))
        inner, self.lines = [*self.lines, *own], outside
        heads = [self.head(i) for i in over if i.size != 1]
        if shared:
            self.helpers.add("PARALLEL")
            heads[0] = f"PARALLEL {heads[0]}"
        self.lines += nest(heads, inner)

    def head(self, index: Index, reverse: bool = False) -> str:
        """The head of a loop."""
        i, size = self.names.index(index), whole(length(index.size)).text
        if reverse:
            return f"for (int {i} = {size} - 1; {i} >= 0; {i}--)"
        return f"for (int {i} = 0; {i} < {size}; {i}++)"
