"""The lengths of the axes of arrays, as far as a program tells them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bpgen.ir import Index, Size
from bpgen.program.grammar import Ref

Known = tuple[Size | None, ...]
HeldSizes = dict[tuple[str, str, bool], Known]  # by the dict, the name, and whether of one block


class Sizes:
    """What is told of a function's arrays by their names, and in `held` of what dicts of arrays
    hold, which is the same in every function.
    """

    def __init__(self, held: HeldSizes) -> None:
        self.held, self.own = held, dict[str, Known]()
        self.taken: dict[str, Ref] = {}  # names, by what was taken out of a dict

    def name(self, name: str, axes: Iterable[Index] | None = None, of: Ref | None = None) -> None:
        """A new array under a name: along these axes, or taken out of a dict."""
        self.own.pop(name, None)
        self.taken.pop(name, None)
        if axes is not None:
            self.own[name] = _sizes(axes)
        elif of is not None:
            self.taken[name] = of

    def keep(self, names: Collection[str]) -> None:
        """Forget all others."""
        self.own = {n: told for n, told in self.own.items() if n in names}
        self.taken = {n: of for n, of in self.taken.items() if n in names}

    def has(self, array: Ref, axes: Iterable[Index]) -> bool:
        """Whether an array has the lengths of these axes; if nothing was told of it, it has them
        from now on.
        """
        return self._learn(array, _sizes(axes)) == _sizes(axes)

    def alike(self, one: Ref, other: Ref) -> bool:
        """Whether two arrays have the same lengths, as far as is told."""
        told = self.known(one) or self.known(other)
        return told is None or self._learn(one, told) == self._learn(other, told)

    def known(self, array: Ref) -> Known | None:
        array = self.taken.get(array.name, array) if not array.held else array
        if array.held:
            return self.held.get((array.held, array.name, bool(array.block)))
        return self.own.get(array.name)

    def _learn(self, array: Ref, told: Known) -> Known:
        array = self.taken.get(array.name, array) if not array.held else array
        if array.held:
            return self.held.setdefault((array.held, array.name, bool(array.block)), told)
        return self.own.setdefault(array.name, told)


def _sizes(axes: Iterable[Index]) -> Known:
    return tuple(i.size for i in axes)
