"""What of a backward pass is mathematics: statements and expressions that people get wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

# Calls whose arguments are sizes and axes: a size 1 % off is no mistake that people make.
SHAPING = ("reshape", "transpose", "swapaxes", "zeros", "empty")
# Calls that tell which side of a kink a value is on.
KINKED = ("step", "sign")


def statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function that compute something, nested ones included."""
    found = [s for s in ast.walk(function) if isinstance(s, ast.stmt) and s is not function]
    return [
        s
        for s in found
        if not _measures(s)
        and not _opens_door(s)
        and not isinstance(s, (ast.If, ast.For, ast.FunctionDef))
    ]


def expressions(of: Sequence[ast.stmt]) -> list[ast.expr]:
    """The expressions of statements that are computed with: no subscripts, axes or annotations
    among them. What stands in a comparison is marked so.
    """
    found: list[ast.expr] = []
    stack: list[ast.AST] = list(reversed(of))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr):
            found.append(node)
        asks = isinstance(node, ast.Call) and called(node) in KINKED
        if asks or isinstance(node, ast.Compare):
            for part in ast.walk(node):
                part.compared = True  # type: ignore[attr-defined]
        skipped = {"slice", "annotation", "targets", "target", "keywords"}
        if isinstance(node, ast.Call) and called(node) in SHAPING:
            skipped.add("args")
        children = [c for name, c in ast.iter_fields(node) if name not in skipped]
        flat = [c for child in children for c in (child if isinstance(child, list) else [child])]
        stack += [c for c in reversed(flat) if isinstance(c, (ast.expr, ast.stmt))]
    return found


def like_others(body: Sequence[ast.stmt]) -> list[ast.Assign]:
    """The arrays that are made as ones before them are; the names of those are marked on them."""
    before: dict[str, list[str]] = {}
    found = []
    for statement in body:
        if isinstance(statement, ast.Assign) and "np.empty(" in ast.unparse(statement.value):
            others = before.setdefault(ast.unparse(statement.value), [])
            statement.others = tuple(others)  # type: ignore[attr-defined]
            others.append(ast.unparse(statement.targets[0]))
            found.append(statement)
    return found


def called(node: ast.Call) -> str:
    """The name of a function or method that is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _opens_door(statement: ast.stmt) -> bool:
    """Statements that only unpack and validate arguments: there is no mathematics in them."""
    value = getattr(statement, "value", None)
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id.startswith("_")
    ):
        return True
    reads = value.elts if isinstance(value, ast.Tuple) else [value]
    return isinstance(statement, ast.Assign) and all(
        isinstance(r, ast.Subscript)
        and isinstance(r.value, ast.Name)
        and r.value.id in ("cache", "params")
        for r in reads
    )


def _measures(statement: ast.stmt) -> bool:
    """Statements that only count, or make room: `T = x.shape[1]`, `rows = np.arange(N)`, zeros."""
    counts = r"len\(.*\)|.*\.shape\[\d\]( - 1)?|np\.arange\(N\)|np\.(zeros|empty)(_like)?\(.*\)"
    return isinstance(statement, ast.Assign) and bool(
        re.fullmatch(rf"\w+ = ({counts})", ast.unparse(statement))
    )
