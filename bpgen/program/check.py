"""Programs checked: what is spoken of is there and of its kind, axes agree, and only memory of a
function's own is written or given away. What breaks this is a defect of bpgen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bpgen.ir import Index, Malformed, Size
from bpgen.program import grammar as program
from bpgen.program.axes import agree
from bpgen.program.grammar import Expr, Function, Node
from bpgen.program.lengths import lengths_of
from bpgen.program.memory import Memory, is_folded, looks_at
from bpgen.program.named import ANY, LENGTH, Kind, is_asked, named_by, returned_by, spoken_by

_T = TypeVar("_T")


def check(functions: Iterable[Function]) -> None:
    """Malformed where a function is none."""
    functions = tuple(functions)
    every = {f.name: f for f in functions}
    for function in functions:
        _Body(function, every).whole()


class _Body:
    """A function, and what is known while its statements are gone through, in order: of each name
    its kind, of an array its memory and its sizes; the indices that have a value.
    """

    def __init__(self, function: Function, functions: Mapping[str, Function]) -> None:
        self.function, self.functions = function, functions
        self.kinds: dict[str, Kind] = {a.name: a.kind for a in function.arguments}
        self.memory = dict.fromkeys(self.kinds, Memory.GIVEN)
        self.sizes: dict[str, tuple[Size | None, ...]] = {}
        self.fixed: frozenset[Index] = frozenset()

    def whole(self) -> None:
        self._statements(self.function.body)
        returns = [n for n in self.function.walk() if _returns(n)]
        last = self.function.body[-1]
        self._require(returns == [last], "it returns once, and last", last)
        every = (given for n in self.function.walk() for given in _given_away(n, self.function))
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
        before: dict[str, Memory] = {}
        while before != self.memory:  # what one step leaves, the next finds
            before = dict(self.memory)
            self._statements(node.body)
            after = dict(self.memory)
            self.memory = _either(before, after)
        self.kinds, self.fixed = kinds, fixed
        self.memory = _of(kinds, after if surely else self.memory)
        self.sizes = _of(kinds, self.sizes)

    def _statement(self, node: Node) -> None:
        """The axes of its parts, what they speak of, what it writes and gives away."""
        parts = [*node.walk()]
        for part in parts:
            self._require(agree(part, self.fixed), "axes do not agree", part)
        spoken = [*((n, LENGTH) for n in lengths_of(node)), *_spoken(parts)]
        missing = sorted(n for n, _ in spoken if n not in self.kinds)
        self._require(not missing, f"{missing} is spoken of before it is there", node)
        for name, kind in spoken:
            is_one = kind in (ANY, self.kinds[name])
            self._require(is_one, f"{name} is no {kind}, but {self.kinds[name]}", node)
        for part in parts:
            self._sized(part)
            if isinstance(part, program.Call):
                self._called(part)
        self._owned(node)
        self._returned(node)

    def _sized(self, part: Node) -> None:
        """An array is read along axes of the lengths that it has."""
        if isinstance(part, program.Read):
            sizes = _sizes(part.axes)
            has = self.sizes.setdefault(part.name, sizes)
            self._require(has == sizes, f"{part.name} has the sizes {has}", part)

    def _called(self, call: program.Call) -> None:
        """What a function of the program is given, and names for what it returns."""
        of = self.functions.get(call.function)
        self._require(of is not None, f"{call.function} is no function", call)
        assert of is not None
        asked = [a for a in of.arguments if is_asked(a)]
        kinds = [self.kinds.get(name) for name in call.arguments]
        enough = len(asked) <= len(kinds) <= len(of.arguments)
        each = [a.kind for a in of.arguments[: len(kinds)]] == kinds
        self._require(enough and each, "it is not called with what it takes", call)
        named = len(call.names) in (0, len(of.returns))
        self._require(named, "it returns another number of things", call)

    def _owned(self, node: Node) -> None:
        """Only memory of its own is written, or given away where it is the caller's."""
        for name in _written(node):
            self._require(name in self.kinds, f"{name} is written before it is there", node)
            self._require(self._is(name, Memory.OWN), f"{name} is written, and not its own", node)
        for name, most in _given_away(node, self.function):
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
        memory, sizes = Memory.OWN, None
        if isinstance(node, program.Assign) and isinstance(node.value, (Expr, program.Ref)):
            memory = self._looked_at(node.value)
            sizes = _sizes(node.value.axes) if isinstance(node.value, Expr) else None
        for name, kind in named_by(node, self.functions):
            self.kinds[name], self.memory[name] = kind, memory
            self.sizes.pop(name, None)
            if sizes is not None:
                self.sizes[name] = sizes
        if isinstance(node, program.Admit):
            self.sizes[node.name] = _sizes(node.tensor.indices)

    def _looked_at(self, value: Expr | program.Ref) -> Memory:
        """Whose memory a value is in."""
        if isinstance(value, program.Ref) and value.held:
            return Memory.GIVEN
        at = looks_at(value)
        if at is None:
            return Memory.OWN
        folded = isinstance(value, Expr) and is_folded(value)
        return max(Memory.PART, min(self.memory[at], Memory.FOLDED if folded else Memory.GIVEN))

    def _require(self, holds: bool, fault: str, node: Node) -> None:
        if not holds:
            raise Malformed(f"{self.function.name}: {fault}: {node}")


def _sizes(axes: Iterable[Index]) -> tuple[Size | None, ...]:
    return tuple(i.size for i in axes)


def _of(names: Iterable[str], found: Mapping[str, _T]) -> dict[str, _T]:
    """What is found of these names."""
    return {n: found[n] for n in names if n in found}


def _either(one: Mapping[str, Memory], other: Mapping[str, Memory]) -> dict[str, Memory]:
    """Whose memory each is, whichever of two ways was gone."""
    names = {**one, **other}
    return {n: max(one.get(n, Memory.OWN), other.get(n, Memory.OWN)) for n in names}


def _spoken(parts: Iterable[Node]) -> Iterator[tuple[str, Kind]]:
    return (spoken for part in parts for spoken in spoken_by(part))


def _written(node: Node) -> Iterable[str]:
    """The arrays in which a statement writes."""
    if isinstance(node, (program.Store, program.ScatterAdd)):
        at = node.at.array if isinstance(node.at, program.Gather) else node.at
        return (str(looks_at(at)),)
    return ()


def _given_away(node: Node, of: Function) -> Iterator[tuple[str, Memory]]:
    """What a caller gets, and whose memory it may be at most.

    A gradient, and what a block hands on, is the caller's to write in. An output may be a part of
    what the cache holds. An output or an entry of the cache that is an argument is given back as it
    came.
    """
    arguments = {a.name for a in of.arguments}
    if isinstance(node, program.Entry):
        yield node.array, Memory.OWN
    elif isinstance(node, program.Pack):
        gradients = "cache" in arguments  # what is given no cache makes it
        most = Memory.OWN if gradients else Memory.FOLDED
        yield from ((n, most) for _, n in node.entries if gradients or n not in arguments)
        if node.beside:
            yield node.beside, Memory.OWN
    elif isinstance(node, program.Return):
        for value in _flat(node.values):
            name = looks_at(value) if isinstance(value, Expr) else None
            as_it_came = isinstance(value, program.Read) and name in arguments
            if name is not None and not as_it_came:
                yield name, Memory.PART


def _flat(values: tuple[Any, ...]) -> Iterator[Any]:
    for value in values:
        yield from _flat(value) if isinstance(value, tuple) else (value,)


def _returns(node: Node) -> bool:
    return isinstance(node, program.Return) or (isinstance(node, program.Pack) and not node.name)
