"""Where all is 0: no slope is asked where something has no finite value, and values still are."""

from __future__ import annotations

import pytest

from bpgen.check.module import Subject
from bpgen.check.ties import tied
from bpgen.emit import emit
from bpgen.load import declared_by


def found(formula: str, old: str = "", new: str = "") -> list[str]:
    network = declared_by(f"from bpgen import *\nx = input()\ny = {formula}\noutput(y)\n")
    source = emit(network)
    assert old in source
    return [*map(str, tied(Subject(source.replace(old, new), network), network, 0))]


@pytest.mark.parametrize("formula", ["log(x)", "1 / x", "x - log(x)"])
def test_no_slope_is_asked_at_a_pole(formula: str) -> None:
    assert found(formula) == []


def test_a_value_is_asked_there() -> None:
    assert found("log(x)\nz = cos(x)\noutput(z)", "np.cos(x)", "np.cos(x + (x == 0))")


def test_a_slope_is_asked_where_the_value_is_finite() -> None:
    assert found("exp(x)", "d_y * y", "d_y * y * (y != 1)")
