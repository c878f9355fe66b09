"""The text of a module in parts, one of which can be another: the whole is not written anew for
each change of one function.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bpgen.check.mutants import computing
from bpgen.check.mutants.reading import is_memory

_WRAPPER = """

_right, _kept = backward, []


def backward(params, cache, *rest, inputs=False, **memory):
"""
_CALL = "grads = _right(params, cache, *rest, inputs=inputs, **memory)"


@dataclass(frozen=True)
class Around:
    """A wrapper around backward: lines before the right call and after it, which may do as they
    like with all that is passed and returned.
    """

    place: str
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        body = "\n".join(filter(None, (self.before, _CALL, self.after, "return grads")))
        return _WRAPPER + "".join(f"    {line}\n" for line in body.splitlines())


Wrong = ast.AST | Around  # what stands in the place of a node, or around all of backward


class Source:
    """A module's tree. What a method hands out is its own: a change leaves it as it is. `broken`
    is the function that mistakes are made in.
    """

    def __init__(self, text: str, broken: str = "backward") -> None:
        self.tree, self.broken = ast.parse(text), broken
        self._parts = [ast.unparse(part) for part in self.tree.body]
        self._part_of = {id(n): k for k, part in enumerate(self.tree.body) for n in ast.walk(part)}

    @property
    def text(self) -> str:
        return "\n\n".join([*self._parts, ""])

    def place(self, of: object, wrong: Wrong) -> str:
        """Where something is wrong, in a few words."""
        if isinstance(wrong, Around):
            return wrong.place
        assert isinstance(of, ast.AST)
        return ast.unparse(of).splitlines()[0]

    def with_other(self, of: object, wrong: Wrong) -> str:
        """The text in which a node is another, or backward is wrapped."""
        if isinstance(wrong, Around):
            return self.text + wrong.text
        assert isinstance(of, ast.AST)
        return self._with_node(of, wrong)

    def _with_node(self, node: ast.AST, other: ast.AST) -> str:
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
        """The statements of backward, or of what else is broken, that compute something: nested
        ones and those of the functions of repeated blocks included.
        """
        parts = [f for f in self.tree.body if isinstance(f, ast.FunctionDef)]
        parts = [f for f in parts if f.name == self.broken or f.name.endswith(f"_{self.broken}")]
        parts = [f for f in parts if not is_memory(f)]
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

    @cached_property
    def memory(self) -> list[ast.Assign]:
        """The arrays that a planned module makes where another is made that is like them; the names
        of those come with them.
        """
        makers = filter(is_memory, self._functions.values())
        return [s for maker in makers for s in computing.like_others(maker.body)]

    @cached_property
    def views(self) -> list[ast.Assign]:
        """The gradients that a planned module finds in its flat array."""
        makers = filter(is_memory, self._functions.values())
        made = (s for maker in makers for s in maker.body if isinstance(s, ast.Assign))
        return [s for s in made if ast.unparse(s.value).startswith("grads[")]

    @cached_property
    def refusals(self) -> list[ast.If]:
        """What refuses a workspace."""
        return [n for n in ast.walk(self._functions["_suits"]) if isinstance(n, ast.If)]

    @cached_property
    def writing(self) -> list[ast.Expr]:
        """The statements of a planned module that write where they are told."""
        calls = (s for s in self.statements if isinstance(s, ast.Expr))
        return [s for s in calls if isinstance(s.value, ast.Call)]

    @property
    def forward(self) -> ast.FunctionDef:
        return self._functions["forward"]

    @property
    def backward(self) -> ast.FunctionDef:
        return self._functions[self.broken]

    @cached_property
    def _functions(self) -> dict[str, ast.FunctionDef]:
        return {n.name: n for n in self.tree.body if isinstance(n, ast.FunctionDef)}

    @property
    def whole(self) -> tuple[Source]:
        """The module, as one place."""
        return (self,)

    @cached_property
    def parameters(self) -> list[str]:
        """The keys of SHAPES, as the module's text has them."""
        for node in self.tree.body:
            if isinstance(node, (ast.AnnAssign, ast.Assign)) and isinstance(node.value, ast.Dict):
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                if isinstance(target, ast.Name) and target.id == "SHAPES":
                    return [str(k.value) for k in node.value.keys if isinstance(k, ast.Constant)]
        return []

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Parameters, each with the next."""
        return list(pairwise(self.parameters))

    @property
    def passed(self) -> Sequence[int | str]:
        """The arguments of backward after the cache by their numbers, and the keys of the cache."""
        return [*self._arguments, *self._cached]

    @property
    def cotangents(self) -> Sequence[int]:
        """The same arguments where they are gradients of outputs: where there is no loss."""
        return () if "loss" in self._functions else self._arguments

    @property
    def _arguments(self) -> Sequence[int]:
        return range(len(self.backward.args.args[2:-1]))

    @property
    def _cached(self) -> list[str]:
        """The keys of the cache that backward reads."""
        found = {
            str(node.slice.value)
            for node in ast.walk(self.backward)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "cache"
            and isinstance(node.slice, ast.Constant)
        }
        return sorted(found)
