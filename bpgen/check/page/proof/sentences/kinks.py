"""What is taken for the slope of a function where it has none: as the network is evaluated."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from bpgen import functions
from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.entrywise.tape import tape
from bpgen.check.page.proof.page import Page
from bpgen.check.page.world import Array

_Z, _S = sp.Symbol("z", real=True), 0.25  # a slope that is none of 0, 1 and -1
_BESIDE = 1e-9
# By their names on a page: each at a value of its own, and where it has kinks.
_FUNCTIONS: dict[str, tuple[sp.Expr, tuple[float, ...]]] = {
    "relu": (functions.relu(_Z), (0.0,)),
    "|·|": (sp.Abs(_Z), (0.0,)),
    "lrelu": (functions.leaky_relu(_Z, _S), (0.0,)),
    "elu": (functions.elu(_Z, _S), (0.0,)),
    "clip": (functions.clip(_Z, -1, 1), (-1.0, 1.0)),
    "hardtanh": (functions.hard_tanh(_Z, -1, 1), (-1.0, 1.0)),
    "hardsigmoid": (functions.hard_sigmoid(_Z), (-3.0, 3.0)),
}
_SPELLED = {
    r"\textquotesingle{}": "'",
    r"\textbar{}": "|",
    r"\textperiodcentered{}": "·",
}
NAMES = "|".join(
    re.escape("".join({v: k for k, v in _SPELLED.items()}.get(c, c) for c in name))
    for name in _FUNCTIONS
)


def slope(found: re.Match[str], _: Page) -> str:
    """relu'(0) = 0, or that it is the slope of the negative side; clip' is 1 at both ends."""
    name = found["function"]
    for spelled, plain in _SPELLED.items():
        name = name.replace(spelled, plain)
    call, places = _FUNCTIONS[name]
    if (len(places) > 1) != (found["ends"] is not None):
        return f"it has {len(places)} such places"
    here = _slopes(call, places)
    if found["side"]:
        beside = -_BESIDE if found["side"] == "negative" else _BESIDE
        told = _slopes(call, [p + beside for p in places])
    else:
        told = np.full(len(places), float(found["value"] or found["ends"]))
    return "" if np.allclose(here, told, atol=10 * _BESIDE) else f"it is {here[0]:g}"


def slopes(found: re.Match[str], _: Page) -> str:
    """hardtanh' and hardsigmoid' are 0 at both ends."""
    here = np.concatenate([_slopes(*_FUNCTIONS[found[name]]) for name in ("function", "other")])
    return "" if np.all(here == float(found["ends"])) else f"they are {here}"


def tie(found: re.Match[str], _: Page) -> str:
    """max and min of two that are equal have the slope 1/2 along each."""
    both = ((f(_Z, 0), f(0, _Z)) for f in (functions.maximum, functions.minimum))
    here = np.concatenate([_slopes(call, (0.0,)) for calls in both for call in calls])
    return "" if np.all(here == float(Fraction(found["value"]))) else f"it is {here[0]:g}"


def _slopes(call: sp.Expr, places: Any) -> Array:
    at = np.asarray(places) + 1j * STEP

    def leaf(part: Any) -> Any:
        return at if part == _Z else bool(part) if part.is_Boolean else float(part)

    return np.asarray(np.imag(tape(call).run(leaf)[0]) / STEP)
