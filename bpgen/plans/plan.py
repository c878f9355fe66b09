"""The plan of a network: for each equation the operations and the memory that a step takes, as
polynomials in the batch and the other lengths known at run time.

Memory is that of the program's own buffers, products are those of its own statements; operations
are counted from the equations, as in the cost section of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import sympy as sp

from bpgen.derive import derive
from bpgen.ir import BATCH, Network, extent, length
from bpgen.lesson import counts
from bpgen.planning.nodes import Buffer, Buffers, Memory
from bpgen.planning.rewriting.fusion import WHOLE
from bpgen.plans.kept import kept
from bpgen.plans.runs import Run, runs
from bpgen.program.grammar import Function
from bpgen.record import Derivation, Forward
from bpgen.targets.numpy.interface import refuse_letters
from bpgen.targets.numpy.planned_parts import PlannedParts

SINGLE = 4  # bytes of a number in float32
_BYTES = {"mask": 1, "rows": 8, "places": 8, "starts": 8}  # whatever the precision of the others
Pass = Literal["forward", "loss", "backward"]
PASSES: tuple[Pass, ...] = ("forward", "loss", "backward")
At = tuple[Pass, int]  # an equation by its number, in the pass that computes it


@dataclass(frozen=True)
class Cost:
    """What one equation takes: multiply-adds of products of arrays, all its operations, the bytes
    of the arrays that are first needed for it, and those of them that backward reads.
    """

    number: int
    name: str
    of: str  # the tensor, whose gradient it is in backward
    when: Pass
    products: sp.Expr
    operations: sp.Expr
    memory: sp.Expr
    kept: sp.Expr


@dataclass(frozen=True)
class Plan:
    """The rows of all equations, pass by pass; the bytes of the flat
    array of all gradients; the layers, each with its tensors. `block`: of how many samples a part
    of the batch is, where a step goes through parts of it; else 0.
    """

    rows: tuple[Cost, ...]
    flat: int
    layers: tuple[tuple[str, ...], ...]
    parameters: dict[str, sp.Expr]
    block: int = 0

    @property
    def memory(self) -> sp.Expr:
        """The bytes of a whole workspace: the most that a step has at a time. Where it goes through
        blocks, with those of a block and of what is left: nothing, of a multiple of them.
        """
        whole = self.flat + total(r.memory for r in self.rows)
        batch = length(BATCH)
        parts = [whole.xreplace({batch: sp.Integer(n)}) for n in (self.block, 0) if self.block]
        return total([whole, *parts])

    @property
    def kept(self) -> sp.Expr:
        return total(r.kept for r in self.rows)

    @property
    def products(self) -> sp.Expr:
        return total(r.products for r in self.rows)


def plan(network: Network, item: int = SINGLE) -> Plan:
    """The plan of the module that `bpgen emit --fast` writes, for numbers of so many bytes."""
    refuse_letters(network)
    parts = PlannedParts(derive(network))
    made = _Planned(parts.derivation, parts.program, item)
    sizes = {t.name: extent(i.size for i in t.indices) for t in network.role("param")}
    layers = tuple(tuple(layer) for layer in counts.layers(parts.derivation))
    rows = sorted(made.rows(), key=lambda r: (PASSES.index(r.when), r.number))
    block = sum(node.samples for node in parts.microbatches)
    return Plan(tuple(rows), item * parts.size, layers, sizes, block)


def total(some: Iterable[sp.Expr]) -> sp.Expr:
    return sp.expand(sp.Add(*some))


@dataclass
class _Planned:
    derivation: Derivation
    program: list[Function]
    item: int

    def rows(self) -> Iterator[Cost]:
        """A row for each equation that is computed, and for each pass that computes it."""
        adjoint = self.derivation.adjoint
        steps = self.derivation.printed_steps
        of = {f.number: (f.equation.name, f.equation.name) for f in self.derivation.printed}
        of |= {s.number: (adjoint.get(s.of, s.equation.name), s.of) for s in steps}
        for at in [*self.runs, *self.within]:
            here, buffers = self.runs.get(at, []), self.buffers.get(at, [])
            (when, number), (name, tensor) = at, of.get(at[1], ("", ""))
            yield Cost(
                number,
                name,
                tensor,
                when,
                total(r.products for r in here),
                self.operations.get(number, sp.S.Zero),
                total(bytes_of(b, self.item) * times for _, b, times in buffers),
                total(self._kept(function, b) for function, b, _ in buffers),
            )

    @cached_property
    def runs(self) -> dict[At, list[Run]]:
        """The statements of each equation in each pass."""
        found: dict[At, list[Run]] = {}
        for run in (r for r in runs(self.program) if r.number and r.function != WHOLE):
            found.setdefault(_at(run), []).append(run)
        return found

    @property
    def within(self) -> list[At]:
        """Equations that have no statements of their own, as the sum of a softmax: they are
        computed with others.
        """
        run = {number for _, number in self.runs}
        forward = {f.number for f in self.derivation.printed}
        alone = (n for n in self.operations if n not in run)
        return [("forward" if n in forward else "backward", n) for n in alone]

    @cached_property
    def first(self) -> dict[tuple[str, str], At]:
        """Where an array of a function is spoken of first; under no name, where the function
        begins.
        """
        found: dict[tuple[str, str], At] = {}
        passes = {number: at for at in self.runs for number in at[1:]}
        for run in (r for r in runs(self.program) if r.number):
            for array in ("", *run.arrays):
                at = passes[run.number] if run.function == WHOLE else _at(run)
                found.setdefault((run.function, array), at)
        return found

    @cached_property
    def operations(self) -> dict[int, sp.Expr]:
        """Those of the equations by their numbers, as the page counts them."""
        there = zip(self.derivation.forward, counts.forward(self.derivation), strict=True)
        back = zip(counts.needed(self.derivation), counts.backward(self.derivation), strict=True)
        named = {f.equation.name: c.operations for f, c in there}
        for name in self.derivation.auxiliaries:  # computed with what reads it
            (reader, *_) = (f for f in self.derivation.printed if _reads(f, name))
            named[reader.equation.name] += named[name]
        found = {f.number: named[f.equation.name] for f in self.derivation.printed}
        return found | {s.number: c.operations for s, c in back}

    @cached_property
    def buffers(self) -> dict[At, list[tuple[str, Buffer, int]]]:
        """The arrays by the equation that needs them first: each with its function, and how many
        blocks have one.
        """
        found: dict[At, list[tuple[str, Buffer, int]]] = {}
        for of in _memory(self.program):
            given = {array for _, array in of.gradients}
            own = (b for b in of.buffers if b.donated is None)
            for buffer in (b for b in own if not given & {*b.names}):
                named = ((of.function, name) for name in (*buffer.names, ""))
                at = next(self.first[key] for key in named if key in self.first)
                found.setdefault(at, []).append((of.function, buffer, of.times or 1))
        return found

    @cached_property
    def _places(self) -> dict[tuple[str, str], list[tuple[str, sp.Expr]]]:
        places: dict[tuple[str, str], list[tuple[str, sp.Expr]]] = {}
        for place, times in kept(self.program).items():
            places.setdefault(place[:2], []).append((place.which, times))
        return places

    def _kept(self, function: str, buffer: Buffer) -> sp.Expr:
        """The bytes of those of an array that backward reads."""
        found = dict(w for n in buffer.names for w in self._places.get((function, n), []))
        times = found.get("every block's", sp.Add(*found.values()))
        return times * bytes_of(buffer, self.item)


def _reads(forward: Forward, name: str) -> bool:
    """Whether an equation reads it, as it is written or as it is evaluated."""
    read = (*forward.equation.reads(), *forward.evaluated.reads())
    return any(e.name == name for e in read)


def _memory(program: Iterable[Function]) -> Iterator[Buffers]:
    return (of for f in program for n in f.body if isinstance(n, Memory) for of in n.every)


def bytes_of(buffer: Buffer, item: int) -> sp.Expr:
    return _BYTES.get(buffer.kind, item) * sp.Mul(*buffer.sizes)


def _at(run: Run) -> At:
    if run.function == "_loss":
        return "loss", run.number
    return "backward" if run.function.endswith("backward") else "forward", run.number
