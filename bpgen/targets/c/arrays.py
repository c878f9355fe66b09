"""Names for arrays: what another holds, what only looks at others, and memory for what is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from bpgen.ir import Index, length
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr
from bpgen.targets.c.blocks import Held, held
from bpgen.targets.c.entries import Entries
from bpgen.targets.c.layout import nest
from bpgen.targets.c.left import only_looks
from bpgen.targets.c.overlap import is_in_place
from bpgen.targets.c.places import whole
from bpgen.targets.c.prepared import Prepared
from bpgen.targets.c.stored import Names, Sizes, Stored, own
from bpgen.targets.c.texts import Pointer
from bpgen.targets.c.wholes import made_in_place
from bpgen.targets.c.writing import Writing

_STEMS = {"logsumexp": "log_sum", "place": "largest"}  # of what is made before it is read


class Arrays:
    """The arrays of a function, each where it lies.

    `kept` are the arrays that outlive it, of those that are to, and `work` those that it needs
    beside, with the lengths of their axes.
    """

    def __init__(self, names: Names, order: Mapping[str, int], held: Held) -> None:
        self.names, self.held = names, held
        self.given = {*names.arrays}
        self.entries = Entries(names, order)
        self.writing = Writing(names, self.entries)
        self.work: dict[str, Sizes] = {}
        self.kept: dict[str, Sizes] = {}
        self.fields: dict[str, str] = {}  # of the struct, where arrays are called otherwise
        self.passed: dict[str, str] = {}  # what goes from block to block, and where it lies
        self.fixed: frozenset[Index] = frozenset()
        self.times: Counter[str] = Counter()

    def assign(self, node: program.Assign) -> list[str]:
        value = node.value
        if isinstance(value, program.Length | program.Precision):
            return []  # lengths are arguments, and the precision is that of the file
        if isinstance(value, program.Ref):
            return self._taken(node.name, value)
        assert isinstance(value, Expr)
        if isinstance(value, program.Fill):
            return self._filled(node.name, value)
        if not self._is_placed(node.name) and self._only_looks(value):
            self.names.aliases[node.name] = value
            return []
        read = (n.name for n in value.walk() if isinstance(n, program.Read))
        before = node.name in self.names.aliases and node.name in read
        return (self.stored(node.name) if before else []) + self._computed(node.name, value)

    def _is_placed(self, name: str) -> bool:
        """Whether an array lies where others look for it."""
        theirs = name in self.held.stays or name in self.held.asked or name in self.passed
        return theirs or name == self.held.signature.hands

    def _taken(self, name: str, ref: program.Ref) -> list[str]:
        """What another holds; inputs are arguments of every function."""
        if name in self.given:
            return []
        self.names.aliases.pop(name, None)
        if ref.held == "cache" and ref.name in self.held.looks(ref):
            return self._seen(name, ref)
        sizes = self.held.sizes(ref)
        self.names.arrays[name] = Stored(own(name), sizes)
        place = held(ref, self.held.signature.word, sizes)
        return [Pointer(own(name), place, is_constant=True)]

    def _seen(self, name: str, ref: program.Ref) -> list[str]:
        """What only looks at other arrays that structs hold, or at inputs."""
        value, lines = self.held.looks(ref)[ref.name], []
        for root in dict.fromkeys(n.name for n in value.walk() if isinstance(n, program.Read)):
            if root not in self.names.arrays and root not in self.names.aliases:
                lines += self._taken(root, replace(ref, name=root))
        self.names.aliases[name] = value
        return lines

    def _only_looks(self, value: Expr) -> bool:
        """Whether it is another array, seen otherwise: one that stays what it is."""
        nodes = [n for n in value.walk() if isinstance(n, Expr)]
        once = all(self.times[n.name] < 2 for n in nodes if isinstance(n, program.Read))
        joined = (n.array for n in nodes if isinstance(n, program.Join))
        in_memory = all(map(self.names.is_stored, joined))
        return once and in_memory and not self.fixed and only_looks(value)

    def _computed(self, name: str, value: Expr) -> list[str]:
        if isinstance(value, program.Join) and not self.names.is_stored(value.array):
            return self._joined(name, value)
        lines, value = self._prepared(value, program.Read(name, value.axes))
        if value.axes or self._is_placed(name):
            self._memory(name, value.axes)
            return lines + self.writing.write(program.Read(name, value.axes), value)
        self.entries.lines, taken = [], {*self.names.taken}
        text = self.entries.value(value, {}).text
        self.names.declared |= self.names.taken - taken - {*self.names.indices.values()}
        typed = "" if own(name) in self.names.declared else "real "
        self.names.declared.add(own(name))
        self.names.arrays[name] = Stored(own(name), (), is_variable=True)
        return [*lines, *self.entries.lines, f"{typed}{own(name)} = {text};"]

    def _joined(self, name: str, value: program.Join) -> list[str]:
        """An array under other axes than it is made with: the same elements in the same order."""
        lines = self._computed(name, value.array)
        array = self.names.arrays[name]
        sizes = tuple(length(i.size) for i in value.axes)
        self.names.arrays[name] = replace(array, sizes=sizes)
        for where in (self.kept, self.work):
            if name in where:
                where[name] = sizes
        return lines

    def _memory(self, name: str, axes: Axes) -> Stored:
        return self._new(name, tuple(length(i.size) for i in axes))

    def _new(self, name: str, sizes: Sizes) -> Stored:
        """Memory for an array that stays, or is of use to this function alone."""
        self.names.aliases.pop(name, None)
        array = self.names.arrays[name] = Stored(own(self.passed.get(name, name)), sizes)
        if name in self.passed:
            self.work[self.passed[name]] = (sp.Integer(2), *sizes)
        elif name != self.held.signature.hands and name not in self.held.asked:
            where = self.kept if name in self.held.stays else self.work
            where[name] = _longer(where.get(name), sizes)
        return array

    def stored(self, name: str) -> list[str]:
        """An array in memory of its own that was another, seen otherwise."""
        return self._computed(name, self.names.aliases[name])

    def stayed(self, name: str) -> list[str]:
        """What went through blocks, where it is to stay."""
        array = self.names.arrays[name]
        assert array.sizes is not None
        self.kept[name] = array.sizes
        self.names.arrays[name] = Stored(own(name), array.sizes)
        return self._copy(own(name), array)

    def copied(self, key: str, name: str) -> list[str]:
        """What is kept of an array that lies elsewhere."""
        array, kept = self.names.arrays[name], self.names.local(f"{name}_kept")
        assert array.sizes is not None
        self.kept[kept], self.fields[kept] = array.sizes, key
        return self._copy(kept, array)

    def _copy(self, to: str, array: Stored) -> list[str]:
        i, count = self.names.local("i"), whole(sp.Mul(*(array.sizes or ()))).text
        each = f"for (int {i} = 0; {i} < {count}; {i}++)"
        return nest([each], [f"{to}[{i}] = {array.text}[{i}];"])

    def _filled(self, name: str, node: program.Fill) -> list[str]:
        """One number everywhere, or memory for what is written later."""
        array = self._new(name, self._sizes(node))
        if node.value is None:
            return []
        self.entries.lines, taken = [], {*self.names.taken}
        value = self.entries.value(node.value, {})
        self.names.declared |= self.names.taken - taken
        self.entries.helpers.add("fill")
        count = whole(sp.Mul(*(array.sizes or ()))).text
        return [*self.entries.lines, f"fill({array.text}, {count}, {value.text});"]

    def _sizes(self, node: program.Fill) -> Sizes:
        of = node.shape.of
        known = self.names.arrays[of.name].sizes if of is not None and not of.held else None
        own_sizes = node.shape.sizes or known or [length(i.size) for i in node.axes]
        return tuple(map(length_of, own_sizes))

    # What is made before

    def _prepared(self, value: Expr, at: Expr, is_free: bool = True) -> tuple[list[str], Expr]:
        """What is read, after what is made for it; the array that is written is only read where it
        is.
        """
        lines: list[str] = []

        def apart(made: Expr) -> program.Read:
            stem = self.names.local(_STEMS.get(getattr(made, "how", ""), "part"))
            self._memory(stem, made.axes)
            array = program.Read(stem, made.axes)
            lines.extend(self.writing.write(array, made))
            self.names.taken.add(stem)
            return array

        wholes = made_in_place(value, is_free)
        ready = Prepared(apart, self.names.is_stored, self.writing, value, wholes).value
        if not is_in_place(ready, at, self.names):
            ready = apart(ready)
        return lines, ready


def length_of(size: sp.Expr) -> sp.Expr:
    return length(size.name) if isinstance(size, sp.Symbol) else sp.sympify(size)


def _longer(one: Sizes | None, other: Sizes) -> Sizes:
    """The lengths of an array that has room for either."""
    if one is None or sp.Mul(*one) == sp.Mul(*other):
        return other
    return (sp.Max(sp.Mul(*one), sp.Mul(*other)),)
