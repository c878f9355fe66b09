"""Backward and a step of gradient descent in one, which keeps no gradients.

Each parameter moves in the function that makes its gradient: a block's own in that of the block,
whose turn it is. What a block leaves is only what its caller adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import sympy as sp

from bpgen.ir import TensorInfo, extent
from bpgen.program import grammar as program
from bpgen.program.grammar import Function
from bpgen.record import Derivation
from bpgen.targets.c.blocks import of_one
from bpgen.targets.c.functions import Functions, returned
from bpgen.targets.c.in_place import Span, places, spans
from bpgen.targets.c.memory import Memory
from bpgen.targets.c.signatures import Signature
from bpgen.targets.c.statements import Statements
from bpgen.targets.c.stored import Sizes, own
from bpgen.targets.c.texts import CFunction, Pointer, needed
from bpgen.targets.c.training import descended


@dataclass(frozen=True)
class _Backward:
    """A function that packs no gradients of parameters, and what these are called."""

    function: Function
    signature: Signature
    gradients: Mapping[str, str]
    tensors: Mapping[str, TensorInfo]

    @property
    def sizes(self) -> dict[str, int]:
        """How many numbers each of the parameters has here."""
        return {n: int(extent(self.tensors[n].sample_shape)) for n in self.gradients}

    def own(self, array: str, sizes: Sizes) -> str:
        """An array, or what the block has of it whose turn it is."""
        counter = self.signature.counter
        return of_one(array, counter, sizes) if counter else array

    def moved(self, span: Span) -> str:
        """The line that moves a parameter."""
        tensor = self.tensors[span.parameter]
        sizes = tuple(map(sp.sympify, tensor.sample_shape))
        return descended(tensor, self.own(f"params->{own(tensor.name)}", sizes), own(span.gradient))


class Descent:
    """The functions, the called before the caller, and the memory that they need; there are none of
    a network without parameters.
    """

    def __init__(self, derivation: Derivation, made: Functions) -> None:
        self.made, self.blocks, self.memory = made, dict(made.blocks), Memory()
        functions = made.passed(derivation, asked=False)
        every = [functions[n] for n in (*made.called_by("backward"), "backward")]
        self.read = {f.name: _params(f) for f in every}
        has_any = bool(made.network.role("param"))
        self.functions = [self._made(self._without_gradients(f)) for f in every] if has_any else []

    @property
    def name(self) -> str:
        """What the struct of their memory is called."""
        return replace(self.made.signatures["backward"], descends=True).place

    def _without_gradients(self, function: Function) -> _Backward:
        packs = [n for n in function.body if isinstance(n, program.Pack)]
        packed = {key: name for p in packs for key, name in p.entries if self.made.is_param(key)}
        body = (_without(n, packed) if isinstance(n, program.Pack) else n for n in function.body)
        its = replace(self.made.signatures[function.name.strip("_")], descends=True, asks=False)
        tensors = self.made.of_one if its.hands else self.made.tensors
        return _Backward(replace(function, body=tuple(body)), its, packed, tensors)

    def _made(self, of: _Backward) -> CFunction:
        its, names = of.signature, self.made.names_of(of.function, of.signature)
        scratch = names.local("scratch")
        held = replace(self.made.held_by(of.function, its), blocks=self.blocks)
        write = Statements(names, self.made.order, held)
        lines = write.body(of.function)
        every = spans(of.function.body, of.gradients, names.aliases, self.read)
        begun, room = places(every, of.sizes)
        for span in every:
            lines[span.last] += [of.moved(span)]
        left = {n: sizes for n, sizes in write.kept.items() if n not in begun}
        keys = {n: write.fields.get(n, n) for n in left}
        at = {n: own(n) for n in write.work}
        at |= {g: f"{scratch} + {place}" if place else scratch for g, place in begun.items()}
        at |= {n: of.own(own(keys[n]), sizes) for n, sizes in left.items()}
        arrays = {**write.work, **({scratch: (sp.Integer(room),)} if room else {})}
        memory = self._remember(of, arrays, {keys[n]: sizes for n, sizes in left.items()})
        opened = [Pointer(own(n), f"{memory}{place}") for n, place in at.items()]
        whole = needed([*opened, *chain(*lines), *returned(of.function, names)])
        head = its.returns, its.name, its.arguments, f"{of.function.doc}{_MOVES}" * bool(its.hands)
        return CFunction(*head, tuple(whole), is_private=bool(its.hands))

    def _remember(
        self, of: _Backward, arrays: Mapping[str, Sizes], left: Mapping[str, Sizes]
    ) -> str:
        """The memory that a function needs, and that of what each block leaves: where it is."""
        if not of.signature.hands:
            self.memory.arrays = dict(arrays)
            return f"work->{self.name}."
        block = self.blocks[of.function.name]
        self.blocks[of.function.name] = replace(block, signature=of.signature)
        every = {n: (sp.Integer(block.times), *sizes) for n, sizes in left.items()}
        self.memory.inner[of.signature.place] = {**arrays, **every}
        return f"work->{self.name}.{of.signature.place}."


_MOVES = " Its parameters move against these."  # which are not kept


def _without(pack: program.Pack, keys: Iterable[str]) -> program.Pack:
    """Without these entries."""
    return replace(pack, entries=tuple(e for e in pack.entries if e[0] not in keys))


def _params(function: Function) -> list[str]:
    """The parameters that a function reads, beside those of its own block."""
    made = (n.value for n in function.walk() if isinstance(n, program.Assign))
    refs = (v for v in made if isinstance(v, program.Ref))
    return [r.name for r in refs if r.held == "params" and not r.block]
