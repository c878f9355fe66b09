"""A function that is written for numpy as one for the arrays of any library: functions for methods,
names of the standard, and no other change to its text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from typing import Any

from bpgen.formulas.helpers import is_array, names_in

_METHODS = {"max", "sum", "astype"}
_SPELLED = {
    "np.ndarray": "Array",
    "np.arctan": "xp.atan",
    "np.arcsinh": "xp.asinh",
    "np.rint": "xp.round",
    # The standard knows no digits of a type, and makes no array beside another.
    "2.0 ** (np.finfo(z.dtype).nmant // 2 - 6)": (
        "2.0 ** {16: -1, 32: 5, 64: 20}[xp.finfo(z.dtype).bits]"
    ),
    "np.asarray(r, np.result_type(z, r))": "xp.zeros_like(z) + r",
}


@cache
def translated(source: str) -> str:
    """The source of a function whose library is that of the first array it is given."""
    source = source.strip()
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert function.returns is not None
    said, (doc, *statements) = _Translation(source), function.body
    _, end = said.span(doc)
    head = said.between(0, end, [*_placed(function.args), function.returns])
    rest = said.between(end, len(source), statements)
    first = next(a.arg for a in function.args.args if is_array(a))
    library = f"\n    xp = _of({first})" if "xp" in names_in(head + rest) else ""
    return head + library + rest


class _Translation:
    """A source, part by part, in the words of the standard."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = [0, *accumulate(map(len, source.splitlines(keepends=True)))]

    def span(self, node: Any) -> tuple[int, int]:
        """From where to where a node stands."""
        start, end = self.lines[node.lineno - 1], self.lines[node.end_lineno - 1]
        return start + node.col_offset, end + node.end_col_offset

    def between(self, start: int, end: int, parts: Iterable[ast.AST]) -> str:
        """What stands there, and each of its parts as it is said."""
        made: list[str] = []
        for first, last, text in sorted((*self.span(p), self.text(p)) for p in parts):
            made += [self.source[start:first], text]
            start = last
        return "".join([*made, self.source[start:end]])

    def text(self, node: ast.AST) -> str:
        """What is said for a node; of what is numpy's alone, other words."""
        start, end = self.span(node)
        if self.source[start:end] in _SPELLED:
            return _SPELLED[self.source[start:end]]
        match node:
            case ast.Call(ast.Attribute(ast.Name("np"), "asarray"), [value]):
                return self.text(value)  # of what numpy makes a number
            case ast.Name("np"):
                return "xp"
            case ast.Call(ast.Attribute(ast.Attribute(z, "dtype"), "type"), [number]):
                return f"xp.zeros_like({self.text(z)}) + {self.text(number)}"
            case ast.Call(ast.Attribute(of, "max" | "sum" | "astype" as name)) if (
                ast.unparse(of) != "np"
            ):
                given = map(self.text, [of, *node.args, *node.keywords])
                return f"xp.{name}({', '.join(given)})"
        return self.between(start, end, _placed(node))


def _placed(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that have a place in the text."""
    for part in ast.iter_child_nodes(node):
        yield from [part] if hasattr(part, "lineno") else _placed(part)
