"""What an array of the program holds at one place, as an expression of C.

An array expression is a function of its axes: a view reads another array at other places, a map
computes of what its operands hold there. What is summed up or searched is so in a loop before the
statement that reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, ClassVar

import sympy as sp

from bpgen.formulas.bodies import tree_of
from bpgen.ir import Index, element, length
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr, Slot
from bpgen.targets.c.loops import At, Loops
from bpgen.targets.c.nodes import Mark, Row
from bpgen.targets.c.places import affine, flat, is_0, whole
from bpgen.targets.c.reductions import REDUCTIONS
from bpgen.targets.c.scalar import ATOM, CALL, CHOICE, PRODUCT, SIGN, SUM, C, Writer
from bpgen.targets.c.stored import Names, left

Places = list[tuple[C, sp.Expr]]  # along each axis, and how long that is


class Entries(Loops):
    """Reads entries; `order` gives the rank of a tensor's name."""

    def __init__(self, names: Names, order: Mapping[str, int]) -> None:
        super().__init__(names)
        self.order = order

    def value(self, node: Expr, at: At) -> C:
        return self.rows[type(node)](self, node, at)

    # Arrays that are there

    def read(self, node: program.Read, at: At) -> C:
        alias = self.names.aliases.get(node.name)
        if alias is None:
            return self.element(*self._stands(node, at))
        theirs = {o: at[i] for o, i in zip(alias.axes, node.axes, strict=True)}
        return self.value(alias, {**at, **theirs})

    def element(self, name: str, places: Places) -> C:
        """The element of a stored array at these places along its axes, of these lengths."""
        array = self.names.arrays[name]
        if array.is_variable:
            return C(array.text)
        near = all(at.binding >= SIGN for at, _ in places[:-1])
        return C(f"{array.text}[{self._flat(name, places).text}]", ATOM if near else CALL)

    def _flat(self, name: str, places: Places) -> C:
        sizes = self.names.arrays[name].sizes or tuple(size for _, size in places)
        return flat((at, size) for (at, _), size in zip(places, sizes, strict=True))

    def _stands(self, node: Expr, at: At) -> tuple[str, Places]:
        """The array in memory that is looked at, and where."""
        if isinstance(node, program.Read):
            return node.name, [(at[i], length(i.size)) for i in node.axes]
        assert isinstance(node, program.View | program.Gather)
        assert isinstance(node.array, program.Read)
        return node.array.name, [(self._place(s, at), s.length) for s in node.slots]

    def view(self, node: program.View | program.Gather, at: At) -> C:
        array = node.array
        if self.names.is_stored(array):
            return self.element(*self._stands(node, at))
        places = [self._place(s, at) for s in node.slots]
        return self.value(array, {**at, **dict(zip(array.axes, places, strict=True))})

    def _place(self, slot: Slot, at: At) -> C:
        if isinstance(slot.at, Expr):
            return self.value(slot.at, at)
        return affine(slot.at, lambda i: at[i] if i in at else C(self.names.index(i)))

    def join(self, node: program.Join, at: At) -> C:
        """Of an array in memory: the elements stand in the same order under any axes."""
        assert isinstance(node.array, program.Read)
        array = self.names.arrays[node.array.name]
        return C(f"{array.text}[{flat((at[i], length(i.size)) for i in node.axes).text}]")

    def count(self, node: program.Count, at: At) -> C:
        return at[node.place] if node.place in at else C(self.names.index(node.place))

    def same(self, node: Any, at: At) -> C:
        return self.value(node.array, at)

    # Arrays that are computed

    def map(self, node: program.Map, at: At) -> C:
        """A body of its operands' entries and of lengths, which are real in it."""
        own = {e: e for e, _ in node.operands}
        lengths = {s: element(f"<{s}>", ()) for s in node.body.free_symbols}
        texts = {e: C(f"R({s})", CALL) for s, e in lengths.items()}
        texts |= {e: self.value(array, at) for e, array in node.operands}
        writer = Writer(texts)
        found = writer.text(tree_of(node.body.xreplace({**lengths, **own}), self.order))
        self.helpers |= writer.helpers
        return found

    def total(self, node: program.Total, at: At) -> C:
        every = [*node.addends, *([node.last] if node.last is not None else [])]
        texts = (self.value(a, at) for a in every)
        first, *others = sorted(texts, key=lambda t: bool(t.behind_sign))
        return C(" ".join([first.within(SUM), *map(_signed, others)]), SUM)

    def contract(self, node: program.Contract, at: At) -> C:
        """A sum of products; of two rows in memory, as the helper for that."""
        if len(node.operands) == 2 and len(node.over) == 1 and node.over[0].size != 1:
            (j,) = node.over
            rows = [self.row_along(o, j, at) for o in node.operands]
            if None not in rows:
                self.helpers.add("dot")
                one, other = map(str, rows)
                return C(f"dot({one}, {other}, {whole(length(j.size)).text})", CALL)

        def product(inner: At) -> C:
            first, *others = (self.value(o, inner) for o in node.operands)
            return reduce(lambda made, o: made.then("*", o.within(PRODUCT)), others, first)

        return self.summed(node.over, at, product)

    def is_row(self, node: Expr, index: Index) -> bool:
        """Whether elements along an index stand one after another in memory."""
        if isinstance(node, program.View):
            *before, last = node.slots
            moved = any(isinstance(s.at, Expr) or s.at.has(index) for s in before)
            return self.names.is_stored(node.array) and last.at == index and not moved
        return self.names.is_stored(node) and node.axes[-1:] == (index,)

    def row_along(self, node: Expr, index: Index, at: At) -> str | None:
        """Where an array's row along an index begins, if its elements stand one after another."""
        if not self.is_row(node, index):
            return None
        name, places = self._stands(node, {**at, index: C("0")})
        array, place = self.names.arrays[name].text, self._flat(name, places)
        return array if is_0(place) else f"{array} + {place.text}"

    def summed(self, over: Axes, at: At, term: Callable[[At], C]) -> C:
        if all(i.size == 1 for i in over):
            return term({**at, **self.here(over)})
        s = self.names.local("s")
        self.lines.append(f"real {s} = 0;")
        self.looped(over, lambda inner: [f"{s} += {term({**at, **inner}).text};"])
        return C(s)

    def reduce(self, node: program.Reduce, at: At) -> C:
        return REDUCTIONS[node.how](self, node, at)

    def from_blocks(self, node: program.FromBlocks, at: At) -> C:
        """What every block left, added up."""
        name = left(node.store, node.name)
        sizes = self.names.arrays[name].sizes or ()
        block = Index("l", int(sizes[0]))
        places = [(block, sizes[0]), *((i, length(i.size)) for i in node.axes)]

        def one(inner: At) -> C:
            here = {**at, **inner}
            return self.element(name, [(here[i], size) for i, size in places])

        return self.summed((block,), at, one)

    def row(self, node: Row, at: At) -> C:
        z, of_all = self.value(node.array, at), self.value(node.whole, at).text
        below = f"{z.within(SUM)} - {of_all}"
        if node.call == "log_softmax":
            return C(below, SUM)
        return C(f"{of_all} == -INFINITY ? 0 : M(exp)({below})", CHOICE)

    def mark(self, node: Mark, at: At) -> C:
        number = flat((at[i], length(i.size)) for i in node.over).text
        return C(f"R({number} == {self.value(node.place, at).text})", CALL)

    def fill(self, node: program.Fill, at: At) -> C:
        return C("0") if node.value is None else self.value(node.value, {})

    rows: ClassVar[dict[type[Expr], Callable[[Any, Any, At], C]]] = {
        program.Read: read,
        program.Slice: view,
        program.Split: view,
        program.Windows: view,
        program.Gather: view,
        program.Join: join,
        program.Broadcast: same,
        program.Count: count,
        program.Map: map,
        program.Total: total,
        program.Contract: contract,
        program.Reduce: reduce,
        program.FromBlocks: from_blocks,
        program.Cast: same,
        program.Copy: same,
        program.AsArray: same,
        program.Fill: fill,
        Row: row,
        Mark: mark,
    }


def _signed(text: C) -> str:
    return f"- {text.behind_sign}" if text.behind_sign else f"+ {text.within(SUM)}"
