"""What the rows of a page tell, and under which number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.left_sides import told_of
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.statements import Group
from bpgen.check.page.tokens import Unreadable

Told = tuple[bool, str] | None  # whether the gradient, and of which tensor
Numbered = dict[str, set[Told]]


@dataclass(frozen=True)
class Row:
    """An equation of a page, where it stands, and what it tells."""

    group: Group
    statement: Statement
    reading: Reading
    told: Told

    @property
    def tag(self) -> str:
        return self.statement.tag


def rows_of(page: Page) -> list[Row]:
    """Each row once, in order."""
    return [
        Row(group, statement, page.reading(group), tensor_told(statement, page.reading(group)))
        for group in page.groups
        for statement in main(group)
    ]


def main(group: Group) -> Iterator[Statement]:
    """The rows of a display; one that goes on stands there again."""
    yield from {id(s): s for s in group.statements if s.kind == "main"}.values()


def numbered(rows: Sequence[Row]) -> Numbered:
    """The rows up to a number are of it; (7) is (7a) and (7b)."""
    found: Numbered = {}
    above: list[Row] = []
    for row in rows:
        above = [r for r in above if r.group is row.group] + [row]
        if row.tag:
            for number in {row.tag, row.tag.rstrip("ab")}:
                found.setdefault(number, set()).update(r.told for r in above)
            above = []
    return found


def tensor_told(statement: Statement, reading: Reading) -> Told:
    """Of which tensor a row tells the values, or the gradient."""
    try:
        return told_of(reading.parse(statement.parts[0]), Scope(reading))
    except Unreadable:
        return None
