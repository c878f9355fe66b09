"""How much of a long page is read: its lines, as long as their characters last."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from bpgen.check.page.statement import Statement
from bpgen.check.page.statements import Group

# In this order: what is computed, why it is so, and what net.py says itself.
_SECTIONS = ("Over the batch", "Derivation", "Backward pass", "Summary", "Forward pass")


@dataclass
class Allowance:
    """The characters that are left, and the equations of each line: of those that are read, and of
    those that are left out.

    Characters and no seconds: the same page is read as far on every machine.
    """

    characters: float = math.inf
    read: set[int] = field(default_factory=set)
    out: dict[int, int] = field(default_factory=dict)

    def takes(self, statement: Statement) -> bool:
        """Whether a line is read: the last one may be longer than what is left."""
        line = id(statement)  # that goes on stands in its display again
        if line in self.read:
            return True
        if self.characters <= 0:
            self.out[line] = statement.equations
            return False
        self.read.add(line)
        self.characters -= len(statement.line)
        return True

    def whole(self, group: Group) -> bool:
        """Whether nothing of a display is left out."""
        return not any(id(statement) in self.out for statement in group.statements)

    def ordered(self, groups: tuple[Group, ...]) -> Iterable[Group]:
        """The displays as they are read: what is derived comes first, where not all can be."""
        lines = {id(s): len(s.line) for group in groups for s in group.statements}
        if sum(lines.values()) <= self.characters:
            return groups
        rank = {section: k for k, section in enumerate(_SECTIONS)}
        return sorted(groups, key=lambda group: rank.get(group.section, len(rank)))

    @property
    def left(self) -> int:
        """The equations of the lines that are left out."""
        return sum(self.out.values())
