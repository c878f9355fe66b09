"""What a module returns, and what its equations say: the entries that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bpgen.check.entrywise.scalars import ENDLESS
from bpgen.check.entrywise.tape import Steep
from bpgen.check.module import Array, Arrays

TOLERANCE = 1e-9  # of the largest entry of a tensor
SHAKEN = 1e3  # times what rounding was measured to do to a tensor

Noise = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Difference:
    """What differs, of a tensor of so many entries; whether one of the two is no number, and what
    of the network may be why.
    """

    what: str
    said: str
    entries: int = 0
    endless: bool = False
    steep: Steep | None = None

    def explained(self, steep: Iterable[Steep]) -> Difference:
        """The same with what is steep at the point, if that is no number."""
        nearest = min(steep, key=lambda found: abs(found[1]), default=None)
        return replace(self, steep=nearest) if self.endless else self


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
            one, other = float(ours[at]), float(theirs[at])
            said = f"is {one!r}, where the equations say {other!r}"
            endless = not max(abs(one), abs(other)) < ENDLESS
            yield Difference(f"{prefix}{name}{place}", said, ours.size, endless)


def _wrong(ours: Array, theirs: Array, slack: float) -> Array:
    """Where two arrays differ; what the equations leave undefined may be anything."""
    asked = np.isfinite(theirs)
    largest = float(np.max(np.abs(theirs), initial=0, where=asked))
    with np.errstate(invalid="ignore"):
        return np.asarray(asked & ~(np.abs(ours - theirs) <= TOLERANCE * largest + slack))
