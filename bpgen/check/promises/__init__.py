"""What an emitted module promises besides right numbers: one row of `PROMISES` each, from cheap to
dear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from bpgen.check.module import SCALES, Point, Subject, quiet
from bpgen.check.promises.agreement import agreeing, apart, linear, permuted
from bpgen.check.promises.doors import refusing
from bpgen.check.promises.finding import ZERO, Finding, leaves, same_bits
from bpgen.check.promises.memory import repeatable, unshared, untouched
from bpgen.check.promises.offered import dtypes, finite, packed, shapes, surface
from bpgen.check.promises.workspaces import sized, suited, within_workspace
from bpgen.progress import say

__all__ = [
    "ZERO",
    "Finding",
    "broken",
    "leaves",
    "same_bits",
    "sized",
    "suited",
    "within_workspace",
]

BATCHES = (1, 2, 5)
DRAWS = 4  # of values of each other size: one may miss what only a few rows show

Promise = Callable[[Subject, Point], Iterator[Finding]]

PROMISES: tuple[Promise, ...] = (
    surface,
    shapes,
    finite,
    dtypes,
    repeatable,
    untouched,
    unshared,
    agreeing,
    packed,
    permuted,
    apart,
    linear,
    refusing,
    within_workspace,
    suited,
    sized,
)


COMPARING = (agreeing, permuted, apart, linear)
AT_ONE_BATCH = (refusing, sized)  # of two samples: what is wrong is so at any


def broken(subject: Subject, seed: int) -> Iterator[Finding]:
    """Every broken promise, at batches of 1, 2 and 5, where lengths known at run time are 1, and of
    values of other sizes; what the module raises is one, too.
    """
    raised: dict[str, list[str]] = {}
    every_finite = True
    for batch, where, at in _places(subject):
        told = False  # that something is not finite: then nothing is near anything
        try:
            point = at.draw(np.random.default_rng([seed, batch, 99]), batch)
            for promise in PROMISES:
                if (told and promise in COMPARING) or (promise in AT_ONE_BATCH and where != "2"):
                    continue
                say(f"promises, {promise.__name__}, at a batch of {where}")
                with quiet():
                    found = list(promise(at, point))
                yield from found
                told = told or (promise is finite and bool(found))
            every_finite = every_finite and not told
        except Exception as error:
            raised.setdefault(f"{type(error).__name__}: {error}".strip(), []).append(where)
    try:
        yield from _elsewhere(subject, seed) if every_finite and not raised else ()
    except Exception as error:
        yield Finding("", f"of other values it raises {type(error).__name__}: {error}".strip())
    for said, places in raised.items():
        yield Finding("", f"at a batch of {', '.join(places)} it raises {said}")


def _elsewhere(subject: Subject, seed: int) -> Iterator[Finding]:
    """What is asked of gradients alone is asked of values of other sizes too: beyond the ends of a
    clip, and within a margin.
    """
    for scale, draw in product(SCALES[1:], range(DRAWS)) if subject.has_loss else ():
        rng = np.random.default_rng([seed, BATCHES[-1], 97, draw])
        point = subject.draw(rng, max(BATCHES[-1], subject.fewest), scale)
        if np.isfinite(subject.objective(point)):
            with quiet():
                yield from agreeing(subject, point)


def _places(subject: Subject) -> Iterator[tuple[int, str, Subject]]:
    """Sizes of the batch, in words too, and the module at the lengths known at run time."""
    batches = dict.fromkeys(max(batch, subject.fewest) for batch in BATCHES)
    yield from ((batch, str(batch), subject) for batch in batches)
    if subject.lengths:
        yield (
            2,
            f"2 and {', '.join(f'{name} = 1' for name in subject.lengths)}",
            subject.at_lengths(1),
        )
