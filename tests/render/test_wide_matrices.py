"""Matrices of numbers that are wider than what stands beside their left side."""

from __future__ import annotations

import re

from bpgen.check.page.proof import prove_page
from bpgen.check.page.world import World
from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.style import Style
from bpgen.render.widths import measured
from bpgen.worked.drawn import at_drawn

WIDE = (
    "from bpgen import *\nx, y = input(6), target(2)\nweights = param(2, 6)\n"
    "L = loss(half_squared_error(tanh(weights @ x), y))\n"
)


def test_a_matrix_that_is_too_wide_begins_below_its_left_side() -> None:
    made = derive(declared_by(WIDE))
    numbers = at_drawn(made)
    page = render(made, fmt="latex", style=Style(measure=240.0), worked=numbers)
    back = re.findall(r"^& \\qquad \\hspace\{-(\d+)pt\} (.*smallmatrix\}\\right\)).*$", page, re.M)
    assert len(back) == 2
    assert all(measured(matrix) <= 240.0 for _, matrix in back)
    world = World.at(made.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, made.network, (0,), at=world).ok
    for _, matrix in back:
        number = re.findall(r"\d\.\d+", matrix)[-1]
        wrong = page.replace(matrix, matrix.replace(number, f"1{number}"))
        assert not prove_page(wrong, made.network, (0,), at=world).ok
