"""What is known of the marks of printed mathematics: a row for each."""

from __future__ import annotations

from dataclasses import dataclass

GAP = 7.8  # of a sign in an index, where nothing keeps it apart


@dataclass(frozen=True)
class Mark:
    """`width`: in points of a ten-point page, `line_width` that of a sum in a line; `apart`: of a
    sign between what it joins, so wide with the space on both sides. `ends`: a line may end before
    it, 2, or may well, 1. `high`: it makes a line higher; `large`: what stands beside it is set
    apart. `limits`: its scripts stand below and above it in a display. `between`: of the columns of
    an environment.
    """

    width: float = 6.3
    apart: bool = False
    ends: int = 0
    high: bool = False
    large: bool = False
    limits: bool = False
    line_width: float | None = None
    between: float = 0.0


_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(5.3, 4.3, 4.4, 5.2, 4.7, 5.9, 5.1, 5.8, 3.5, 4.7, 5.5, 3.0, 8.8),
            *(6.0, 4.9, 5.1, 4.8, 4.8, 4.7, 3.7, 5.8, 5.2, 7.5, 5.8, 5.3, 5.1),
            *(7.6, 8.1, 7.9, 8.6, 8.0, 7.8, 7.9, 9.2, 5.2, 6.6, 9.2, 6.9, 10.8),
            *(9.2, 7.9, 7.8, 7.9, 7.7, 6.8, 7.2, 7.8, 7.9, 10.8, 9.2, 8.1, 7.6),
        ),
        strict=True,
    )
)
_PLAIN = {
    **{",": 4.5, ";": 4.5, "(": 3.9, ")": 3.9, "[": 2.8, "]": 2.8, "'": 2.8, ".": 2.8, "|": 2.8},
    **{r"\;": 2.8, r"\!": -1.7, r"\quad": 10.0, r"\qquad": 20.0, r"\ ": 3.4},
    **{r"\{": 5.0, r"\}": 5.0, r"\dots": 13.4, r"\infty": 10.0, r"\lVert": 5.0, r"\rVert": 5.0},
    **{r"\lvert": 2.8, r"\rvert": 2.8, r"\top": 7.8, r"\omega": 6.6, r"\mu": 6.1, "!": 2.8},
    **dict.fromkeys(
        (r"\displaystyle", r"\textstyle", r"\nopagebreak", r"\nonumber", r"\notag"), 0.0
    ),
    **{"&": 0.0, "}": 0.0, r"\\": 0.0},
}
_NAMES = [r"\exp", r"\tanh", r"\sin", r"\cos", r"\tan", r"\sinh", r"\cosh", r"\arctan"]
SIZED = {r"\left": 3.6, r"\right": 3.6, r"\biggl": 4.6, r"\biggr": 4.6}


def _named(name: str) -> float:
    return 5.2 * (len(name) - 1) + 1.7


MARKS = {
    **{name: Mark(width) for name, width in (*_LETTERS.items(), *_PLAIN.items())},
    **{name: Mark(_named(name)) for name in _NAMES},
    **dict.fromkeys(("<", ">", r"\le", r"\ge", r"\ne", r"\approx"), Mark(13.4, apart=True)),
    **dict.fromkeys((r"\leftarrow", r"\to"), Mark(15.6, apart=True)),
    r"\in": Mark(12.3, apart=True),
    r"\iff": Mark(30.0, apart=True),
    "=": Mark(13.4, apart=True, ends=1),
    **dict.fromkeys(("+", "-"), Mark(12.3, apart=True, ends=1)),
    "−": Mark(ends=1),  # the terminal's
    **dict.fromkeys("·⊙", Mark(ends=2)),
    r"\odot": Mark(12.3, apart=True, ends=2),
    r"\,": Mark(1.7, ends=2),
    r"\cdot": Mark(7.3, apart=True),
    r"\times": Mark(12.3, apart=True),
    r"\log": Mark(_named(r"\log"), large=True),
    **{name: Mark(_named(name), limits=True) for name in (r"\max", r"\min")},
    r"\sum": Mark(14.5, high=True, large=True, limits=True, line_width=10.6),
    r"\frac": Mark(2.4, high=True, large=True),
    r"\tfrac": Mark(2.4, large=True),
    r"\begin{cases}": Mark(9.0, high=True, between=10.0),
    r"\begin{smallmatrix}": Mark(1.7, between=5.0),
    **dict.fromkeys("∂Σ√", Mark(large=True)),
    r"\sqrt": Mark(8.4),
    r"\overset": Mark(5.6),
    **dict.fromkeys((r"\substack", r"\hat", r"\bar", r"\tilde", "{"), Mark(0.0)),
}
OTHER = Mark()


def mark(name: str) -> Mark:
    return MARKS.get(name, OTHER)
