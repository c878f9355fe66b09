"""A planned module whose products can be counted, or written down: a method of an array cannot
be replaced, a function can.
"""

from __future__ import annotations

import ast


def by_functions(text: str) -> str:
    """The module with `np.dot(a, b, out)` for `a.dot(b, out)`."""
    return ast.unparse(_ByFunctions().visit(ast.parse(text)))


class _ByFunctions(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "dot":
            node.args.insert(0, node.func.value)
            node.func.value = ast.Name("np", ast.Load())
        return node
