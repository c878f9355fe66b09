"""The parts of a header and a source file of C, as their templates lay them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.errors import NetError
from bpgen.ir import Network, TensorInfo, length
from bpgen.record import Derivation
from bpgen.targets.c.descent import Descent
from bpgen.targets.c.functions import Functions
from bpgen.targets.c.helpers import sources
from bpgen.targets.c.layout import comment, paragraphs
from bpgen.targets.c.library import AVERAGE
from bpgen.targets.c.memory import Memory, said, together
from bpgen.targets.c.places import whole
from bpgen.targets.c.scalar import ATOM
from bpgen.targets.c.stored import Sizes, own
from bpgen.targets.c.texts import REAL, CFunction
from bpgen.targets.c.tiles import PANEL
from bpgen.targets.c.training import adam
from bpgen.targets.c.windows import LISTED
from bpgen.targets.numpy.interface import Interface

STACK = {"copied": PANEL, "windows": LISTED}  # bytes, by what is called
_SWITCHES = {"ADAM", "DESCEND", "DOUBLE", "HEADER"}  # of the header, as the rooms for lengths are
_CALLED = {"M", "R"}  # macros that are only ever called, and so may be lengths as well
LONG = 64  # steps for which there is room, where no other number is told


def refuse_lengths(network: Network) -> None:
    """NetError for a length that is called what C or the file calls its own."""
    for name in network.lengths:
        if (own(name) != name and name not in _CALLED) or name in _SWITCHES:
            raise NetError(
                f"{network.name}: {name} is the length of an axis, and what C calls its own",
                "give the length another name, such as T, or emit it for numpy",
            )


@dataclass(frozen=True)
class Array:
    """An array of a struct: its name, and how many numbers it holds."""

    name: str
    count: str


@dataclass(frozen=True)
class Struct:
    """A struct within another: its arrays, and structs within it."""

    name: str
    arrays: list[Array]
    inner: tuple[Struct, ...] = ()


@dataclass(frozen=True)
class Most:
    """A length known at run time, and how long memory lets it be where no other number is told."""

    name: str
    number: int
    said: str


class Parts(Interface):
    """What the templates print of one derivation."""

    asks = False  # for the gradients of inputs

    def __init__(self, derivation: Derivation) -> None:
        refuse_lengths(derivation.network)
        super().__init__(derivation.network)
        self.name = self.network.name
        self.macro = self.name.upper()
        self.made = Functions(derivation, self.asks)
        self.functions = self.made.all
        self._descent = Descent(derivation, self.made)
        self.helpers = sources(self.made.called)

    @property
    def has_products(self) -> bool:
        """Whether a library of linear algebra may be asked for."""
        return "product" in self.made.called

    @property
    def adam(self) -> CFunction:
        """A step of Adam, which is compiled where it is asked for."""
        return adam(self.network)

    @property
    def average(self) -> str:
        """What it calls for each parameter."""
        return AVERAGE.strip()

    @property
    def lengths(self) -> list[Most]:
        batch, *others = self.network.lengths
        return [
            Most(batch, 1, "samples in a batch"),
            *(Most(n, LONG, f"the length {n}") for n in others),
        ]

    @property
    def said(self) -> str:
        """The bytes that the structs take."""
        lengths = {length(m.name): m.number for m in self.lengths}
        stack = max((n for name, n in STACK.items() if name in self.made.called), default=0)
        weights = Memory(dict(self._shapes()))
        of_inputs = Memory(self.made.of_inputs)
        return said(weights, self.made.cached, self.made.work, lengths, stack, of_inputs)

    @property
    def head(self) -> str:
        """What the header says of itself."""
        about = (
            f"Written by bpgen; the numbers in the comments of {self.name}.c are those of its"
            f" derivation. n is the sample: {self.about_batch}, one a row. Arrays are flat, the"
            " last axis the fastest. Nothing is allocated and nothing is global: all memory is the"
            " caller's."
        )
        return paragraphs([self.title, about, f"{self.said}."])

    @property
    def given(self) -> str:
        """What the arrays among the arguments hold."""
        seeds = self.made.seeds
        every = [*self.inputs, *self.states, *self.targets, *seeds.values()]
        names = [*(t.name for t in (*self.inputs, *self.states, *self.targets)), *seeds]
        held = [f"{own(n)} {_held(t)}" for n, t in zip(names, every, strict=True)]
        return comment([f"Nothing is checked: {'; '.join(held)}."]) if held else ""

    @property
    def weights(self) -> list[Array]:
        return self._arrays(self._shapes())

    @property
    def of_inputs(self) -> list[Array]:
        """The gradients of inputs."""
        return self._arrays(self.made.of_inputs.items())

    @property
    def descent(self) -> list[CFunction]:
        """Backward and gradient descent in one, which is compiled where it is asked for."""
        if not self._descent.functions:
            return []
        *called, caller = self._descent.functions
        beside = " Returned is the loss." * (caller.returns == REAL)
        said = (
            "Backward and gradient descent in one, which keeps no gradients:"
            f" {self._without_gradients} bytes to train.{beside}"
        )
        return [*called, replace(caller, said=said)]

    @property
    def _without_gradients(self) -> int:
        works = {**self.made.work, self._descent.name: self._descent.memory}
        return self._together(works, 1)

    def _together(self, works: Mapping[str, Memory], times: int) -> int:
        """The bytes of so many structs of parameters, of cache and work."""
        lengths = {length(m.name): m.number for m in self.lengths}
        return together(Memory(dict(self._shapes())), self.made.cached, works, lengths, times)

    @property
    def takes(self) -> dict[str, int]:
        """The bytes of RAM that training takes, by how it is done, the most first; and prediction,
        without which there is none.
        """
        descends = f"with -D{self.macro}_DESCEND"
        return {
            "to train": self._together(self.made.work, 3),
            f"by {self.name}_descend": self._together(self.made.work, 2),
            **({descends: self._without_gradients} if self._descent.functions else {}),
            "to predict": self._together(self.made.work, 1),
        }

    @property
    def of_descent(self) -> Struct:
        return self._struct(self._descent.name, self._descent.memory)

    @property
    def cache(self) -> Struct:
        return self._struct("", self.made.cached)

    @property
    def works(self) -> list[Struct]:
        """Of each function its own: no two of them run at a time."""
        every = (self._struct(name, work) for name, work in self.made.work.items())
        return [s for s in every if s.arrays or s.inner]

    def _struct(self, name: str, memory: Memory) -> Struct:
        every = ((n, self._arrays(a.items())) for n, a in memory.inner.items() if a)
        inner = tuple(Struct(n, arrays) for n, arrays in every)
        return Struct(name, self._arrays(memory.arrays.items()), inner)

    def _shapes(self) -> list[tuple[str, Sizes]]:
        every = sorted(self.params, key=lambda t: t.name)
        return [(t.name, tuple(map(sp.sympify, t.sample_shape))) for t in every]

    def _arrays(self, every: Iterable[tuple[str, Sizes]]) -> list[Array]:
        def count(sizes: Sizes) -> str:
            return " * ".join(map(self._most, (s for s in sizes if s != 1))) or "1"

        return [Array(own(name), count(sizes)) for name, sizes in every]

    def _most(self, size: sp.Expr) -> str:
        """A length as a constant: what it may be at most."""
        if isinstance(size, sp.Max):
            one, other = map(self._most, size.args)
            return f"({one} > {other} ? {one} : {other})"
        constants = {length(n): sp.Symbol(f"{self.macro}_{n}") for n in self.network.lengths}
        return whole(size.xreplace(constants)).within(ATOM)


class Asking(Parts):
    """The same, with the gradients of inputs."""

    asks = True


def _held(tensor: TensorInfo) -> str:
    """How many numbers an array holds, and of which kind."""
    count = " * ".join(str(i.size) for i in tensor.indices) or "1"
    return (
        f"holds {count} {'numbers' if tensor.bound is None else f'labels, 0 .. {tensor.bound - 1}'}"
    )
