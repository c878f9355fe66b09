"""The functions of a C file: those of the mathematics, one that begins, and one that descends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

import sympy as sp

from bpgen.ir import Network, length, spoken
from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Function
from bpgen.program.names import gives_gradients
from bpgen.raising.equation import order_of
from bpgen.raising.flat import flat_tensors
from bpgen.raising.functions import functions
from bpgen.record import Derivation
from bpgen.targets.c.beside import beside
from bpgen.targets.c.blocks import Block, Held, of_one
from bpgen.targets.c.left import Left, left
from bpgen.targets.c.memory import Memory
from bpgen.targets.c.needs import without_idle
from bpgen.targets.c.passes import passed
from bpgen.targets.c.signatures import Signature, signature, together
from bpgen.targets.c.statements import Statements
from bpgen.targets.c.stored import Names, Sizes, Stored, own
from bpgen.targets.c.texts import CFunction, Pointer, needed
from bpgen.targets.c.training import begin, steps


class Functions:
    """Makes the functions of one derivation. `cached` and `work` are the arrays of structs, with
    the lengths of their axes; `called` the helpers that are spoken of. The gradients of inputs are
    among them where they are `asked` for.
    """

    def __init__(self, derivation: Derivation, asked: bool = False) -> None:
        self.network: Network = derivation.network
        self.name, self.tensors = self.network.name, self.network.tensors
        self.order = order_of(derivation)
        self.inputs = [t.name for t in (*self.network.role("input"), *self.network.role("state"))]
        self._raised = {f.name: f for f in functions(derivation)}
        self.program = self.passed(derivation, asked)
        self.left = {f.name: self._left(f) for f in self.program.values()}
        outputs = () if self.network.loss else self.network.outputs
        self.of_one = flat_tensors(derivation.tensors)
        self.seeds = {f"d_{o}": self.of_one[o] for o in outputs}  # what backward is given
        self.called: set[str] = set()
        self.cached, self.work = Memory(), {w: Memory() for w in ("forward", "loss", "backward")}
        self.blocks: dict[str, Block] = {}
        self.signatures: dict[str, Signature] = {}
        written = [self._made(self.program[n]) for n in self._in_order()]
        written += [together(self.signatures)] if self.network.loss else []
        self.all = [begin(self.network, self.called), *written, *steps(self.network, self.called)]

    def passed(self, derivation: Derivation, asked: bool) -> dict[str, Function]:
        """The functions of the program, after all passes; backward gives the loss, too."""
        every = without_idle(
            {n: passed(f, derivation.tensors, asked) for n, f in self._raised.items()}
        )
        taken = (*derivation.tensors, *self.network.lengths)
        return beside(every, taken) if self.network.loss else every

    def _in_order(self) -> list[str]:
        """The names of functions, the called before the callers."""
        outer = [n for n in ("forward", "_loss", "backward") if n in self.program]
        return [n for name in outer for n in (*self.called_by(name), name)]

    def called_by(self, name: str) -> list[str]:
        """The functions of blocks that another calls."""
        calls = (n for n in self.program[name].walk() if isinstance(n, program.Call))
        return [n.function for n in calls]

    def _made(self, function: Function) -> CFunction:
        is_block = function.name.startswith("_block")
        tensors = {**(self.of_one if is_block else self.tensors), **self.seeds}
        its = signature(function, self.name, self.network.lengths, tensors, self.inputs)
        self.signatures[its.word] = its
        names = self.names_of(function, its)
        write = Statements(names, self.order, self.held_by(function, its))
        lines = [*chain(*write.body(function)), *returned(function, names)]
        self.called |= write.entries.helpers
        said = (
            self._remember_block(function, its, write)
            if is_block
            else self._remember(function, its, write)
        )
        lines = needed([*self._opened(its, write), *lines])
        head = its.returns, its.name, its.arguments
        return CFunction(*head, said, tuple(lines), is_private=is_block)

    def _left(self, function: Function) -> Left:
        """What a function leaves: forward its outputs, too; gradients themselves."""
        if gives_gradients(function):
            packs = (n for n in function.walk() if isinstance(n, program.Pack))
            return Left(frozenset(name for p in packs for _, name in p.entries), {})
        outputs = self.network.outputs if function.name == "forward" else ()
        found = left(function, outputs, self.inputs if function.name == "forward" else ())
        return replace(found, stays=found.stays | {*outputs})

    def names_of(self, function: Function, its: Signature) -> Names:
        assigned = {n.name for n in function.walk() if isinstance(n, program.Assign | program.Draw)}
        counter = {its.counter} if its.counter else set()
        inner = (n for block in self.cached.inner.values() for n in block)
        known = {*assigned, *its.given, *self.cached.arrays, *inner}
        names = Names({*map(own, known)} | {*self.network.lengths} | counter)
        for name, t in its.given.items():
            names.arrays[name] = Stored(own(name), tuple(length(i.size) for i in t.indices))
        return names

    def held_by(self, function: Function, its: Signature) -> Held:
        def sizes(ref: program.Ref) -> Sizes | None:
            if ref.held == "params":
                of = self.of_one if ref.block else self.tensors
                return tuple(length(i.size) for i in of[ref.name].indices)
            if not ref.block:
                return self.cached.arrays.get(ref.name)
            return self.blocks[function.name.removesuffix("_backward")].kept[ref.name]

        def looks(ref: program.Ref) -> Mapping[str, Expr]:
            of = function.name.removesuffix("_backward") if ref.block else "forward"
            return self.left[of].looks

        stays = self.left[function.name].stays - {its.hands, *its.given}
        return Held(stays, _asked_of(function), sizes, looks, its, self.blocks)

    # What a function leaves

    def _remember(self, function: Function, its: Signature, write: Statements) -> str:
        """Where its arrays are found later. What is said of it."""
        if its.word == "forward":
            self.cached.arrays = dict(write.kept)
        self.work[its.word].arrays = write.work
        return self._said(its.word, function, write)

    def _remember_block(self, function: Function, its: Signature, write: Statements) -> str:
        """The same of a block."""
        loops = (n for f in self.program.values() for n in f.walk() if isinstance(n, program.Loop))
        called = (n for n in loops if isinstance(n.body[0], program.Call))
        loop = next(n for n in called if n.body[0].function == function.name)  # type: ignore[attr-defined]
        times = int(loop.indices[0].size)  # type: ignore[arg-type]
        kept = {write.fields.get(n, n): sizes for n, sizes in write.kept.items()}
        kept = {n: sizes for n, sizes in kept.items() if not self.is_param(n)}
        self.blocks[function.name] = Block(its, times, kept)
        all_of_them = {n: (sp.Integer(times), *sizes) for n, sizes in kept.items()}
        caller = self.work["backward" if its.is_backward else "forward"]
        if its.is_backward:
            caller.inner[its.word] = {**write.work, **all_of_them}
        else:
            self.cached.inner[its.word], caller.inner[its.word] = all_of_them, write.work
        return function.doc

    def is_param(self, name: str) -> bool:
        return name in self.tensors and self.tensors[name].role == "param"

    def _opened(self, its: Signature, write: Statements) -> list[str]:
        """Where the arrays are that a function writes."""
        caller = "backward" if its.is_backward else "forward"
        inner = f"{its.word}." if its.hands else ""
        works = f"work->{caller if its.hands else its.word}.{inner}"

        def kept(name: str, sizes: Sizes) -> str:
            key = write.fields.get(name, name)
            if not its.is_backward:
                place = f"cache->{inner}{own(key)}"
            else:
                place = f"grads->{own(key)}" if self.is_param(key) else f"{works}{own(key)}"
            return of_one(place, its.counter, sizes) if its.counter else place

        every = [(n, kept(n, sizes)) for n, sizes in write.kept.items()]
        every += [(n, f"{works}{own(n)}") for n in write.work]
        return [Pointer(own(n), place) for n, place in every]

    def _said(self, word: str, function: Function, write: Statements) -> str:
        if word == "forward":
            outputs = ", ".join(f"cache->{o}" for o in self._outputs(function, write))
            drawn = " Without a seed nothing is dropped." if self.network.role("noise") else ""
            left = f"its output in {outputs}" if outputs else "what loss and backward read"
            return f"Leaves {left}.{drawn}"
        of = "the loss" if self.network.loss else "the outputs times what is given for each"
        asked = " Those of inputs, too, if there is memory for them." * self.signatures[word].asks
        beside = " Returned is the loss." * self.signatures[word].gives
        return {
            "loss": "The loss of the batch that left this cache.",
            "backward": f"The gradients of {of}, from the cache that forward left.{asked}{beside}",
        }[word]

    @property
    def of_inputs(self) -> dict[str, Sizes]:
        """The inputs whose gradients are asked for, and the lengths of their axes."""
        asked = (n for n in self.program["backward"].walk() if isinstance(n, program.Entry))
        names = (n.held.name for n in asked)
        return {n: tuple(length(i.size) for i in self.tensors[n].indices) for n in names}

    def _outputs(self, function: Function, write: Statements) -> Iterator[str]:
        """Where the outputs are: of one with a step before its first, where each element is."""
        last = function.body[-1]
        assert isinstance(last, program.Return)
        every = last.values[0] if isinstance(last.values[0], tuple) else last.values[:1]
        for name, value in zip(self.network.outputs, every, strict=True):
            if isinstance(value, program.Slice):
                entry = write.entries.value(value, write.entries.here(value.axes)).text
                yield f"{entry} for {name}[{','.join(map(spoken, value.axes))}]"
            elif name not in self.inputs:
                yield own(name)


def _asked_of(function: Function) -> dict[str, str]:
    """The arrays that are only made on request, with the inputs whose gradients they are."""
    late = [n for n in function.body if isinstance(n, program.OnRequest)]
    made = {n.name for request in late for n in request.walk() if isinstance(n, program.Assign)}
    entries = (n for request in late for n in request.walk() if isinstance(n, program.Entry))
    return {n.array: n.held.name for n in entries if n.array in made}


def returned(function: Function, names: Names) -> list[str]:
    """What a function returns, if it is a number."""
    last = function.body[-1]
    value = last.values[0] if isinstance(last, program.Return) else None
    if not isinstance(value, program.Number):
        return []
    array = names.arrays[value.array]
    return [f"return {array.text}{'' if array.is_variable else '[0]'};"]
