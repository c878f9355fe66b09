"""Programs checked: what is spoken of is there and of its kind, axes agree, and only memory of a
function's own is written or given away. What breaks this is a defect of bpgen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bpgen.ir import Index, Malformed
from bpgen.program import grammar as program
from bpgen.program.axes import agree
from bpgen.program.grammar import Expr, Function, Node, Ref
from bpgen.program.known import Known, Sizes, sizes_along
from bpgen.program.lengths import require_lengths
from bpgen.program.memory import Memory, given_away, is_folded, looks_at, written
from bpgen.program.names import (
    ANY,
    ARGUMENT,
    defined_by,
    gives_gradients,
    is_asked,
    is_block,
    kinds_of,
    returned_by,
    used_by,
)

_Held = defaultdict[tuple[str, str, bool], Sizes]  # by the dict, the name, and whether of one block


def check(functions: Iterable[Function]) -> None:
    """Malformed where a function is none."""
    functions = tuple(functions)
    every, held = {f.name: f for f in functions}, _Held(Sizes)
    for function in functions:
        _Body(function, every, held).check()


class _Body:
    """A function, and what is known while its statements are gone through, in order: of each name;
    the sizes of what dicts hold, the same in every function; the indices that have a value.
    """

    def __init__(self, function: Function, functions: Mapping[str, Function], held: _Held) -> None:
        self.function, self.functions, self.held = function, functions, held
        self.known = {name: Known(kind) for name, kind in kinds_of(function).items()}
        self.seen = set[str]()  # the names that any may look at
        self.fixed: frozenset[Index] = frozenset()

    def check(self) -> None:
        self._statements(self.function.body)
        require_lengths(self.function)
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
        outside, fixed, surely = dict(self.known), self.fixed, False
        if isinstance(node, program.Loop):
            taken = sorted(str(i.name) for i in node.indices if str(i.name) in outside)
            self._require(not taken, f"{taken} counts steps, and is another thing", node)
            self.fixed |= {*node.indices}
            self.known |= {str(i.name): Known("block") for i in node.indices}
            surely = all(isinstance(i.size, int) for i in node.indices)
        before: dict[str, Known] = {}
        while before != self.known:  # what one step leaves, the next finds
            before = dict(self.known)
            self._statements(node.body)
            after = self.known
            self.known = {name: now.or_as(before.get(name, now)) for name, now in after.items()}
        left = after if surely else self.known
        self.known = {name: replace(left[name], kind=was.kind) for name, was in outside.items()}
        self.fixed = fixed

    def _statement(self, node: Node) -> None:
        """The axes of its parts, what they speak of, what it writes and gives away."""
        parts = [*node.walk()]
        for part in parts:
            self._require(agree(part, self.fixed), "axes do not agree", part)
        used = [named for part in parts for named in used_by(part)]
        missing = sorted(name for name, _ in used if name not in self.known)
        self._require(not missing, f"{missing} is spoken of before it is there", node)
        for name, kind in used:
            has = self.known[name].kind
            self._require(kind in (ANY, has), f"{name} is no {kind}, but {has}", node)
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
            sizes = self._sizes(array)
            has = sizes.are(sizes_along(axes))
            self._require(has, f"{array.name} has the sizes {sizes.told}", part)
        if isinstance(part, program.Assign) and isinstance(part.value, program.Length):
            told, axis = self._sizes(part.value.of).told, part.value.axis
            is_it = told is None or part.name in told[axis : axis + 1]
            self._require(is_it, f"{part.name} is not the length of that axis", part)
        for array, other in _alike(part, self.function):
            one, two = self._sizes(array), self._sizes(other)
            alike = one.are(two.told) and two.are(one.told)
            self._require(alike, f"{array.name} has not the sizes of {other.name}", part)

    def _sizes(self, of: Ref) -> Sizes:
        if of.held:
            return self.held[of.held, of.name, bool(of.block)]
        return self.known[of.name].sizes

    def _called(self, call: program.Call) -> None:
        """What a function of the program is given, and names for what it returns."""
        of = self.functions.get(call.function)
        self._require(of is not None, f"{call.function} is no function", call)
        assert of is not None
        asked = [a for a in of.arguments if is_asked(a)]
        given = [self.known.get(name, Known("")).kind for name in call.arguments]
        kinds = [kind.replace(ARGUMENT, "array") for kind in given]
        enough = len(asked) <= len(kinds) <= len(of.arguments)
        each = [a.kind for a in of.arguments[: len(kinds)]] == kinds
        self._require(enough and each, "it is not called with what it takes", call)
        named = len(call.names) in (0, len(of.returns))
        self._require(named, "it returns another number of things", call)

    def _owned(self, node: Node) -> None:
        """Only memory of its own is written, or given away where it is the caller's."""
        for name in written(node):
            self._require(name in self.known, f"{name} is written before it is there", node)
            self._require(self._is(name, Memory.OWN), f"{name} is written, and not its own", node)
            looks = sorted(self._lookers(name))
            self._require(not looks, f"{name} is written, and {looks} looks at it", node)
        for name, most in given_away(node, self.function):
            its_own = self._is(name, most)
            self._require(its_own, f"{name} is given away, and not its own", node)

    def _lookers(self, name: str) -> list[str]:
        """The names that may look at an array. Most arrays none does: nobody is asked."""
        if name not in self.seen:
            return []
        return [other for other, known in self.known.items() if name in known.looks]

    def _is(self, name: str, most: Memory) -> bool:
        return self.known[name].memory <= most

    def _returned(self, node: Node) -> None:
        """It returns what it says, in kind and number."""
        if _returns(node):
            named = {name: known.kind for name, known in self.known.items()}
            kinds = returned_by(node, named, self.functions)
            said = kinds == self.function.returns
            self._require(said, f"it returns {kinds}", node)

    def _name(self, node: Node) -> None:
        """What a statement gives a name to, or lets in."""
        for name, kind in defined_by(node, self.functions):
            made = self._made(node.value if isinstance(node, program.Assign) else None)
            if isinstance(node, program.Call) and name in self.known:
                made = replace(made, sizes=self.known[name].sizes)  # handed on as it was given
            for other in self._lookers(name):
                looks = self.known[other].looks - {name}
                self.known[other] = replace(self.known[other], looks=looks)
            self.known[name] = replace(made, kind=kind, looks=made.looks - {name})
            self.seen |= made.looks
        if isinstance(node, program.Admit):
            self.known[node.name] = Known("array", Sizes(sizes_along(node.tensor.indices)))

    def _made(self, value: Node | None) -> Known:
        """What is known of a value, or of what a block returns."""
        if isinstance(value, Ref) and value.held:
            return Known("array", self._sizes(value))
        sizes = Sizes(sizes_along(value.axes) if isinstance(value, Expr) else None)
        at = looks_at(value) if isinstance(value, (Expr, Ref)) else None
        if at is None:
            return Known("array", sizes, Memory.OWN)
        folded = isinstance(value, Expr) and is_folded(value)
        most = min(self.known[at].memory, Memory.FOLDED if folded else Memory.GIVEN)
        looks = self.known[at].looks or frozenset({at})
        return Known("array", sizes, max(Memory.PART, most), looks)

    def _require(self, holds: bool, fault: str, node: Node) -> None:
        if not holds:
            raise Malformed(f"{self.function.name}: {fault}: {node}")


def _read_along(part: Node) -> Iterator[tuple[Ref, program.Axes]]:
    """The arrays that are read along axes, or whose shape is taken."""
    if isinstance(part, program.Read):
        yield Ref(part.name), part.axes
    elif isinstance(part, (program.Fill, program.Broadcast)) and part.shape.of is not None:
        yield part.shape.of, part.axes


def _alike(part: Node, of: Function) -> Iterator[tuple[Ref, Ref]]:
    """What is put into a dict, and what is known of that: of a gradient, what it is of."""
    in_block = "l" if is_block(of) else ""
    if isinstance(part, program.Pack):
        held: program.Held = "params" if gives_gradients(of) else "cache"
        yield from ((Ref(n), Ref(k, held, in_block)) for k, n in part.entries if k)
    elif isinstance(part, program.Entry):
        yield Ref(part.array), Ref(part.held.name, "cache")


def _returns(node: Node) -> bool:
    return isinstance(node, program.Return) or (isinstance(node, program.Pack) and not node.name)
