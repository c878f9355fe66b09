"""How the rules for what is equal in every layer are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bpgen.render.page import Row, Several
from bpgen.render.rules import LEAST, Rule
from bpgen.render.writer import Writer

LETTER = "the layer"  # among the letters that a writer has given


def general(rows: Iterable[Row], rule: Rule, writer: Writer) -> list[Row]:
    """The rows of an instance, as those of all: for which layers, and under which numbers."""
    dialect = writer.dialect
    letter = dialect.index(writer.given_letters[LETTER])
    layers = f"{letter} {dialect.relations['==']} {_counted(rule.layers, dialect.words['dots'])}"
    where, tag = dialect.prose("for ") + layers, several(rule, writer)
    return [
        replace(r, where="" if r.words else where, tag=None if r.tag is None else tag, numbers="")
        for r in rows
    ]


def _counted(layers: Sequence[int], dots: str) -> str:
    """1, ..., 5; of every other layer, 1, 3, ..., 7, or 2, 4, 6."""
    first, second, *_, last = layers
    if abs(second - first) == 1:
        return f"{first}, {dots}, {last}"
    if len(layers) == LEAST:
        return ", ".join(map(str, layers))
    return f"{first}, {second}, {dots}, {last}"


def several(rule: Rule, writer: Writer) -> Several:
    return Several(rule.numbers[0], rule.tag(writer.dialect.words["to"]))


def beside(rows: Iterable[Row]) -> list[Row]:
    """The numbers of a worked example alone, each after what it is of."""
    return [Row(r.left, numbers=r.numbers, of=r.of) for r in rows if r.numbers]


def other_names(rules: Mapping[int | str, Rule], writer: Writer) -> str:
    """In the rules for l, a^[0] is x and a^[4] is h."""
    inline = writer.dialect.inline
    also: dict[str, str] = {}
    for name, alias in (n for r in rules.values() for i in r.instances for n in i.aliases.items()):
        here = replace(writer, symbols={**writer.symbols, name: alias})
        also[inline(here.tensor(name).text)] = inline(writer.tensor(name).text)
    if not also:
        return ""
    *before, last = [f"{one} is {other}" for one, other in also.items()]
    names = f"{', '.join(before)} and {last}" if before else last
    return (
        f"In the rules for {inline(writer.dialect.index(writer.given_letters[LETTER]))}, {names}."
    )
