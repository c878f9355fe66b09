"""Statements lowered: each is one call, that writes where it is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.lowering.hoisting import hoist_transposes
from bpgen.planning.lowering.labels import with_less_labels
from bpgen.planning.lowering.matrices import as_inner
from bpgen.planning.lowering.values import Values
from bpgen.planning.nodes import Apply, Helper
from bpgen.planning.views import number_of
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Expr, Fill, Node, Store
from bpgen.program.memory import looks_at


class Lowering(Values):
    """Lowers the statements of one function."""

    def __init__(
        self,
        taken: Iterable[str],
        helper: Callable[[str], Helper | None],
        owned: Collection[str] = (),
        layouts: Layouts | None = None,
    ) -> None:
        """`owned` are arrays that have a place of their own, even if it is for one number."""
        super().__init__(taken, helper, layouts)
        self.owned = owned

    def statements(self, body: Iterable[Node]) -> tuple[Node, ...]:
        """A body with each of its statements lowered."""
        outer, self.made = self.made, []
        for node in with_less_labels(body):
            _STATEMENTS.get(type(node), Lowering._as_it_is)(self, node)
        made, self.made = tuple(self.made), outer
        return made

    def _as_it_is(self, node: Node) -> None:
        self.made.append(node)

    def _around(self, node: Any) -> None:
        self.made.append(replace(node, body=self.statements(node.body)))

    def _loop(self, node: program.Loop) -> None:
        self.forget()
        outer, self.in_loop = self.in_loop, True
        body = self.statements(node.body)
        self.in_loop = outer
        self.forget()
        self.made.append(replace(node, body=hoist_transposes(self, body)))

    def _assign(self, node: Assign) -> None:
        value = node.value
        if isinstance(value, program.Precision):
            return  # memory has it
        if node.name in self.scratch.buffers:
            self.forget(node.name)
        if not isinstance(value, Expr) or isinstance(value, program.Count):
            self.made.append(node)
        elif looks_at(value) is not None and self._is_alias(node.name, value):
            self.made.append(Assign(node.name, self.operand(value)))
            self.aliases[node.name] = str(looks_at(value))
        elif isinstance(value, Fill):
            self._filled(node.name, value)
        elif value.axes or node.name in self.owned:
            self.into(self.scratch.named(node.name, value.axes), value)
        else:
            self._number(node.name, value)

    def _number(self, name: str, value: Expr) -> None:
        """A value without axes: a product writes into memory, of which numpy is quicker to give a
        number than of what it makes of none.
        """
        number = self.scalar(value)
        product = as_inner(number, self.scratch.buffers)
        if product is None:
            self.made.append(Assign(name, number))
        else:
            self.put(self.scratch.named(name, ()), product)

    def _is_alias(self, name: str, value: Expr) -> bool:
        """Whether a name is given to what is there, and no copy is to be made."""
        return self.is_view(value) and name not in self.layouts.copies

    def _filled(self, name: str, value: Fill) -> None:
        sizes = value.shape.sizes or None
        at = self.scratch.named(name, value.axes, sizes)
        if value.value is not None:
            self.made.append(Store(at, value.value, False))

    def _store(self, node: Store) -> None:
        at = node.at.array if isinstance(node.at, program.Gather) else node.at
        self.forget(str(looks_at(at)))
        if isinstance(node.at, program.Gather):
            self._store_at_labels(node, node.at)
        elif node.adds:
            value = self.operand(node.value)
            self.made.append(Store(node.at, value, True))
        else:
            self.into(node.at, node.value)

    def _store_at_labels(self, node: Store, at: program.Gather) -> None:
        """What is added to one entry of each row, whose places in memory are known."""
        picked, value = self.flat_entries(at), self.operand(node.value)
        if picked is None or not node.adds:
            return self.made.append(replace(node, value=value))
        number = number_of(value)
        less = number is not None and number.could_extract_minus_sign()
        addend = value if number is None else -number if less else number
        before, after = (self.scratch.take(picked.axes) for _ in range(2))
        self.put(before, picked)
        call = "subtract" if less else "add"
        self.put(after, Apply(call, (before, addend), picked.axes))
        self.put(picked, after)

    def _scatter(self, node: program.ScatterAdd) -> None:
        self.forget(str(looks_at(node.at.array)))
        value = self.operand(node.value)
        self.made.append(replace(node, value=value))


_STATEMENTS: dict[type[Node], Callable[[Lowering, Any], None]] = {
    program.Step: Lowering._around,
    program.Loop: Lowering._loop,
    program.Assign: Lowering._assign,
    program.Store: Lowering._store,
    program.ScatterAdd: Lowering._scatter,
}
