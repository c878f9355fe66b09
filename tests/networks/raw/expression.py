"""Random formulas: sums of products of accesses of every kind, at any depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

SIZES = {"i": 3, "j": 2, "k": 4, "p": 2, "q": 3}  # of the indices that are declared with one
WIDE = {"a": 5, "b": 7}  # the same, of indices over the widest axes
SAMPLES = ("n", "m")
BATCH = "N"  # the size of an axis of samples
TIME = "t"  # runs over a length known at run time only
FUNCTIONS = (  # none of which leaves its domain or grows
    "tanh({})",
    "sin({})",
    "sigmoid({})",
    "cos(2 * ({}))",
    "log(1 + ({}) ** 2)",
    "sqrt(1 + ({}) ** 2)",
    "1 / (1 + ({}) ** 2)",
    "exp(-({}) ** 2)",
    "softplus({})",
    "({}) ** 2",
)
KINKED = ("relu({})", "abs({})", "relu(1 - ({}))")
NUMBERS = ("2", "-1", "0.5", "-3", "1 / 3", "0.7")


@dataclass(frozen=True)
class Value:
    """A tensor of net.py: its shape, and whether it differs from sample to sample."""

    name: str
    shape: tuple[int | str, ...]
    batched: bool
    below: int | None = None  # whole numbers
    before: bool = False  # its first axis has an element at -1


@dataclass(frozen=True)
class Formula:
    """Text, the indices that are free in it, whether it is a sample's own, and what it reads."""

    text: str
    free: frozenset[str] = frozenset()
    batched: bool = False
    reads: frozenset[str] = frozenset()
    kinked: bool = False


def joined(text: str, *parts: Formula, without: Sequence[str] = ()) -> Formula:
    """A formula made of others."""
    return Formula(
        text,
        frozenset().union(*(p.free for p in parts)) - {*without},
        any(p.batched for p in parts),
        frozenset().union(*(p.reads for p in parts)),
        any(p.kinked for p in parts),
    )


