"""What the page says that a stable spelling avoids: at some point the textbook's own, computed as
it is written, fails in just that way, in both precisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from bpgen.record import Derivation, Forward, Risk
from bpgen.render import render
from tests.conftest import derived
from tests.few import one_in

OVERFLOW, UNDERFLOW, LOG_OF_0, CANCELLATION = Risk
SIGMOID = "x = input()\na = sigmoid(x)\n"
EXP = "x = input()\na = exp(x)\n"
TO_1 = "x = input()\np = exp(-exp(x))\n"
LOGITS = "x = input(3)\n"
AVOIDED = {
    f"{SIGMOID}u = log(a)": {LOG_OF_0},
    f"{SIGMOID}u = 1 - a": {CANCELLATION},
    f"{SIGMOID}u = log(1 - a)": {LOG_OF_0, CANCELLATION},
    f"{SIGMOID}u = (1 - a)**2": {CANCELLATION},
    f"{SIGMOID}u = sqrt(a)": {UNDERFLOW},
    f"{SIGMOID}b = sigmoid(2*x)\np = a*b\nu = log(p)": {LOG_OF_0},
    "x = input()\na = tanh(x)\nu = 1 - a": {CANCELLATION},
    "x = input()\na = erf(x)\nu = 1 - a": {CANCELLATION},
    "x = input()\na = erfc(x)\nu = log(a)": {LOG_OF_0},
    f"{EXP}u = log(a)": {LOG_OF_0},
    f"{EXP}u = a - 1": {CANCELLATION},
    f"{EXP}u = log(1 + a)": {OVERFLOW, CANCELLATION},
    f"{EXP}u = a/(1 + a)": {OVERFLOW},
    f"{EXP}u = log(a - 1)": {OVERFLOW},
    f"{EXP}u = log(1 - exp(-a))": {CANCELLATION},
    f"{EXP}u = a*sigmoid(-x)": {OVERFLOW},
    f"{EXP}b = exp(-x)\nu = (a - b)/(a + b)": {OVERFLOW},
    f"{EXP}b, c = exp(2*x), exp(-x)\ns = a + b + c\nu = a/s": {OVERFLOW},
    f"{EXP}b, c = exp(2*x), exp(-x)\ns = a + b + c\nu = log(s)": {OVERFLOW},
    "x = input()\na = 1 + exp(x)\nu = log(a)": {OVERFLOW},
    "x = input()\nu = 1 - cos(x)": {CANCELLATION},
    "x = input()\na = cosh(x)\nu = log(a)": {OVERFLOW},
    "x = input()\na = x**100\nu = log(a**2)": {OVERFLOW},
    f"{TO_1}u = log(p)": {LOG_OF_0},
    f"{TO_1}u = 1 - p": {CANCELLATION},
    f"{LOGITS}p = softmax(x)\nu = tensor(log(p[1]))": {LOG_OF_0},
    f"{LOGITS}p = softmax(x)\nu = tensor(1 - p[1])": {CANCELLATION},
    f"{LOGITS}p = softmax(x)\nu = tensor(-(1 - p[1])**2*log(p[1]))": {LOG_OF_0, CANCELLATION},
    f"{LOGITS}e = exp(x)\nS = sum(e)\np = e/(1 + S)\nu = tensor(p[1])": {OVERFLOW},
    f"{LOGITS}S = sum(exp(x))\nu = log(1 + S)": {OVERFLOW, CANCELLATION},
}
SIZES = (1e-9, 3e-3, 3.0, 5.0, 12.0, 14.0, 25.0, 60.0, 95.0, 150.0, 400.0, 800.0, 1600.0)


def _derivation(lines: str) -> Derivation:
    return derived(f"from bpgen import *\n{lines}\noutput(u)\n")


def _functions(of: Callable[[str], Callable[[Any], Any]]) -> dict[str, Any]:
    """The words of the table, each value with the digits that it has by itself."""
    words = ("exp", "log", "sqrt", "cos", "tanh", "cosh", "sigmoid", "erf", "erfc")
    return {w: of(w) for w in words} | {"tensor": lambda u: u, "sum": lambda u: u.sum()}


def _exactly(word: str) -> Callable[[Any], Any]:
    own = {"sigmoid": lambda z: 1 / (1 + mp.exp(-z))}
    return np.frompyfunc(own.get(word) or getattr(mp, word), 1, 1)


def _in_floats(word: str) -> Callable[[Any], Any]:
    if word in ("sigmoid", "erf", "erfc"):
        return lambda z: np.asarray(_exactly(word)(np.asarray(z, object)), np.asarray(z).dtype)[()]
    return getattr(np, word)


def _computed(lines: str, x: Any, functions: dict[str, Any]) -> dict[str, Any]:
    names = functions | {"input": lambda *_: x}
    names["softmax"] = lambda z: names["exp"](z - z.max()) / names["exp"](z - z.max()).sum()
    exec(lines, names)
    return names


def _failures(lines: str, dtype: type) -> Iterator[set[Risk]]:
    """How the equations fail at each point, computed as they are written; at those where what is
    right is a number of this precision.
    """
    limits = np.finfo(dtype)
    for size, sign in product(SIZES, (1, -1)):
        point = dtype(sign * size)
        x = np.array([point / 2, point, point / 4], dtype) if lines.startswith(LOGITS) else point
        exact = np.vectorize(mp.mpf, otypes=[object])(np.asarray(x, float))[()]
        flags = set[str]()
        with mp.workdps(60), np.errstate(all="call", call=lambda k, _, to=flags: to.add(k)):
            try:
                true = _computed(lines, exact, _functions(_exactly))["u"]
            except (ValueError, ZeroDivisionError, OverflowError):
                continue
            if isinstance(true, mp.mpc) or not limits.tiny < abs(true) < limits.max:
                continue
            found = _computed(lines, x, _functions(_in_floats))
            off = abs(mp.mpf(float(found["u"])) - true) / abs(true)
        yield set(_told_by(flags, found, bool(off > 1000 * limits.eps)))


def _told_by(flags: set[str], found: dict[str, Any], wrong: bool) -> Iterator[Risk]:
    """numpy's words for it, and where it has none: what is wrong and finite, of a value that is 0
    or of none.
    """
    if "overflow" in flags:
        yield OVERFLOW
    if "divide by zero" in flags:
        yield LOG_OF_0
    if wrong and not flags & {"overflow", "divide by zero"}:
        yield UNDERFLOW if np.any(found.get("a") == 0) else CANCELLATION


def _last(lines: str) -> Forward:
    """The equation whose spelling is another."""
    return next(f for f in _derivation(lines).forward if f.avoids)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("lines", one_in(3, [*AVOIDED]))
def test_what_is_said_to_be_avoided_is_what_happens(lines: str, dtype: type) -> None:
    avoids = _last(lines).avoids
    assert avoids == AVOIDED[lines]
    assert avoids <= set().union(*_failures(lines, dtype))


def test_the_page_says_so_of_each_spelling_that_avoids_something_else() -> None:
    lines = (
        f"{SIGMOID}p = 1 - a\nu = log(p)\nb = cosh(x)\nv = log(b)\nc = cosh(2*x)\nw = log(c)\n"
        "d = exp(-x**2)\nq = 1 - d\noutput(v, w, q)"
    )
    page = render(_derivation(lines), fmt="text")
    said = [line.strip() for line in page.splitlines() if "this spelling" in line]
    assert said == [
        "(this spelling avoids cancellation)",
        "(this spelling avoids the logarithm of 0)",
        "(this spelling avoids overflow)",
        "(this spelling avoids cancellation, by expm1)",
    ]
