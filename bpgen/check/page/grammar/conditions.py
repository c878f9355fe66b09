r"""Conditions, and what stands below a sum: letters, how far they run, and what they must meet."""

from __future__ import annotations

from bpgen.check.page.formula import (
    First,
    Gives,
    Negative,
    Node,
    Product,
    Relation,
    Sum,
    Symbol,
    Under,
)
from bpgen.check.page.grammar.cursor import split
from bpgen.check.page.grammar.symbols import Symbols
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import letter_of

COMPARED = {"=": "==", ">": ">", "<": "<", r"\ge": ">=", r"\le": "<=", r"\ne": "!="}
_GIVES, _AT = r"\text{ gives }", r"\text{ at }"
_FIRST, _FIRST_TIME = r"\text{ for the first }", r"\text{ for the first time}"
_WITH = r"\text{ with }"


class Conditions(Symbols):
    """Reads conditions."""

    def conditions(self) -> tuple[Node, ...]:
        found = [self._condition()]
        while self.accept(","):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Node:
        """A comparison, a mark of a maximum, or several that hold together."""
        one = self.sum()
        if self.accept(_GIVES):
            return Gives(one, self.sum(), self._at())
        found = self._relation(one)
        if self.accept(_FIRST):
            letters = self.parenthesis() if self.next == "(" else (self.symbol(),)
            within = self.conditions() if self.accept(_WITH) else ()
            return First(found, tuple(map(_letter, letters)), within=within)
        if self.accept(_FIRST_TIME):
            return First(found, (), self._at())
        return found

    def _relation(self, one: Node) -> Relation:
        parts, signs = [one], []
        while self.next in COMPARED:
            signs.append(COMPARED[self.take()])
            parts.append(self.sum())
        if not signs:
            raise Unreadable("a condition without a comparison")
        return Relation(tuple(parts), tuple(signs))

    def _at(self) -> tuple[Node, ...]:
        """At which values of a maximum's indices, if they are said."""
        if not self.accept(_AT):
            return ()
        return self.parenthesis() if self.next == "(" else (self.sum(),)

    def parenthesis(self) -> tuple[Node, ...]:
        """Arguments in parentheses."""
        self.take("(")
        found = [self.sum()]
        while self.accept(","):
            found.append(self.sum())
        self.take(")")
        return tuple(found)

    def under(self) -> Under:
        r"""`c,u,v`, `r,s<2`, or a \substack of these and conditions."""
        stacked = self.accept(r"\substack")
        first, *rest = split(self.group(), r"\\") if stacked else [self.tokens[self.place :]]
        found = self._row(first, True)
        for row in rest:
            more = self._row(row, False)
            ranges, conditions = found.ranges + more.ranges, found.conditions + more.conditions
            found = Under(found.letters, ranges, conditions)
        return found

    def _row(self, row: list[str], first: bool) -> Under:
        """One line of them; the first names the letters."""
        letters: list[str] = []
        ranges: list[tuple[str, str, Node]] = []
        conditions: list[Node] = []
        waiting: list[str] = []  # for the range of the letter after them
        for parser in map(self.inside, split(row, ",")):
            relation = parser._said()
            if isinstance(relation, str):
                waiting.append(relation)
            elif self._is_range(relation, first):
                (one, end), (sign,) = relation.parts, relation.signs
                named, waiting = [*waiting, _letter(one)], []
                ranges += [(name, sign, end) for name in named]
                letters += named
            else:
                conditions.append(relation)
        if waiting and not first:
            raise Unreadable("a letter below a sum without a range")
        return Under(tuple(letters + waiting if first else ()), tuple(ranges), tuple(conditions))

    def _said(self) -> str | Relation:
        """A letter alone, or what is said of one."""
        one = self.sum()
        found = self._relation(one) if self.next else _letter(one)
        self.end()
        return found

    def _is_range(self, relation: Relation, first: bool) -> bool:
        """Whether a letter stays below a length; below the letters, below no letter of its own."""
        if relation.signs not in (("<",), ("<=",)) or letter_of(relation.parts[0]) is None:
            return False
        end = relation.parts[1]
        if not first and isinstance(end, Symbol) and not self._is_length(end):
            return False
        return not self._names_letter(end)

    def _is_length(self, node: Symbol) -> bool:
        return self.lengths(node) or (node == Symbol(node.stem) and node.stem[:1].isupper())

    def _names_letter(self, node: Node) -> bool:
        """Whether a bound is itself an index, such as t: lengths are numbers and capitals, or known
        as such.
        """
        if isinstance(node, (Sum, Product)):
            parts = node.addends if isinstance(node, Sum) else node.factors
            return any(map(self._names_letter, parts))
        if isinstance(node, Negative):
            return self._names_letter(node.inner)
        return isinstance(node, Symbol) and not self._is_length(node)


def _letter(node: Node) -> str:
    name = letter_of(node)
    if name is None:
        raise Unreadable("no letter")
    return name
