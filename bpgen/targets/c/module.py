"""A Python module that computes by C which it holds, and has the interface of numpy's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import ClassVar

from bpgen.ir import TensorInfo
from bpgen.program.grammar import Admit, Assign, Function, Guard, Length, Node, Ref, Return
from bpgen.record import Derivation
from bpgen.targets.c.parts import Asking
from bpgen.targets.c.stored import own
from bpgen.targets.numpy import parts as numpy
from bpgen.targets.numpy.functions import FunctionText, function
from bpgen.targets.numpy.layout import call, collection
from bpgen.targets.numpy.statements import Statements
from bpgen.templating import template
from bpgen.text.document import tuple_of

_INNER = "_gradients"  # what backward is, after doors: whatever it is given, C keeps to its memory

_BOUND = "A call for the loss that these arrays have by then, and the gradients that it leaves."


class Written(Statements):
    """Prints statements; a function may return a call of C."""

    types: ClassVar[dict[str, str]] = {**Statements.types, "call": "partial[float]"}


class Module(numpy.Parts):
    """What the template prints of one derivation: doors are numpy's, what they let in C's."""

    statements: ClassVar[type[Statements]] = Written

    def __init__(self, derivation: Derivation) -> None:
        super().__init__(derivation)
        self.c = Asking(derivation)
        self.made, self.name, self.macro = self.c.made, self.c.name, self.c.macro
        self.left = f"{self.name}_cache"  # the key under which the cache holds what forward leaves
        self.lengths = self.network.lengths
        self.size = sum(prod(map(int, t.sample_shape)) for t in self.params)

    @property
    def text(self) -> str:
        """The header and the source as one."""
        header, source = (
            template(name).render(m=self.c).strip()
            for name in ("c_header.h.jinja", "c_source.c.jinja")
        )
        return source.replace(f'#include "{self.name}.h"', header)

    @property
    def calls(self) -> list[str]:
        """The functions of C that are called."""
        of_loss = ["loss", "loss_and_grad"] if self.network.loss else []
        return ["forward", "backward", *of_loss]

    @cached_property
    def places(self) -> dict[str, str]:
        """What is asked of the compiler: how large structs are, and where arrays stand in them."""
        structs = ["cache", "work", *["inputs"] * bool(self.c.of_inputs)]
        arrays = {"cache": self._outputs, "inputs": self.made.of_inputs}
        return {s: f"sizeof({self.name}_{s})" for s in structs} | {
            f"{s}.{n}": f"offsetof({self.name}_{s}, {own(n)})" for s in arrays for n in arrays[s]
        }

    @property
    def names(self) -> list[str]:
        """The names of all that is asked of the library, and of lengths."""
        tables = {"CALLS": self.calls, "LENGTHS": self.lengths, "PLACES": self.places}
        return [
            line
            for table, names in tables.items()
            for line in collection(f"{table} = ", [f'"{n}"' for n in names], "[]")
        ]

    @property
    def _outputs(self) -> list[str]:
        """Those that are no inputs."""
        return [n for n in dict.fromkeys(self.network.outputs) if n not in self.made.inputs]

    @cached_property
    def functions(self) -> list[FunctionText]:
        write = self.statements(self._expressions)
        rows = {
            "forward": self._forward,
            "loss": _as_numpys,
            "_loss": self._loss,
            "backward": self._backward,
            "loss_and_grad": self._both,
        }
        return [t for f in self.program if f.name in rows for t in rows[f.name](f, write)]

    def _forward(self, of: Function, write: Statements) -> Iterator[FunctionText]:
        doors = [Guard("params"), *_let_in(_admits(of), {})]
        sizes = (tuple_of(map(str, self.made.cached.arrays[n])) for n in self._outputs)
        outputs = (f'"{n}": {shape}' for n, shape in zip(self._outputs, sizes, strict=True))
        rest = [f"{{{', '.join(outputs)}}}", *["rng"] * bool(self.network.role("noise"))]
        names = ", ".join([*self._outputs, "cache"]) if self._outputs else "(cache,)"
        made = self._call(f"{names} = _forward", doors, "forward", ["params"], rest)
        returned = write.lines(n for n in of.body if isinstance(n, Return))
        yield _text(of, [*write.lines(doors), *made, *returned], write)

    def _loss(self, of: Function, write: Statements) -> Iterator[FunctionText]:
        doors = self._opened(of)
        made = self._call("return _value", doors, "loss", ["params", "cache"], [])
        yield _text(of, [*write.lines(doors), *made], write)

    def _backward(self, of: Function, write: Statements) -> Iterator[FunctionText]:
        given = ", ".join(a.name for a in of.arguments)
        yield _text(of, [f"return {_INNER}({given})"], write)
        doors = self._opened(of, *(f for f in self.program if f.name == "_loss"))
        made = self._call("return _slopes", doors, "backward", ["params", "cache"], ["inputs"])
        inner = replace(of, name=_INNER, doc="The same, where all that is given fits.")
        yield _text(inner, [*write.lines(doors), *made], write)

    def _both(self, of: Function, write: Statements) -> Iterator[FunctionText]:
        doors = [Guard("params"), *_let_in(self._admitted(), {})]
        rest = ["rng"] * bool(self.network.role("noise"))
        made = self._call("return _both", doors, "loss_and_grad", ["params"], rest)
        yield _text(of, [*write.lines(doors), *made], write)
        yield self._bound(of, doors, rest, write)

    def _bound(
        self, of: Function, doors: Iterable[Node], rest: list[str], write: Statements
    ) -> FunctionText:
        """A step of arrays that stay where they are, let in once."""
        arrays = [a.name for a in of.arguments if a.kind != "noise"]
        lengths = [n for n in doors if isinstance(n, Assign)]
        made = self._call("return _bound", doors, "loss_and_grad", ["params"], rest)
        named = [f"{n}={n}" for n in arrays[1:]]
        body = [
            *call(of.name, arrays, "", 4),
            *call("_stays", ["params", *named], "", 4),
            *write.lines(lengths),
            *made,
        ]
        bound = replace(of, name="bound", doc=_BOUND, returns=("call", "arrays"))
        return _text(bound, body, write)

    def _admitted(self) -> list[Admit]:
        """All that is let in: what forward is given, and what loss and backward are beside."""
        every = (a for f in self.program for a in _admits(f))
        return [*{a.name: a for a in every}.values()]

    def _opened(self, *of: Function) -> list[Node]:
        """What the cache holds of what forward was given, and the doors of what comes in."""
        forward = next(f for f in self.program if f.name == "forward")
        kept = {a.name: a for a in _admits(forward)}
        held = [Assign(n, Ref(n, "cache")) for n in kept]
        late = {a.name: a for f in of for a in _admits(f)}
        doors = _let_in([*kept.values(), *late.values()], {n.name: n for n in held})
        return [Guard("params"), Guard("cache", self.left), *doors]

    def _call(
        self, begins: str, doors: Iterable[Node], word: str, first: list[str], rest: list[str]
    ) -> list[str]:
        """What is computed, of arrays let in; of a target that nothing reads, of none."""
        admitted = {n.name for n in doors if isinstance(n, Admit)}
        told = {n.name for n in doors if isinstance(n, Assign) and isinstance(n.value, Length)}
        lengths = tuple_of(n if n in told else "1" for n in self.lengths)
        given = self.made.signatures["backward" if word == "loss_and_grad" else word].given
        arrays = (f"{n}={n if n in admitted else None}" for n in given)
        return call(begins, [*first, str(lengths), *rest, *arrays], "", 4)


def _admits(of: Function) -> list[Admit]:
    return [n for n in of.body if isinstance(n, Admit)]


def _let_in(admits: Iterable[Admit], before: Mapping[str, Node]) -> list[Node]:
    """Doors, each after what gives its array a name, and before the lengths that it tells."""
    made: list[Node] = []
    known: set[str] = set()
    for door in admits:
        told = {n: k for n, k in _axes(door.tensor).items() if n not in known}
        known |= {*told}
        lengths = (Assign(n, Length(Ref(door.name), axis)) for n, axis in told.items())
        made += [*filter(None, [before.get(door.name)]), door, *lengths]
    return made


def _axes(tensor: TensorInfo) -> dict[str, int]:
    """The axes of a tensor whose lengths are known at run time."""
    return {i.size: k for k, i in enumerate(tensor.indices) if isinstance(i.size, str)}


def _text(of: Function, body: list[str], write: Statements) -> FunctionText:
    return replace(function(replace(of, body=()), write), body=tuple(body))


def _as_numpys(of: Function, write: Statements) -> Iterator[FunctionText]:
    yield function(of, write)
