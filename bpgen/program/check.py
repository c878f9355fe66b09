"""Programs checked: what is spoken of is there and of its kind, axes agree, and only memory of a
function's own is written or given away. What breaks this is a defect of bpgen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from bpgen.ir import Index, Malformed
from bpgen.program import grammar as program
from bpgen.program.axes import agree
from bpgen.program.grammar import Axes, Expr, Function, Node
from bpgen.program.lengths import lengths_of
from bpgen.program.memory import Memory, given_away, is_folded, looks_at, written
from bpgen.program.names import (
    ANY,
    ARGUMENT,
    LENGTH,
    Kind,
    defined_by,
    gives_gradients,
    is_asked,
    is_block,
    kinds_of,
    returned_by,
    used_by,
)
from bpgen.program.sizes import HeldSizes, Sizes

_T = TypeVar("_T")


def check(functions: Iterable[Function]) -> None:
    """Malformed where a function is none."""
    functions = tuple(functions)
    every, held = {f.name: f for f in functions}, HeldSizes()
    for function in functions:
        _Body(function, every, held).check()


class _Body:
    """A function, and what is known while its statements are gone through, in order: of each name
    its kind, of an array its memory and its sizes; the indices that have a value.
    """

    def __init__(
        self, function: Function, functions: Mapping[str, Function], held: HeldSizes
    ) -> None:
        self.function, self.functions = function, functions
        self.kinds = kinds_of(function)
        self.memory = dict.fromkeys(self.kinds, Memory.GIVEN)
        self.looking: dict[str, frozenset[str]] = {}  # of a name that looks at arrays, these
        self.sizes = Sizes(held)
        self.fixed: frozenset[Index] = frozenset()

    def check(self) -> None:
        self._statements(self.function.body)
        returns = [n for n in self.function.walk() if _returns(n)]
        last = self.function.body[-1]
        self._require(returns == [last], "it returns once, and last", last)
        every = (given for n in self.function.walk() for given in given_away(n, self.function))
        owned = Counter(name for name, most in every if most is Memory.OWN)
        twice = sorted(name for name, times in owned.items() if times > 1)
        self._require(not twice, f"{twice} is given away twice", last)

    def _statements(self, body: Iterable[Node]) -> None:
        for node in body:
            if isinstance(node, program.Step):
                self._statements(node.body)
            elif isinstance(node, (program.Loop, program.OnRequest)):
                self._around(node)
            else:
                self._statement(node)
                self._name(node)

    def _around(self, node: program.Loop | program.OnRequest) -> None:
        """Statements that are done again and again, or not at all: what they alone name is not
        known after them, and what they name anew may be as it was before.
        """
        self._statement(replace(node, body=()))
        kinds, fixed, surely = dict(self.kinds), self.fixed, False
        if isinstance(node, program.Loop):
            taken = sorted(str(i.name) for i in node.indices if str(i.name) in kinds)
            self._require(not taken, f"{taken} counts steps, and is another thing", node)
            self.fixed |= {*node.indices}
            self.kinds |= {str(i.name): "block" for i in node.indices}
            surely = all(isinstance(i.size, int) for i in node.indices)
        found: tuple[object, ...] = ()
        while found != (self.memory, self.looking):  # what one step leaves, the next finds
            found = before, looking = dict(self.memory), dict(self.looking)
            self._statements(node.body)
            after = dict(self.memory)
            self.memory = _either(before, after, max)
            self.looking = _either(looking, self.looking, frozenset.union)
        self.kinds, self.fixed = kinds, fixed
        self.memory = _of(kinds, after if surely else self.memory)
        self.looking = _of(kinds, self.looking)
        self.sizes.keep(kinds)

    def _statement(self, node: Node) -> None:
        """The axes of its parts, what they speak of, what it writes and gives away."""
        parts = [*node.walk()]
        for part in parts:
            self._require(agree(part, self.fixed), "axes do not agree", part)
        used = [*((n, LENGTH) for n in lengths_of(node)), *_used(parts)]
        missing = sorted(n for n, _ in used if n not in self.kinds)
        self._require(not missing, f"{missing} is spoken of before it is there", node)
        for name, kind in used:
            is_one = kind in (ANY, self.kinds[name])
            self._require(is_one, f"{name} is no {kind}, but {self.kinds[name]}", node)
        for part in parts:
            self._sized(part)
            if isinstance(part, program.Call):
                self._called(part)
        self._owned(node)
        self._returned(node)

    def _sized(self, part: Node) -> None:
        """An array has the lengths of the axes along which it is read; what is filled, those of the
        array whose shape it has; a gradient, those of what it is the gradient of.
        """
        for array, axes in _read_along(part):
            has = self.sizes.has(array, axes)
            self._require(has, f"{array.name} has the sizes {self.sizes.known(array)}", part)
        if isinstance(part, program.Assign) and isinstance(part.value, program.Length):
            told = self.sizes.known(part.value.of)
            is_it = told is None or part.name in told[part.value.axis : part.value.axis + 1]
            self._require(is_it, f"{part.name} is not the length of that axis", part)
        for array, other in _alike(part, self.function):
            alike = self.sizes.alike(array, other)
            self._require(alike, f"{array.name} has not the sizes of {other.name}", part)

    def _called(self, call: program.Call) -> None:
        """What a function of the program is given, and names for what it returns."""
        of = self.functions.get(call.function)
        self._require(of is not None, f"{call.function} is no function", call)
        assert of is not None
        asked = [a for a in of.arguments if is_asked(a)]
        kinds = [self.kinds.get(name, "").replace(ARGUMENT, "array") for name in call.arguments]
        enough = len(asked) <= len(kinds) <= len(of.arguments)
        each = [a.kind for a in of.arguments[: len(kinds)]] == kinds
        self._require(enough and each, "it is not called with what it takes", call)
        named = len(call.names) in (0, len(of.returns))
        self._require(named, "it returns another number of things", call)

    def _owned(self, node: Node) -> None:
        """Only memory of its own is written, or given away where it is the caller's."""
        for name in written(node):
            self._require(name in self.kinds, f"{name} is written before it is there", node)
            self._require(self._is(name, Memory.OWN), f"{name} is written, and not its own", node)
            looks = sorted(n for n, seen in self.looking.items() if name in seen)
            self._require(not looks, f"{name} is written, and {looks} looks at it", node)
        for name, most in given_away(node, self.function):
            its_own = self._is(name, most)
            self._require(its_own, f"{name} is given away, and not its own", node)

    def _is(self, name: str, most: Memory) -> bool:
        return self.memory.get(name, Memory.OWN) <= most

    def _returned(self, node: Node) -> None:
        """It returns what it says, in kind and number."""
        if _returns(node):
            kinds = returned_by(node, self.kinds, self.functions)
            said = kinds == self.function.returns
            self._require(said, f"it returns {kinds}", node)

    def _name(self, node: Node) -> None:
        """What a statement gives a name to."""
        value = node.value if isinstance(node, program.Assign) else None
        axes = value.axes if isinstance(value, Expr) else None
        of = value if isinstance(value, program.Ref) and value.held else None
        at = looks_at(value) if isinstance(value, (Expr, program.Ref)) and not of else None
        memory = Memory.GIVEN if of else self._memory(value, at)
        seen = frozenset() if at is None else self.looking.get(at) or frozenset({at})
        for name, kind in defined_by(node, self.functions):
            self.kinds[name], self.memory[name] = kind, memory
            looking = ((n, arrays - {name}) for n, arrays in self.looking.items())
            self.looking = {n: arrays for n, arrays in looking if arrays and n != name}
            if arrays := seen - {name}:
                self.looking[name] = arrays
            if not isinstance(node, program.Call):  # a block hands on what is as it was given
                self.sizes.name(name, axes, of)
        if isinstance(node, program.Admit):
            self.kinds[node.name] = "array"
            self.sizes.name(node.name, node.tensor.indices)

    def _memory(self, value: Node | None, at: str | None) -> Memory:
        """Whose memory a value is in, that looks at an array."""
        if at is None:
            return Memory.OWN
        folded = isinstance(value, Expr) and is_folded(value)
        return max(Memory.PART, min(self.memory[at], Memory.FOLDED if folded else Memory.GIVEN))

    def _require(self, holds: bool, fault: str, node: Node) -> None:
        if not holds:
            raise Malformed(f"{self.function.name}: {fault}: {node}")


