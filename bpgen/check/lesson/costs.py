"""What a pass costs, counted again: of each operation the values that it makes, at lengths that are
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from bpgen.check.lesson.counting import Count, size_of
from bpgen.check.lesson.ground import Ground
from bpgen.check.lesson.reading import Reader, Table, math
from bpgen.check.page.tokens import Unreadable
from bpgen.ir import BATCH, Element

_LENGTHS = (3, 5, 2, 7, 11, 4)
_POINTS = 3  # sets of lengths at which a formula is compared
_PART = re.compile(r"([+-]?)\s*(\d*)\s*((?:[A-Za-z](?:\^\{\d+\})?\s*)*)")
_RATIO = re.compile(r"Of many samples, backward is ([0-9.]+) times as many operations as forward\.")
_LEARNED = re.compile(r"\$([^$]*)\$ (?:number is|numbers are) learned")


@dataclass
class Costs:
    """Counts of a network, at lengths of its own."""

    ground: Ground
    lengths: Mapping[str, int]
    forward: dict[str, Count] = field(init=False)
    backward: dict[str, Count] = field(init=False)

    def __post_init__(self) -> None:
        self.forward = {e.name: Count(e, self.lengths) for e in self.ground.evaluated_forward}
        self.backward = {n: Count(e, self.lengths) for n, e in self.ground.backward}

    def of(self, names: Iterable[str]) -> list[int]:
        """The columns of a layer: parameters, forward, functions, backward, kept for it."""
        names = [*names]
        there, back = ([c[n] for n in names if n in c] for c in (self.forward, self.backward))
        roles = {n: self.ground.network.tensors[n].role for n in names}
        return [
            sum(self._entries(n) for n in names if roles[n] == "param"),
            sum(c.operations for c in there),
            sum(c.functions for c in (*there, *back)),
            sum(c.operations for c in back),
            sum(self.kept.get(n, 0) for n in names if roles[n] not in _GIVEN_AGAIN),
        ]

    @cached_property
    def kept(self) -> dict[str, int]:
        """The entries of each tensor that backward reads, what stands before a recurrence's first
        step among them where it is no parameter's.
        """
        tensors, found = self.ground.network.tensors, dict[str, int]()
        starts = {
            e.name
            for e in self.ground.evaluated_forward
            for t in e.terms
            if t.at and -1 in t.at
            if any(tensors[r.name].role != "param" for r in t.body.atoms(Element))
        }
        for read in (r for _, e in self.ground.backward for r in e.reads() if r.name in tensors):
            info = tensors[read.name]
            sizes = [i.size for i in info.indices]
            found.setdefault(read.name, size_of(sizes, self.lengths))
            back = str(read.indices[info.carried]) if info.carried is not None else ""
            if read.name in starts and (back == "-1" or back.endswith("- 1")):
                found[read.name] = size_of(sizes, self.lengths) + size_of(
                    (s for k, s in enumerate(sizes) if k != info.carried), self.lengths
                )
        return found

    def _entries(self, name: str) -> int:
        return size_of((i.size for i in self.ground.network.tensors[name].indices), self.lengths)


_GIVEN_AGAIN = ("param", "target")  # to backward


def _at_lengths(ground: Ground) -> Iterator[Costs]:
    """Costs at a few sets of lengths."""
    sizes = (i.size for t in ground.network.tensors.values() for i in t.indices)
    letters = sorted({s for s in sizes if isinstance(s, str)} | {BATCH})
    for k in range(_POINTS):
        yield Costs(ground, {n: _LENGTHS[(j + k) % len(_LENGTHS)] for j, n in enumerate(letters)})


def rows(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """What is false of the row of each layer, and of all."""
    ground = reader.ground
    firsts = [reader.tensor(row[0].split(", ")[0]) for row in table.rows[:-1]]
    layers = [*_layers(ground, firsts)]
    every = [n for t in ground.network.tensors for n in [t]]
    if table.rows[-1][0] != "all":
        raise Unreadable("the last row is not of all")
    for row, names in zip(table.rows, [*layers, every], strict=True):
        for costs in _at_lengths(ground):
            meant = costs.of(names)
            have = [_value(math(cell), costs.lengths) for cell in row[1:]]
            wrong = [(h, m) for h, m in zip(have, meant, strict=True) if h != m]
            said = f"{wrong[0][0]} is printed, and it is {wrong[0][1]}" if wrong else ""
            if said:
                said += f", where {', '.join(f'{n} is {s}' for n, s in costs.lengths.items())}"
                break
        yield row[0], said


def _layers(ground: Ground, firsts: list[str]) -> Iterator[list[str]]:
    """What each row is of: values from its first to the next row's, and what they are the first to
    read.
    """
    names = [e.name for e in ground.network]
    starts = [0 if k == 0 else _start(names, n, ground) for k, n in enumerate(firsts)]
    seen: set[str] = set()
    reads = {e.name: [r.name for r in e.reads()] for e in ground.evaluated_forward}
    for begin, end in pairwise([*starts, len(names)]):
        own = names[begin:end]
        given = {n for v in own for n in reads[v] if n not in names and n not in seen}
        seen |= given
        yield [*sorted(given), *own]


def _start(names: list[str], first: str, ground: Ground) -> int:
    """Where a layer begins: with what has no equation on the page and is read by its first."""
    at = names.index(first)
    while at and names[at - 1] in ground.within:
        at -= 1
    return at


def _value(text: str, lengths: Mapping[str, int]) -> int:
    """A polynomial: 12 N T - 9."""
    total, at = 0, 0
    text = text.strip()
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found.end() == at:
            raise Unreadable(f"no formula: {text}")
        at = found.end()
        value = int(found[2] or 1)
        for letter, power in re.findall(r"([A-Za-z])(?:\^\{(\d+)\})?", found[3]):
            value *= lengths[letter] ** int(power or 1)
        total += -value if found[1] == "-" else value
    return total


def said(line: str, reader: Reader) -> str:
    """What the sentence below the table says."""
    ground = reader.ground
    every = [*ground.network.tensors]
    first = next(_at_lengths(ground))
    learned = _LEARNED.search(line)
    if learned is None or _value(learned[1], first.lengths) != first.of(every)[0]:
        return f"{first.of(every)[0]} numbers are learned"
    if found := _RATIO.search(line):
        more = Costs(ground, {**first.lengths, BATCH: first.lengths[BATCH] + 1})
        there, back = (more.of(every)[k] - first.of(every)[k] for k in (1, 3))
        return "" if f"{back / there:.2g}" == found[1] else f"{back / there:.2g} times as many"
    return ""


def batches(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """The operations of a step with all samples, one, or some."""
    ground = reader.ground
    every = [*ground.network.tensors]
    for row in table.rows:
        wrong = ""
        for costs in _at_lengths(ground):
            samples = 1 if row[0] == "stochastic" else costs.lengths[BATCH]
            meant = Costs(ground, {**costs.lengths, BATCH: samples}).of(every)
            letters = {**costs.lengths, "M": samples, "B": samples}
            have = _value(math(row[3]), letters)
            if have != meant[1] + meant[3]:
                wrong = f"{have} is printed, and it is {meant[1] + meant[3]}"
        yield row[0], wrong