@dataclass
class Drawer:
    """Draws formulas of these values, with these indices."""

    draw: Any
    values: list[Value]
    letters: tuple[str, ...] = tuple(SIZES)
    samples: bool = True  # whether other samples may be read
    fresh: list[str] = field(default_factory=list)  # values that should be read before others
    reached: set[str] = field(default_factory=set)

    def one(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def formula(self, depth: int) -> Formula:
        """A formula of at most such a depth."""
        if depth == 0:
            return self.access()
        kind = self.one("product", "sum", "call", "over", "access", "number", "product", "over")
        return getattr(self, kind)(depth)

    def product(self, depth: int) -> Formula:
        a, b = self.formula(depth - 1), self.formula(depth - 1)
        return joined(f"({a.text}) * ({b.text})", a, b)

    def sum(self, depth: int) -> Formula:
        a, b = self.formula(depth - 1), self.formula(depth - 1)
        return joined(f"{a.text} {self.one('+', '-')} ({b.text})", a, b)

    def call(self, depth: int) -> Formula:
        a = self.formula(depth - 1)
        text = self.one(*FUNCTIONS, *FUNCTIONS, *KINKED)
        made = joined(text.format(a.text), a)
        if text in KINKED:
            self.reached.add("kink")
            return Formula(made.text, made.free, made.batched, made.reads, True)
        return made

    def number(self, depth: int) -> Formula:
        a = self.formula(depth - 1)
        return joined(f"{self.one(*NUMBERS)} * ({a.text})", a)

    def over(self, depth: int) -> Formula:
        """A sum, a mean or the largest over some of the free indices."""
        a = self.formula(depth - 1)
        free = sorted(a.free)
        if not free:
            return a
        some = [x for x in free if self.one(True, False)] or [self.one(*free)]
        return self.reduced(a, some)

    def reduced(self, a: Formula, over: Sequence[str]) -> Formula:
        word = self.one("sum", "sum", "sum", "mean", "max")
        if word == "max" and {*over} & {*SAMPLES}:
            word = "sum"
        self.reached.add(f"{word} over {'samples' if {*over} & {*SAMPLES} else 'axes'}")
        return joined(f"{word}({a.text}, {', '.join(over)})", a, without=over)

    def access(self, _depth: int = 0) -> Formula:
        """An element of a value, one that was not read yet now and then."""
        real = [v for v in self.values if v.below is None]
        fresh = [v for v in real if v.name in self.fresh]
        value = self.one(*(fresh if fresh and self.one(True, False) else real))
        return self.access_of(value)

    def access_of(self, value: Value) -> Formula:
        places = [self.place(size) for size in value.shape]
        other = value.batched and self.samples and self.one(*[False] * 3, True)
        texts = [p.text for p in places]
        if other:
            self.reached.add("another sample")
            sample = self.one(*SAMPLES)
            places.append(Formula("", frozenset({sample})))
            texts.insert(0, sample)
        made = joined("", *places)
        text = f"{value.name}[{', '.join(texts)}]" if texts else value.name
        own = (value.batched and not other) or made.batched
        return Formula(text, made.free, own, made.reads | {value.name})

    def place(self, size: int | str) -> Formula:
        """An index of an axis: as it is, shifted, strided, reversed, two of them, a fixed place, or
        whole numbers.
        """
        if size == BATCH:
            return _index(self.one(*SAMPLES))
        if isinstance(size, str):
            return Formula(*self.one(("t", frozenset("t")), ("t", frozenset("t")), ("0",)))
        kind = self.one("plain", "plain", "shifted", "reversed", "pair", "fixed", "gathered")
        found = getattr(self, f"_{kind}")(size)
        if found is None:
            kind, found = "fixed", self._fixed(size)
        self.reached.add(f"{kind} place")
        return found

    def _fitting(self, size: int) -> list[str]:
        return [x for x in self.letters if SIZES[x] <= size]

    def _plain(self, size: int) -> Formula | None:
        exact = [x for x in self.letters if SIZES[x] == size] or self._fitting(size)
        return _index(self.one(*exact)) if exact else None

    def _shifted(self, size: int) -> Formula | None:
        """By any number of places, with steps."""
        options = [
            (x, step, start)
            for x in self._fitting(size)
            for step in (1, 2)
            for start in range(size)
            if step * (SIZES[x] - 1) + start < size
        ]
        if not options:
            return None
        x, step, start = self.one(*options)
        return Formula(_affine({x: step}, start), frozenset(x))

    def _reversed(self, size: int) -> Formula | None:
        fitting = self._fitting(size)
        if not fitting:
            return None
        x = self.one(*fitting)
        return Formula(_affine({x: -1}, self.one(*range(SIZES[x] - 1, size))), frozenset(x))

    def _pair(self, size: int) -> Formula | None:
        options = [
            ({x: step, y: 1}, start)
            for x in self.letters
            for y in self.letters
            for step in (1, 2, 3)
            for start in (0, 1)
            if x != y and step * (SIZES[x] - 1) + SIZES[y] - 1 + start < size
        ]
        if not options:
            return None
        steps, start = self.one(*options)
        return Formula(_affine(steps, start), frozenset(steps))

    def _fixed(self, size: int) -> Formula:
        return Formula(str(self.one(*range(size))))

    def _gathered(self, size: int) -> Formula | None:
        whole = [v for v in self.values if v.below == size]
        if not whole:
            return None
        value = self.one(*whole)
        places = [self._plain(int(n)) or self._fixed(int(n)) for n in value.shape]
        made = joined("", *places)
        text = f"{value.name}[{', '.join(p.text for p in places)}]" if places else value.name
        return Formula(text, made.free, True, made.reads | {value.name})


def _index(name: str) -> Formula:
    return Formula(name, frozenset({name}))


def _affine(steps: dict[str, int], start: int) -> str:
    """2*i - j + 1."""
    text = ""
    for x, step in steps.items():
        size = x if abs(step) == 1 else f"{abs(step)} * {x}"
        text += (" - " if step < 0 else " + ") + size
    text += f" + {start}" if start else ""
    text = text.removeprefix(" + ")
    return text if not text.startswith(" - ") else f"{start}{text.removesuffix(f' + {start}')}"
