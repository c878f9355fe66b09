"""Exactly: the emitted module itself is run over symbols, and what it returns is proved equal to
what is expected.

The module computes with the scalars of a tape; the network is written out on it entry by entry, and
differentiated by the chain rule. Two entries are *proved* equal where their residues modulo a large
prime are: by Schwartz and Zippel they are then the same function of the parameters, the inputs and
the atoms (see `field` and `atoms`), but for a chance below 2^-64, on the side of every kink on
which the point lies. They are *wrong* where their values differ, in 60 digits, by more than a float
of the module may be rounded, and *not proved* where neither shows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.chance import one_by_one
from bpgen.check.constants import constants
from bpgen.check.module import Point, Subject, load
from bpgen.check.overrides import meanings, overrides
from bpgen.check.residues.entries import Entries
from bpgen.check.residues.expected import Expected
from bpgen.check.residues.field import PRIMES, Field
from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.tape import Tape
from bpgen.check.residues.values import TOO_DEEP, NotProved, OnKink, Undefined
from bpgen.ir import BATCH, Network
from bpgen.progress import say

# Sizes, whether all samples have the same integers, and the lengths known at run time: three steps
# of a recurrence, and two.
BATCHES = ((1, False, (3, 2, 4)), (2, False, (2, 3, 1)))
INSTEAD = 3  # samples, where the network is undefined for one
# Where integers are inputs: what is gathered twice must be added twice.
REPEATED = ((2, True, (2, 3, 1)),)
POINTS = 6  # points tried before a network is said to lie on a kink everywhere
# Of the written-out network: more is refused, and a smaller network of the same form asked for.
SCALARS = 10_000
GRID = 2**20  # the denominator of the random rational point: coarser, and a maximum has ties
# Doors of the emitted module that let numpy's numbers in only: they are replaced, and so is _check.
DOORS = ("_array", "_one_hot", "_state")
# Of a run: more where one does not show all, because every second radicand is no square.
LANES = (1, 8, 24)
ABSENT = "not proved: the module returns no such tensor"
ROUNDED = 1e-12  # relative: by how much floats may move a value whose constants they stand for
UNKNOWN = "a number of the module that no constant of the network gives"


@dataclass(frozen=True)
class ExactRow:
    """How many entries of one tensor (a gradient, an output, the loss) were proved, at all batch
    sizes.
    """

    name: str
    proved: int
    total: int
    verdict: str
    nothing: bool = False  # it is 0 whatever the parameters and inputs are

    @property
    def wrong(self) -> bool:
        return self.verdict.startswith("wrong")

    @property
    def settled(self) -> bool:
        """Whether other residues show nothing else: the values differ."""
        return self.ok or self.wrong or self.verdict.endswith(UNKNOWN)

    @property
    def ok(self) -> bool:
        return self.verdict == "ok" and self.proved == self.total > 0


def exact(source: str, network: Network, seed: int = 0) -> tuple[ExactRow, ...]:
    """Prove every gradient, every output and the loss of a module, for the network it was emitted
    from, in each way in which it computes them.
    """
    subject = Subject(source, network)
    rows: dict[str, ExactRow] = {}
    for batch, alike, long in (
        *BATCHES,
        *REPEATED * any(name in subject.integers for name in subject.module.INPUTS),
    ):
        batch = batch if batch >= subject.fewest else INSTEAD
        for found in _at_batch(subject.at_lengths(*long), network, batch, alike, seed):
            before = rows.get(found.name, ExactRow(found.name, 0, 0, "ok", nothing=True))
            verdict = found.verdict if before.verdict == "ok" else before.verdict
            rows[found.name] = ExactRow(
                found.name,
                before.proved + found.proved,
                before.total + found.total,
                verdict,
                before.nothing and found.nothing,
            )
    return tuple(rows.values())


def _at_batch(
    subject: Subject, network: Network, batch: int, alike: bool, seed: int
) -> list[ExactRow]:
    reason = "not proved: every point tried lies on a kink"
    for attempt in range(POINTS):
        try:
            return _at_point(
                subject, network, batch, alike, np.random.default_rng([seed, batch, attempt])
            )
        except OnKink:
            continue
        except Undefined as error:
            if batch == 1:
                return _at_batch(subject, network, INSTEAD, alike, seed)
            reason = f"not proved: {error}"
            break
        except NotProved as error:
            reason = f"not proved: {error}"
            break
        except Exception as error:
            reason = f"not proved: the module raises {type(error).__name__}: {error}"
            break
    return [ExactRow(name, 0, 1, reason) for name in subject.differentiable]


def _at_point(
    subject: Subject, network: Network, batch: int, alike: bool, rng: np.random.Generator
) -> list[ExactRow]:
    point = subject.draw(rng, batch)
    # A mask of one sample is any numbers that keep; of several it is 0 and 1.
    held = subject.masks if batch > 1 else frozenset[str]()
    point = point.map(lambda n, a: a if n in held else _rational(n, a))
    if alike:
        repeated = {
            n: a * 0 + a[:1] if n in subject.integers else a for n, a in point.inputs.items()
        }
        point = replace(point, inputs=repeated)
    if sum(a.size for group in point.groups() for a in group.values()) > SCALARS:
        raise NotProved("too large; check a smaller network of the same form")
    lengths = {**subject.lengths, BATCH: batch}
    given = {name: a for group in point.groups() for name, a in group.items()}
    given.update(_noise(network, lengths, rng))
    rows: list[ExactRow] = []
    for prime in PRIMES:
        for lanes in LANES:
            fields = [Field(prime, Random(f"{batch} {lanes} {k}")) for k in range(lanes)]
            tape = Tape(fields, constants(network))
            again = _on_tape(subject, Entries(network, lengths, given, tape, held), point)
            rows = [_better(*pair) for pair in zip(rows or again, again, strict=True)]
            if all(row.settled for row in rows):
                return rows
            deep = any(TOO_DEEP in row.verdict for row in again)
            if deep or not tape.rooted:
                break
        if not deep:  # a larger prime would show no more
            break
    return rows


def _better(one: ExactRow, other: ExactRow) -> ExactRow:
    """What other residues have shown besides."""
    return other if other.proved > one.proved and not one.wrong else one


def _on_tape(subject: Subject, entries: Entries, point: Point) -> list[ExactRow]:
    tape = entries.tape
    if len(tape.made) > SCALARS * 40:
        raise NotProved("too large; check a smaller network of the same form")
    say(f"exactly, the gradient of {len(tape.made)} scalars")
    expected = dict(_expected(subject, entries))
    if len(tape.fields) > 1:
        tape.instead = Expected(tape, entries.lengths[BATCH]).instead
    say(f"exactly, the module over {len(tape.made)} scalars")
    ways = _run(subject, entries, point)
    return [_in_every_way(tape, *entry, ways) for entry in expected.items()]


def _noise(network: Network, known: Mapping[str, int], rng: np.random.Generator) -> dict[str, Any]:
    """Values of what forward draws: what is proved holds for all of them."""
    found = {}
    for t in network.role("noise"):
        shape = [i.size if isinstance(i.size, int) else known[str(i.size)] for i in t.indices]
        found[t.name] = _rational(t.name, rng.uniform(0.2, 1.2, shape))
    return found


def _rational(_name: str, array: Any) -> Any:
    """Values on a grid of rationals, none of them zero; integers as they are."""
    if array.dtype.kind != "f":
        return array
    rounded = [sp.Rational(int(np.rint(v * GRID)) or 1, GRID) for v in array.ravel()]
    result = np.empty(array.size, object)
    result[:] = rounded
    return result.reshape(array.shape)


def _run(subject: Subject, entries: Entries, point: Point) -> list[dict[str, Any]]:
    """What the module returns for scalars: gradients by tensor, outputs by number, the loss; and
    what the function of a planned one returns that computes the loss and its gradients in one.
    """
    module = load(subject.source, overrides(entries.tape))
    module.__dict__.update(meanings(entries))
    module.__dict__.update(dict.fromkeys(DOORS, lambda _name, value, *_, **__: value))
    module.__dict__["_check"] = lambda _: None
    drawn = itertools.cycle(one_by_one(entries.network, entries.arguments))
    module.__dict__["dropout"] = lambda *_: next(drawn)
    scalars = point.map(lambda name, _: entries.arguments[name])
    output, cache = module.forward(scalars.params, *scalars.inputs.values())
    returned = dict(module.backward(scalars.params, cache, *scalars.rest.values(), inputs=True))
    outputs = output if isinstance(output, tuple) else (output,)
    names = entries.network.outputs
    returned.update({f"output {n}": o for n, o in zip(names, outputs, strict=False)})
    if not subject.has_loss:
        return [returned]
    given = (scalars.params, *scalars.inputs.values(), *scalars.rest.values())
    returned["loss"] = module.loss(*given)
    if not hasattr(module, "workspace"):
        return [returned]
    value, grads = module.loss_and_grad(*given)
    return [returned, {**grads, "loss": value}]


def _expected(subject: Subject, entries: Entries) -> Iterator[tuple[str, Any]]:
    """Scalars for everything the module returns."""
    yield from entries.gradient(subject.differentiable).items()
    for name in entries.network.outputs:  # of labels as they are given, whole numbers
        shown = np.vectorize(entries.tape.lift, [object])(entries.shown(name))
        yield f"output {name}", shown
    if subject.has_loss:
        yield "loss", np.asarray(entries.loss, object)


def _in_every_way(tape: Tape, name: str, expected: Any, ways: list[dict[str, Any]]) -> ExactRow:
    """The proof of a tensor, or of the first way of computing it that is not proved."""
    first, *others = ways
    rows = [_prove(tape, name, expected, way) for way in (first, *(w for w in others if name in w))]
    return next((row for row in rows if not row.ok), rows[0])


def _prove(tape: Tape, name: str, expected: Any, returned: dict[str, Any]) -> ExactRow:
    if name not in returned:
        return ExactRow(name, 0, expected.size, ABSENT)
    found = np.asarray(returned[name], object)
    if found.shape != expected.shape:
        return ExactRow(name, 0, expected.size, f"wrong: shape {found.shape}, not {expected.shape}")
    verdicts = [_entry(tape, found[at], expected[at], at) for at in np.ndindex(expected.shape)]
    wrong = next((v for v in verdicts if v != "ok"), "ok")
    nothing = wrong == "ok" and all(tape.same(e, tape.zero) for e in expected.flat)
    return ExactRow(name, verdicts.count("ok"), expected.size, wrong, nothing)


def _entry(tape: Tape, found: Any, expected: Scalar, at: tuple[int, ...]) -> str:
    """One entry: refuted by its value, or proved by its residue."""
    place = f"[{', '.join(map(str, at))}]"
    if found is None:
        return f"wrong: entry {place} is never written"
    scalar = tape.lift(found)
    if scalar is None:
        return f"not proved: entry {place} is {type(found).__name__}"
    value = expected.value
    if scalar.op == expected.op == "inf" and scalar.value == value:
        return "ok"
    apart, nothing = abs(scalar.value - value), 1e-30 * max(1, abs(value))
    if not apart <= max(nothing, ROUNDED * abs(value)):
        return f"wrong: entry {place} is {float(scalar.value):.6g}, not {float(value):.6g}"
    if apart > nothing:
        return f"not proved: entry {place} is {float(apart):.1g} off by {UNKNOWN}"
    try:
        return "ok" if tape.same(scalar, expected) else f"not proved: entry {place}"
    except NotProved as error:
        return f"not proved: entry {place}: {error}"
