"""Lines of code have the largest type in which they have room, and go on below in the smallest."""

from __future__ import annotations

import ast

import pytest

from bpgen.render.typed import typed

LONG = "L = ell.mean() + 0.01 * ((W1**2).sum() + (W2**2).sum() + (W3**2).sum())"


@pytest.mark.parametrize(
    ("width", "size"),
    [(400.0, ""), (340.0, r"\small"), (310.0, r"\footnotesize"), (270.0, r"\scriptsize")],
)
def test_a_line_that_fits_is_whole(width: float, size: str) -> None:
    assert typed([LONG], width) == (size, (LONG,))


def test_a_line_that_does_not_goes_on_in_brackets() -> None:
    size, lines = typed(["N = 3", LONG], 200.0)
    assert size == r"\scriptsize"
    assert lines[:2] == ("N = 3", "L = ell.mean() + 0.01 * ((W1**2).sum() +")
    assert lines[2] == "    (W2**2).sum() + (W3**2).sum())"


def test_the_pieces_are_the_same_program() -> None:
    _, lines = typed([LONG], 200.0)
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(LONG))


def test_a_line_without_brackets_is_not_broken() -> None:
    line = "a = " + " + ".join("bcdefghijklmnopq" * 2)
    assert typed([line], 100.0)[1] == (line,)


def test_the_type_is_that_of_the_longest_line() -> None:
    code = ["x" * 60, "y"]
    assert [typed(code, w)[0] for w in (345.0, 300.0, 260.0, 100.0)] == [
        "",
        r"\small",
        r"\footnotesize",
        r"\scriptsize",
    ]
