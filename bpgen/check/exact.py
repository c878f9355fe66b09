"""Exactly: the emitted module itself is run over symbols, and what it returns is proved equal to
what is expected.

The module computes with `Exact` scalars; the network is written out in scalars and differentiated
by the chain rule and sympy's scalar derivative. The proof is by algebra and holds in the region
around the point (see `written`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.module import Point, Subject, load
from bpgen.check.overrides import meanings, overrides
from bpgen.check.scalar import Exact, World
from bpgen.check.written import NotProved, OnKink, Undefined, Written, evaluate
from bpgen.ir import BATCH, Network

# Sizes, whether all samples have the same integers, and the lengths known at run time: three steps
# of a recurrence, and two.
BATCHES = ((1, False, (3, 2, 4)), (2, False, (2, 3, 1)))
INSTEAD = 3  # samples, where the network is undefined for one
# Where integers are inputs: what is gathered twice must be added twice.
REPEATED = ((2, True, (2, 3, 1)),)
POINTS = 6  # points tried before a network is said to lie on a kink everywhere
# Of the written-out network: more is refused, and a smaller network of the same form asked for.
SCALARS = 10_000
GRID = 64  # the denominator of the random rational point
# Doors of the emitted module that let numpy's numbers in only: they are replaced, and so is _check.
DOORS = ("_array", "_one_hot", "_state")
ABSENT = "not proved: the module returns no such tensor"


@dataclass(frozen=True)
class ExactRow:
    """How many entries of one tensor (a gradient, an output, the loss) were proved, at all batch
    sizes.
    """

    name: str
    proved: int
    total: int
    verdict: str

    @property
    def ok(self) -> bool:
        return self.verdict == "ok" and self.proved == self.total > 0


def exact(source: str, network: Network, seed: int = 0) -> tuple[ExactRow, ...]:
    """Prove every gradient, every output and the loss of a module, for the network it was emitted
    from.
    """
    subject = Subject(source, network)
    rows: dict[str, ExactRow] = {}
    for batch, alike, long in (
        *BATCHES,
        *REPEATED * any(name in subject.integers for name in subject.module.INPUTS),
    ):
        for found in _at_batch(subject.at_lengths(*long), network, batch, alike, seed):
            before = rows.get(found.name, ExactRow(found.name, 0, 0, "ok"))
            verdict = found.verdict if before.verdict == "ok" else before.verdict
            rows[found.name] = ExactRow(
                found.name, before.proved + found.proved, before.total + found.total, verdict
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
    point = subject.draw(rng, batch).map(_rational)
    if alike:
        repeated = {
            n: a * 0 + a[:1] if n in subject.integers else a for n, a in point.inputs.items()
        }
        point = replace(point, inputs=repeated)
    if sum(a.size for group in point.groups() for a in group.values()) > SCALARS:
        raise NotProved("too large; check a smaller network of the same form")
    names = {name: a for group in point.groups() for name, a in group.items()}
    names.update(_noise(subject, network, batch, rng))
    written = Written(network, {**subject.lengths, BATCH: batch}, names)
    if len(written.values) > SCALARS * 4:
        raise NotProved("too large; check a smaller network of the same form")
    world = World(written)
    returned = _run(subject, world, point)
    return [_prove(world, *entry, returned) for entry in _expected(subject, written)]


def _noise(
    subject: Subject, network: Network, batch: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Values of what forward draws: what is proved holds for all of them."""
    known = {**subject.lengths, BATCH: batch}
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


def _run(subject: Subject, world: World, point: Point) -> dict[str, Any]:
    """What the module returns for symbols: gradients by tensor, outputs by number, the loss."""
    module = load(subject.source, overrides(world))
    module.__dict__.update(meanings(world))
    module.__dict__.update(dict.fromkeys(DOORS, lambda _name, value, *_, **__: value))
    module.__dict__["_check"] = lambda _: None
    drawn = itertools.cycle(t.name for t in world.written.network.role("noise"))
    module.__dict__["dropout"] = lambda *_: _scalars(world, world.written.tensors[next(drawn)])
    symbols = point.map(lambda name, _: _scalars(world, world.written.tensors[name]))
    output, cache = module.forward(symbols.params, *symbols.inputs.values())
    returned = dict(module.backward(symbols.params, cache, *symbols.rest.values(), inputs=True))
    outputs = output if isinstance(output, tuple) else (output,)
    returned.update(
        {
            f"output {name}": o
            for name, o in zip(world.written.network.outputs, outputs, strict=False)
        }
    )
    if subject.has_loss:
        returned["loss"] = module.loss(
            symbols.params, *symbols.inputs.values(), *symbols.rest.values()
        )
    return returned


def _scalars(world: World, tensor: Any) -> Any:
    if tensor.dtype.kind != "O":
        return tensor
    values = [Exact(world, e, evaluate(e, world.written.values)) for e in tensor.ravel()]
    result = np.empty(len(values), object)
    result[:] = values
    return result.reshape(tensor.shape)


def _expected(subject: Subject, written: Written) -> Iterator[tuple[str, Any]]:
    """Expressions for everything the module returns."""
    for name in subject.differentiable:
        tensor = written.tensors[name]
        adjoints = [written.adjoint[symbol] for symbol in tensor.ravel()]
        result = np.empty(len(adjoints), object)
        result[:] = adjoints
        yield name, result.reshape(tensor.shape)
    for name in written.network.outputs:
        yield f"output {name}", written.shown(name)
    if subject.has_loss:
        yield "loss", np.asarray(written.loss, object)


def _prove(world: World, name: str, expected: Any, returned: dict[str, Any]) -> ExactRow:
    if name not in returned:
        return ExactRow(name, 0, expected.size, ABSENT)
    found = np.asarray(returned[name], object)
    if found.shape != expected.shape:
        return ExactRow(name, 0, expected.size, f"wrong: shape {found.shape}, not {expected.shape}")
    verdicts = [_entry(world, found[at], expected[at], at) for at in np.ndindex(expected.shape)]
    wrong = next((v for v in verdicts if v != "ok"), "ok")
    return ExactRow(name, verdicts.count("ok"), expected.size, wrong)


def _entry(world: World, found: Any, expected: sp.Expr, at: tuple[int, ...]) -> str:
    """One entry: refuted by its value, or proved by algebra."""
    scalar = world.lift(found)
    place = f"[{', '.join(map(str, at))}]"
    if scalar is None:
        return f"not proved: entry {place} is {type(found).__name__}"
    value = evaluate(expected, world.written.values)
    if not abs(scalar.value - value) <= 1e-30 * max(1, abs(value)):
        return f"wrong: entry {place} is {float(scalar.value):.6g}, not {float(value):.6g}"
    try:
        return "ok" if world.proofs.zero(scalar.expr - expected) else f"not proved: entry {place}"
    except NotProved as error:
        return f"not proved: entry {place}: {error}"
