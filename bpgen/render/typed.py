"""Lines of code in LaTeX: in which size of type they have room, and where they go on below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_SIZES = (  # of type, and how wide the letters of code are in them
    ("", 1.0),
    (r"\small", 0.9),
    (r"\footnotesize", 0.81),
    (r"\scriptsize", 0.71),
)
_LETTER = 5.25  # points
_FURTHER = "    "  # where a line goes on


def typed(code: Sequence[str], width: float) -> tuple[str, tuple[str, ...]]:
    """The largest size in which lines of code have room in so many points; in the smallest, those
    that have none go on below, within brackets, as in Python they may.
    """
    longest = max(map(len, code), default=0) * _LETTER
    size, scale = next((s for s in _SIZES if longest * s[1] <= width), _SIZES[-1])
    most = int(width / (_LETTER * scale))
    return size, tuple(piece for line in code for piece in _pieces(line, most))


def _pieces(line: str, most: int) -> Iterator[str]:
    """A line in pieces of so many letters where it has blanks in brackets to be broken at."""
    while len(line) > most:
        blanks = [k for k in _blanks(line) if k <= most]
        if not blanks:
            break
        yield line[: blanks[-1]]
        line = _FURTHER + line[blanks[-1] :].lstrip()
    yield line


def _blanks(line: str) -> Iterator[int]:
    """The blanks in brackets."""
    depth = 0
    for k, letter in enumerate(line):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == " " and depth > 0:
            yield k
