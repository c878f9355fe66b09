"""Planned programs verified: what is read is there, and nothing was written in its memory since;
what is given away is as it was left; axes agree. What breaks this is a defect of bpgen.

It goes through the statements as they are run, and knows nothing of how memory was planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bpgen.ir import Index, Malformed, length
from bpgen.planning.nodes import (
    Buffer,
    Buffers,
    Helper,
    Memory,
    Microbatches,
    Unpack,
)
from bpgen.planning.verification.accesses import overlaps, packed, read_by, scratch_of, target_of
from bpgen.planning.verification.axes import axes_agree
from bpgen.planning.verification.initialized import Initialized, adds
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
from bpgen.program.lengths import require_lengths
from bpgen.program.memory import looks_at
from bpgen.program.spans import ROWS

# Kinds of memory that hold what they do from the beginning.
STAYS = ("ones", "rows", "starts", "number", "least")


def verify(functions: Iterable[Function]) -> None:
    """Malformed where a planned function is none, or other memory is unpacked than is made."""
    functions = tuple(functions)
    nodes = [n for f in functions for n in f.body]
    made = [_own(of) for n in nodes if isinstance(n, Memory) for of in n.every if of.buffers]
    unpacked = [_own(n.of) for n in nodes if isinstance(n, Unpack)]
    if {*made} != {*unpacked}:
        raise Malformed(f"{made} is made, and {unpacked} is unpacked")
    for function in functions:
        body = Verifier(function.name, {a.name for a in function.arguments})
        body.run(function.body)
        require_lengths(function)
        for name, node in body.handed.items():
            body.holds(name, node)


def verify_values(
    name: str, given: Iterable[str], body: Iterable[Node], stretches: Iterable[Buffer]
) -> None:
    """Malformed where a value is read that its stretch of memory does not hold: here each value on
    the way still has a name of its own.
    """
    checked = Verifier(name, {*given, ROWS})
    checked.declare(stretches)
    checked.run(body)


def verify_helper(helper: Helper, out: Read) -> None:
    """Malformed where a planned function of the module reads what is not there, or leaves nothing
    in `out`.
    """
    body = Verifier(helper.name, {*helper.arguments})
    pairs = zip((out.name, *helper.names), ("real", *helper.scratch), strict=True)
    sizes = tuple(length(i.size) for i in out.axes)
    body.declare(Buffer((name,), sizes, kind) for name, kind in pairs)
    body.run(helper.body)
    body.holds(out.name, helper)


def _own(of: Buffers) -> Buffers:
    """The arrays of a function, whoever donates them."""
    return replace(of, buffers=tuple(replace(b, donated=None) for b in of.buffers))


@dataclass
class Verifier:
    """What is known while the statements of a function are gone through: `given` are arrays that
    are not its own, `made` those whose memory is not planned here, `held` which array each stretch
    of memory holds by now, `aliases` of which array a name is a view, `handed` what is given away,
    `initialized` which places are written.
    """

    name: str
    given: set[str]
    made: set[str] = field(default_factory=set)
    memory: dict[str, Buffer] = field(default_factory=dict)
    held: dict[Buffer, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    handed: dict[str, Node] = field(default_factory=dict)
    initialized: Initialized = field(default_factory=Initialized)
    loops: Mapping[Index, bool] = field(default_factory=dict)

    def declare(self, buffers: Iterable[Buffer]) -> None:
        for buffer in buffers:
            self.memory |= dict.fromkeys(buffer.names, buffer)
            if buffer.kind in STAYS:
                self.held[buffer] = buffer.names[0]

    def run(self, body: Iterable[Node]) -> None:
        for node in body:
            if isinstance(node, Unpack):
                self.declare(node.of.buffers)
            elif isinstance(node, (Step, OnRequest)):
                self.run(node.body)
            elif isinstance(node, Loop):
                self._loop(node)
            elif isinstance(node, Memory):
                self._donated(node)
                self.made |= {array for of in node.every[1:] for _, array in of.gradients}
            elif not isinstance(node, Microbatches):
                self._statement(node)

    def _donated(self, node: Memory) -> None:
        """No memory is donated twice to what is written."""
        every = [
            b.donated for of in node.every for b in of.buffers if b.donated and b.kind not in STAYS
        ]
        self.require(len({*every}) == len(every), "memory is donated twice", node)

    def _loop(self, node: Loop) -> None:
        """Its statements twice: what one step leaves, the next finds."""
        outer, self.loops = self.loops, {**self.loops, **dict.fromkeys(node.indices, node.reverse)}
        for _ in range(2):
            self.run(node.body)
        for step in node.indices:
            self.initialized.finish(step)
        self.loops = outer

    def _statement(self, node: Node) -> None:
        for part in node.walk():
            self.require(axes_agree(part, self.loops.keys()), "axes do not agree", part)
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
        if buffer is not None and part.name not in self.aliases:
            pairs = [*zip(buffer.sizes, (length(i.size) for i in part.axes), strict=False)]
            fits = all(size == axis or size - axis in (0, 1) for size, axis in pairs)
            if not fits or len(buffer.sizes) != len(part.axes):  # to say it takes long
                self.require(False, f"{part.name} has the sizes {buffer.sizes}", part)

    def _there(self, part: Slice, node: Node) -> None:
        root = self.root(str(looks_at(part)))
        if root in self.memory and root not in self.given | self.made:
            there = self.initialized.has_step(root, part, self.loops)
            self.require(there, f"{root} is read where nothing wrote", node)

    def root(self, name: str) -> str:
        """The array whose memory goes by a name."""
        return self.aliases.get(name, name)

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
            there = self.initialized.has_all_of(root, node.at, self.loops)
            self.require(there, f"{root} is added to, and never cleared", node)
        scratch = scratch_of(node)
        for name in scratch:
            self.require(name in self.memory, f"{name} is written before it is there", node)
            self.held[self.memory[name]] = name
        beside = [self.memory.get(self.root(n)) for n in (*read_by(node), root, *scratch)]
        apart = all(beside.count(self.memory[n]) == 1 for n in scratch)
        named = (*buffer.names, *self.aliases)  # whose memory it may be
        shared = {n for n in named if self.memory.get(self.root(n)) == buffer}
        clash = overlaps(node, shared)
        self.require(apart and not clash, f"{root} is written while its memory is read", node)
        if self.held.get(buffer) != root:
            self.initialized.forget(root)
        self.initialized.write(root, node)
        self.held[buffer] = root

    def _name(self, node: Node) -> None:
        """What a statement gives a name to, or gives away."""
        if isinstance(node, (Assign, Draw, Admit)):
            self._forget(node.name)
            value = node.value if isinstance(node, Assign) else None
            seen = looks_at(value) if isinstance(value, Expr) else None
            if seen is not None:
                self.aliases[node.name] = self.root(seen)
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
        self.aliases.pop(name, None)
        self.given.discard(name)

    def require(self, holds: bool, fault: str, node: Node) -> None:
        if not holds:
            raise Malformed(f"{self.name}: {fault}: {node}")


def _parts_read(node: Node) -> Iterable[Slice]:
    """The parts of arrays that a statement reads."""
    value = node.value if isinstance(node, (Store, ScatterAdd)) else node
    return (part for part in value.walk() if isinstance(part, Slice))
