"""The text of a module in parts, one of which can be another: the whole is not written anew for
each change of one function.
"""

from __future__ import annotations

import ast
from functools import cached_property

from bpgen.check.mutants import computing


class Source:
    """A module's tree. What a method hands out is its own: a change leaves it as it is."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self._parts = [ast.unparse(part) for part in self.tree.body]
        self._part_of = {id(n): k for k, part in enumerate(self.tree.body) for n in ast.walk(part)}

    @property
    def text(self) -> str:
        return "\n\n".join([*self._parts, ""])

    def with_other(self, node: ast.AST, other: ast.AST) -> str:
        """The text in which a node is another."""
        k = self._part_of[id(node)]
        ast.fix_missing_locations(other)
        kept = node.__class__, node.__dict__
        # Whatever holds the node holds the other.
        node.__class__, node.__dict__ = other.__class__, other.__dict__
        try:
            wrong = ast.unparse(self.tree.body[k])
        finally:
            node.__class__, node.__dict__ = kept
        return "\n\n".join([*self._parts[:k], wrong, *self._parts[k + 1 :], ""])

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """The statements of backward that compute something, nested ones and those of the functions
        of repeated blocks included.
        """
        parts = [f for f in self.tree.body if isinstance(f, ast.FunctionDef)]
        parts = [f for f in parts if f.name == "backward" or f.name.endswith("_backward")]
        return [s for f in parts for s in computing.statements(f)]

    @cached_property
    def expressions(self) -> list[ast.expr]:
        """The expressions that these compute with."""
        return computing.expressions(self.statements)

    @cached_property
    def subscripts(self) -> list[ast.Subscript]:
        """The subscripts in these, of what is read or of what is written."""
        inside = (n for s in self.statements for n in ast.walk(s))
        found = [n for n in inside if isinstance(n, ast.Subscript)]
        return [n for n in found if not isinstance(n.slice, ast.Constant)]

    @property
    def backward(self) -> ast.FunctionDef:
        return self.function("backward")

    def function(self, name: str) -> ast.FunctionDef:
        return next(n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == name)

    def names(self, table: str) -> list[str]:
        """The keys of a table such as SHAPES, as the module's text has them."""
        for node in self.tree.body:
            if isinstance(node, (ast.AnnAssign, ast.Assign)) and isinstance(node.value, ast.Dict):
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                if isinstance(target, ast.Name) and target.id == table:
                    return [str(k.value) for k in node.value.keys if isinstance(k, ast.Constant)]
        return []
