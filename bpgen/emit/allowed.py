"""The promise kept: an emitted module holds arithmetic on numpy arrays and nothing else, or it is
not written.
"""

from __future__ import annotations

import ast

_CALLS = {
    "float",
    "len",
    "isinstance",
    "range",
    "sorted",
    "min",
    "max",
    "print",
    "tuple",
    "str",
    "bool",
    "ValueError",
    "TypeError",
    "SystemExit",
    "enumerate",
    "all",
    "any",
    "zip",
    "abs",
    "list",
    "dict",
    "iter",
    "next",
    "int",
    "sum",
    "slice",
    "reversed",
}
_NUMPY = {
    "asarray",
    "where",
    "exp",
    "log",
    "log1p",
    "expm1",
    "tanh",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "arctan",
    "arcsinh",
    "sqrt",
    "abs",
    "sign",
    "minimum",
    "maximum",
    "zeros",
    "ones",
    "zeros_like",
    "full",
    "ones_like",
    "empty",
    "arange",
    "einsum",
    "tensordot",
    "add",
    "at",
    "random",
    "default_rng",
    "Generator",
    "ndarray",
    "float64",
    "shape",
    "result_type",
    "concatenate",
    "prod",
    "isclose",
    "allclose",
    "all",
    "any",
    "iscomplexobj",
    "integer",
    "issubdtype",
    "array",
    "finfo",
    "inf",
    "size",
    "isfinite",
    "empty_like",
    "copy",
    "ndindex",
    "broadcast_to",
    "full_like",
    "reshape",
    "squeeze",
    "lib",
    "stack",
    "sum",
    "dtype",
    "dirichlet",
    "rint",
    "real",
}
_FORBIDDEN = (
    ast.Global,
    ast.Nonlocal,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.Await,
    ast.Yield,
    ast.YieldFrom,
    ast.Delete,
    ast.Try,
    ast.With,
)


class Forbidden(AssertionError):
    """bpgen was about to write something other than arithmetic: a defect of bpgen."""


def verified(text: str) -> str:
    """`text`, after a walk over its syntax tree against the allow-list."""
    if not text.isascii():
        raise Forbidden("a module is ASCII")
    tree = ast.parse(text)
    own = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(tree):
        _refuse(node, own)
    return text


def _refuse(node: ast.AST, own: set[str]) -> None:
    if isinstance(node, _FORBIDDEN):
        raise Forbidden(type(node).__name__)
    if isinstance(node, (ast.Import, ast.ImportFrom)) and ast.unparse(node) != "import numpy as np":
        raise Forbidden(ast.unparse(node))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id not in own | _CALLS
    ):
        raise Forbidden(f"a call of {node.func.id}")
    if isinstance(node, ast.Attribute):
        if node.attr.startswith("_"):
            raise Forbidden(f"the attribute {node.attr}")
        if isinstance(node.value, ast.Name) and node.value.id == "np" and node.attr not in _NUMPY:
            raise Forbidden(f"np.{node.attr}")
