"""How a document is laid out: its width on the terminal, and how LaTeX stands in a paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bpgen.errors import NetError
from bpgen.record import Derivation
from bpgen.render.dialect import Dialect
from bpgen.render.page import Several, Tag

NARROWEST, WIDEST = 40, 98  # columns of text, however wide the terminal is
ARTICLE = 345.0  # points of a line of LaTeX's article, as it comes
SLIMMEST = 200.0  # of a line with an equation and its number
POINTS = {"pt": 1.0, "mm": 72.27 / 25.4, "cm": 72.27 / 2.54, "in": 72.27}
_PREFIX = re.compile(r"[\w:.+/-]+", re.ASCII)


@dataclass(frozen=True)
class Style:
    """`width` is of text, in columns, and `measure` of a line of a paper, in points. In LaTeX
    equations are labelled eq:<prefix>:delta2, by their names in the emitted module; with `counter`
    they are numbered by the document that they stand in. `layers` is `brackets`, `parentheses` or
    `plain`: z^[1], z^(1), z_1.
    """

    width: int = WIDEST
    prefix: str = ""  # the network's name
    sections: bool = True
    counter: bool = False
    layers: str = "brackets"
    measure: float = ARTICLE


def checked_prefix(prefix: str | None) -> str:
    """A prefix that LaTeX can have in a label."""
    if prefix and not _PREFIX.fullmatch(prefix):
        raise NetError(
            f"--prefix {prefix!r:.60} is no label", "use letters, digits and : . + / - _"
        )
    return prefix or ""


def measure(width: str | None) -> float:
    """What --width asks for, in points."""
    if width is None:
        return ARTICLE
    number, unit = width[:-2], width[-2:]
    if unit not in POINTS or not number.replace(".", "", 1).isdecimal():
        raise NetError(f"--width {width!r:.60} is no length", "write it as 345pt, 88mm or 3.5in")
    points = float(number) * POINTS[unit]
    if points < SLIMMEST:
        raise NetError(
            f"--width {width} has no room for equations", f"give {SLIMMEST:.0f}pt or more"
        )
    return points


def labels(derivation: Derivation, style: Style) -> Mapping[int | str, str]:
    """The label of each equation, by its number."""
    prefix = style.prefix or derivation.network.name
    numbered = [(f.number, f.equation.name) for f in derivation.printed]
    numbered += [(s.number, s.equation.name) for s in derivation.printed_steps]
    return {number: f"eq:{prefix}:{name}" for number, name in numbered}


def referring(dialect: Dialect, labelled: Mapping[int | str, str]) -> Dialect:
    """A dialect that refers to equations by their labels."""

    def reference(number: Tag) -> str:
        return rf"\eqref{{{label(number, labelled)}}}"

    def by(one: str, other: str, number: int) -> str:
        return rf"{one} \overset{{{reference(number)}}}{{=}} {other}"

    return replace(dialect, by=by, reference=reference)


def label(number: Tag, labelled: Mapping[int | str, str]) -> str:
    """The label of an equation, or of one of the parts that it has: 12a."""
    if isinstance(number, Several):
        return labelled[number.first]
    if number in labelled:
        return labelled[number]
    whole = str(number).rstrip("abcdefghijklmnopqrstuvwxyz")
    return f"{labelled[int(whole)]}:{str(number)[len(whole) :]}"


@dataclass
class Numbering:
    """What numbers a line of LaTeX. An equation that is shown again, as of the batch, keeps its
    number, and its label is the first's.
    """

    labelled: Mapping[int | str, str]
    counter: bool
    seen: set[Tag] = field(default_factory=set)

    def __call__(self, number: Tag | None) -> str:
        if number is None:
            return r" \nonumber" if self.counter else ""
        again = number in self.seen
        self.seen.add(number)
        called = label(number, self.labelled)
        if self.counter:
            return rf" \tag{{\ref{{{called}}}}}" if again else rf" \label{{{called}}}"
        return rf" \tag{{{number}}}" + ("" if again else rf" \label{{{called}}}")
