"""Of which tensor each numbered equation tells."""

from __future__ import annotations

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.left_sides import told_of
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.tokens import Unreadable

Told = tuple[bool, str] | None  # whether the gradient, and of which tensor
Numbered = dict[str, set[Told]]


def numbered(page: Page) -> Numbered:
    """The rows up to a number are of it; (7) is (7a) and (7b)."""
    found: Numbered = {}
    for group in page.groups:
        rows: list[Statement] = []
        for row in (s for s in group.statements if s.kind == "main"):
            rows.append(row)
            if row.tag:
                told = {tensor_told(r, page.reading(group)) for r in rows}
                for number in {row.tag, row.tag.rstrip("ab")}:
                    found.setdefault(number, set()).update(told)
                rows = []
    return found


def tensor_told(statement: Statement, reading: Reading) -> Told:
    """Of which tensor a row tells the values, or the gradient."""
    try:
        return told_of(reading.parse(statement.parts[0]), Scope(reading))
    except Unreadable:
        return None
