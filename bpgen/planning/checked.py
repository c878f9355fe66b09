"""Planned programs checked: what is read is there, and nothing was written in its memory since;
what is given away is as it was left; axes agree. What breaks this is a defect of bpgen.

It goes through the statements as they are run, and knows nothing of how memory was planned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bpgen.ir import Index, Malformed, length
from bpgen.planning.agreed import agreed
from bpgen.planning.filled import Filled, adds
from bpgen.planning.nodes import (
    Buffer,
    Buffers,
    ByBlocks,
    Helper,
    Memory,
    Opened,
)
from bpgen.planning.overlaps import overlaps, packed, read_by, scratch_of, target_of
from bpgen.program.grammar import (
    Admit,
    Assign,
    Call,
    Draw,
    Expr,
    Function,
    Loop,
    Node,
    OnRequest,
    Pack,
    Read,
    ScatterAdd,
    Slice,
    Step,
    Store,
)
from bpgen.program.measured import ROWS
from bpgen.program.memory import looks_at

# Kinds of memory that hold what they do from the beginning.
STAYS = ("ones", "rows", "starts", "number", "least")


def check(functions: Iterable[Function]) -> None:
    """Malformed where a planned function is none, or other memory is opened than is made."""
    functions = tuple(functions)
    nodes = [n for f in functions for n in f.body]
    made = [_own(of) for n in nodes if isinstance(n, Memory) for of in n.every if of.buffers]
    opened = [_own(n.of) for n in nodes if isinstance(n, Opened)]
    if {*made} != {*opened}:
        raise Malformed(f"{made} is made, and {opened} is opened")
    for function in functions:
        body = Checked(function.name, {a.name for a in function.arguments})
        body.run(function.body)
        for name, node in body.handed.items():
            body.holds(name, node)


def check_values(
    name: str, given: Iterable[str], body: Iterable[Node], stretches: Iterable[Buffer]
) -> None:
    """Malformed where a value is read that its stretch of memory does not hold: here each value on
    the way still has a name of its own.
    """
    checked = Checked(name, {*given, ROWS})
    checked.open(stretches)
    checked.run(body)


def check_helper(helper: Helper, out: Read) -> None:
    """Malformed where a planned function of the module reads what is not there, or leaves nothing
    in `out`.
    """
    body = Checked(helper.name, {*helper.arguments})
    pairs = zip((out.name, *helper.names), ("real", *helper.scratch), strict=True)
    sizes = tuple(length(i.size) for i in out.axes)
    body.open(Buffer((name,), sizes, kind) for name, kind in pairs)
    body.run(helper.body)
    body.holds(out.name, helper)


def _own(of: Buffers) -> Buffers:
    """The arrays of a function, whoever lends them."""
    return replace(of, buffers=tuple(replace(b, lent=None) for b in of.buffers))


@dataclass
class Checked:
    """What is known while the statements of a function are gone through: `given` are arrays that
    are not its own, `made` those whose memory is not planned here, `held` which array each stretch
    of memory holds by now, `looks` at which array a name looks, `handed` what is given away,
    `filled` which places are written.
    """

    name: str
    given: set[str]
    made: set[str] = field(default_factory=set)
    memory: dict[str, Buffer] = field(default_factory=dict)
    held: dict[Buffer, str] = field(default_factory=dict)
    looks: dict[str, str] = field(default_factory=dict)
    handed: dict[str, Node] = field(default_factory=dict)
    filled: Filled = field(default_factory=Filled)
    fixed: frozenset[Index] = frozenset()

    def open(self, buffers: Iterable[Buffer]) -> None:
        for buffer in buffers:
            self.memory |= dict.fromkeys(buffer.names, buffer)
            if buffer.kind in STAYS:
                self.held[buffer] = buffer.names[0]

    def run(self, body: Iterable[Node]) -> None:
        for node in body:
            if isinstance(node, Opened):
                self.open(node.of.buffers)
            elif isinstance(node, (Step, OnRequest)):
                self.run(node.body)
            elif isinstance(node, Loop):
                self._loop(node)
            elif isinstance(node, Memory):
                self._lent(node)
                self.made |= {array for of in node.every[1:] for _, array in of.gradients}
            elif not isinstance(node, ByBlocks):
                self._statement(node)

    def _lent(self, node: Memory) -> None:
        """No memory is lent twice to what is written."""
        every = [b.lent for of in node.every for b in of.buffers if b.lent and b.kind not in STAYS]
        self.require(len({*every}) == len(every), "memory is lent twice", node)

    def _loop(self, node: Loop) -> None:
        """Its statements twice: what one step leaves, the next finds."""
        outer, self.fixed = self.fixed, self.fixed | {*node.indices}
        for _ in range(2):
            self.run(node.body)
        self.fixed = outer

    def _statement(self, node: Node) -> None:
        for part in node.walk():
            self.require(agreed(part, self.fixed), "axes do not agree", part)
            if isinstance(part, Read):
                self._fits(part)
        for part in _parts_read(node):
            self._there(part, node)
        called = node.arguments if isinstance(node, Call) else ()
        for name in (*read_by(node), *(n for n in called if n in self.memory)):
            self.holds(name, node)
        if isinstance(node, (Store, ScatterAdd)):
            self._write(node)
        self._name(node)

    def _fits(self, part: Read) -> None:
        """An array has a length for each axis along which it is read; of a recurrence, one more."""
        buffer = self.memory.get(part.name)
        if buffer is not None and part.name not in self.looks:
            pairs = [*zip(buffer.sizes, (length(i.size) for i in part.axes), strict=False)]
            fits = all(size == axis or size - axis in (0, 1) for size, axis in pairs)
            same = len(buffer.sizes) == len(part.axes)
            self.require(fits and same, f"{part.name} has the sizes {buffer.sizes}", part)

    def _there(self, part: Slice, node: Node) -> None:
        root = self.root(str(looks_at(part)))
        if root in self.memory and root not in self.given | self.made:
            there = self.filled.has_step(root, part, self.fixed)
            self.require(there, f"{root} is read where nothing wrote", node)

    def root(self, name: str) -> str:
        """The array whose memory goes by a name."""
        return self.looks.get(name, name)

    def holds(self, name: str, node: Node) -> None:
        """An array is there, and is what was last written in its memory."""
        root = self.root(name)
        if root not in self.given | self.made:
            self.require(root in self.memory, f"{name} is spoken of before it is there", node)
            now = self.held.get(self.memory[root])
            self.require(now == root, f"{name} is read, and its memory holds {now}", node)

    def _write(self, node: Store | ScatterAdd) -> None:
        """Only memory of its own is written; what is left there must be there; nothing that is read
        at the same time is in that memory, but place by place.
        """
        root = self.root(target_of(node))
        self.require(root not in self.given, f"{root} is written, and not its own", node)
        if root in self.made:
            return
        self.require(root in self.memory, f"{root} is written before it is there", node)
        buffer = self.memory[root]
        self.require(buffer.kind not in STAYS, f"{root} is written, and stays", node)
        if adds(node):
            self.holds(root, node)
            there = self.filled.has_all_of(root, node.at)
            self.require(there, f"{root} is added to, and never cleared", node)
        scratch = scratch_of(node)
        for name in scratch:
            self.require(name in self.memory, f"{name} is written before it is there", node)
            self.held[self.memory[name]] = name
        beside = [self.memory.get(self.root(n)) for n in (*read_by(node), root, *scratch)]
        apart = all(beside.count(self.memory[n]) == 1 for n in scratch)
        shared = {n for n in (*self.memory, *self.looks) if self.memory.get(self.root(n)) == buffer}
        clash = overlaps(node, shared)
        self.require(apart and not clash, f"{root} is written while its memory is read", node)
        if self.held.get(buffer) != root:
            self.filled.forget(root)
        self.filled.write(root, node, self.fixed)
        self.held[buffer] = root

    def _name(self, node: Node) -> None:
        """What a statement gives a name to, or gives away."""
        if isinstance(node, (Assign, Draw, Admit)):
            self._forget(node.name)
            value = node.value if isinstance(node, Assign) else None
            seen = looks_at(value) if isinstance(value, Expr) else None
            if seen is not None:
                self.looks[node.name] = self.root(seen)
            (self.made if isinstance(value, Expr) else self.given).add(node.name)
        elif isinstance(node, Call):
            for name in node.names:
                self._forget(name)
                self.made.add(name)  # what is handed on is the caller's to write in
        elif isinstance(node, Pack):
            self.handed |= dict.fromkeys(packed(node), node)

    def _forget(self, name: str) -> None:
        """A name is given to something else."""
        self.memory.pop(name, None)
        self.looks.pop(name, None)
        self.given.discard(name)

    def require(self, holds: bool, fault: str, node: Node) -> None:
        if not holds:
            raise Malformed(f"{self.name}: {fault}: {node}")


def _values_of(node: Node) -> Iterable[Slice]:
    """The parts of arrays that a statement reads."""
    value = node.value if isinstance(node, (Store, ScatterAdd)) else node
    return (part for part in value.walk() if isinstance(part, Slice))


def _parts_read(node: Node) -> Iterable[Slice]:
    """The parts of arrays that a statement reads."""
    value = node.value if isinstance(node, (Store, ScatterAdd)) else node
    return (part for part in value.walk() if isinstance(part, Slice))
