"""What signs say: how many entries of a parameter grow and fall, and what one number asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bpgen.check.lesson.ground import length
from bpgen.check.lesson.reading import Reader, Table

_GOES = re.compile(r"(\d+) (grows?|falls?|stays?)")
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
        yield cell, _signed(said, name, reader) or _moves(goes, slope, name in ground.held)


def _signed(said: str, tensor: str, reader: Reader) -> str:
    slope = reader.ground.slopes[tensor]
    words = {"negative": slope < 0, "positive": slope > 0, "zero": slope == 0}
    word = re.sub(r"^.*, ", "", said)
    if word in words:
        if not np.all(words[word]):
            return f"it is not {word}"
    elif word != "of both signs" or (np.all(slope <= 0) and np.all(slope >= 0)):
        return "its sign is another"
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


def _moves(goes: str, slope: np.ndarray, held: bool) -> str:
    if held:
        return "" if goes == "it is held as it is" else "it is held"
    have = {"grow": int(np.sum(slope < 0)), "fall": int(np.sum(slope > 0))}
    have["stay"] = slope.size - sum(have.values())
    if goes in _ALONE:
        told = {{-1: "grow", 1: "fall", 0: "stay"}[_ALONE[goes]]: slope.size}
    else:
        told = {word.removesuffix("s"): int(n) for n, word in _GOES.findall(goes)}
    return "" if {k: v for k, v in have.items() if v} == told else f"{have}"


_ASKS = re.compile(
    r"(\$.+?\$) is (\$[^$]*\$): (\$[^$]+\$) is too (small|large), and a (larger|smaller) one makes"
    r" .* smaller\."
)
_RIGHT_ALREADY = re.compile(r"(\$.+?\$) is 0: (\$[^$]+\$) is right\.")
_LARGER = re.compile(
    r"(\$.+?\$) is (\$[^$]*\$): where (\$[^$]+\$) is \$0\.001\$ larger, (\$[^$]+\$) is larger by"
    r" about (\$[^$]*\$)\."
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
        return reader.differs(found[2], slope) or reader.differs(found[5], slope / 1000)
    if found := _RIGHT_ALREADY.match(line):
        return "" if length(ground.slopes[reader.slope(found[1])]) == 0 else "it is not 0"
    return "it is not read"