def _of(names: Iterable[str], found: Mapping[str, _T]) -> dict[str, _T]:
    """What is found of these names."""
    return {n: found[n] for n in names if n in found}


def _either(
    one: Mapping[str, _T], other: Mapping[str, _T], join: Callable[[_T, _T], _T]
) -> dict[str, _T]:
    """What is known of each name, whichever of two ways was gone."""
    both = {n: join(one[n], other[n]) for n in one if n in other}
    return {**one, **other, **both}


def _used(parts: Iterable[Node]) -> Iterator[tuple[str, Kind]]:
    return (used for part in parts for used in used_by(part))


def _read_along(part: Node) -> Iterator[tuple[program.Ref, Axes]]:
    """The arrays that are read along axes, or whose shape is taken."""
    if isinstance(part, program.Read):
        yield program.Ref(part.name), part.axes
    elif isinstance(part, (program.Fill, program.Broadcast)) and part.shape.of is not None:
        yield part.shape.of, part.axes


def _alike(part: Node, of: Function) -> Iterator[tuple[program.Ref, program.Ref]]:
    """What is put into a dict, and what is known of that: of a gradient, what it is of."""
    in_block = "l" if is_block(of) else ""
    if isinstance(part, program.Pack):
        held: program.Held = "params" if gives_gradients(of) else "cache"
        yield from ((program.Ref(n), program.Ref(k, held, in_block)) for k, n in part.entries if k)
    elif isinstance(part, program.Entry):
        yield program.Ref(part.array), program.Ref(part.held.name, "cache")


def _returns(node: Node) -> bool:
    return isinstance(node, program.Return) or (isinstance(node, program.Pack) and not node.name)
