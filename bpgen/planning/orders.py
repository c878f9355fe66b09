"""In which order the axes of each array stand in memory.

A buffer is made in one order and looked at in another, so statements speak of axes as they are
declared. What a product leaves stands as it comes out of it, samples first; what is computed
element by element, as what it is computed of; what a product sums stands last; and a gradient, as
what it is the gradient of. What a caller gets or gives stands as declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from bpgen.ir import BATCH, TensorInfo
from bpgen.planning.looks import apart, is_view
from bpgen.planning.marks import marks
from bpgen.program import grammar as program
from bpgen.program.contractions import is_matrix_product
from bpgen.program.grammar import Assign, Axes, Expr, Function, Node, Read, Step
from bpgen.program.memory import looks_at
from bpgen.program.spans import along, digits_of, is_whole

Places = tuple[int, ...]  # of each axis of memory, which it is of those declared


@dataclass
class Orders:
    """The orders that are not as declared, by the names of arrays; and `marks`, those that hold yes
    or no.
    """

    places: dict[str, Places] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()

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
        return self.of(array) if _name(array) is not None else None

    def is_look(self, value: Expr) -> bool:
        """Whether it is another name for what is there."""
        return looks_at(value) is not None and is_view(value, self.is_declared)

    def copy(self) -> Orders:
        return Orders({**self.places}, self.marks)

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

    def _join(self, value: program.Join) -> Axes:
        """Joined axes, each where the slowest of its digits is."""
        digits = apart(Read("", value.axes), value)
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
        orders = map(self.of, operands)
        return next((order for order in orders if {*order} == {*axes}), axes)

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


_RULES: dict[type[Expr], Callable[[Orders, Any], Axes]] = {
    Read: Orders._read,
    program.Slice: Orders._view,
    program.Split: Orders._view,
    program.Windows: Orders._view,
    program.Join: Orders._join,
    program.Map: Orders._map,
    program.Total: Orders._total,
    program.Reduce: Orders._reduce,
    program.Cast: Orders._inner,
    program.Copy: Orders._inner,
    program.Contract: Orders._contract,
}


def orders_of(
    functions: Iterable[Function],
    tensors: Mapping[str, TensorInfo],
    adjoints: Mapping[str, str],
) -> Orders:
    """The orders of all tensors. `adjoints`: of each tensor its gradient."""
    orders, of = (
        Orders(marks=marks(functions)),
        {gradient: name for name, gradient in adjoints.items()},
    )
    statements = [n for f in functions if not is_of_block(f) for n in _assigned(f.body)]
    summed, given = dict(_summed(statements)), {*_given_away(functions)}
    known = {n.name for n in statements}
    for node in statements:
        value, name = node.value, node.name
        if (
            not isinstance(value, Expr)
            or len(value.axes) < 3
            or name in given
            or tensors[name].block
        ):
            continue
        if of.get(name) in known:
            orders.follow(name, of[name])
        elif not isinstance(value, program.Fill) and not orders.is_look(value):
            last = [value.axes[k] for k in summed.get(name, ())]
            memory = sorted(orders.of(value), key=last.__contains__)
            orders.set(name, value.axes, tuple(memory))
    return orders


def is_of_block(function: Function) -> bool:
    """Whether it is of one of several blocks, that hand on what they compute."""
    return any(a.kind == "block" for a in function.arguments)


def _given_away(functions: Iterable[Function]) -> Iterator[str]:
    """What a caller is given, or a block."""
    for node in (n for f in functions for s in f.body for n in s.walk()):
        if isinstance(node, program.Return):
            yield from (n.name for n in node.walk() if isinstance(n, Read))
        elif isinstance(node, program.Entry):
            yield node.array
        elif isinstance(node, program.Pack) and node.name == "grads":
            yield from (name for _, name in node.entries)
        elif isinstance(node, program.Call):
            yield from (*node.arguments, *node.names)


def _assigned(body: Iterable[Node]) -> Iterator[Assign]:
    """The statements that name an array outside loops."""
    for node in body:
        if isinstance(node, Step):
            yield from _assigned(node.body)
        elif isinstance(node, Assign):
            yield node


def _summed(statements: Iterable[Assign]) -> Iterator[tuple[str, Places]]:
    """Which axes of an array the first product sums that reads it, but for one over samples."""
    seen: set[str] = set()
    for node in statements:
        for part in node.value.walk():
            if _sums_features(part):
                for operand in part.operands:
                    name = _name(operand)
                    if name is not None and name not in seen:
                        seen.add(name)
                        over = (k for k, i in enumerate(operand.axes) if i in part.over)
                        yield name, tuple(over)


def _sums_features(part: Node) -> TypeGuard[program.Contract]:
    """Whether it is a product of matrices that is not summed over samples."""
    if not isinstance(part, program.Contract) or not is_matrix_product(part):
        return False
    return not any(i.size == BATCH for i in part.over)


def _name(array: Expr) -> str | None:
    """The name of an array that is all of one, under whatever letters."""
    if is_whole(array):
        array = array.array
    return array.name if isinstance(array, Read) else None
