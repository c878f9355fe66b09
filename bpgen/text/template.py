"""Rows of the function table as documents, with holes for what is given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

from bpgen.text.document import Code, Group, Kind, Operator, Piece

_TOKEN = re.compile(r"\{(\d)\}| (\S+) |([()]|, )|([^\s{}(),]+)")
_Spelling: TypeAlias = tuple["str | Operator | int | _Items", ...]  # a number: what is given there


class _Items(tuple[_Spelling, ...]):
    """What a row has in brackets."""


def filled(template: str, given: Sequence[Code]) -> Code:
    """What a row spells, with `{0}`, `{1}` for what is given."""
    return _filled(_read(template), given)


def _filled(row: _Spelling, given: Sequence[Code]) -> Code:
    pieces: list[Piece] = []
    for piece in row:
        if isinstance(piece, int):
            pieces += given[piece].pieces
        elif isinstance(piece, _Items):
            kind: Kind = "call" if pieces and isinstance(pieces[-1], str) else "bracket"
            pieces.append(Group(tuple(_filled(item, given) for item in piece), kind))
        else:
            pieces.append(piece)
    return Code(tuple(pieces))


@cache
def _read(template: str) -> _Spelling:
    items: list[list[_Spelling]] = [[()]]  # of each bracket that is open
    for hole, sign, bracket, word in _TOKEN.findall(template):
        if bracket == "(":
            items.append([()])
        elif bracket == ", ":
            items[-1].append(())
        elif bracket:
            closed = _Items(items.pop())
            items[-1][-1] += (closed,)
        else:
            items[-1][-1] += (int(hole) if hole else Operator(sign) if sign else word,)
    return items[0][0]
