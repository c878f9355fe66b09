"""The numbers of a worked example, as a page prints them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpgen.check.page.tokens import Unreadable

_NUMBER = re.compile(r"(-?\d+(?:\.(\d+))?)(?: \\cdot 10\^\{(-?\d+)\})?")
_MATRIX = re.compile(r"\\left\(\\begin\{smallmatrix\}(.*)\\end\{smallmatrix\}\\right\)")
_TIMES = re.compile(r" \\(?:odot|times) ")
_DOTS = r"\dots"


@dataclass(frozen=True)
class Printed:
    """Numbers and by how much each may be off, for it is rounded; what dots stand for is nan."""

    values: Any
    off: Any

    def difference(self, found: Any) -> str:
        """How what is found differs; nothing where it rounds to what is printed."""
        found = np.real(np.asarray(found)).ravel()
        told = ~np.isnan(self.values)
        if not told.all():  # the first and the last of many
            head = int(np.argmin(told))
            found = np.concatenate([found[:head], [np.nan], found[-1:]])
        if found.size != self.values.size:
            return f"{self.values.size} numbers for {found.size}"
        found = found.reshape(self.values.shape)
        wrong = told & ~(np.abs(found - self.values) <= self.off)
        if not wrong.any():
            return ""
        at = tuple(np.argwhere(wrong)[0])
        return f"{self.values[at]:.12g} is printed, and it is {found[at]:.12g}"


def printed(text: str) -> list[Printed]:
    """What stands after `=` or `about`: numbers, or the factors of a product of them.

    Raises Unreadable where it is anything else.
    """
    sign, _, rest = text.partition(" ")
    if sign not in ("=", r"\approx"):
        raise Unreadable(f"no numbers: {text}")
    return [_factor(part, sign == "=") for part in _TIMES.split(rest)]


def _factor(text: str, exact: bool) -> Printed:
    matrix = _MATRIX.fullmatch(text)
    if matrix is not None:
        rows = [row.split(" & ") for row in matrix[1].split(r" \\ ")]
    elif text.startswith("("):
        rows = [text.removeprefix("(").removesuffix(")").split(", ")]
    else:
        rows = [[text]]
    read = [[_number(cell, exact) for cell in row] for row in rows]
    values, off = np.moveaxis(np.array(read, float), -1, 0)
    return Printed(values, off) if matrix is not None else Printed(values[0], off[0])


def _number(text: str, exact: bool) -> tuple[float, float]:
    """A number, and half of one in its last digit."""
    if text == _DOTS:
        return float("nan"), 0.0
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Unreadable(f"no number: {text}")
    power = int(found[3] or 0)
    value = float(f"{found[1]}e{power}")
    slack = 1e-12 * abs(value)
    return value, slack + (0.0 if exact else 0.5 * 10.0 ** (power - len(found[2] or "")))
