"""Which order each tensor gets: its product's, that of what it is computed of, or as declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from bpgen.ir import BATCH, TensorInfo
from bpgen.planning.layout.finite import finite
from bpgen.planning.layout.layouts import Layouts, Places, name_of
from bpgen.planning.layout.loop_axes import Along, read_along, written_along
from bpgen.planning.layout.masks import masks
from bpgen.program import grammar as program
from bpgen.program.contractions import is_matrix_product
from bpgen.program.grammar import Assign, Axes, Expr, Function, Loop, Node, Read, Step, Store
from bpgen.program.memory import bare, looks_at
from bpgen.program.spans import along


def layouts_of(
    functions: Iterable[Function],
    tensors: Mapping[str, TensorInfo],
    adjoints: Mapping[str, str],
) -> Layouts:
    """The layouts of all tensors. `adjoints`: of each tensor its gradient."""
    of = {gradient: name for name, gradient in adjoints.items()}
    statements = [n for f in functions if not is_of_block(f) for n in _statements(f.body)]
    named = [n for n in statements if isinstance(n, Assign)]
    summed = dict(_summed(named))
    copies = frozenset(n.name for n in named if n.name in summed and _is_windows(n.value))
    whole = frozenset(name for name, t in tensors.items() if t.bound is not None)
    unmasked = finite(functions, tensors)
    layouts = Layouts(masks=masks(functions), copies=copies, whole=whole, finite=unmasked)
    steps = written_along(functions)
    order = _Layout(layouts, summed, _first_stores(statements), steps, read_along(functions))
    passed, known = {*_passed(functions)}, {n.name for n in named}
    given = passed | ({*_returned(functions)} - {*order.steps})
    for node in named:
        value, name = node.value, node.name
        declared = name in given or name not in tensors or tensors[name].block
        if not isinstance(value, Expr) or len(value.axes) < 3 or declared:
            continue
        if of.get(name) in known and name not in order.steps:
            layouts.follow(name, of[name])
        else:
            layouts.set(name, value.axes, order.of(name, value))
    return layouts


@dataclass(frozen=True)
class _Layout:
    """What the order of a tensor is read off: the axes that its first product sums, what is first
    written into it where it is filled before, and the axes that loops write and read it along.
    """

    layouts: Layouts
    summed: Mapping[str, Places]
    stores: Mapping[str, Store]
    steps: Along
    read: Along

    def of(self, name: str, value: Expr) -> Axes:
        """The axes of a tensor as they are to stand in memory."""
        if name in self.steps:
            return _first(value.axes, self.steps[name])
        if isinstance(value, program.Fill):
            return self._filled(self.stores.get(name), value)
        if self.layouts.is_alias(value) and name not in self.layouts.copies:
            return value.axes
        if name in self.read and _is_of_product(value):
            return _first(value.axes, self.read[name])
        last = [value.axes[k] for k in self.summed.get(name, ())]
        return tuple(sorted(self.layouts.of(value), key=last.__contains__))

    def _filled(self, store: Store | None, value: program.Fill) -> Axes:
        """As what is written or added there."""
        if store is None or not isinstance(store.at, program.Slice):
            return value.axes
        found = [along(s, store.at.axes) for s in store.at.slots]
        memory = self.layouts.of(store.value)
        if any(len(own) != 1 for own in found) or {*memory} != {*store.at.axes}:
            return value.axes
        pairs = zip(value.axes, found, strict=True)
        return tuple(axis for axis, own in sorted(pairs, key=lambda p: memory.index(p[1][0])))


def _first(axes: Axes, places: Collection[int]) -> Axes:
    """Axes with those at some places before the others."""
    first = [axes[k] for k in places]
    return tuple(sorted(axes, key=lambda i: i not in first))


def _is_of_product(value: Expr) -> bool:
    """Whether it is a product, or a sum that begins with one: its rows may come in any order."""
    one = value.addends[0] if isinstance(value, program.Total) else value
    return isinstance(one, program.Contract) and is_matrix_product(one)


def is_of_block(function: Function) -> bool:
    """Whether it is of one of several blocks, that hand on what they compute."""
    return any(a.kind == "block" for a in function.arguments)


def _returned(functions: Iterable[Function]) -> Iterator[str]:
    """The outputs."""
    for node in (n for f in functions for s in f.body for n in s.walk()):
        if isinstance(node, program.Return):
            yield from (n.name for n in node.walk() if isinstance(n, Read))


def _passed(functions: Iterable[Function]) -> Iterator[str]:
    """The gradients that a caller is given, and what a block is."""
    for node in (n for f in functions for s in f.body for n in s.walk()):
        if isinstance(node, program.Entry):
            yield node.array
        elif isinstance(node, program.Pack) and node.name == "grads":
            yield from (name for _, name in node.entries)
        elif isinstance(node, program.Call):
            yield from (*node.arguments, *node.names)


def _statements(body: Iterable[Node]) -> Iterator[Node]:
    """Those that name an array outside loops, and those that write in one."""
    for node in body:
        if isinstance(node, Step):
            yield from _statements(node.body)
        elif isinstance(node, Loop):
            yield from (n for n in node.body if isinstance(n, Store))
        elif isinstance(node, (Assign, Store)):
            yield node


def _first_stores(statements: Iterable[Node]) -> dict[str, Store]:
    """Of each array what is first written into it."""
    found: dict[str, Store] = {}
    for node in statements:
        if isinstance(node, Store):
            found.setdefault(str(looks_at(node.at)), node)
    return found


def _is_windows(value: Node) -> bool:
    return isinstance(value, Expr) and isinstance(bare(value), program.Windows)


def _summed(statements: Iterable[Assign]) -> Iterator[tuple[str, Places]]:
    """Which axes of an array the first product sums that reads it, but for one over samples."""
    seen: set[str] = set()
    for node in statements:
        for part in node.value.walk():
            if _sums_features(part):
                for operand in part.operands:
                    name = name_of(operand)
                    if name is not None and name not in seen:
                        seen.add(name)
                        over = (k for k, i in enumerate(operand.axes) if i in part.over)
                        yield name, tuple(over)


def _sums_features(part: Node) -> TypeGuard[program.Contract]:
    """Whether it is a product of matrices that is not summed over samples."""
    if not isinstance(part, program.Contract) or not is_matrix_product(part):
        return False
    return not any(i.size == BATCH for i in part.over)
