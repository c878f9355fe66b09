"""The comments of an emitted module as text: which equations stand above its statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_NUMBERED = re.compile(r"\s*# \(\d+[a-z]?\) (?P<text>.*)")
_GOES_ON = re.compile(r"\s*#   +(?P<text>.*)")
_LEFT = re.compile(r"(\S+) \+?= ")
_AND_MORE = re.compile(r", (?=[^\W\d]\w*'?\[[^ ]*\] \+= )")
_PART = re.compile(r"(?P<left>\S+) \+?= (?P<right>.*?)(?: for (?P<ends>\S+))?")


class Told(NamedTuple):
    """An equation, and whether it is the one before it in another spelling."""

    text: str
    again: bool = False

    @property
    def name(self) -> str:
        """What it is an equation of."""
        return re.split(r"\[| ", self.text)[0]


def told(module: str) -> list[Told]:
    """The equations above the statements of a module, each once, in one line."""
    found: list[Told] = []
    left = ""
    for line in module.splitlines():
        if numbered := _NUMBERED.match(line):
            text = numbered["text"].removeprefix("where ").removesuffix(", again")
            again = text.startswith("evaluated as ")
            text = text.removeprefix("evaluated as ")
            named = _LEFT.match(text)
            text = f"{left} = {text}" if again and named is None else text
            left = named[1] if named is not None else left
            found.append(Told(text, again))
        elif found and (more := _GOES_ON.match(line)):
            found[-1] = found[-1]._replace(text=f"{found[-1].text} {more['text']}")
    return list(dict.fromkeys(found))


class Part(NamedTuple):
    """What is added at an access, as an equation, and where its letters end, if that is said."""

    line: str
    ends: dict[str, str]


def parts(line: str) -> Iterator[Part]:
    """`dx[n,p+u] += a[n,p] for u<2, dx[n,0] += b[n]`: each by itself."""
    for part in _AND_MORE.split(line):
        found = _PART.fullmatch(part)
        assert found is not None, part
        ends = (found["ends"] or "").split(",")
        said = dict(end.split("<", 1) for end in ends if end)
        yield Part(f"{found['left']} = {found['right']}", said)


def beside(line: Told, every: Iterable[Told]) -> list[str]:
    """All that is added up in what a line is of: itself instead of its other spellings, and of
    other lines the first.
    """
    mine = [other for other in every if other.name == line.name]
    groups: list[list[Told]] = []
    for other in mine:
        groups[-1:] = [[*groups[-1], other]] if other.again and groups else [*groups[-1:], [other]]
    return [line.text if line in group else group[0].text for group in groups]
