"""What is said of a function at its kinks: that its derivative jumps there, and what is taken."""

from __future__ import annotations

import re

import numpy as np
import sympy as sp

from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.entrywise.tape import tape
from bpgen.check.lesson.ground import Array, Ground, constant
from bpgen.check.page.tokens import Unreadable
from bpgen.functions import ROWS
from bpgen.ir import Element

_BESIDE, _JUMP = 1e-6, 1e-4
_PLACES = range(-10, 11)  # where kinks are looked for, and where the function's own numbers are
_OWN = 0.5  # what stands for a parameter
_IS_0 = ("'(0) = 0", "' is 0 at both ends")
_IS_1 = "' is 1 at both ends"
_FROM_THE_LEFT = re.compile(r"'\(0, (\w+)\) is \1, the slope of the negative side$")
_SPELLED = {
    r"\textquotesingle{}": "'",
    r"\textbar{}\textperiodcentered{}\textbar{}": "abs",
    r"\_": "_",
    "$": "",
}
_UPRIGHT = re.compile(r"\\operatorname\{(\w+)\}")
_NAMES = {row.letter: name.lower() for name, row in ROWS.items() if not row.slope_of}
_JUMPS = "a convention: from the left and the right it differs"


def kink(name: str, taken: str, why: str, ground: Ground) -> str:
    """What is false of a row on the kinks of a function of the network."""
    name, taken = map(_plain, (name, taken))
    own = _NAMES.get(name, name)
    body = next((b for b in _calls(ground) if type(b).__name__.lower() == own), None)
    if body is None:
        return "no such function is in the network"
    if not taken.startswith(f"{name}'"):
        return "it is said of another function"
    places = np.array([*_PLACES, *(float(a) for a in body.args[1:] if a.is_number)], float)
    left, here, right = (_slope(body, places + beside) for beside in (-_BESIDE, 0, _BESIDE))
    jumps = np.abs(right - left) > _JUMP
    if why != _JUMPS or not np.any(jumps):
        return "it does not jump"
    if taken.endswith(_IS_0):
        return "" if np.all(here[jumps] == 0) else "it is not 0"
    if taken.endswith(_IS_1):
        return "" if np.all(here[jumps] == 1) else "it is not 1"
    if _FROM_THE_LEFT.search(taken):
        return "" if np.all(np.abs(here - left)[jumps] < _JUMP) else "it is not that of the left"
    raise Unreadable(taken)


def _plain(said: str) -> str:
    """leaky_relu'(0, s) is s, without what LaTeX has around it."""
    for spelled, plain in _SPELLED.items():
        said = said.replace(spelled, plain)
    return _UPRIGHT.sub(r"\1", said)


def _calls(ground: Ground) -> list[sp.Expr]:
    bodies = (t.body for e in ground.network for t in e.terms)
    return [b for b in bodies if b.args and isinstance(b, sp.Function)]


def _slope(body: sp.Expr, places: Array) -> Array:
    """The derivative of a function along its first argument."""
    z = sp.Dummy(real=True)
    at = places + 1j * STEP
    call = body.func(z, *(_OWN if a.atoms(Element) else a for a in body.args[1:]))
    found = tape(call).run(lambda leaf: at if leaf == z else constant(leaf))[0]
    return np.imag(found) / STEP
