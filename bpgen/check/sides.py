"""Which sides of each condition the points reach that gradients are checked at. Where one is
missing, further points are tried, and the module is compared with its equations there; where none
reaches it, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from bpgen.check.agreement import at_entries
from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.check.entrywise.tape import Decision, tape
from bpgen.check.entrywise.values import Sides
from bpgen.check.module import Point, Subject
from bpgen.check.promises import Finding
from bpgen.check.trial import Raises, Trial, cost
from bpgen.ir import BATCH, Equation, Network, Term

LARGEST = 300_000  # entries of a network whose values are looked at one by one
SAMPLES = 5
SCALES = (4.0, 10.0, 0.1, 30.0, 0.01, 100.0)  # of further points
TRIES = 2  # at each scale
BOTH = {">": ({-1}, {1}), "=": ({0}, {-1, 1})}  # the signs of each side
ONE_SIDED = {">": ("is below", "is above"), "=": ("is", "is not")}
SHOWN = 60  # characters of an equation

Side = tuple[Term, Decision, int]  # of a condition, one of `BOTH`


@dataclass
class Watch:
    """The sides that the values of a network were on, point after point."""

    subject: Subject
    network: Network
    seen: Sides = field(default_factory=dict)

    @property
    def missing(self) -> list[Side]:
        return _missing(self.seen)

    def trial(self, point: Point) -> Trial:
        """The module and its equations at a point, where no noise is drawn."""
        given = {n: a for group in point.groups() for n, a in group.items()}
        batch = next((len(a) for n, a in given.items() if _batched(self.network, n)), 1)
        lengths = {**self.subject.lengths, BATCH: batch}
        noise = {}
        for t in self.network.role("noise"):
            sizes = (i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in t.indices)
            noise[t.name] = np.ones([*sizes])
        return Trial(self.network, self.subject.without_chance(), point, noise, lengths)

    def look(self, trial: Trial) -> bool:
        """Whether a point is on a side that none was on before."""
        before = len(self.missing)
        Evaluation(self.network, trial.lengths, trial.given, sides=self.seen)
        return len(self.missing) < before


@dataclass
class Beyond:
    """What is wrong of a module beyond the points that were asked, a line for each condition of
    which one side was reached nowhere, and the points that reached one first.
    """

    wrong: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)


def one_sided(subject: Subject, network: Network, points: Iterable[Point], seed: int) -> Beyond:
    """The module compared with its equations where a side is reached that no point was on."""
    if not any(map(_decides, network)) or cost(network) > LARGEST:
        return Beyond()
    watch, found = Watch(subject, network), Beyond()
    for point in points:
        watch.look(watch.trial(point))
    for number, scale in enumerate(SCALES * TRIES if watch.missing else ()):
        point = subject.draw(np.random.default_rng([seed, number, 99]), SAMPLES, scale)
        trial = watch.trial(point)
        try:
            if watch.missing and trial.finite and watch.look(trial):
                found.points.append(point)
                found.wrong.extend(Finding(d.what, d.said) for d in at_entries(trial))
        except Raises as error:
            found.wrong.append(Finding("", str(error)))
    found.unseen.extend(_told(watch))
    return found


def differs(subject: Subject, points: Iterable[Point]) -> bool:
    """Whether a module is not what its equations say at one of these points."""
    if subject.network is None:
        return False
    watch = Watch(subject, subject.network)
    try:
        return any(at_entries(watch.trial(point.map(lambda _, a: np.copy(a)))) for point in points)
    except Raises:
        return True


def _told(watch: Watch) -> Iterator[str]:
    for term, (one, sign, other), k in watch.missing:
        equation = next(e for e in watch.network if term in e.terms)
        said = f"{equation.lhs} = {term.body}"
        said = said if len(said) <= SHOWN else said[:SHOWN] + " ..."
        yield f"seen from one side alone: {one} {ONE_SIDED[sign][1 - k]} {other}, in {said}"


def _batched(network: Network, name: str) -> bool:
    return name in network.tensors and network.tensors[name].batched


def _decides(equation: Equation) -> bool:
    tapes = (tape(t.body) for t in equation.terms)
    return any(t.compared or t.equated for t in tapes)


def _missing(seen: Sides) -> list[Side]:
    """The sides not reached of conditions that were met at all."""
    return [
        (term, decision, k)
        for (term, decision), signs in seen.items()
        for k, side in enumerate(BOTH[decision[1]])
        if signs and not side & signs
    ]
