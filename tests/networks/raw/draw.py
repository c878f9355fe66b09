"""Random net.pys of index equations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.networks.raw.expression import (
    BATCH,
    SAMPLES,
    SIZES,
    TIME,
    WIDE,
    Drawer,
    Formula,
    Value,
    joined,
)

SHAPES = ((), (3,), (2,), (4,), (3, 2), (2, 3), (5,), (7,), (4, 3), (3, 3))
LONG = (("T",), ("T", 2), ("T", 3))
ALL = {**SIZES, **WIDE}
DEPTHS = (1, 2, 2, 3)


@dataclass(frozen=True)
class Raw:
    """A net.py and what it reaches."""

    source: str
    reached: frozenset[str]


@dataclass(frozen=True)
class Statement:
    """Lines that define some values, and what they read."""

    lines: tuple[str, ...]
    makes: tuple[Value, ...]
    reads: frozenset[str]


class _Drawing:
    """What is declared so far."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.values: list[Value] = []
        self.statements: list[Statement] = []
        self.used: set[str] = set()
        self.of_input: set[str] = set()  # what is computed from an input
        self.reached: set[str] = set()

    def one(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def drawer(self, values: Sequence[Value] | None = None, **options: Any) -> Drawer:
        known = list(self.values if values is None else values)
        fresh = [v.name for v in known if v.name not in self.used]
        return Drawer(self.draw, known, fresh=fresh, reached=self.reached, **options)

    def add(self, statement: Statement) -> None:
        self.statements.append(statement)
        self.values += statement.makes
        self.used |= statement.reads
        if statement.reads & self.of_input:
            self.of_input |= {v.name for v in statement.makes}

    def named(self, letter: str) -> str:
        return f"{letter}{len(self.statements)}"

    def given(self) -> None:
        """Inputs and parameters, whole numbers now and then."""
        for _ in range(self.one(1, 1, 2)):
            shape = self.one(*SHAPES, *LONG)
            self.declare("x", "input", shape, batched=True)
        sizes = [n for v in self.values for n in v.shape if isinstance(n, int)]
        if sizes and self.one(False, True):
            below = self.one(*sizes)
            self.declare("g", "input", self.one((), (), (3,), (2,)), batched=True, below=below)
        for _ in range(self.one(0, 1, 1, 2)):
            self.declare("w", "param", self.one(*SHAPES), batched=False)

    def declare(
        self, letter: str, word: str, shape: Any, batched: bool, below: int | None = None
    ) -> None:
        name = self.named(letter)
        sizes = [repr(s).replace("'", '"') for s in shape]
        sizes += [] if below is None else [f"below={below}"]
        value = Value(name, shape, batched, below)
        self.add(Statement((f"{name} = {word}({', '.join(sizes)})",), (value,), frozenset()))
        if batched and below is None:
            self.of_input.add(name)

    def closed(self, drawer: Drawer, formula: Formula, left: Sequence[str]) -> Formula:
        """The formula with everything summed that is not on the left."""
        over = sorted(formula.free - {*left})
        return drawer.reduced(formula, over) if over else formula

    def equation(self, drawer: Drawer | None = None, letter: str = "v") -> Statement:
        """v = tensor(..., i, j)."""
        drawer = drawer or self.drawer()
        formula = drawer.formula(self.one(*DEPTHS))
        axes = sorted(formula.free - {*SAMPLES})
        left = [x for x in axes if self.one(True, True, False)][:3]
        left = list(self.draw(st.permutations(left)))
        shape: tuple[int | str, ...] = tuple(SIZES.get(x, "T") for x in left)
        sample = self.one(None, *sorted(formula.free & {*SAMPLES}))
        if sample is not None:
            self.reached.add(
                "a sample on the left" if formula.batched else "the sample on the left"
            )
            left.insert(0, sample)
            shape = (BATCH, *shape) if formula.batched else shape
        formula = self.closed(drawer, formula, left)
        name = self.named(letter)
        arguments = ", ".join([formula.text, *left])
        value = Value(name, shape, formula.batched or sample is not None)
        return Statement((f"{name} = tensor({arguments})",), (value,), formula.reads)

    def written(self) -> Statement:
        """u = zeros(...), written at places."""
        self.reached.add("written at places")
        name, drawer = self.named("u"), self.drawer()
        size = self.one(4, 5, 7)
        more = self.one((), (), (2,))
        lines = [f"{name} = zeros({', '.join(map(str, (size, *more)))})"]
        parts = []
        place = drawer.place(size)
        if place.text.isdigit() and self.one(True, False):  # a constant beside it
            other = str((int(place.text) + 1) % size)
            rest = ["j"] * len(more)
            lines.append(f"{name}[{', '.join([other, *rest])}] = {self.one('1', '0.5', '-2')}")
            self.reached.add("a number written")
        rest = ["j"] if more and "j" not in place.free else ["0"] * len(more)
        left = place.free | {x for x in rest if x in SIZES}
        formula = drawer.formula(self.one(*DEPTHS))
        parts += [place, self.closed(drawer, formula, sorted(left))]
        lines.append(f"{name}[{', '.join([place.text, *rest])}] = {parts[-1].text}")
        made = joined("", *parts)
        return Statement(tuple(lines), (Value(name, (size, *more), made.batched),), made.reads)

    def constants(self) -> Statement:
        """Numbers at a place; at that of a label they are the sample's own."""
        labels = [v for v in self.values if v.below is not None and not v.shape]
        label = self.one(None, *labels)
        self.reached.add("constants" if label is None else "constants at labels")
        name = self.named("o")
        size = self.one(3, 4) if label is None else label.below
        at = self.one(0, 1, 2) if label is None else label.name
        lines = (f"{name} = zeros({size})", f"{name}[{at}] = {self.one(1, 2)}")
        reads = frozenset() if label is None else frozenset({label.name})
        return Statement(lines, (Value(name, (size,), label is not None),), reads)

    def recurrence(self) -> Statement:
        """One to three recurrences that read one another, in any order of their lines."""
        length = self.one("T", "T", 4)
        long = {"T": TIME, 4: "k"}[length]
        if length == "T" and not any("T" in v.shape for v in self.values):
            length, long = 4, "k"
        count = self.one(1, 1, 2, 2, 3)
        self.reached.add(f"{count} recurrences together")
        base = self.named("h")
        members = [
            Value(f"{base}_{c}", (length, *self.one((), (2,), (3,))), True) for c in range(count)
        ]
        letters = tuple(x for x in SIZES if x != long)
        lines = [
            f"{v.name} = recurrent({', '.join(repr(s) for s in v.shape)})".replace("'", '"')
            for v in members
        ]
        body: list[str] = []
        reads: set[str] = set()
        batched = False
        for k, v in enumerate(members):
            drawer = self.drawer(letters=letters, samples=False)
            for at, left in self._places(v):
                formula = drawer.formula(self.one(1, 2))
                formula = self.closed(drawer, formula, [*left, long])
                before = self._of(drawer, self.one(*members), f"{long} - 1", left)
                parts = [formula, before]
                if k and self.one(True, False):  # of the same step, what comes before
                    parts.append(self._of(drawer, self.one(*members[:k]), long, left))
                made = joined(" + ".join(f"({p.text})" for p in parts), *parts)
                body.append(f"{v.name}[{', '.join([long, *at])}] = tanh({made.text})")
                reads |= made.reads
                batched = batched or made.batched
            if self.one(True, False):
                start = self._start(drawer, v)
                body.append(start[0])
                reads |= start[1]
        body = list(self.draw(st.permutations(body)))
        names = {v.name for v in members}
        return Statement((*lines, *body), tuple(members), frozenset(reads - names))

    def _places(self, value: Value) -> list[tuple[list[str], list[str]]]:
        """Where the lines of a recurrence are written: at all entries of a step, or at each."""
        if len(value.shape) == 1:
            return [([], [])]
        size = int(value.shape[1])
        letter = {2: "j", 3: "i"}[size]
        if self.one(True, True, False):
            return [([letter], [letter])]
        self.reached.add("a recurrence written place by place")
        return [([str(c)], []) for c in range(size)]

    def _of(self, drawer: Drawer, value: Value, step: str, left: Sequence[str]) -> Formula:
        """An element of a recurrence at a step."""
        if len(value.shape) == 1:
            return Formula(f"{value.name}[{step}]", frozenset(), True, frozenset({value.name}))
        place = drawer.place(int(value.shape[1]))
        text = f"{self.one('', '0.5 * ', '-')}{value.name}[{step}, {place.text}]"
        made = Formula(text, place.free, True, place.reads | {value.name})
        return self.closed(drawer, made, left)

    def _start(self, drawer: Drawer, value: Value) -> tuple[str, frozenset[str]]:
        """What stands before the first step."""
        self.reached.add("a start")
        letter = {2: "j", 3: "i"}.get(int(value.shape[1])) if value.shape[1:] else None
        left = [letter] if letter else []
        formula = self.closed(drawer, drawer.formula(1), left)
        at = ", ".join(["-1", *left])
        return f"{value.name}[{at}] = {formula.text}", formula.reads

    def repeated(self) -> Statement | None:
        """Equal blocks of one equation or two."""
        fitting = [v for v in self.values if v.below is None and v.shape]
        fitting = [v for v in fitting if v.batched and v.shape in ((2,), (3,))]
        if not fitting:
            return None
        self.reached.add("repeat")
        x = self.one(*fitting)
        size = int(x.shape[0])
        left = {2: "j", 3: "i"}[size]
        name = self.named("r")
        h = Value("h", x.shape, True)
        weights = [Value("A", (size, size), False), Value("B", self.one((), (size,)), False)]
        drawer = Drawer(self.draw, [h, *weights], fresh=["h"], reached=self.reached)
        drawer.samples = self.one(False, True)
        inner = drawer.access_of(h)
        outer = drawer.formula(self.one(1, 2))
        made = joined(f"({inner.text}) * ({outer.text})", inner, outer)
        formula = self.closed(drawer, made, [left])
        declared = [
            f"    {w.name} = param({', '.join(map(str, w.shape))})"
            for w in weights
            if w.name in formula.reads
        ]
        lines = (
            f"def block{name}(h):",
            *declared,
            f"    y = tensor(tanh({formula.text} + h[{left}]), {left})",
            "    return y",
            f"{name} = repeat({self.one(2, 3)}, block{name}, {x.name})",
        )
        return Statement(lines, (Value(name, x.shape, True),), frozenset({x.name}))

    def end(self) -> list[str]:
        """What nothing reads is an output, or enters a loss."""
        made = [v for s in self.statements for v in s.makes if v.below is None]
        ends = [v for v in made if v.name not in self.used] or made[-1:]
        kind = self.one("loss", "loss", "outputs", "both")
        self.reached.add(f"ends in {kind}")
        computed = [v.name for v in ends if v.name in self.of_input and v.name[0] != "x"]
        if kind == "outputs" and computed:
            return [f"output({', '.join(computed)})"]
        if not any(v.name in self.of_input for v in ends):
            ends.append(self.values[0])
        terms = []
        for v in ends:
            drawer = self.drawer([v], samples=False)
            letters = [self._whole(size) for size in v.shape]
            text = f"{v.name}[{', '.join(letters)}]" if letters else v.name
            over = [x for x in dict.fromkeys(letters) if x in {*ALL, TIME, *SAMPLES}]
            body = drawer.one("{} ** 2", "sin({})", "log(1 + {} ** 2)", "{}").format(text)
            terms.append(f"{self.one('sum', 'mean')}({body}, {', '.join(over)})" if over else body)
        lines = [f"L = loss({' + '.join(terms)})"]
        both = kind == "both" and computed and lines != [f"L = loss({computed[-1]})"]
        return [f"output({computed[-1]})", *lines] if both else lines

    def _whole(self, size: int | str) -> str:
        if isinstance(size, str):
            return {"T": TIME, BATCH: SAMPLES[0]}[size]
        return {3: "i", 2: "j", 4: "k", 5: "a", 7: "b"}[int(size)]


KINDS = ("equation", "equation", "equation", "written", "recurrence", "constants", "repeated")


@st.composite
def raws(draw: st.DrawFn, most: int = 4) -> Raw:
    """A net.py of up to so many equations."""
    drawing = _Drawing(draw)
    drawing.given()
    for _ in range(drawing.one(*range(1, most + 1))):
        made = getattr(drawing, drawing.one(*KINDS))()
        if made is not None:
            drawing.add(made)
    end = drawing.end()
    lines = _needed(drawing.statements, end)
    return Raw("\n".join([*_head(lines), *lines, ""]), frozenset(drawing.reached))


def _needed(statements: list[Statement], end: list[str]) -> list[str]:
    """The lines without what nothing needs."""
    read = {w for line in end for w in re.findall(r"\w+", line)}
    kept: list[Statement] = []
    for s in reversed(statements):
        if any(v.name in read for v in s.makes):
            kept.append(s)
            read |= s.reads
    return [line for s in reversed(kept) for line in s.lines] + end


def _head(lines: list[str]) -> list[str]:
    """The indices that are used."""
    text = "\n".join(lines)
    words = {*re.findall(r"[A-Za-z_]\w*", text)}
    head = ["from bpgen import *"]
    head += [f'{x} = indices("{x}", size={size})' for x, size in ALL.items() if x in words]
    head += [f'{TIME} = indices("{TIME}")'] if TIME in words else []
    head += [f"{x} = samples()" for x in SAMPLES if x in words]
    return head
