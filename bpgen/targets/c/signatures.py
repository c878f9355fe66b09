"""What the functions of a C file are given, and how one calls another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bpgen.ir import TensorInfo
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Function, Ref
from bpgen.targets.c.stored import own
from bpgen.targets.c.texts import REAL, Argument, CFunction, at, to

TOGETHER = "loss_and_grad"


@dataclass(frozen=True)
class Signature:
    """A function by what it is given: arrays, and lengths known at run time. `hands` is the array
    that a block hands on; other functions hand on none. One that `asks` is given memory for the
    gradients of inputs, or none. One that `gives` returns the loss. One that `descends` moves
    parameters, and leaves no gradients.
    """

    network: str
    word: str  # forward, loss, backward, block, block_backward
    given: Mapping[str, TensorInfo]
    lengths: tuple[str, ...]
    counter: str = ""  # the variable that counts the blocks
    draws: bool = False
    hands: str = ""
    asks: bool = False
    gives: bool = False
    descends: bool = False

    @property
    def name(self) -> str:
        return self.place if self.hands else f"{self.network}_{self.place}"

    @property
    def place(self) -> str:
        """What the struct of its memory is called."""
        return f"{self.word}_descend" if self.descends else self.word

    @property
    def returns(self) -> str:
        return REAL if self.gives else "void"

    @property
    def fills(self) -> bool:
        """Whether it writes what forward leaves."""
        return self.word == TOGETHER or (self.word != "loss" and not self.is_backward)

    @property
    def is_backward(self) -> bool:
        return "backward" in self.word or self.word == TOGETHER

    @property
    def arguments(self) -> tuple[Argument, ...]:
        types = {n: REAL if t.bound is None else "int" for n, t in self.given.items()}
        return (
            (to if self.descends else at)(f"{self.network}_params", "params"),
            *[Argument("int", self.counter)] * bool(self.counter),
            *(at(types[n], own(n)) for n in self.given),
            *(Argument("int", n) for n in self.lengths),
            *[to("unsigned long", "seed")] * self.draws,
            (to if self.fills else at)(f"{self.network}_cache", "cache"),
            to(f"{self.network}_work", "work"),
            *[self._moved] * self.is_backward,
            *[to(f"{self.network}_inputs", "inputs")] * self.asks,
            *[to(REAL, own(self.hands))] * bool(self.hands),
        )

    @property
    def _moved(self) -> Argument:
        """Where gradients go, or how far parameters move against them."""
        return Argument(REAL, "rate") if self.descends else to(f"{self.network}_params", "grads")

    def call(self, counter: str, given: Iterable[str], handed: str) -> str:
        """A call of a block's function with what counts the blocks and these arrays, which is told
        where its result goes.
        """
        told = dict(zip(map(own, self.given), given, strict=True))
        told |= {self.counter: counter, own(self.hands): handed}
        return f"{self.name}({', '.join(told.get(a.name, a.name) for a in self.arguments)});"


def signature(
    function: Function,
    network: str,
    lengths: tuple[str, ...],
    tensors: Mapping[str, TensorInfo],
    inputs: Iterable[str],
) -> Signature:
    """That of a function of the program. Inputs are arguments of every function that reads them,
    which no cache copies; `tensors` are those of one block, where it is a block's.
    """
    asked = [a.name for a in function.arguments if a.kind == "array"]
    last = function.body[-1]
    hands = last.beside if isinstance(last, program.Pack) else ""
    read = {n.name for n in function.walk() if isinstance(n, Assign) and _is_cached(n.value)}
    also = [n for n in inputs if not hands or n in read]
    names = dict.fromkeys([*asked, *also] if hands else [*also, *asked])
    return Signature(
        network,
        function.name.strip("_"),
        {n: tensors[n] for n in names},
        lengths,
        next((a.name for a in function.arguments if a.kind == "block"), ""),
        any(a.kind == "noise" for a in function.arguments),
        hands,
        any(isinstance(n, program.OnRequest) for n in function.body),
        isinstance(last, program.Return) and isinstance(last.values[0], program.Number),
    )


def _is_cached(value: object) -> bool:
    return isinstance(value, Ref) and value.held == "cache" and not value.block


def together(every: Mapping[str, Signature]) -> CFunction:
    """The loss and the gradients of a batch, by one call."""
    forward, backward = every["forward"], every["backward"]
    its = replace(backward, word=TOGETHER, draws=forward.draws)
    first, second = (
        f"{s.name}({', '.join(a.name for a in s.arguments)});" for s in (forward, backward)
    )
    said = "The loss of a batch and its gradients, from one forward pass."
    return CFunction(its.returns, its.name, its.arguments, said, (first, f"return {second}"))
