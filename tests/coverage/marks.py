"""Modules that mark which of their statements were reached.

A block is cut into pieces that are executed whole. A mark stands before the last statement of each
piece, and says that all before it was done. Where an exception comes before the mark that is too
little; it is never too much.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import pairwise
from types import ModuleType
from typing import NamedTuple

NAME = "__reached__"  # among a module's globals: of each of its pieces, whether it was reached

Marks = list[int]


class Piece(NamedTuple):
    """What one mark tells of: the lines of its statements, and the line of the `if` or the loop
    that it is a way out of.
    """

    lines: tuple[int, ...]
    branch: int | None


def _does(statement: ast.stmt) -> bool:
    """Whether it is more than a docstring."""
    return not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))


def _runs(node: ast.AST) -> bool:
    """Whether it is for more than type checkers."""
    return not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")


def _ends(node: ast.AST) -> bool:
    """Whether it is more than a `while True`."""
    return not (isinstance(node, ast.While) and isinstance(node.test, ast.Constant))


def _blocks(node: ast.AST) -> Iterator[tuple[list[ast.stmt], int | None]]:
    """The blocks of a node, and its own line where they are ways out of it. The second way of an
    `if` or a loop is a block of no statement where none is written.
    """
    branches = isinstance(node, ast.If | ast.For | ast.While)
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if not isinstance(block, list):
            continue
        if branches and (name == "body" or _ends(node)):
            yield block, node.lineno
        elif any(map(_does, block)):
            yield block, None


def _mark(number: int, place: ast.AST) -> ast.stmt:
    """`__reached__[number] = 1`, on the line of what it stands at."""
    marks = ast.Subscript(ast.Name(NAME, ast.Load()), ast.Constant(number), ast.Store())
    mark = ast.Assign([marks], ast.Constant(1))
    for node in (mark, marks, marks.value, marks.slice, mark.value):
        ast.copy_location(node, place)
    return mark


def _pieces(block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """A block, cut behind each statement that holds others: they may leave it."""
    ends = [i for i, s in enumerate(block, 1) if hasattr(s, "body") or i == len(block)]
    return (block[i:j] for i, j in pairwise([0, *ends]))


def marked(tree: ast.Module) -> list[Piece]:
    """The pieces of a module's blocks, each of which is given its mark."""
    pieces: list[Piece] = []
    for node in list(filter(_runs, ast.walk(tree))):
        for block, branch in _blocks(node):
            with_marks: list[ast.stmt] = []
            for statements in _pieces(block) if block else [[]]:
                mark = _mark(len(pieces), statements[-1] if statements else node)
                with_marks += [*statements[:-1], mark, *statements[-1:]]
                lines = tuple(s.lineno for s in statements if _does(s))
                pieces.append(Piece(lines, branch))
                branch = None  # of the first piece: that one says that the block was entered
            block[:] = with_marks
    return pieces


class _Loader(SourceFileLoader):
    """Of one module, which sets its marks while it runs."""

    def __init__(self, name: str, path: str, found: dict[str, Marks]) -> None:
        super().__init__(name, path)
        self.found = found

    def exec_module(self, module: ModuleType) -> None:
        tree = ast.parse(self.get_data(self.path))
        none = [0] * len(marked(tree))
        module.__dict__[NAME] = self.found.setdefault(os.path.realpath(self.path), none)
        exec(compile(tree, self.path, "exec"), module.__dict__)


class Finder(MetaPathFinder):
    """Finds the modules of a package where Python would, and has them marked."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.found: dict[str, Marks] = {}  # of each file, by its real path

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != self.package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path, self.found)
        return spec
