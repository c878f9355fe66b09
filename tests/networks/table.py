"""What holds of every network: the table of properties.

Some take as long as all else together: of these one network in three is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from tests.networks.run import Subject

Arrays = list[Any]


@dataclass(frozen=True)
class Property:
    """A check, of which networks it is asked, and whether it compares what the module computes with
    what it computes otherwise: then rounding, where large numbers cancel on the way, is told from
    an error by asking again in longer numbers.
    """

    name: str
    holds: Callable[[Subject], None]  # AssertionError where it does not
    when: Callable[[Subject], bool] = lambda _: True
    longer: bool = False


PROPERTIES: list[Property] = []


def one_in_three(which: int) -> Callable[[Subject], bool]:
    """By a hash of its net.py: of 40 seeds that are drawn 25 are divisible by three."""
    return lambda subject: crc32(subject.source.encode()) % 3 == which


def holds(name: str, when: Callable[[Subject], bool] = lambda _: True, longer: bool = False) -> Any:
    """Puts a check into the table."""

    def add(check: Callable[[Subject], None]) -> Callable[[Subject], None]:
        PROPERTIES.append(Property(name, check, when, longer))
        return check

    return add


def close(
    found: Arrays,
    true: Arrays,
    tolerance: float,
    noise: Arrays | float = 0.0,
    of_all: float = 1e-2,
) -> None:
    """Each array within a share of its largest entry, a share of that of the largest of all (its
    own may be rounding), and what rounding of the arguments does to it.
    """
    assert len(found) == len(true)
    largest = max((float(np.max(np.abs(a), initial=0)) for a in true), default=0.0)
    for k, (a, b) in enumerate(zip(found, true, strict=True)):
        assert np.shape(a) == np.shape(b), f"{k}: {np.shape(a)}, not {np.shape(b)}"
        scale = float(np.max(np.abs(b), initial=0))
        slack = noise if isinstance(noise, float) else float(np.max(noise[k], initial=0))
        error = float(np.max(np.abs(np.subtract(a, b)), initial=0))
        bar = tolerance * scale + of_all * tolerance * largest + slack
        assert error <= bar or error < 1e-300, (
            f"{k}: wrong by {error:.2e} of {scale:.2e} ({bar:.2e})"
        )
