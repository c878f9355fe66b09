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
_ABS = "|·|"
_FUNCTIONS: dict[str, tuple[sp.Expr, tuple[float, ...]]] = {
    "relu": (functions.relu(_Z), (0.0,)),
    _ABS: (sp.Abs(_Z), (0.0,)),
    "lrelu": (functions.leaky_relu(_Z, _S), (0.0,)),
    "elu": (functions.elu(_Z, _S), (0.0,)),
    "clip": (functions.clip(_Z, -1, 1), (-1.0, 1.0)),
    "hardtanh": (functions.hard_tanh(_Z, -1, 1), (-1.0, 1.0)),
    "hardsigmoid": (functions.hard_sigmoid(_Z), (-3.0, 3.0)),
}
# Where a tensor has the name, a function's is spelled out.
_FUNCTIONS |= {
    long: _FUNCTIONS[short]
    for long, short in {
        "leaky_relu": "lrelu",
        "hard_tanh": "hardtanh",
        "hard_sigmoid": "hardsigmoid",
    }.items()
}
NAMES = "|".join(
    re.escape(rf"\operatorname{{{escaped}}}")
    for escaped in (name.replace("_", r"\_") for name in _FUNCTIONS if name != _ABS)
)
ABS = re.escape(r"\textbar{}\textperiodcentered{}\textbar{}")


def slope(found: re.Match[str], page: Page) -> str:
    """relu'(0) = 0; clip' is 1 at both ends; elu'(0, s) is s, the slope of the negative side."""
    name = found["function"].removeprefix(r"\operatorname{").removesuffix("}")
    own = page.sample.functions.get(name)
    if own is None:
        return "the page has no such function"
    call, places = _FUNCTIONS[name.replace("\\_", "_")]
    if (len(places) > 1) != (found["ends"] is not None):
        return f"it has {len(places)} such places"
    beside = re.findall(r"[^\s,]+", found["beside"] or "")
    if not found["ends"] and (beside != [*own.names[1:]] or {*beside} != {*(found["own"] or "")}):
        return f"the page has it as {name}({', '.join(own.names)})"
    here = _slopes(call, places)
    if found["side"]:
        at = -_BESIDE if found["side"] == "negative" else _BESIDE
        told = np.append(_slopes(call, [p + at for p in places]), float(_S))
    else:
        told = np.full(len(places), float(found["value"] or found["ends"]))
    return "" if np.allclose(here, told, atol=10 * _BESIDE) else f"it is {here[0]:g}"


def absolute(found: re.Match[str], _: Page) -> str:
    """|·|'(0) = 0."""
    here = _slopes(*_FUNCTIONS[_ABS])
    return "" if np.all(here == float(found["value"])) else f"it is {here[0]:g}"


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
