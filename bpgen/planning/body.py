"""The statements of one function, lowered to calls, and the memory that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bpgen.ir import BATCH, TensorInfo, length
from bpgen.planning.helpers import helper
from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.lowering.spreading import spread
from bpgen.planning.lowering.statements import Lowering
from bpgen.planning.memory.dead_code import without_dead_code
from bpgen.planning.memory.sharing import named, shared
from bpgen.planning.nodes import Buffer, Buffers, Dot, Unpack
from bpgen.planning.rewriting.first_stores import first_stored
from bpgen.planning.rewriting.windows import once_per_place
from bpgen.planning.verification.verifier import verify_values
from bpgen.program.grammar import (
    Admit,
    Assign,
    Begin,
    Call,
    Draw,
    Entry,
    FromBlocks,
    Function,
    Gather,
    Guard,
    Keep,
    Length,
    Loop,
    Node,
    Number,
    OnRequest,
    Pack,
    Read,
    Ref,
    Return,
    Stack,
)
from bpgen.program.spans import ROWS, counts_samples

Gradients = tuple[tuple[str, str], ...]  # a parameter, and the array of its gradient


class Body:
    """What a function lets in, unpacks and measures, and then its statements, each one call."""

    def __init__(
        self,
        function: Function,
        layouts: Layouts,
        blocks: Mapping[str, Gradients] | None = None,
    ) -> None:
        """`blocks`: what the functions of each block that it calls find of their parameters."""
        self.before = tuple(n for n in function.body if _is_before(n))
        rest = [n for n in function.body if not _is_before(n) and not self.is_rows(n)]
        of_blocks = blocks or {}
        rest = [*first_stored(once_per_place(_unstacked(rest, of_blocks)))]
        self.gradients = _gradients(rest)
        owned = {a for _, a in self.gradients}
        lowering = Lowering(_names(function), helper, owned, layouts.copy())
        kept = _kept(rest)
        statements = spread(lowering, lowering.statements(rest))
        statements = without_dead_code(statements, lowering, {*kept, *owned})
        stretches = shared(statements, lowering.scratch, kept)
        given = {a.name for a in function.arguments} | {a for g in of_blocks.values() for _, a in g}
        verify_values(function.name, given, (*self.before, *statements), stretches)
        self.statements, self.buffers = named(statements, stretches, lowering.scratch)
        if any(map(_counts_rows, self.statements)):
            self.buffers = (*self.buffers, Buffer((ROWS,), (length(BATCH),), "rows"))
        written = {n for b in self.buffers for n in b.names}
        whole = (array for _, array in self.gradients if array not in written)
        self.buffers = (*self.buffers, *(Buffer((array,), (), kept=True) for array in whole))

    @staticmethod
    def is_rows(node: Node) -> bool:
        """Whether it counts the samples, which memory does once."""
        return isinstance(node, Assign) and node.name == ROWS

    def own_and_shared(self) -> tuple[tuple[Buffer, ...], tuple[Buffer, ...]]:
        """The arrays that are needed after the function, and the others."""
        own = tuple(b for b in self.buffers if b.kept)
        return own, tuple(b for b in self.buffers if not b.kept)

    def with_memory(
        self, every: Iterable[Buffers], memory: Iterable[Node] = ()
    ) -> tuple[Node, ...]:
        """All statements; those that say where arrays are come before those that write them."""
        return (*self.before, *memory, *map(Unpack, every), *self.statements)

    def given(self, tensors: Mapping[str, TensorInfo]) -> tuple[str, ...]:
        """The arrays that come in, in whose precision all is computed. A target follows: of wider
        numbers it would make memory wider than parameters and inputs, and what numpy makes of
        these alone fits no other memory than its own. One that is multiplied leads as they do.
        """
        own = (n for n in self.before if isinstance(n, (Admit, Assign)))
        names = (n.name for n in own if isinstance(n, Admit) or _is_cached(n))
        products = {*_multiplied(self.statements)}
        return tuple(n for n in names if n not in tensors or _is_leading(tensors[n], n in products))


def _is_before(node: Node) -> bool:
    """Whether a statement lets in, unpacks or measures an argument."""
    of_argument = isinstance(node, Assign) and isinstance(node.value, (Ref, Length))
    return of_argument or isinstance(node, (Guard, Admit, Draw))


def _counts_rows(node: Node) -> bool:
    """Whether places are looked up by the numbers of the samples."""
    return any(isinstance(n, Gather) and counts_samples(n) for n in node.walk())


def _is_leading(tensor: TensorInfo, multiplied: bool) -> bool:
    """Whether it holds real numbers whose precision that of the others follows."""
    return tensor.bound is None and (tensor.role != "target" or multiplied)


def _multiplied(body: Iterable[Node]) -> Iterator[str]:
    """The arrays that products write into memory."""
    dots = (n for statement in body for n in statement.walk() if isinstance(n, Dot))
    yield from (n.name for dot in dots for n in dot.walk() if isinstance(n, Read))


def _is_cached(node: Assign) -> bool:
    return isinstance(node.value, Ref) and node.value.held == "cache"


def _unstacked(body: list[Node], blocks: Mapping[str, Gradients]) -> list[Node]:
    """Without what puts the gradients of blocks together: each has its place in the whole."""
    stacks = {n.name: n.store for n in body if isinstance(n, Stack)}
    loops = {_store_of(n): n for n in body if isinstance(n, Loop)}
    summed = {n.store for s in body for n in s.walk() if isinstance(n, FromBlocks)}
    idle = {*stacks.values()} - summed

    def entries(key: str, name: str) -> Gradients:
        return blocks[_called_by(loops[stacks[name]])] if name in stacks else ((key, name),)

    made: list[Node] = []
    for node in body:
        if isinstance(node, Pack):
            every = (entry for pair in node.entries for entry in entries(*pair))
            made.append(replace(node, entries=tuple(every)))
        elif isinstance(node, Loop) and _store_of(node) in idle:
            calls = (n for n in node.body if isinstance(n, Call))
            alone = tuple(replace(c, names=(c.names[0], "_")) for c in calls)
            made.append(replace(node, body=alone))
        elif not isinstance(node, Stack) and not _begins(node, idle):
            made.append(node)
    return made


def _begins(node: Node, stores: set[str]) -> bool:
    return isinstance(node, Begin) and node.store in stores


def _store_of(loop: Loop) -> str | None:
    """Where a loop over blocks puts what they leave."""
    return next((n.store for n in loop.body if isinstance(n, Keep)), None)


def _called_by(loop: Loop) -> str:
    return next(n.function for n in loop.body if isinstance(n, Call))


def _gradients(body: Iterable[Node]) -> tuple[tuple[str, str], ...]:
    """The gradients of parameters, each under the name of its parameter."""
    packs = (n for n in body if isinstance(n, Pack) and (n.name == "grads" or n.beside))
    entries = ((name, array) for pack in packs for name, array in pack.entries)
    return tuple((name, array) for name, array in entries if name and name != array)


def _names(function: Function) -> set[str]:
    """The names that a function speaks of."""
    nodes = [n for statement in function.body for n in statement.walk()]
    loops = {str(i.name) for n in nodes if isinstance(n, Loop) for i in n.indices}
    lengths = {str(i.size) for n in nodes if isinstance(n, Read) for i in n.axes}
    named = {n.name for n in nodes if isinstance(n, (Assign, Admit, Draw, Read, Ref))}
    given = {a.name for a in function.arguments}
    return loops | lengths | named | given | {"workspace", "checked"}


def _kept(body: Iterable[Node]) -> set[str]:
    """The arrays that are given away, or read where inputs' gradients are asked for."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, Pack):
            found |= {name for _, name in node.entries} | {node.beside}
        elif isinstance(node, (Return, OnRequest)):
            found |= {n.name for n in node.walk() if isinstance(n, (Read, Ref))}
            found |= {n.array for n in node.walk() if isinstance(n, (Entry, Number))}
    return found
