"""What must be in memory before an expression is read: sums that would be made for each entry.

A sum is made where it is read, in a loop of its own, if it is read once for each of its entries. Of
a sum within others, or along fewer axes than the loops around it, an array is made before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from bpgen.ir import Index
from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Read
from bpgen.targets.c.nodes import Mark, Row, Summed, place_of, whole_of
from bpgen.targets.c.writing import Writing

_SUMS = (program.Contract, program.Reduce, program.InRows, program.FromBlocks)


class Prepared:
    """An expression with what is made before it: `apart` makes an array in memory of its own. Its
    `wholes` are made where it is written.
    """

    def __init__(
        self,
        apart: Callable[[Expr], Read],
        is_stored: Callable[[Expr], bool],
        writing: Writing,
        value: Expr,
        wholes: Iterable[Expr],
    ) -> None:
        self._apart, self._is_stored, self._writing = apart, is_stored, writing
        self._whole = {id(s) for s in wholes}
        self.value = self._of(value, {*value.axes}, False)

    def _of(self, value: Expr, around: set[Index], within: bool) -> Expr:
        """An expression within loops over these indices, or within a sum."""
        sums = isinstance(value, _SUMS)
        inner = {*value.axes} | {*getattr(value, "over", ())} if sums else around
        is_apart, is_whole = False, id(value) in self._whole
        value = self._with_parts(value, inner, within or sums)
        if isinstance(value, program.Contract) and self._writing.is_worth(value):
            value, is_apart = self._in_memory(value), not is_whole
        if isinstance(value, program.Join) and not self._is_stored(value.array):
            return replace(value, array=self._apart(value.array))
        if isinstance(value, program.InRows) and not is_whole:
            assert not isinstance(value, Summed)
            *outer, last = value.axes
            whole = self._apart(whole_of(value.array, (last,), tuple(outer)))
            return Row(value.call, value.array, whole, value.axes)
        if isinstance(value, program.Reduce) and value.how == "first":
            kept = tuple(i for i in value.axes if i not in value.over)
            return Mark(
                value.over, self._apart(place_of(value.array, value.over, kept)), value.axes
            )
        if is_whole and isinstance(value, program.InRows):
            return value
        if is_apart or (sums and (within or {*value.axes} != around)):
            return self._apart(value)
        return value

    def _in_memory(self, value: program.Contract) -> program.Contract:
        """A product of arrays in memory."""
        find = self._writing.find
        factors = tuple(o if find(o) is not None else self._apart(o) for o in value.operands)
        return replace(value, operands=factors)

    def _with_parts(self, value: Any, around: set[Index], within: bool) -> Any:
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        new = {name: self._part(part, around, within) for name, part in parts.items()}
        changed = {name: part for name, part in new.items() if part is not parts[name]}
        return replace(value, **changed) if changed else value

    def _part(self, part: Any, around: set[Index], within: bool) -> Any:
        if isinstance(part, Expr):
            return self._of(part, around, within)
        if isinstance(part, tuple):
            new = tuple(self._part(p, around, within) for p in part)
            return new if any(a is not b for a, b in zip(new, part, strict=True)) else part
        return part
