"""Rows laid out in lines: how parts are joined and broken, and the lines of the terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from bpgen.render.breaks import Width, broken, leading
from bpgen.render.page import Row

_COLUMNS = 30  # room for a right side, whatever stands on the left


def wrapped(
    parts: Iterable[str], room: float, width: Width, apart: bool = False, gap: str = ""
) -> list[str]:
    """Parts joined into lines no wider than `room`, broken between parts and, where one is too
    wide, inside it. What follows an equals sign stays on its line, or has its own. Parts that stand
    `apart` begin a line where they are broken; between those of a line is a `gap`.
    """
    lines: list[str] = []
    for side in _sides(p for part in parts for p in _in_pieces(part, room, width, apart, gap)):
        whole = "".join(f" {piece.gap}{piece.text}" for piece in side)
        begins = bool(lines) and width(f"{lines[-1]}{whole}") > room
        for piece in side:
            longer = f"{lines[-1]} {piece.gap}{piece.text}" if lines else ""
            if lines and not begins and not piece.begins and width(longer) <= room:
                lines[-1] = longer
            else:
                lines.append(leading(piece.text))
            begins = False
    return lines


@dataclass(frozen=True)
class _Piece:
    """What is not broken any further; whether it begins a line, and what is before it if not."""

    text: str
    begins: bool
    gap: str


def _in_pieces(part: str, room: float, width: Width, apart: bool, gap: str) -> Iterator[_Piece]:
    pieces = broken(part, room, width)
    if width is columns:  # on the terminal any space will do
        pieces = [line for piece in pieces for line in _cut(piece, int(room))]
    for k, piece in enumerate(pieces):
        yield _Piece(piece, apart and k == 0 and len(pieces) > 1, "" if k else gap)


def _sides(pieces: Iterable[_Piece]) -> list[list[_Piece]]:
    """The pieces from each equals sign to the next."""
    found: list[list[_Piece]] = []
    for piece in pieces:
        if piece.text.startswith("= ") or not found:
            found.append([])
        found[-1].append(piece)
    return found


def _cut(piece: str, room: int) -> list[str]:
    if columns(piece) <= room:
        return [piece]
    return wrap(piece, room, break_long_words=False, break_on_hyphens=False)


def words(prose: str) -> list[str]:
    """The words of a sentence; a short last one, as of "the logarithm of 0)", is not left alone."""
    return re.split(r" (?!\S{1,3}$)", prose)


def filled(words: Iterable[str], room: float, width: Width) -> list[str]:
    """Words in lines no wider than `room`."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else ""
        if lines and width(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def columns(text: str) -> int:
    """Columns a terminal shows."""
    return sum(not unicodedata.combining(c) for c in text)


def text_rows(rows: tuple[Row, ...], width: int) -> list[str]:
    """Lines for the terminal, aligned at their equals signs, numbers at the right."""
    margin = min(max((columns(r.left) for r in rows), default=0), 40)
    lines: list[str] = []
    for row in rows:
        lines += _text_row(row, margin, width)
    return lines


def _text_row(row: Row, margin: int, width: int) -> list[str]:
    blank = " " * margin
    number = f"({row.tag})" if row.tag is not None else ""
    edge = width - max(6, columns(number))
    room = max(edge - margin - 4, _COLUMNS)
    since = [f"{'since' if k == 0 else 'and'} {s}" for k, s in enumerate(row.since)]
    if row.prose:
        return [f"  {blank}     {line}" for line in filled(words(row.prose), room, columns)]
    if row.words and not row.addends:
        facts = [f"{f}{',' if k < len(row.words) - 1 else ''}" for k, f in enumerate(row.words)]
        found = wrapped([*facts, *since], room, columns, apart=True)
        return [f"  {blank}     {line}" for line in found]
    if not row.addends:
        first, *more = wrapped([row.numbers], room - 5, columns)
        begun = f"  {blank[columns(row.left) :]}{row.left}   {first}"
        return [begun, *(f"  {blank}     {m}" for m in more)]
    lead = f"   {row.words[0]} " if row.words else " = "
    first, *more = wrapped(row.addends, room - (columns(lead) - 3), columns)
    lines = [
        f"  {blank[columns(row.left) :]}{row.left}{lead}{first}",
        *(f"  {blank}{' ' if m.startswith('= ') else '     '}{m}" for m in more),
    ]
    for extra in [e for e in (row.where, row.shape, *since, row.numbers) if e]:
        if columns(lines[-1]) + columns(extra) + 3 <= edge:
            lines[-1] += f"   {extra}"
        else:
            beside = 5 if extra == row.numbers else 0  # the number of the equation
            pieces = wrapped([extra], room - beside, columns)
            lines += [f"  {blank}     {piece}" for piece in pieces]
    if number:
        lines[-1] = f"{lines[-1]}{' ' * max(2, edge - columns(lines[-1]))}{number}"
    return lines
