"""In which order the axes of each array stand in memory.

A buffer is made in one order and looked at in another, so statements speak of axes as they are
declared. What a product leaves stands as it comes out of it, samples first; what is computed
element by element, as what it is computed of; what a product sums stands last; what is computed
step by step has the steps first; and a gradient stands as what it is the gradient of. What a caller
gets or gives stands as declared, unless it is computed step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bpgen.ir import BATCH
from bpgen.planning.views import is_view, unflattened
from bpgen.program import grammar as program
from bpgen.program.contractions import is_matrix_product
from bpgen.program.grammar import Axes, Expr, Read
from bpgen.program.memory import looks_at
from bpgen.program.spans import along, digits_of, is_whole, span, takes_all

Places = tuple[int, ...]  # of each axis of memory, which it is of those declared


@dataclass
class Layouts:
    """The layouts that are not as declared, by the names of arrays; `masks` are those that hold yes
    or no, `copies` those whose windows are copied once, for all products that read them, `whole`
    those that come in as whole numbers, and `finite` those that are masked nowhere.
    """

    places: dict[str, Places] = field(default_factory=dict)
    masks: frozenset[str] = frozenset()
    copies: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    finite: frozenset[str] = frozenset()

    def set(self, name: str, declared: Axes, memory: Axes) -> None:
        if declared != memory:
            self.places[name] = tuple(declared.index(i) for i in memory)

    def follow(self, name: str, other: str) -> None:
        """The order of another array."""
        if other in self.places:
            self.places[name] = self.places[other]

    def of(self, value: Expr) -> Axes:
        """The axes of an expression as they stand in memory, or would if it were computed element
        by element.
        """
        rule = _RULES.get(type(value))
        return rule(self, value) if rule is not None else value.axes

    def memory(self, array: Expr) -> Axes | None:
        """The axes of an array without gaps, in the order of its memory; None of any other."""
        is_run = name_of(array) is not None or self._is_run(array)
        return self.of(array) if is_run else None

    def _is_run(self, array: Expr) -> bool:
        """Whether it is all but the first or last entries along the slowest axis of memory."""
        if not isinstance(array, program.Slice) or not isinstance(array.array, Read):
            return False
        slowest = self.of(array.array)[0]
        pairs = dict(zip(array.array.axes, array.slots, strict=True))
        slot = pairs.pop(slowest)
        free = along(slot, array.axes)
        is_stretch = len(free) == 1 and span(slot.at, slot.length, free[0]).step == 1
        return is_stretch and all(takes_all(s, array.axes) for s in pairs.values())

    def is_alias(self, value: Expr) -> bool:
        """Whether it is another name for what is there."""
        return looks_at(value) is not None and is_view(value, self.is_declared)

    def copy(self) -> Layouts:
        return replace(self, places={**self.places})

    def is_declared(self, value: Expr) -> bool:
        return self.of(value) == value.axes

    def _read(self, value: Read) -> Axes:
        places = self.places.get(value.name)
        return value.axes if places is None else tuple(value.axes[k] for k in places)

    def _view(self, value: program.View) -> Axes:
        """Of an axis that several share, the slowest first."""
        found: list[Any] = []
        for axis in self.of(value.array):
            slot = value.slots[value.array.axes.index(axis)]
            free = along(slot, value.axes)
            if len(free) > 1:
                free = digits_of(slot) or tuple(sorted(free, key=value.axes.index))
            found += [i for i in free if i in value.axes]
        return tuple(found) if {*found} == {*value.axes} else value.axes

    def _windows(self, value: program.Windows) -> Axes:
        """What runs within windows comes after all places where they begin."""
        order = self._view(value)
        pairs = [along(s, value.axes) for s in value.slots]
        within = [max(p, key=value.axes.index) for p in pairs if len(p) == 2]
        inside = [i for i in order if i in within]
        rest = [i for i in order if i not in within]
        last = max(rest.index(i) for p in pairs if len(p) == 2 for i in p if i in rest)
        return (*rest[: last + 1], *inside, *rest[last + 1 :])

    def _join(self, value: program.Join) -> Axes:
        """Joined axes, each where the slowest of its digits is."""
        digits = unflattened(Read("", value.axes), value)
        if digits is None:
            return value.axes
        slots = zip(value.axes, digits.slots, strict=True)
        parts = {axis: along(slot, digits.axes) for axis, slot in slots}
        inner = self.of(value.array)
        if any(not own for own in parts.values()):
            return value.axes
        return tuple(sorted(value.axes, key=lambda axis: inner.index(parts[axis][0])))

    def _map(self, value: program.Map) -> Axes:
        return self._like((a for _, a in value.operands), value.axes)

    def _total(self, value: program.Total) -> Axes:
        last = [value.last] if value.last is not None else []
        return self._like((*value.addends, *last), value.axes)

    def _like(self, operands: Iterable[Expr], axes: Axes) -> Axes:
        """As the first operand that has all axes."""
        layouts = map(self.of, operands)
        return next((order for order in layouts if {*order} == {*axes}), axes)

    def _reduce(self, value: program.Reduce) -> Axes:
        return tuple(i for i in self.of(value.array) if i in value.axes)

    def _inner(self, value: Any) -> Axes:
        return self.of(value.array)

    def _contract(self, value: program.Contract) -> Axes:
        """As it comes out of one product, with the samples' first."""
        if not is_matrix_product(value):
            return value.axes
        one, two = sorted(value.operands, key=_samples_first)
        return tuple(i for o in (one, two) for i in self.of(o) if i in value.axes)


def _samples_first(operand: Expr) -> bool:
    return not any(i.size == BATCH for i in operand.axes)


_RULES: dict[type[Expr], Callable[[Layouts, Any], Axes]] = {
    Read: Layouts._read,
    program.Slice: Layouts._view,
    program.Split: Layouts._view,
    program.Windows: Layouts._windows,
    program.Join: Layouts._join,
    program.Map: Layouts._map,
    program.Total: Layouts._total,
    program.Reduce: Layouts._reduce,
    program.Cast: Layouts._inner,
    program.Copy: Layouts._inner,
    program.Contract: Layouts._contract,
}


def name_of(array: Expr) -> str | None:
    """The name of an array that is all of one, under whatever letters."""
    if is_whole(array):
        array = array.array
    return array.name if isinstance(array, Read) else None
