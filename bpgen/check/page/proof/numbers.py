"""The numbers of equations: from 1 without a gap, in the order of reading, each of one thing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from bpgen.check.page.proof.numbered import Row, Told
from bpgen.check.page.proof.report import FalseLine

_SECTION = re.compile(r"\\section\{([^}]*)\}")
_TAG = re.compile(r"\\tag\{([^}]*)\}")
_LABEL = re.compile(r"\\label\{([^}]*)\}")
_NUMBER = re.compile(r"(\d+)([ab]?)")
_WHOLE, _HALVES = {""}, {"a", "b"}


def wrong_numbers(latex: str, rows: Sequence[Row]) -> list[FalseLine]:
    """What is wrong with them, each told once."""
    found = [*_of_two_things(rows), *_again(latex), *_out_of_order(latex), *_gaps(rows)]
    labels = (f"the label {one} stands twice" for one in _twice(_LABEL.findall(latex)))
    return [
        FalseLine("numbers of equations", reason) for reason in dict.fromkeys([*found, *labels])
    ]


def _of_two_things(rows: Iterable[Row]) -> Iterator[str]:
    known: dict[str, Told] = {}
    for row in rows:
        if row.tag and known.setdefault(row.tag, row.told) != row.told:
            yield f"({row.tag}) is of two things"


def _again(latex: str) -> Iterator[str]:
    """In a section each number stands once; another may tell an equation of all samples."""
    for section in _SECTION.split(latex)[2::2]:
        yield from (f"({one}) stands twice" for one in _twice(_TAG.findall(section)))


def _twice(found: Iterable[str]) -> list[str]:
    return [one for one, often in Counter(found).items() if often > 1]


def _out_of_order(latex: str) -> Iterator[str]:
    """Where a number is first read, it is larger than those before; a second half comes when all of
    its block has.
    """
    last = 0
    for tag in dict.fromkeys(_TAG.findall(latex)):
        number, half = _parts(tag)
        if half != "b":
            if number <= last:
                yield f"({tag}) stands behind ({last})"
            last = number


def _gaps(rows: Iterable[Row]) -> Iterator[str]:
    halves: dict[int, set[str]] = {}
    for row in rows:
        if row.tag:
            number, half = _parts(row.tag)
            halves.setdefault(number, set()).add(half)
    for number in range(1, max(halves, default=0) + 1):
        if halves.get(number) not in (_WHOLE, _HALVES):
            yield f"({number}) is missing" + " in part" * (number in halves)


def _parts(tag: str) -> tuple[int, str]:
    """7 and b of 7b; of a rule, those of its first."""
    found = _NUMBER.match(tag)
    return (int(found[1]), found[2]) if found else (0, "")
