"""What a module returns, and what its equations say: the entries that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bpgen.check.module import Array, Arrays

TOLERANCE = 1e-9  # of the largest entry of a tensor
SHAKEN = 1e3  # times what rounding was measured to do to a tensor

Noise = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Difference:
    """What differs, of a tensor of so many entries."""

    what: str
    said: str
    entries: int = 0


def differing(found: Arrays, meant: Arrays, noise: Noise, prefix: str) -> Iterator[Difference]:
    """A row for each tensor that differs anywhere. `noise` is asked where rounding may be why."""
    for name in sorted(found.keys() ^ meant.keys()):
        said = "is not returned" if name in meant else "is returned, and is no tensor asked for"
        yield Difference(prefix + name, said)
    for name in (n for n in meant if n in found):
        ours, theirs = np.asarray(found[name]), np.asarray(meant[name])
        if ours.shape != theirs.shape:
            said = f"has shape {ours.shape}, where the equations say {theirs.shape}"
            yield Difference(prefix + name, said)
            continue
        wrong = _wrong(ours, theirs, 0.0)
        if np.any(wrong):
            wrong = _wrong(ours, theirs, SHAKEN * noise()[name])
        if np.any(wrong):
            at = tuple(int(k) for k in np.argwhere(wrong)[0])
            place = f"[{', '.join(map(str, at))}]" if at else ""
            said = f"is {float(ours[at])!r}, where the equations say {float(theirs[at])!r}"
            yield Difference(f"{prefix}{name}{place}", said, ours.size)


def _wrong(ours: Array, theirs: Array, slack: float) -> Array:
    """Where two arrays differ; what the equations leave undefined may be anything."""
    asked = np.isfinite(theirs)
    largest = float(np.max(np.abs(theirs), initial=0, where=asked))
    with np.errstate(invalid="ignore"):
        return np.asarray(asked & ~(np.abs(ours - theirs) <= TOLERANCE * largest + slack))
