"""The memory that the files of C take: arrays of structs, and how many bytes these are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sympy as sp

from bpgen.targets.c.stored import Sizes

FLOAT = 4  # bytes


@dataclass
class Memory:
    """The arrays of a struct with the lengths of their axes, and structs within it."""

    arrays: dict[str, Sizes] = field(default_factory=dict)
    inner: dict[str, dict[str, Sizes]] = field(default_factory=dict)

    def numbers(self, lengths: Mapping[sp.Symbol, int]) -> int:
        """How many numbers it holds, where lengths are at most these."""
        every = [*self.arrays.values(), *(s for a in self.inner.values() for s in a.values())]
        return sum(int(sp.Mul(*sizes).xreplace(lengths)) for sizes in every)


def said(
    weights: Memory,
    cache: Memory,
    works: Mapping[str, Memory],
    lengths: Mapping[sp.Symbol, int],
    stack: int,
    of_inputs: Memory,
) -> str:
    """The bytes of every struct, where numbers are floats and lengths at most these; and of what
    lies on the stack, or is asked for.
    """
    parameters, kept = (_bytes([m], lengths) for m in (weights, cache))
    work = _bytes(works.values(), lengths)
    at_most = ", ".join(f"{n} = {size}" for n, size in lengths.items())
    beside = f", beside {stack} on the stack without -DBPGEN_SMALL" if stack else ""
    asked = f"; gradients of inputs {_bytes([of_inputs], lengths)}" if of_inputs.arrays else ""
    return (
        f"Bytes of floats, for {at_most}: parameters {parameters}, gradients {parameters}, velocity"
        f" {parameters}, cache {kept}, work {work}; {3 * parameters + kept + work} to train, and"
        f" {parameters + kept + work} to predict{beside}{asked}"
    )


def together(
    weights: Memory,
    cache: Memory,
    works: Mapping[str, Memory],
    lengths: Mapping[sp.Symbol, int],
    times: int = 1,
) -> int:
    """The bytes of parameters, of so many structs of their form, with cache and work."""
    parameters, *others = (_bytes(m, lengths) for m in ([weights], [cache], works.values()))
    return times * parameters + sum(others)


def _bytes(memories: Iterable[Memory], lengths: Mapping[sp.Symbol, int]) -> int:
    """The bytes of what shares its memory; a struct of nothing has one."""
    return max(FLOAT * max((m.numbers(lengths) for m in memories), default=0), 1)
