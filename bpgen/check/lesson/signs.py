"""What signs say: how many entries of a parameter grow and fall, and what one number asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from bpgen.check.lesson.ground import Array, length
from bpgen.check.lesson.reading import Reader, Table

_GOES = re.compile(r"(\d+) (grows?|falls?|stays?)")
Counts = Mapping[str, int]
_ALONE = {
    "it grows": -1,
    "it falls": 1,
    "it stays": 0,
    "all grow": -1,
    "all fall": 1,
    "all stay": 0,
}


def signs(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """How many entries of each parameter grow and fall, and the numbers beside them."""
    ground = reader.ground
    for cell, said, goes in table.rows:
        name = reader.tensor(cell)
        slope = ground.slopes[name]
        if ground.is_noise(name) and said.endswith("zero") and goes in ("it stays", "all stay"):
            continue
        if name in ground.held:
            told = _counts(slope)
            wrong = "" if goes == "it is held as it is" else "it is held"
        else:
            told = _told(goes, slope.size)
            wrong = _moves(told, slope, ground.is_rounding(name))
        yield cell, wrong or _signed(said, name, reader, told)


def _signed(said: str, tensor: str, reader: Reader, goes: Counts) -> str:
    slope = reader.ground.slopes[tensor]
    word = re.sub(r"^.*, ", "", said)
    if word != _sign(goes):
        return f"it is not {word}"
    numbers = said.removesuffix(word).removesuffix(", ")
    if not numbers:
        return ""
    if found := re.fullmatch(
        r"(\$.*\$) times a factor: \$(?:=|\\approx) (.*) \\times (.*)\$", numbers
    ):
        name = reader.slope(found[1])
        factors = (
            t.removeprefix(r"\left(").removesuffix(r"\right)").strip("()")
            for t in found.groups()[1:]
        )
        meant = (reader.ground.slopes[name], reader.ground.between(tensor, name))
        wrong = (reader.differs(t, np.ravel(m)[0]) for t, m in zip(factors, meant, strict=True))
        return next(filter(None, wrong), "")
    return reader.differs(numbers, slope)


def _moves(told: Counts, slope: Array, unsure: Array) -> str:
    """How many entries go elsewhere than is told; those that rounding decides may go anywhere."""
    have = _counts(slope[~unsure])
    enough = all(told.get(word, 0) >= n for word, n in have.items())
    return "" if enough and sum(told.values()) == slope.size else f"{have}"


def _counts(slope: Array) -> Counts:
    grow, fall = int(np.sum(slope < 0)), int(np.sum(slope > 0))
    return {"grow": grow, "fall": fall, "stay": slope.size - grow - fall}


def _told(goes: str, size: int) -> Counts:
    if goes in _ALONE:
        return {{-1: "grow", 1: "fall", 0: "stay"}[_ALONE[goes]]: size}
    return {word.removesuffix("s"): int(n) for n, word in _GOES.findall(goes)}


def _sign(goes: Counts) -> str:
    """The sign of gradients against which so many entries go."""
    grow, fall, stay = (goes.get(word, 0) > 0 for word in ("grow", "fall", "stay"))
    if not (grow or fall):
        return "zero"
    if grow and fall:
        return "of both signs"
    return ("negative" if grow else "positive") + " or 0" * stay


_ASKS = re.compile(
    r"(\$.+?\$) is (\$[^$]*\$): (\$[^$]+\$) is too (small|large), and a (larger|smaller) one makes"
    r" .* smaller\."
)
_RIGHT_ALREADY = re.compile(r"(\$.+?\$) is 0: (\$[^$]+\$) is right\.")
_LARGER = re.compile(
    r"(\$.+?\$) is (\$[^$]*\$): where (\$[^$]+\$) is \$0\.001\$ larger, (\$[^$]+\$) is"
    r" (larger|smaller) by about (\$[^$]*\$)\."
)


def error(line: str, reader: Reader) -> str:
    """What a sentence above the signs says of a gradient that is one number."""
    ground = reader.ground
    if found := _ASKS.match(line):
        slope = ground.slopes[reader.slope(found[1])]
        small = found[4] == "small" and found[5] == "larger"
        if small != bool(np.all(slope < 0)):
            return "it is the other way round"
        return reader.differs(found[2], slope)
    if found := _LARGER.match(line):
        slope = ground.slopes[reader.slope(found[1])]
        moves = slope / 1000 if found[5] == "larger" else -slope / 1000
        return reader.differs(found[2], slope) or reader.differs(found[6], moves)
    if found := _RIGHT_ALREADY.match(line):
        return "" if length(ground.slopes[reader.slope(found[1])]) == 0 else "it is not 0"
    return "it is not read"
