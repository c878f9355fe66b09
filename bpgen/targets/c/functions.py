"""The functions of a C file: those of the mathematics, one that begins, and one that descends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bpgen.errors import NetError
from bpgen.ir import BATCH, Network, TensorInfo, length
from bpgen.program import grammar as program
from bpgen.program.grammar import Function
from bpgen.raising.equation import order_of
from bpgen.raising.functions import functions
from bpgen.record import Derivation
from bpgen.targets.c.layout import broken
from bpgen.targets.c.statements import Sizes, Statements
from bpgen.targets.c.stored import Names, Stored, own
from bpgen.targets.numpy.interface import deviation

_KNOWN = {"forward", "loss", "_loss", "backward", "loss_and_grad"}


@dataclass(frozen=True)
class CFunction:
    """A function: what it returns, its name, its arguments, what is said of it, and its lines."""

    returns: str
    name: str
    arguments: tuple[str, ...]
    said: str
    lines: tuple[str, ...]

    def head(self, real: str) -> str:
        """Its first lines, where numbers are of this type."""
        before = re.sub(r"\breal\b", real, f"{self.returns} {self.name}(")
        given = re.sub(r"\breal (?=\*?\w)", f"{real} ", ", ".join(self.arguments))
        return "\n".join(broken(f"{before}{given})", len(before)))

    @property
    def body(self) -> list[str]:
        """What stands between its braces."""
        unused = [f"(void){a};" for a in map(_name, self.arguments) if not _speaks(self.lines, a)]
        every = (line for text in (*unused, *self.lines) for line in text.splitlines())
        return [part for line in every for part in broken(f"    {line}")]


class Functions:
    """Makes the functions of one derivation. `cached` and `work` are the arrays of structs, with
    the lengths of their axes; `called` the helpers that are spoken of.
    """

    def __init__(self, derivation: Derivation) -> None:
        self.network: Network = derivation.network
        self.name, self.tensors = self.network.name, self.network.tensors
        self.order = order_of(derivation)
        self.params = self.network.role("param")
        self.program = {f.name: f for f in functions(derivation)}
        self._refuse()
        outputs = () if self.network.loss else self.network.outputs
        self.seeds = {f"d_{o}": self.tensors[o] for o in outputs}  # what backward is given
        self.called: set[str] = set()
        self.cached: dict[str, Sizes] = {}
        self.work: dict[str, dict[str, Sizes]] = {}
        inner = ("forward", "_loss", "backward")
        made = [self._made(self.program[n]) for n in inner if n in self.program]
        self.all = [self._init(), *made, self._step()]

    def _refuse(self) -> None:
        if {*self.program} - _KNOWN:
            fact, remedy = "repeat is not written in C yet", "write its blocks out, or emit numpy"
            raise NetError(f"{self.name}: {fact}", remedy)
        if self.network.role("noise"):
            fact, remedy = "dropout is not written in C yet", "leave it out, or emit numpy"
            raise NetError(f"{self.name}: {fact}", remedy)

    @property
    def lengths(self) -> list[str]:
        """The lengths known at run time: N, T."""
        sizes = (i.size for t in self.tensors.values() for i in t.indices)
        return [BATCH, *sorted({s for s in sizes if isinstance(s, str)} - {BATCH})]

    # The mathematics

    def _made(self, function: Function) -> CFunction:
        given = self._given(function)
        assigned = {n.name for n in function.walk() if isinstance(n, program.Assign)}
        names = Names({*map(own, assigned | {*given})} | {*self.lengths})
        for name, t in given.items():
            names.arrays[name] = Stored(own(name), tuple(length(i.size) for i in t.indices))
        write = Statements(names, self.order, self._stays(function, given), self.cached)
        lines = [*write.body(function), *_result(function, names)]
        word = function.name.strip("_")
        if word == "forward":
            self.cached = dict(write.kept)
        self.called |= write.entries.helpers
        self.work[word] = write.work
        lines = _needed([*self._opened(word, write), *lines])
        returns = "real" if word == "loss" else "void"
        arguments = self._arguments(word, given)
        return CFunction(returns, f"{self.name}_{word}", arguments, self._said(word), tuple(lines))

    def _given(self, function: Function) -> dict[str, TensorInfo]:
        """The arrays among the arguments. All functions take the inputs, which no cache copies."""
        inputs = (*self.network.role("input"), *self.network.role("state"))
        asked = [a.name for a in function.arguments if a.kind == "array"]
        names = dict.fromkeys([*(t.name for t in inputs), *asked])
        return {n: self.tensors[n] if n in self.tensors else self.seeds[n] for n in names}

    def _arguments(self, word: str, given: dict[str, TensorInfo]) -> tuple[str, ...]:
        types = {n: "real" if t.bound is None else "int" for n, t in given.items()}
        return (
            f"const {self.name}_params *params",
            *(f"const {types[n]} *{own(n)}" for n in given),
            *(f"int {n}" for n in self.lengths),
            f"{'const ' if word != 'forward' else ''}{self.name}_cache *cache",
            f"{self.name}_work *work",
            *[f"{self.name}_params *grads"] * (word == "backward"),
        )

    def _stays(self, function: Function, given: Iterable[str]) -> set[str]:
        """The arrays that outlive a function."""
        packs = (n for n in function.walk() if isinstance(n, program.Pack))
        outputs = self.network.outputs if function.name == "forward" else ()
        return {name for p in packs for _, name in p.entries} | {*outputs} - {*given}

    def _opened(self, word: str, write: Statements) -> list[str]:
        """Where the arrays are that a function writes."""
        held, fields = ("cache", {}) if word == "forward" else ("grads", self._parameters())
        kept = [f"real *{own(a)} = {held}->{own(fields.get(a, a))};" for a in write.kept]
        return kept + [f"real *{own(t)} = work->{word}.{own(t)};" for t in write.work]

    def _parameters(self) -> dict[str, str]:
        """Of each array that is a gradient, the parameter."""
        packs = (n for n in self.program["backward"].walk() if isinstance(n, program.Pack))
        return {name: key for p in packs for key, name in p.entries}

    def _said(self, word: str) -> str:
        outputs = ", ".join(f"cache->{own(o)}" for o in self.network.outputs)
        of = "the loss" if self.network.loss else "the outputs times what is given for each"
        return {
            "forward": f"Leaves its output in {outputs}.",
            "loss": "The loss of the batch that left this cache.",
            "backward": f"The gradients of {of}, from the cache that forward left.",
        }[word]

    # Where parameters begin and how they move

    def _init(self) -> CFunction:
        lines = tuple(self._begun(t) for t in self.params)
        arguments = (f"{self.name}_params *params", "unsigned long seed")
        said = "Fresh parameters, drawn from a seed: not the numbers that numpy draws from it."
        return CFunction("void", f"{self.name}_init", arguments, said, lines)

    def _begun(self, tensor: TensorInfo) -> str:
        constant, spread = deviation(tensor, self.network.inits[tensor.name])
        array = f"params->{own(tensor.name)}, {_count(tensor)}"
        if spread is None:
            self.called.add("fill")
            number = f"{constant:.0f}" if constant.is_integer() else f"R({constant!r})"
            return f"fill({array}, {number});"
        self.called |= {"normal", "draw"}
        return f"seed = draw({array}, R({spread!r}), seed);"

    def _step(self) -> CFunction:
        self.called |= {"descend"} if self.params else set()
        form = f"{self.name}_params"
        arguments = (
            *(f"{form} *params", f"{form} *velocity", f"const {form} *grads"),
            *("real rate", "real momentum"),
        )

        def moved(t: TensorInfo) -> str:
            arrays = ", ".join(f"{held}->{own(t.name)}" for held in ("params", "velocity", "grads"))
            return f"descend({arrays}, {_count(t)}, rate, momentum);"

        said = "A step of gradient descent with momentum; the velocity begins as zeros."
        return CFunction(
            "void", f"{self.name}_step", arguments, said, tuple(map(moved, self.params))
        )


def _count(tensor: TensorInfo) -> str:
    return " * ".join(map(str, tensor.sample_shape)) or "1"


def _result(function: Function, names: Names) -> list[str]:
    """What a function returns, if it is a number."""
    last = function.body[-1]
    assert isinstance(last, program.Return)
    value = last.values[0]
    if not isinstance(value, program.Number):
        return []
    array = names.arrays[value.array]
    return [f"return {array.text}{'' if array.is_variable else '[0]'};"]


def _name(argument: str) -> str:
    return argument.split()[-1].lstrip("*")


def _speaks(lines: Iterable[str], name: str) -> bool:
    """Whether code speaks of a name, beside comments and fields of structs."""
    spoken = re.compile(rf"(?<!->)\b{name}\b")
    return any(spoken.search(re.sub(r"/\*.*?\*/", "", line, flags=re.S)) for line in lines)


def _needed(lines: list[str]) -> list[str]:
    """Without pointers to arrays that nothing reads."""
    is_pointer: Callable[[str], re.Match[str] | None] = re.compile(
        r"(?:const )?real \*(\w+) = [\w.>-]+;"
    ).fullmatch
    found = list(lines)
    for line in lines:
        opened = is_pointer(line)
        if opened and not _speaks((o for o in found if o is not line), opened[1]):
            found.remove(line)
    return found
