"""What marks say of the files of a package: how much was reached, and which lines were not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.coverage.marks import Marks, marked, reached


class Reached(NamedTuple):
    """Of one file or of all: how many lines and branches it has, how many were reached, and what
    was not: `12` is a line, `12 -> 15` a way of line 12 to the block at 15, `12 ->` past its piece.
    """

    every: int
    reached: int
    missing: tuple[str, ...] = ()

    @property
    def per_cent(self) -> float:
        return 100 * self.reached / self.every if self.every else 100.0


def of_file(text: str, marks: Marks | None) -> Reached:
    """What is reached of a file's text; without marks it was not even imported."""
    pieces = marked(ast.parse(text))
    every = done = 0
    missing: list[tuple[int, str]] = []
    for piece, was in zip(pieces, reached(pieces, marks or [0] * len(pieces)), strict=True):
        size = len(piece.lines) + (piece.branch is not None)
        every, done = every + size, done + size * was
        if was:
            continue
        missing += [(line, f"{line}") for line in piece.lines]
        if piece.branch is not None:
            to = piece.lines[0] if piece.lines else ""
            missing.append((piece.branch, f"{piece.branch} -> {to}".rstrip()))
    return Reached(every, done, tuple(said for _, said in sorted(missing)))


def of_package(folder: Path, found: Mapping[str, Marks]) -> dict[Path, Reached]:
    """What is reached of each file of a package, given the marks that were found."""
    paths = sorted(folder.rglob("*.py"))
    return {p: of_file(p.read_text(encoding="utf-8"), found.get(str(p))) for p in paths}


def in_all(files: Mapping[Path, Reached]) -> Reached:
    """What is reached of all of them."""
    return Reached(sum(f.every for f in files.values()), sum(f.reached for f in files.values()))


def lines(files: Mapping[Path, Reached], folder: Path) -> Iterator[str]:
    """A line for each file that was not reached whole, and one for all."""
    for path, file in files.items():
        if file.missing:
            name = path.relative_to(folder.parent)
            yield f"{file.per_cent:6.2f} %  {name}: {', '.join(file.missing)}"
    total = in_all(files)
    yield f"{total.per_cent:6.2f} %  of {total.every} lines and branches"
