"""Modules that mark which of their statements were reached.

A block is cut into pieces that are executed whole. A mark stands before the last statement of each
piece, and says that all before it was done. A piece has none where others say it: one that ends
with an `if` was done if one of its ways was gone. Where an exception comes before the mark that is
too little; it is never too much.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import pairwise
from types import CodeType, ModuleType
from typing import NamedTuple

NAME = "__reached__"  # among a module's globals: of each of its pieces, whether it was reached

Marks = list[int]


class Piece(NamedTuple):
    """What is executed whole: the lines of its statements, and the line of the `if` or the loop
    that it is a way out of. Where it has no mark: the pieces each of which says that it was done.
    """

    lines: tuple[int, ...]
    branch: int | None
    said_by: tuple[int, ...] = ()


def _does(statement: ast.stmt) -> bool:
    """Whether it is more than a docstring."""
    return not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))


def _runs(statement: ast.stmt) -> bool:
    """Whether it is for more than type checkers."""
    test = statement.test if isinstance(statement, ast.If) else None
    return not (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING")


def _ends(node: ast.AST) -> bool:
    """Whether it is more than a `while True`."""
    return not (isinstance(node, ast.While) and isinstance(node.test, ast.Constant))


_BLOCKS = ("body", "orelse", "finalbody")
_HOLDERS = ("handlers", "cases")  # of what is no statement and has a block


def _holders(module: ast.Module) -> Iterator[ast.AST]:
    """A module and all in it that has blocks, the outer before the inner."""
    waiting: list[ast.AST] = [module]
    for node in waiting:
        yield node
        held = (getattr(node, name, ()) for name in (*_BLOCKS, *_HOLDERS))
        # a mark among them holds nothing
        waiting += [n for block in held for n in block if hasattr(n, "body") and _runs(n)]


class _Block(NamedTuple):
    """A block of a node, by its name, and the node's own line where it is a way out of it."""

    name: str
    statements: list[ast.stmt]
    branch: int | None


def _blocks(node: ast.AST) -> Iterator[_Block]:
    """The blocks of a node. The second way of an `if` or a loop is a block of no statement where
    none is written.
    """
    branches = isinstance(node, ast.If | ast.For | ast.While)
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if block is None:
            continue
        if branches and (name == "body" or _ends(node)):
            yield _Block(name, block, node.lineno)
        elif any(map(_does, block)):
            yield _Block(name, block, None)


def _entered(statement: ast.stmt) -> list[ast.AST]:
    """Whose blocks are entered, one of them at least, where a statement is done."""
    if isinstance(statement, ast.Try) and any(map(_does, statement.body)):
        return [statement, *statement.handlers]
    sure = isinstance(statement, ast.With) and any(map(_does, statement.body))
    either = isinstance(statement, ast.If | ast.For | ast.While) and _runs(statement)
    return [statement] if sure or either else []


def _leaves(statement: ast.stmt) -> bool:
    """Whether it is an `if` behind which nothing is done but where it is not so."""
    leaving = ast.Return | ast.Raise | ast.Continue | ast.Break
    is_one = isinstance(statement, ast.If) and _runs(statement) and not statement.orelse
    return is_one and isinstance(statement.body[-1], leaving)


def _mark(number: int, place: ast.AST) -> ast.stmt:
    """`__reached__[number] = 1`, on the line of what it stands at."""
    at = {name: getattr(place, name) for name in place._attributes}
    marks = ast.Name(NAME, ast.Load(), **at)
    one = ast.Subscript(marks, ast.Constant(number, **at), ast.Store(), **at)
    return ast.Assign([one], ast.Constant(1, **at), **at)


def _pieces(block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """A block, cut behind each statement that holds others: they may leave it."""
    ends = [i for i, s in enumerate(block, 1) if hasattr(s, "body") or i == len(block)]
    return (block[i:j] for i, j in pairwise([0, *ends]))


def marked(tree: ast.Module, known: Marks | None = None) -> list[Piece]:
    """The pieces of a module's blocks, each of which is given its mark where it needs one: unless
    it is known already to be reached.
    """
    pieces: list[Piece] = []
    first: dict[tuple[ast.AST, str], int] = {}  # of a block, the number of its first piece
    behind: dict[ast.AST, int] = {}  # an `if` that leaves, that of what is done if it is not so
    asked: dict[int, list[ast.AST]] = {}  # of a piece without a mark, whose blocks say it
    for node in _holders(tree):
        for name, block, branch in _blocks(node):
            first[node, name] = len(pieces)
            with_marks: list[ast.stmt] = []
            for statements in _pieces(block) if block else [[]]:
                number, last = len(pieces), statements[-1] if statements else None
                said_by = (behind[node],) if last is None and node in behind else ()
                asked[number] = _entered(last) if last is not None else []
                if last is not None and last is not block[-1] and _leaves(last):
                    behind[last] = number + 1
                needless = said_by or asked[number] or (known is not None and known[number])
                marks = [] if needless else [_mark(number, last or node)]
                with_marks += [*statements[:-1], *marks, *statements[-1:]]
                lines = tuple(s.lineno for s in statements if _does(s))
                pieces.append(Piece(lines, branch, said_by))
                branch = None  # of the first piece: that one says that the block was entered
            block[:] = with_marks
    for number, nodes in asked.items():
        entered = (first.get((node, name)) for node in nodes for name in _BLOCKS)
        said_by = (*pieces[number].said_by, *(n for n in entered if n is not None))
        pieces[number] = pieces[number]._replace(said_by=said_by)
    return pieces


def reached(pieces: Sequence[Piece], marks: Marks) -> list[bool]:
    """Of each piece, whether its mark or one that says it is set."""

    @cache
    def done(number: int) -> bool:
        return bool(marks[number]) or any(map(done, pieces[number].said_by))

    return [done(number) for number in reversed(range(len(pieces)))][::-1]


class _Loader(SourceFileLoader):
    """Of one module, which sets its marks while it runs."""

    def __init__(self, name: str, path: str, finder: Finder) -> None:
        super().__init__(name, path)
        self.finder = finder

    def exec_module(self, module: ModuleType) -> None:
        tree = ast.parse(self.get_data(self.path))
        none = [0] * len(marked(tree))
        module.__dict__[NAME] = self.finder.found.setdefault(os.path.realpath(self.path), none)
        code = compile(tree, self.path, "exec")
        self.finder.modules.append((module, code))
        exec(code, module.__dict__)


class Finder(MetaPathFinder):
    """Finds the modules of a package where Python would, and has them marked."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.found: dict[str, Marks] = {}  # of each file, by its real path
        self.modules: list[tuple[ModuleType, CodeType]] = []  # what was executed of each

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != self.package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path, self)
        return spec
