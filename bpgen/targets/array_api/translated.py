"""A function that is written for numpy as one for the arrays of any library: functions for methods,
names of the standard, and no other change to its text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache

from bpgen.formulas.helpers import names_in
from bpgen.targets.numpy.layout import call

_METHODS = {"max", "sum", "astype"}
_RENAMED = {
    "np.ndarray": "Array",
    "np.arctan": "xp.atan",
    "np.arcsinh": "xp.asinh",
    "np.rint": "xp.round",
}
_SPELLED = {  # where the standard knows no digits of a type, and makes no array beside another
    "2.0 ** (xp.finfo(z.dtype).nmant // 2 - 6)": (
        "2.0 ** {16: -1, 32: 5, 64: 20}[xp.finfo(z.dtype).bits]"
    ),
    "xp.asarray(r, xp.result_type(z, r))": "xp.zeros_like(z) + r",
}


@cache
def translated(source: str) -> str:
    """The source of a function whose library is that of the first array it is given."""
    source = source.strip()
    while change := _change(source):
        start, end, text = change
        source = source[:start] + text + source[end:]
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert function.returns is not None
    lines, said = source.splitlines(), function.body[0]
    signature = call(
        f"def {function.name}", _arguments(function), f" -> {ast.unparse(function.returns)}:"
    )
    first = next(a for a in function.args.args if ast.unparse(a.annotation or a) == "Array").arg
    library = [f"    xp = _of({first})"] if "xp" in names_in(source) else []
    start, end = said.lineno - 1, said.end_lineno or 0
    return "\n".join([*signature, *lines[start:end], *library, *lines[end:]])


def _arguments(function: ast.FunctionDef) -> list[str]:
    """As they are written, with the values that they have where none is given."""
    every, values = function.args.args, function.args.defaults
    told = [""] * (len(every) - len(values)) + [f" = {ast.unparse(v)}" for v in values]
    return [f"{ast.unparse(a)}{value}" for a, value in zip(every, told, strict=True)]


def _change(source: str) -> tuple[int, int, str] | None:
    """The first text to be replaced, from where to where, and by what."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def text(node: ast.AST) -> str:
        return ast.get_source_segment(source, node) or ""

    for node in _inner_first(ast.parse(source)):
        new = _by_the_standard(node, text) if isinstance(node, ast.expr) else None
        if new is not None:
            assert isinstance(node, ast.expr)
            start, end = starts[node.lineno - 1], starts[(node.end_lineno or 0) - 1]
            return start + node.col_offset, end + (node.end_col_offset or 0), new
    return None


def _inner_first(node: ast.AST) -> Iterator[ast.AST]:
    for part in ast.iter_child_nodes(node):
        yield from _inner_first(part)
    yield node


def _by_the_standard(node: ast.expr, text: Callable[[ast.AST], str]) -> str | None:
    """What stands for an expression, if it is numpy's alone."""
    if text(node) in _SPELLED:
        return _SPELLED[text(node)]
    if isinstance(node, ast.Attribute) and text(node.value) == "np":
        return _RENAMED.get(text(node), f"xp.{node.attr}")
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    of, name = node.func.value, node.func.attr
    given = [text(part) for part in (*node.args, *node.keywords)]
    if text(node.func) == "xp.asarray":  # of what numpy makes a number
        return given[0]
    if name == "type" and isinstance(of, ast.Attribute):  # z.dtype.type(1)
        return f"xp.zeros_like({text(of.value)}) + {given[0]}"
    if name in _METHODS and text(of) != "xp":
        return f"xp.{name}({', '.join([text(of), *given])})"
    return None
