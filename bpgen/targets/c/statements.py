"""Statements of the program as lines of C: an array that is named is filled by a nest of loops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import sympy as sp

from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Function, Node
from bpgen.targets.c import blocks
from bpgen.targets.c.arrays import Arrays, length_of
from bpgen.targets.c.layout import comment, nest
from bpgen.targets.c.places import whole
from bpgen.targets.c.stored import own
from bpgen.targets.c.texts import Pointer


class Statements(Arrays):
    """Prints the statements of a function."""

    def body(self, function: Function) -> list[list[str]]:
        """The lines of each statement of a function."""
        self.times = Counter(n.name for n in function.walk() if isinstance(n, program.Assign))
        self.fields = {
            n: key for p in function.walk() if isinstance(p, program.Pack) for key, n in p.entries
        }
        self.passed = blocks.passed(self, function)
        return [self.lines([node]) for node in function.body]

    def lines(self, body: Iterable[Node]) -> list[str]:
        found: list[str] = []
        for node in body:
            with self._scope():
                found += self.rows[type(node)](self, node)
        return found

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """What loops count and sum up in is theirs alone; memory and the function's variables are
        not.
        """
        taken, indices = {*self.names.taken}, dict(self.names.indices)
        yield
        self.names.taken = taken | {*self.work} | self.names.declared
        self.names.indices = indices

    def step(self, node: program.Step) -> list[str]:
        texts = [f"({node.number}) {text}" for text in node.comments]
        return [*([comment(texts)] if texts else []), *self.lines(node.body)]

    # What is written into memory

    def draw(self, node: program.Draw) -> list[str]:
        """Noise: as much of it as is asked for."""
        array = self._new(node.name, tuple(map(length_of, node.sizes)))
        self.entries.helpers |= {"dropout", "uniform"}
        count = whole(sp.Mul(*(array.sizes or ()))).text
        return [f"dropout({array.text}, {count}, R({node.keep!r}), seed);"]

    def store(self, node: program.Store | program.ScatterAdd) -> list[str]:
        at: Expr = node.at
        adds = isinstance(node, program.ScatterAdd) or node.adds
        lines, value = self._prepared(node.value, at, self.writing.is_free(at, adds))
        return lines + self.writing.write(at, value, adds)

    def pack(self, node: program.Pack) -> list[str]:
        """Of a block what it keeps of its arguments, and of what it hands on."""
        if not self.held.signature.hands:
            return []
        there = {*self.given, self.held.signature.hands}
        elsewhere = [(key, name) for key, name in node.entries if name in there]
        return [line for key, name in elsewhere for line in self.copied(key, name)]

    def on_request(self, node: program.OnRequest) -> list[str]:
        """What a caller asks for by giving memory for it."""
        lines = [part for line in self.lines(node.body) for part in line.splitlines()]
        asked = (Pointer(own(n), f"inputs->{own(key)}") for n, key in self.held.asked.items())
        return nest(["if (inputs)"], [*asked, *lines])

    def entry(self, node: program.Entry) -> list[str]:
        """Of what is asked for what was there before."""
        if node.array in self.held.asked:
            return []
        return self._copy(f"inputs->{own(node.held.name)}", self.names.arrays[node.array])

    def loop(self, node: program.Loop) -> list[str]:
        if isinstance(node.body[0], program.Call):
            return blocks.loop(self, node)
        outside, self.fixed = self.fixed, self.fixed | {*node.indices}
        for i in node.indices:  # named before what is within names its own
            self.names.index(i)
        inner, lines = self._added_in(node)
        if not inner:
            lines = nest(
                [self.entries.head(i, node.reverse) for i in node.indices], self.lines(node.body)
            )
        self.fixed = outside
        return lines

    def _added_in(self, node: program.Loop) -> tuple[bool, list[str]]:
        """A loop that only adds at places, which may go on within that over samples."""
        store = node.body[0]
        if len(node.body) > 1 or not isinstance(store, program.Store) or not store.adds:
            return False, []
        taken = {*self.names.taken}
        lines, value = self._prepared(store.value, store.at, False)
        if lines:
            self.names.taken = taken
            return False, []
        return True, self.writing.write(store.at, value, True, node.indices)

    def nothing(self, _: Node) -> list[str]:
        return []

    rows: ClassVar[dict[type[Node], Callable[[Any, Any], list[str]]]] = {
        program.Step: step,
        program.Assign: Arrays.assign,
        program.Store: store,
        program.ScatterAdd: store,
        program.Loop: loop,
        program.Admit: nothing,  # C has no door
        program.Guard: nothing,
        program.Draw: draw,
        program.Begin: nothing,
        program.Stack: nothing,
        program.Pack: pack,
        program.OnRequest: on_request,
        program.Entry: entry,
        program.Return: nothing,
    }
