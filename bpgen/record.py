"""What the passes write down while they work: the derivation is this record and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import sympy as sp

from bpgen.equations.separable import separable
from bpgen.functions import Convention
from bpgen.ir import Element, Equation, Index, Loop, Network, TensorInfo, Term
from bpgen.notebook import shown


class Risk(Enum):
    """How the textbook's spelling fails in floats where its value does not."""

    OVERFLOW = "overflow"
    UNDERFLOW = "underflow"
    LOG_OF_0 = "logarithm of 0"
    CANCELLATION = "cancellation"


@dataclass(frozen=True)
class Equality:
    """A chain of equal expressions, given as the reason of a step: sigma'(z) = sigma(z)(1 -
    sigma(z)) = a(1 - a).

    With `prime`, the first is a function applied to its argument and the chain is of its
    *derivative* there.
    """

    chain: tuple[sp.Expr, ...]
    prime: bool = False


@dataclass(frozen=True)
class KnownSum:
    """A sum that is one number, given as the reason of a step: sum_j (x_j - m) = 0."""

    term: Term
    value: int


Reason = Equality | KnownSum | str


@dataclass(frozen=True)
class Path:
    """One way the loss hears of a tensor: sum over indices of dL/d(upstream) * d(upstream)/d(wrt).

    `value` is the local derivative d(upstream)/d(wrt), folded, summed over `inner`; `wrt` is the
    access at which it is written. `composed`: it is a part of a derivative that goes by what has no
    equation of its own on the page, too, and so is that of the whole.
    """

    upstream: Element
    wrt: Element
    value: sp.Expr
    over: tuple[Index, ...] = ()
    reasons: tuple[Equality, ...] = ()
    inner: tuple[Index, ...] = ()
    composed: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a step: what stands right of the equals sign and the reason it equals the line
    before it.
    """

    terms: tuple[Term, ...]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Step:
    """The adjoint of one tensor: the chain rule's paths, their product, and its simplification line
    by line.

    The last line is `equation`'s right-hand side. An `inlined` adjoint is printed, and computed
    only inside the equations that use it. That of an auxiliary is neither, and has the number 0.
    """

    number: int
    of: str
    equation: Equation
    paths: tuple[Path, ...]
    lines: tuple[Line, ...]
    inlined: bool = False
    conventions: tuple[Convention, ...] = ()
    stable: Equation | None = None  # the spelling that is evaluated, where it is another
    auxiliary: bool = False

    @property
    def evaluated(self) -> Equation:
        return self.stable or self.equation


@dataclass(frozen=True)
class Forward:
    """One forward equation as written, and as evaluated where a stable spelling replaces the
    textbook's. An auxiliary is told where something is evaluated by it, and has the number 0.
    """

    number: int
    equation: Equation
    evaluated: Equation
    reasons: tuple[Equality | str, ...] = ()
    differentiated: bool = False  # it is the evaluated spelling that the chain rule goes by
    avoids: frozenset[Risk] = frozenset()  # what the equation as written would do in floats
    auxiliary: bool = False

    @property
    def source(self) -> Equation:
        """The spelling that is differentiated."""
        return self.evaluated if self.differentiated else self.equation


@dataclass(frozen=True)
class Derivation:
    """A network's forward equations and the adjoint of every tensor, numbered in one run from 1;
    but for auxiliaries.

    `adjoint` names the adjoint tensor of each tensor: `{"z1": "delta1", "W1": "dW1", ...}`.
    """

    network: Network
    forward: tuple[Forward, ...]
    steps: tuple[Step, ...]
    adjoint: dict[str, str]

    @cached_property
    def printed(self) -> tuple[Forward, ...]:
        """The forward equations that have a number."""
        return tuple(f for f in self.forward if not f.auxiliary)

    @cached_property
    def printed_steps(self) -> tuple[Step, ...]:
        """The adjoints that have a number."""
        return tuple(s for s in self.steps if not s.auxiliary)

    @cached_property
    def auxiliaries(self) -> Mapping[str, Equation]:
        """What has no number, by its definition."""
        return {f.equation.name: f.equation for f in self.forward if f.auxiliary}

    @cached_property
    def tensors(self) -> Mapping[str, TensorInfo]:
        """Every tensor the backward equations may speak of: the declared, their adjoints, the
        upstream gradients.
        """
        declared = self.network.tensors
        adjoints = {
            a: TensorInfo(
                a,
                declared[name].indices,
                "value",
                carried=declared[name].carried,
                block=declared[name].block,
            )
            for name, a in self.adjoint.items()
        }
        given = {
            f"d_{o}": TensorInfo(f"d_{o}", declared[o].indices[declared[o].block :], "input")
            for o in self.network.outputs
        }
        return {**declared, **adjoints, **given}

    @cached_property
    def separable(self) -> bool:
        """Whether samples meet in the mean of the loss alone, so that one sample can be shown by
        itself.
        """
        every = (e for f in self.forward for e in (f.equation, f.evaluated))
        return separable(self.network, every)

    def _repr_latex_(self) -> str:
        """All that it computes, in a notebook."""
        equations: str = shown(self, "of_derivation")
        return equations


def blocks_together(steps: Iterable[Step]) -> list[Step]:
    """The steps in the order of reading: those of the same blocks together."""
    found = list(steps)
    first: dict[Loop, int] = {}

    def place(k: int) -> int:
        loop = found[k].equation.loop
        return first.setdefault(loop, k) if loop is not None and loop.block else k

    return [found[k] for k in sorted(range(len(found)), key=place)]
