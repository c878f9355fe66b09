"""What a document is made of before any format: sections of rows, every string already in its
dialect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Several:
    """The numbers of equations that are told as one: it goes by the label of the first."""

    first: int
    text: str

    def __str__(self) -> str:
        return self.text


Tag = int | str | Several


@dataclass(frozen=True)
class Row:
    """One line of mathematics: `left = first addend + ...`, its shape, its reasons, its number.

    An empty left side continues the row above. A row with `words` instead of addends, or `prose`,
    a plain sentence, is a remark set in line with the right sides.
    """

    left: str
    addends: tuple[str, ...] = ()  # each after the first with its sign
    where: str = ""  # for which values of its indices it holds
    shape: str = ""
    numbers: str = ""  # of a worked example: = 5
    words: tuple[str, ...] = ()
    prose: str = ""
    since: tuple[str, ...] = ()
    tag: Tag | None = None
    of: int | str | None = None  # the number of the equation that it tells of
    first: bool = False  # of a recurrence: what stands before the first step

    @property
    def begins(self) -> bool:
        """Whether it is no part of the equation before, as numbers of its instances are."""
        return bool(self.left and (self.addends or self.words))


def of_equation(rows: Iterable[Row], number: int | str) -> list[Row]:
    """Rows that are of the equation of this number."""
    return [replace(row, of=number) for row in rows]


@dataclass(frozen=True)
class Table:
    """Columns below their headings; a cell is words, in which formulas stand as in a sentence."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> list[tuple[str, ...]]:
        """The cells of each, below its heading."""
        return list(zip(self.heads, *self.rows, strict=True))


@dataclass(frozen=True)
class Block:
    """A headed group of rows, a sentence that leads into it, a table, lines of code, and remarks in
    words below them.
    """

    rows: tuple[Row, ...] = ()
    heading: str = ""
    remarks: tuple[str, ...] = ()
    lead: str = ""
    table: Table | None = None
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    title: str
    intro: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    boxed: bool = False
    columns: int = 1  # into which its lines may be set where they are short
    added: bool = False  # by a lesson: a page may fold it


@dataclass(frozen=True)
class Document:
    """The title is the user's text, not yet escaped."""

    title: str
    intro: tuple[str, ...]
    sections: tuple[Section, ...]
