"""How wide TeX sets a formula, in points of a ten-point page: a box has the width of its parts; and
how high.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import groupby

from bpgen.render.atoms import PAIRS, WORDS, Atom, Line, names, read
from bpgen.render.marks import GAP, SIZED, mark

_SCALE = (1.0, 0.8, 0.66)  # of text, of an index, and of an index's index
_DIGIT, _EM = 5.0, 10.0
_SCRIPT, _LIMITS = 0.5, 1.7  # beside what stands above or below
_DIGITS = re.compile("[0-9]")
_NARROW, _STEMS = "iljtf.,;:' ", "bdhknpqu"


@lru_cache(100_000)  # a row is laid out in a column, in the width of the page, and beside others
def measured(math: str) -> float:
    """The width of a formula that is displayed."""
    return _measured(math if r"\rule" in math else _DIGITS.sub("0", math))


@lru_cache(10_000)  # digits are equally wide: what is said of each layer is as wide
def _measured(math: str) -> float:
    return _line(read(math), True, 0, joins=True)


def in_line(math: str) -> float:
    """The width of a formula in a line of text."""
    return _line(read(math), False, 0)


def unbroken(math: str, commas: bool) -> float:
    """Of a formula in a line of text, the widest that TeX does not break: after signs, and where it
    is told to, after commas.
    """
    return max(_pieces(read(math), commas))


def _pieces(line: Line, commas: bool) -> list[float]:
    pieces, joins = [0.0], False
    for atom in line:
        inner = _pieces(atom.parts[0], commas) if atom.name in PAIRS else [0.0]
        if inner[1:]:
            first, *more = (width + _sign(atom.name) for width in inner)
            pieces = [*pieces[:-1], pieces[-1] + first, *more]
        else:
            pieces[-1] += _scripted(atom, False, 0)
        if (joins and mark(atom.name).apart) or (commas and atom.name == ","):
            pieces.append(0.0)
        joins = atom.name != "," and not mark(atom.name).apart  # else - is a sign
    return pieces


@lru_cache(10_000)
def is_high(math: str) -> bool:
    """Whether a displayed formula is higher than a line of text."""
    return _is_high(read(math), True)


def grows(math: str) -> bool:
    """Whether parentheses around a formula are to grow with it."""
    return any(mark(name).high or name == r"\begin" for name in names(math))


def is_large(text: str) -> bool:
    """Whether what stands beside a formula is set apart from it."""
    return any(mark(name).large for name in names(text))


def _is_high(line: Line, display: bool) -> bool:
    for atom in line:
        if mark(atom.name).high and (display or not mark(atom.name).limits):
            return True
        if any(_is_high(part, display) for part in atom.parts):
            return True
        display = display and not _is_small(atom)
    return False


def _is_small(atom: Atom) -> bool:
    r"""Whether what follows is set as in a line of text: a bracket without `\left` is no group."""
    if atom.name in PAIRS:
        return any(map(_is_small, atom.parts[0]))
    return atom.name == r"\textstyle"


def _line(line: Line, display: bool, level: int, joins: bool = False) -> float:
    """`level` 0 is text, 1 an index, 2 an index's index. Of several rows, the widest. A sign
    `joins` what stands before it, if anything does.
    """
    widest = total = 0.0
    for atom in line:
        known = mark(atom.name)
        if atom.name == r"\\":
            widest, total = max(widest, total), 0.0
        total += _scripted(atom, display, level)
        if known.apart and not joins and level == 0:
            total -= known.width - GAP
        joins = not known.apart and atom.name not in (",", "&")
        display = display and not _is_small(atom)
    return max(widest, total)


def _scripted(atom: Atom, display: bool, level: int) -> float:
    """An atom with what stands below and above it, one over the other."""
    base = _RULES.get(atom.name, _atom)(atom, display, level)
    if not atom.scripts:
        return base
    beside = max(_line(s, False, min(level + 1, 2)) for s in atom.scripts) + _SCRIPT
    if display and mark(atom.name).limits:
        return max(base, beside + _LIMITS)
    return base + beside


def _atom(atom: Atom, display: bool, level: int) -> float:
    if not atom.parts:
        return _alone(atom.name, display, level)
    scale, inner = _SCALE[level], sum(_line(part, display, level) for part in atom.parts)
    return _sign(atom.name) * scale + inner + _sign(atom.closes) * scale


@lru_cache(1_000)
def _alone(name: str, display: bool, level: int) -> float:
    known, scale = mark(name), _SCALE[level]
    if known.apart:
        return known.width if level == 0 else GAP * scale
    if known.line_width is not None:
        return (known.width if display else known.line_width) * scale + _LIMITS
    return _sign(name) * scale


@lru_cache(1_000)
def _sign(name: str) -> float:
    """A bracket, a letter, a number or words."""
    for size, more in SIZED.items():
        if name.startswith(size) and name != size:
            return more + mark(name.removeprefix(size)).width
    command, brace, words = name.partition("{")
    if brace and command in WORDS:
        return sum(_upright(c) for c in words.removesuffix("}").replace("\\", ""))
    if name.isdecimal():
        return _DIGIT * len(name)
    return mark(name).width if name else 0.0


def _upright(letter: str) -> float:
    if letter in _NARROW:
        return 3.4
    return 7.4 if letter.isupper() else 8.4 if letter in "mw" else 5.6 if letter in _STEMS else 5.0


def _fraction(atom: Atom, display: bool, level: int) -> float:
    inner = level if display else min(level + 1, 2)
    return max((_line(p, False, inner) for p in atom.parts), default=0.0) + mark(atom.name).width


def _small_fraction(atom: Atom, _display: bool, level: int) -> float:
    return _fraction(atom, False, level)


def _over(atom: Atom, display: bool, level: int) -> float:
    above, *base = atom.parts
    wide = max(_line(above, False, min(level + 1, 2)), *(_line(b, display, level) for b in base))
    return wide + mark(atom.name).width


def _environment(atom: Atom, _display: bool, level: int) -> float:
    """Cases, or a matrix of numbers: what stands in a row side by side, a little apart."""
    (inner,) = atom.parts
    first = next((list(row) for is_end, row in groupby(inner, _ends_row) if not is_end), [])
    known = mark(atom.name)
    apart = known.between * sum(a.name == "&" for a in first)
    return _line(inner, False, level) + apart + known.width


def _small_matrix(atom: Atom, _display: bool, level: int) -> float:
    return _environment(atom, False, min(level + 1, 2))


def _rule(atom: Atom, _display: bool, _level: int) -> float:
    r"""`\rule{7.00em}{0.6em}`, by its width."""
    wide = "".join(a.name for a in atom.parts[0]) if atom.parts else ""
    return float(wide.removesuffix("em") or 0) * _EM


def _ends_row(atom: Atom) -> bool:
    return atom.name == r"\\"


_RULES: dict[str, Callable[[Atom, bool, int], float]] = {
    r"\frac": _fraction,
    r"\tfrac": _small_fraction,
    r"\overset": _over,
    r"\rule": _rule,
    r"\begin{cases}": _environment,
    r"\begin{smallmatrix}": _small_matrix,
}
