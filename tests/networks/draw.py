"""Random graphs: operations that fit what there is, until there is enough; then losses."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from hypothesis import assume
from hypothesis import strategies as st

import tests.networks.operations  # noqa: F401  (fills the table)
from tests.networks.graph import Graph, Owner, Penalty, Step
from tests.networks.operation import LOSSES, OPERATIONS, Made, Operation, Pick, Shape

MOST = 252  # numbers in one value of a sample: larger networks say no more, and take longer
ACROSS = ("of_batch", "batch_norm", "running_batch_norm")  # of what is the same for all: nothing
SOURCES = ("input", "embedding")


class _Drawing:
    """What has been drawn of a graph so far."""

    def __init__(self, draw: st.DrawFn, kinks: bool, aim: str) -> None:
        self.draw, self.kinks, self.aim = draw, kinks, aim
        self.steps: list[Step] = []
        self.batched: list[bool] = []
        self.reached: list[str] = []

    def one(self, *options: object) -> object:
        return self.draw(st.sampled_from(options))

    def row(self, table: Iterable[str]) -> str:
        """An operation of those that fit; now and then the one that is aimed at."""
        names = list(table)
        aimed = self.aim.partition(" ")[0]
        if aimed in names and self.one(True, False):
            return aimed
        return str(self.one(*names))

    def unused(self) -> list[int]:
        used = {a for step in self.steps for a in step.args}
        return [k for k in range(len(self.steps)) if k not in used]

    def shapes(self) -> list[Shape]:
        return [step.made.shape for step in self.steps]

    def fitting(self, name: str, row: Operation) -> list[tuple[int, ...]]:
        """The arguments that an operation can have: those of which most are not used elsewhere."""
        shapes, unused = self.shapes(), set(self.unused())
        every = [
            args
            for args in product(range(len(shapes)), repeat=len(row.ranks))
            if len({*args}) == len(args) or name not in ("paired", "larger")
            if row.fits(*(shapes[a] for a in args))
            if name not in ACROSS or self.batched[args[0]]
        ]
        rank = {args: len(unused.intersection(args)) for args in every}
        most = max(rank.values(), default=0)
        return [args for args in every if rank[args] == most]

    def add(self, name: str, row: Operation, args: tuple[int, ...]) -> Made | None:
        """A step, or nothing where it would be too large."""
        pick = Pick(self.draw, name, self.kinks, self.aim)
        made = row.make(pick, *(self.steps[a].made.shape for a in args))
        if size(made.shape) > MOST or (made.kinked and not self.kinks):
            return None
        self.steps.append(Step(name, made, args, self.shared(made)))
        given = any(g.word != "state" for g in made.given.values())
        self.batched.append(given or any(self.batched[a] for a in args))
        self.reached += [name, *pick.reached]
        return made

    def shared(self, made: Made) -> dict[str, Owner]:
        """Which parameters are others': those that are tied, and now and then one that fits."""
        shared: dict[str, Owner] = {}
        for letter, shape in made.declares.items():
            if letter in made.tied:
                first = made.tied[letter]
                shared[letter] = shared.get(first, (first, len(self.steps)))
                continue
            fitting = [owner for owner, s in self.owners() if s == shape]
            if fitting and self.one(False, True):
                shared[letter] = self.one(*fitting)
        return shared

    def owners(self) -> list[tuple[Owner, Shape]]:
        """Every parameter that has a name in net.py."""
        return [
            ((letter, k), shape)
            for k, step in enumerate(self.steps)
            for letter, shape in step.made.declares.items()
            if letter not in step.shared
        ]


def size(shape: Shape) -> int:
    total = 1
    for n in shape:
        total *= n if isinstance(n, int) else 3
    return total


@st.composite
def graphs(draw: st.DrawFn, kinks: bool = True, most: int = 6, aim: str = "") -> Graph:
    """A network of up to `most` operations between inputs and losses; one that reaches the aim."""
    drawing = _Drawing(draw, kinks, aim)
    for _ in range(drawing.one(1, 1, 2)):
        name = drawing.one("input", "input", "input", "embedding")
        drawing.add(name, OPERATIONS[name], ())
    for _ in range(drawing.one(*range(1, most + 1))):
        rows = {n: r for n, r in OPERATIONS.items() if n not in SOURCES and drawing.fitting(n, r)}
        name = drawing.row(rows)
        drawing.add(name, rows[name], drawing.one(*drawing.fitting(name, rows[name])))
    graph = _ended(drawing)
    assume(not aim or aim in graph.reached)
    return graph


def _ended(drawing: _Drawing) -> Graph:
    """What nothing uses gets a loss, or is an output."""
    for k in drawing.unused():
        if not drawing.batched[k]:
            _join(drawing, k)
    for k in drawing.unused():
        if not drawing.steps[k].made.net:
            drawing.add("smooth", OPERATIONS["smooth"], (k,))
    ends, count = drawing.unused(), len(drawing.steps)
    kind = drawing.one("loss", "loss", "outputs", "both")
    steps = tuple(drawing.steps)
    drawing.reached.append(f"ends in {kind}")
    if kind == "outputs":
        return Graph(steps, outputs=tuple(ends), reached=tuple(drawing.reached))
    for k in ends:
        _lose(drawing, k, count)
    losses = tuple(drawing.steps[count:])
    weights = tuple(drawing.one(1, 0.5, 3) for _ in losses)
    return Graph(
        steps,
        losses,
        weights,
        tuple(ends) if kind == "both" else (),
        _penalty(drawing, count),
        bool(drawing.one(False, True)),
        tuple(drawing.reached),
    )


def _join(drawing: _Drawing, k: int) -> None:
    """A value that no sample has met meets one."""
    other = next(j for j, batched in enumerate(drawing.batched) if batched)
    shape = drawing.steps[k].made.shape

    def twin(x: object, y: object) -> object:
        mean = y.reshape(len(y), -1).tanh().mean(1)
        return x * mean.reshape(-1, *(1 for _ in shape))

    mean = "mean(tanh({1}))" if drawing.steps[other].made.shape else "tanh({1})"
    made = Made(f"{{out}} = {{0}} * {mean}", twin, shape)
    drawing.steps.append(Step("join", made, (k, other)))
    drawing.batched.append(True)


def _lose(drawing: _Drawing, k: int, count: int) -> None:
    """A loss of a value, and of others where it takes several."""
    shapes = drawing.shapes()[:count]
    fitting = {}
    for name, row in LOSSES.items():
        arguments = product([k], *(range(count) for _ in row.ranks[1:]))
        found = [a for a in arguments if len({*a}) == len(a) and row.fits(*(shapes[j] for j in a))]
        if found:
            fitting[name] = found
    while True:
        name = drawing.row(fitting)
        if drawing.add(name, LOSSES[name], drawing.one(*fitting[name])):
            return
        del fitting[name]


def _penalty(drawing: _Drawing, count: int) -> Penalty | None:
    owners = [o for o, _ in drawing.owners() if o[1] < count]
    if not owners or not drawing.one(False, True):
        drawing.reached.append("no penalty")
        return None
    word = drawing.one("l2", "l1") if drawing.kinks else "l2"
    drawing.reached.append(f"penalty {word}")
    return Penalty(0.1, str(word), drawing.one(*owners))
