"""The pages of a derivation in each notation, as a browser shows them: every formula for KaTeX and,
where there are no scripts, as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from bpgen.errors import NetError
from bpgen.html.dialects import KATEX, PLAIN
from bpgen.html.sentences import Rendered, Sentence, sentence, sentences
from bpgen.lesson import sections
from bpgen.record import Derivation
from bpgen.render import components
from bpgen.render.document import document
from bpgen.render.page import Block, Document, Row, Section, Table
from bpgen.render.sample import View
from bpgen.worked import Worked

_SHORT = 12  # lines of a lesson's section that begins unfolded
NOTATIONS = ("matrix", "index", "components")


@dataclass(frozen=True)
class Line:
    """A row: its left side, what stands right of it, piece by piece, and its number."""

    left: Rendered
    pieces: tuple[Rendered, ...]
    tag: str
    of: str  # the number of the equation that it tells of
    name: str  # of the tensor, or the gradient, that this equation defines


@dataclass(frozen=True)
class Group:
    heading: Sentence
    lead: Sentence
    lines: tuple[Line, ...]
    remarks: tuple[Sentence, ...]
    of: str  # the numbers of its lines
    why: str  # and of those that its lead speaks of
    heads: tuple[Sentence, ...] = ()  # of a table
    table: tuple[tuple[Sentence, ...], ...] = ()
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    title: str
    intro: tuple[Sentence, ...]
    groups: tuple[Group, ...]
    boxed: bool
    added: bool = False  # by a lesson: it can be folded

    @property
    def is_open(self) -> bool:
        """Whether it is short enough to be read on the way."""
        lines = (len(g.lines) + len(g.table) + len(g.code) for g in self.groups)
        return sum(lines) <= _SHORT


@dataclass(frozen=True)
class Sheet:
    """A derivation in one notation."""

    notation: str
    title: str
    parts: tuple[Chapter, ...]

    @property
    def formulas(self) -> list[Rendered]:
        """Everything that is said, words too."""
        found: list[Rendered] = []
        for part in self.parts:
            found += [said for sentence in part.intro for said in sentence]
            for group in part.groups:
                found += [*group.heading, *group.lead, *(s for r in group.remarks for s in r)]
                found += [said for line in group.lines for said in (line.left, *line.pieces)]
                cells = (*group.heads, *(cell for row in group.table for cell in row))
                found += [said for cell in cells for said in cell]
        return found

    @property
    def order(self) -> list[str]:
        """The numbers of the equations, in reading order: each where its last line stands, for
        what stands before the first step is read before the steps.
        """
        found: dict[str, None] = {}
        for part in self.parts:
            lines = (line.of for group in part.groups for line in group.lines)
            ends = {number: k for k, number in enumerate(lines) if number}
            found.update(dict.fromkeys(sorted(ends, key=ends.__getitem__)))
        return list(found)


def sheets(
    derivation: Derivation,
    steps: str,
    worked: Worked | None,
    digits: int,
    wanted: str,
    lesson: bool = False,
    layers: str = "brackets",
) -> list[Sheet]:
    """The derivation in every notation; in components where that is not too long, unless they are
    wanted.
    """
    called, further = Called.of(derivation), sections if lesson else None
    found = []
    for notation in notations(derivation, wanted):
        tex, plain = (
            document(derivation, d, notation, steps, worked, digits, further, layers)
            for d in (KATEX, PLAIN)
        )
        found.append(_sheet(notation, tex, plain, called))
    return found


def notations(derivation: Derivation, wanted: str) -> list[str]:
    """The notations of a page: components where they are few, or wanted (and then refused)."""
    view = View.of(derivation, derivation.separable)
    try:
        components.check_size(derivation, view)
    except NetError:
        return [n for n in NOTATIONS if n != "components" or n == wanted]
    return list(NOTATIONS)


def names(derivation: Derivation) -> dict[str, str]:
    """What each equation defines, by its number."""
    forward = {str(f.number): f.equation.name for f in derivation.printed}
    return {**forward, **{str(s.number): s.equation.name for s in derivation.printed_steps}}


@dataclass(frozen=True)
class Called:
    """What each equation defines, by its number; and the gradients that have a letter, delta."""

    defined: Mapping[str, str]
    deltas: frozenset[str]

    @staticmethod
    def of(derivation: Derivation) -> Called:
        lettered = (a for t, a in derivation.adjoint.items() if a != f"d{t}")
        return Called(names(derivation), frozenset(lettered))


def of_all_parts(number: str) -> str:
    """The number of an equation that is told in parts: 46 of 46a."""
    return number.rstrip("abcdefghijklmnopqrstuvwxyz")


def _sheet(notation: str, tex: Document, plain: Document, called: Called) -> Sheet:
    both = zip(tex.sections, plain.sections, strict=True)
    return Sheet(notation, plain.title, tuple(_chapter(a, b, called) for a, b in both))


def _chapter(tex: Section, plain: Section, called: Called) -> Chapter:
    groups = (_group(a, b, called) for a, b in zip(tex.blocks, plain.blocks, strict=True))
    intro = sentences(tex.intro, plain.intro)
    return Chapter(plain.title, intro, tuple(groups), tex.boxed, tex.added)


def _group(tex: Block, plain: Block, called: Called) -> Group:
    lines = [_line(a, b, called) for a, b in zip(tex.rows, plain.rows, strict=True)]
    one, other = tex.table or Table((), ()), plain.table or Table((), ())
    return Group(
        sentence(tex.heading, plain.heading),
        sentence(tex.lead, plain.lead),
        tuple(lines),
        sentences(tex.remarks, plain.remarks),
        _numbers(lines),
        _numbers(line for line in lines if line is lines[0] or line.name in called.deltas),
        sentences(one.heads, other.heads),
        tuple(sentences(a, b) for a, b in zip(one.rows, other.rows, strict=True)),
        plain.code,
    )


def _numbers(lines: Iterable[Line]) -> str:
    return " ".join(dict.fromkeys(line.of for line in lines if line.of))


def _line(tex: Row, plain: Row, called: Called) -> Line:
    of = "" if tex.of is None else str(tex.of)
    tag = "" if tex.tag is None else f"({tex.tag})"
    left = Rendered(plain.left, tex.left)
    return Line(left, tuple(_pieces(tex, plain)), tag, of, called.defined.get(of_all_parts(of), ""))


def _pieces(tex: Row, plain: Row) -> Iterator[Rendered]:
    """What stands right of the left side."""
    yield from _right_side(tex, plain)
    for kind, a, b in (("where", tex.where, plain.where), ("shape", tex.shape, plain.shape)):
        if a:
            yield Rendered(b, a, kind)
    for k, (a, b) in enumerate(zip(tex.since, plain.since, strict=True)):
        yield Rendered("and" if k else "since", "", "why")
        yield Rendered(b, a, "why")
    if tex.numbers:
        yield Rendered(plain.numbers, tex.numbers, "numbers")


def _right_side(tex: Row, plain: Row) -> Iterator[Rendered]:
    """`= first`, and each addend with its sign; or what is said instead."""
    if tex.prose:
        yield Rendered(tex.prose, "", "said")
        return
    if tex.words and not tex.addends:
        last = len(tex.words) - 1
        for k, (a, b) in enumerate(zip(tex.words, plain.words, strict=True)):
            comma = "," if k < last else ""
            yield Rendered(b + comma, a + comma, "said")
        return
    if tex.words:
        yield Rendered(tex.words[0])
    signs = "" if tex.words else "= "
    pairs = list(zip_longest(tex.addends, plain.addends))
    if any(a is None or b is None for a, b in pairs):  # one has a sign that the other spells out
        pairs = [(" ".join(tex.addends), " ".join(plain.addends))] if tex.addends else []
    for k, (a, b) in enumerate(pairs):
        yield Rendered(f"{'' if k else signs}{b}", f"{'' if k else signs}{a}")
