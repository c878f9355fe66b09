"""Random small recurrences: as the text of a net.py, and by a plain loop over steps and entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

STEPS, WIDTH = 3, 2
FUNCTIONS = ("tanh", "sin", "")
ALONG = {2: "i", 3: "j"}
# What a tensor is declared as: with a step before the first, or only within a step.
DECLARED = {"recurrent": 'recurrent("T"{})', "zeros": 'zeros("T"{})'}


@dataclass(frozen=True)
class Read:
    """An entry of a tensor, at this step or so many before; `along`: it moves with what is written."""

    tensor: str
    entry: int | None
    back: int = 0
    along: str = ""

    def text(self) -> str:
        step = f"t - {self.back}" if self.back else "t"
        entry = f"{self.along} + {self.entry}" if self.along else self.entry
        return f"{self.tensor}[{step}{'' if entry is None else f', {entry}'}]"

    def moved(self, by: int) -> int | None:
        return self.entry if self.entry is None or not self.along else self.entry + by


@dataclass(frozen=True)
class Written:
    """Some entries of a tensor: function(w[k] * x[t, j] + w[k + 1] * product of what they read)."""

    left: Read
    count: int
    weight: int
    input: int
    reads: tuple[Read, ...]
    function: str

    def text(self) -> str:
        product = " * ".join([f"w[{self.weight + 1}]", *(r.text() for r in self.reads)])
        inner = f"w[{self.weight}] * x[t, {self.input}] + {product}"
        return f"{self.left.text()} = {self.function}({inner})"


@dataclass(frozen=True)
class Recurrence:
    """Entries in the order in which net.py writes them, and in one in which they can be computed."""

    kinds: Mapping[str, str]
    widths: Mapping[str, int | None]
    written: tuple[Written, ...]
    computed: tuple[Written, ...]
    starts: tuple[Read, ...]
    outputs: tuple[str, ...]

    @property
    def weights(self) -> int:
        return 2 * len(self.written) + len(self.starts)

    def source(self) -> str:
        """The text of net.py."""
        shapes = {n: "" if w is None else f", {w}" for n, w in self.widths.items()}
        lines = ["from bpgen import *", 't = indices("t")', f'x = input("T", {WIDTH})']
        lines += [f'{name} = indices("{name}", size={count})' for count, name in ALONG.items()]
        lines += [f"w = param({self.weights})"]
        lines += [f"{n} = {DECLARED[k].format(shapes[n])}" for n, k in self.kinds.items()]
        first = 2 * len(self.written)
        lines += [
            f"{r.text().replace('t - 1', '-1')} = w[{first + k}]" for k, r in enumerate(self.starts)
        ]
        lines += [each.text() for each in self.written]
        return "\n".join([*lines, f"output({', '.join(self.outputs)})"]) + "\n"

    def values(self, w: Any, x: Any) -> list[Any]:
        """The outputs, by loops over samples, steps and entries; complex numbers welcome."""
        dtype = np.result_type(w, x)
        every = [self._of_sample(w, sample, dtype) for sample in x]
        return [np.array([of[name] for of in every]) for name in self.outputs]

    def _of_sample(self, w: Any, x: Any, dtype: Any) -> dict[str, Any]:
        made: dict[tuple[str, int | None, int], Any] = {}
        for k, start in enumerate(self.starts):
            made[start.tensor, start.entry, -1] = w[2 * len(self.written) + k]
        for t in range(STEPS):
            for one in self.computed:
                for e in range(one.count):
                    value = w[one.weight + 1]
                    for r in one.reads:
                        value = value * made.get((r.tensor, r.moved(e), t - r.back), 0)
                    value = value + w[one.weight] * x[t, one.input]
                    value = getattr(np, one.function)(value) if one.function else value
                    made[one.left.tensor, one.left.moved(e), t] = value
        shaped = {}
        for name, width in self.widths.items():
            entries: list[int | None] = [None] if width is None else [*range(width)]
            rows = [[made[name, e, t] for e in entries] for t in range(STEPS)]
            shaped[name] = np.array(rows, dtype)[:, 0] if width is None else np.array(rows, dtype)
        return shaped


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    """Two or three tensors whose entries read each other within a step, in an order that exists, and
    at the step before.
    """
    names = [*"abc"[: draw(st.integers(2, 3))]]
    kinds = {n: draw(st.sampled_from(["recurrent", "recurrent", "zeros"])) for n in names}
    kinds[names[-1]] = "recurrent"
    widths = {n: draw(st.sampled_from([None, 2, 3, 4])) for n in names}
    parts = [p for n in names for p in draw(_parts(n, widths[n]))]
    computed: list[Written] = []
    there: list[Read] = []  # entries that a step has by now
    before = [Read(n, e, 1) for n in names if kinds[n] == "recurrent" for e in _entries(widths[n])]
    for left, count in draw(st.permutations(parts)):
        alone = [r for r in there if kinds[left.tensor] == "recurrent" or r.tensor != left.tensor]
        options = [
            r if not moves else replace(r, along=left.along)
            for r in [*alone, *alone, *before]
            for moves in ({False, count > 1} if r.entry is not None else {False})
            if not moves or _run(r, count) <= {*alone, *before}
        ]
        reads = draw(st.lists(st.sampled_from(options), min_size=1, max_size=2)) if options else []
        function, at = draw(st.sampled_from(FUNCTIONS)), draw(st.integers(0, WIDTH - 1))
        computed.append(Written(left, count, 2 * len(computed), at, tuple(reads), function))
        there += _run(left, count)
    starts = tuple(r for r in before if draw(st.booleans()))
    written = tuple(draw(st.permutations(computed)))
    outputs = draw(st.sampled_from([tuple(names), (names[-1],)]))
    return Recurrence(kinds, widths, written, tuple(computed), starts, outputs)


def _entries(width: int | None) -> list[int | None]:
    return [None] if width is None else [*range(width)]


def _run(first: Read, count: int) -> set[Read]:
    if first.entry is None:
        return {first}
    return {replace(first, entry=first.entry + k, along="") for k in range(count)}


@st.composite
def _parts(draw: st.DrawFn, name: str, width: int | None) -> list[tuple[Read, int]]:
    """What is written at once: runs of entries that fill the tensor."""
    if width is None:
        return [(Read(name, None), 1)]
    found, at = [], 0
    while at < width:
        count = draw(st.integers(1, min(3, width - at)))
        found.append((Read(name, at, 0, ALONG.get(count, "")), count))
        at += count
    return found
