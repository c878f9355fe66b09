"""What one step of a random network is: its text in net.py and what PyTorch makes of the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

from hypothesis import strategies as st

Shape = tuple[int | str, ...]  # of one sample; a str is a length known at run time
SIZES = (2, 3, 5, 7, 1)  # different primes, so that axes that are mixed up do not fit; and one


class Lazily:
    """A module that is imported when it is used first: the quick tests have no PyTorch."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


torch = Lazily("torch")
F = Lazily("torch.nn.functional")


@dataclass(frozen=True)
class Given:
    """An input, a state or a target: the word that declares it, and how its values are drawn."""

    word: str
    shape: Shape = ()
    below: int | None = None
    draw: str = "real"

    @property
    def declared(self) -> str:
        """Its right side in net.py."""
        if self.word in ("label", "one_hot"):
            steps = self.shape if self.word == "label" else self.shape[:-1]
            of = (self.below or self.shape[-1], *steps)
        else:
            of = self.shape
        below = f"below={self.below}" if self.word == "input" and self.below else ""
        return f"{self.word}({', '.join([*map(repr, of), *filter(None, [below])])})"


@dataclass(frozen=True)
class Made:
    """What an operation makes of its arguments.

    `net` is lines of a net.py with fields: {0}, {1} are the arguments, {out} the result, {W} a
    parameter that `declares` has, {x} what `given` has, any other letter a name of its own. `twin`
    computes the result with PyTorch, from the arguments, what is given, and the parameters in the
    order of declaration: those of `declares` first, then those that a layer makes for itself.
    """

    net: str
    twin: Callable[..., Any]
    shape: Shape
    declares: Mapping[str, Shape] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    # How many parameters a layer makes for itself, where the twin's own arguments do not tell.
    own: int | None = None
    # (number of a parameter, its axis): permuting all of these alike changes nothing but their order.
    hidden: tuple[tuple[int, int], ...] = ()
    # {letter: another one's}: a parameter that stands here a second time.
    tied: Mapping[str, str] = field(default_factory=dict)
    kinked: bool = False  # no complex step through it
    power: int = 1  # of its largest argument, for large numbers; 0 where it is bounded
    grows: bool = False  # beyond float64 for numbers of 1e4
    mixes: bool = False  # samples depend on one another
    draws: bool = False  # takes numbers from a generator


@dataclass(frozen=True)
class Operation:
    """One row of the table: of arguments of which ranks, and under which condition."""

    name: str
    make: Callable[..., Made]
    ranks: tuple[frozenset[int], ...]
    when: Callable[..., bool]

    def fits(self, *shapes: Shape) -> bool:
        ranked = all(len(s) in ranks for s, ranks in zip(shapes, self.ranks, strict=True))
        return ranked and self.when(*shapes)


@dataclass
class Pick:
    """Draws the options of an operation, and keeps what was drawn."""

    draw: st.DrawFn
    of: str
    kinks: bool = True  # whether there may be some
    aim: str = ""  # what is taken where it can be
    reached: list[str] = field(default_factory=list)

    def __call__(self, option: str, *values: Any) -> Any:
        """One of the values of an option, which is counted."""
        aimed = [v for v in values if self._said(option, v) == self.aim]
        chosen = self.any(*(aimed or values))
        self.reached.append(self._said(option, chosen))
        return chosen

    def _said(self, option: str, value: Any) -> str:
        return f"{self.of} {option}={value}"

    def any(self, *values: Any) -> Any:
        """One of several values that nobody counts."""
        return self.draw(st.sampled_from(values))

    def size(self) -> int:
        return int(self.any(*SIZES))


ANY = frozenset(range(4))
OPERATIONS: dict[str, Operation] = {}
LOSSES: dict[str, Operation] = {}


def operation(
    *ranks: int | Iterable[int],
    when: Callable[..., bool] = lambda *_: True,
    table: dict[str, Operation] = OPERATIONS,
) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """Puts a function of (pick, *shapes) into the table."""

    def add(make: Callable[..., Made]) -> Callable[..., Made]:
        name = make.__name__.rstrip("_")
        sets = tuple(frozenset([r] if isinstance(r, int) else r) for r in ranks)
        table[name] = Operation(name, make, sets, when)
        return make

    return add


def own_parameters(made: Made, args: int) -> int:
    """How many parameters a layer makes for itself."""
    if made.own is not None:
        return made.own
    kinds = [p.kind for p in signature(made.twin).parameters.values()]
    taken = kinds.count(Parameter.POSITIONAL_OR_KEYWORD)
    return taken - args - len(made.given) - len(made.declares)


def known(*shapes: Shape) -> bool:
    """No length that is known only at run time."""
    return not any(isinstance(n, str) for s in shapes for n in s)


def alike(one: Shape, other: Shape) -> bool:
    return one == other
