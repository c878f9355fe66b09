"""A rule for several layers, read as each of its instances: what it says of l holds at every l that
it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bpgen.check.page.statement import Statement
from bpgen.check.page.tokens import tokens

_MOST = 10_000  # layers
_OPENS, _CLOSES = {"{", "[", "(", ","}, {"}", "]", ")", ","}
_FOR = re.compile(r"\\text\{for \}([^&\n]*?)(?=\\tag|\\label|\\quad|\\qquad|\\\\|\n|$)")
_ALONE = ("main", "numbers")  # what is said of nothing before


@dataclass(frozen=True)
class _Range:
    """for l = 5, ..., 1, or l = 7, 5, ..., 1, or l = 6, 4, 2"""

    letter: str
    layers: Sequence[int]


def instances(found: Iterable[Statement]) -> list[Statement]:
    """Statements, each rule as what it says of every layer: of all the rows that end in its number
    together.
    """
    made: list[Statement] = []
    rule: _Range | None = None
    rows: list[Statement] = []
    for statement in found:
        if statement.kind in _ALONE and all(statement is not r for r in rows):
            own = _range(statement)
            if rule is not None and (own != rule or any(r.tag for r in rows)):
                made += _instances(rows, rule)
                rows = []
            rule = own
        if rule is None:
            made.append(statement)
        else:
            rows.append(statement)
    return made + (_instances(rows, rule) if rule is not None else [])


def _range(statement: Statement) -> _Range | None:
    match statement.ranges if statement.kind == "main" else ():
        case [letter, "=", *rest]:
            layers = _layers([t for t in rest if t != ","])
            return (
                _Range(letter, layers)
                if layers and rest[1::2] == [","] * (len(rest) // 2)
                else None
            )
    return None


def range_of(display: str) -> tuple[str, Sequence[int]] | None:
    """The letter of the rules of a display and the layers that they are for; None where it has no
    rules.
    """
    for found in _FOR.findall(display):
        rule = _range(Statement("main", [], "", ranges=tokens(found)))
        if rule is not None:
            return rule.letter, rule.layers
    return None


def _layers(told: list[str]) -> Sequence[int]:
    """The layers, the first of several and the last of them, or each; none where it is nothing
    such.
    """
    numbers = [int(t) for t in told if t.isdigit()]
    match [t if t == r"\dots" else "" for t in told]:
        case ["", r"\dots", ""] if len(numbers) == 2:
            first, last = numbers
            return range(first, last + (sign := 1 if last >= first else -1), sign)
        case ["", "", r"\dots", ""] if len(numbers) == 3 and numbers[1] != numbers[0]:
            first, second, last = numbers
            step = second - first
            found = range(first, last + (1 if step > 0 else -1), step)
            return found if found and found[-1] == last else ()
        case ["", "", "", *more] if len(numbers) == len(told) and r"\dots" not in more:
            return numbers
    return ()


def _instances(rows: list[Statement], rule: _Range) -> list[Statement]:
    tags = {id(r): numbers_of(r.tag) for r in rows if r.tag}
    if len(rule.layers) > _MOST or any(len(t) != len(rule.layers) for t in tags.values()):
        reason = f"as many numbers as layers, {len(rule.layers)}, were expected"
        return [Statement("unread", [], rows[0].line, reason=reason)]
    made: list[Statement] = []
    for k, layer in enumerate(rule.layers):
        known = {id(r): _at(r, rule.letter, layer) for r in rows}  # a row may be told of again
        for key, numbers in tags.items():
            known[key].tag = numbers[k]
        made += [known[id(r)] for r in rows]
    return made


def _at(row: Statement, letter: str, layer: int) -> Statement:
    """A row at one layer."""
    found, of = (put(t, letter, layer) for t in (row.tokens, row.of))
    line = f"{row.line} at {letter} = {layer}"
    return replace(row, tokens=found, of=tuple(of), line=line, ranges=[])


def put(found: Sequence[str], letter: str, layer: int) -> list[str]:
    """Tokens with a number for a letter: W^{[l+1]} at 4 is W^{[5]}."""
    made: list[str] = []
    rest = list(found)
    while rest:
        token = rest.pop(0)
        if token != letter:
            made.append(token)
            continue
        shift = 0
        match rest[:3]:
            case ["+" | "-" as sign, by, end] if by.isdigit() and made and made[-1] in _OPENS:
                if end in _CLOSES:
                    shift = int(sign + by)
                    del rest[:2]
        made.append(str(layer + shift))
    return made


def numbers_of(tag: str) -> list[str]:
    """1, 3, ..., 9 as 1, 3, 5, 7, 9."""
    parts = tag.split(", ")
    if "..." not in parts:
        return parts
    match parts:
        case [one, two, "...", last] if (one + two + last).isdigit() and int(two) > int(one):
            every = range(int(one), int(last) + 1, int(two) - int(one))
            if every[-1] == int(last) and len(every) <= _MOST:
                return [*map(str, every)]
    return []
