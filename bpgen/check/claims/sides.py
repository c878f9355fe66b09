"""A claim as two sides that have a value at a point: a line, or a function of the person's."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from bpgen.check.claims.evaluate import Scope
from bpgen.check.claims.judge import Side
from bpgen.check.claims.names import Names, place
from bpgen.check.claims.text import Line, called, letters
from bpgen.check.claims.view import View
from bpgen.errors import NetError
from bpgen.ir import BATCH

_FEW = 2  # places of an index at which a wrong line mostly shows


@dataclass(frozen=True)
class Claim:
    """Two sides, and where the right one is a line, its tree. `name` is the left side as it is
    written, `tensor` and `of` say what it is.
    """

    text: str
    left: Side
    right: Side
    name: str
    line: Line | None = None
    names: Names | None = None
    of_batch: bool = False  # whether it speaks of several samples
    of_paper: bool = False  # whether it is in LaTeX

    @property
    def of_samples(self) -> bool:
        """Whether it has the letter that the page has for a sample."""
        line, names = self.line, self.names
        return line is not None and names is not None and "n" in letters(line, names)

    @property
    def in_itself(self) -> str:
        """That it says little, where the right side has what the left side is of."""
        if self.line is None:
            return ""
        left = ast.dump(self.line.left)
        within = any(ast.dump(node) == left for node in ast.walk(self.line.right))
        return f"; but {self.name} stands on both sides: say what it is made of" if within else ""

    def side(self, tree: ast.expr) -> Side:
        """Another right side, in the letters of this one."""
        assert self.names is not None and self.line is not None
        return side_of(tree, self.line, self.names)


def _of_batch(node: ast.AST) -> bool:
    axis = isinstance(node, ast.keyword) and node.arg == "axis"
    size = isinstance(node, ast.Attribute) and node.attr == "shape"
    length = isinstance(node, ast.Call) and called(node) == "len"
    return axis or size or length or (isinstance(node, ast.Name) and node.id == BATCH)


def _is_of_a_sample(left: ast.expr, names: Names) -> bool:
    """Whether the sample is told, too: delta1[n, i] of a batch."""
    if not isinstance(left, ast.Subscript) or not isinstance(left.slice, ast.Tuple):
        return False
    meaning = names.find(getattr(left.value, "id", ""))
    info = names.network.tensors[meaning.tensor] if meaning is not None else None
    return info is not None and info.batched and len(left.slice.elts) == len(info.indices)


def claimed(line: Line, names: Names, of_paper: bool = False) -> Claim:
    """The claim that a line makes."""
    left = line.left.value if isinstance(line.left, ast.Subscript) else line.left
    assert isinstance(left, ast.Name)
    same = isinstance(line.right, ast.Name) and names.find(line.right.id) == names.find(left.id)
    if same and line.left is left:
        raise NetError("both sides are the same", "say what it is made of", place(line.text))
    one, other = (side_of(tree, line, names) for tree in (line.left, line.right))
    of_batch = any(map(_of_batch, ast.walk(line.right))) or _is_of_a_sample(line.left, names)
    return Claim(line.text, one, other, left.id, line, names, of_batch, of_paper)


def side_of(tree: ast.expr, line: Line, names: Names) -> Side:
    """A side in the letters of a line."""
    own = letters(line, names)

    def value(view: View) -> Any:
        scope = Scope(names, view, own)
        sizes = scope.sizes(line.left)
        return scope.everywhere(
            tree, {k: min(n, _FEW) if view.few else n for k, n in sizes.items()}
        )

    return value
