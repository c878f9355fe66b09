"""The promise kept: an emitted module holds arithmetic on numpy arrays and nothing else, or it is
not written.
"""

from __future__ import annotations

import ast
import builtins


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of Python's own names, those that a module may speak of.
_BUILTINS = _words(
    "__name__ SystemExit TypeError ValueError abs all any bool dict float int isinstance len list"
    " max min print range reversed slice sorted str sum tuple type zip"
)
# What it may take from numpy, as np.name; of np.random, np.lib.stride_tricks and np.add too.
_NUMPY = _words(
    "Generator abs add allclose arange arcsinh arctan asarray at broadcast_to concatenate cos cosh"
    " default_rng dtype einsum empty exp expm1 finfo float64 full full_like inf lib log log1p"
    " maximum memmap minimum ndarray ndindex ones prod random real reshape result_type rint shape"
    " sign sin sinh sliding_window_view sqrt squeeze stack stride_tricks sum tan tanh tensordot"
    " where zeros zeros_like"
)
# The attributes and methods of arrays, generators, dicts and strings that it may use.
_METHODS = _words(
    "T argmax astype copy dirichlet dtype insert integers item items join kind max mean min nmant"
    " random reshape shape standard_normal sum swapaxes transpose type uniform values"
)
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
    if isinstance(node, ast.Call) and not _is_callable(node.func, own):
        raise Forbidden(f"a call of {ast.unparse(node.func)}")
    if isinstance(node, ast.Name) and hasattr(builtins, node.id) and node.id not in _BUILTINS:
        raise Forbidden(f"the name {node.id}")
    if isinstance(node, ast.Attribute) and node.attr not in _attributes(node.value):
        raise Forbidden(ast.unparse(node))


def _is_callable(function: ast.expr, own: set[str]) -> bool:
    """Whether a name that is called is the module's own or one of Python's; attributes are looked
    at for themselves, and nothing else is called.
    """
    if isinstance(function, ast.Name):
        return function.id in own | _BUILTINS
    return isinstance(function, ast.Attribute)


def _attributes(value: ast.expr) -> frozenset[str]:
    """What may follow a dot: of numpy and its namespaces, or of any other value."""
    while isinstance(value, ast.Attribute):
        value = value.value
    return _NUMPY if isinstance(value, ast.Name) and value.id == "np" else _METHODS
