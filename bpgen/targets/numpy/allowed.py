"""The promise kept: an emitted module holds arithmetic on numpy arrays and nothing else, or it is
not written.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of Python's own names, those that a module may speak of.
_BUILTINS = words(
    "__name__ SystemExit TypeError ValueError abs all any bool dict float int isinstance len list"
    " max min print range reversed slice sorted str sum tuple type zip"
)
# What it may take from numpy, as np.name; of np.random, np.lib.stride_tricks and np.add too.
_NUMPY = words(
    "Generator abs add allclose arange arcsinh arctan asarray at broadcast_to concatenate cos cosh"
    " default_rng dtype einsum empty exp expm1 finfo float64 full full_like inf lib log log1p"
    " maximum minimum ndarray ndindex ones prod random real reshape result_type rint shape"
    " sign sin sinh sliding_window_view sqrt squeeze stack stride_tricks sum tan tanh tensordot"
    " where zeros zeros_like"
)
# And where arrays are planned, what writes where it is told.
_WRITING = words(
    "array copyto divide dot equal greater greater_equal less less_equal logical_and logical_or"
    " intp matmul multiply negative not_equal power reduce square subtract"
)
# The attributes and methods of arrays, generators, dicts and strings that it may use.
_METHODS = words(
    "T argmax astype copy dirichlet dtype insert integers item items join kind max mean min nmant"
    " random reshape shape size standard_normal sum swapaxes transpose type uniform values"
)
# What Python is made of, as far as a module needs it: no classes, no patterns, no try, no with.
_NODES = words(
    "Add And AnnAssign Assign Attribute AugAssign BinOp BitAnd BitOr BoolOp Break Call Compare"
    " Constant Dict DictComp Div Eq Expr FloorDiv For FormattedValue FunctionDef GeneratorExp Gt"
    " GtE If IfExp Import In Is JoinedStr List ListComp Load Lt LtE MatMult Module Mult Name Not"
    " NotEq NotIn Or Pow Raise Return Slice Starred Store Sub Subscript Tuple USub UnaryOp alias"
    " arg arguments comprehension keyword"
)


@dataclass(frozen=True)
class Allowed:
    """What the modules of a target may import, take from each library, and use of any value."""

    imports: frozenset[str]
    libraries: Mapping[str, frozenset[str]]
    methods: frozenset[str]
    builtins: frozenset[str]
    nodes: frozenset[str]
    made_and_given: frozenset[str] = frozenset()  # functions, and arguments made by them


NUMPY = Allowed(frozenset({"import numpy as np"}), {"np": _NUMPY}, _METHODS, _BUILTINS, _NODES)
PLANNED = replace(
    NUMPY,
    libraries={"np": _NUMPY | _WRITING},
    methods=_METHODS | {"clip", "fill", "put", "take"},
    made_and_given=frozenset({"workspace"}),
)


class Forbidden(AssertionError):
    """bpgen was about to write something other than arithmetic: a defect of bpgen."""


@dataclass(frozen=True)
class _Names:
    """What is known of names in a module: which no argument may have, and which may be called."""

    taken: frozenset[str]
    called: frozenset[str]


def verified(text: str, allowed: Allowed = NUMPY) -> str:
    """`text`, after a walk over its syntax tree against the allow-lists."""
    if not text.isascii():
        raise Forbidden("a module is ASCII")
    nodes = list(ast.walk(ast.parse(text)))
    own = frozenset(n.name for n in nodes if isinstance(n, ast.FunctionDef))
    names = _Names(own - allowed.made_and_given, own | allowed.builtins)
    kinds = {id(kind) for n in nodes if isinstance(n, ast.Compare) for kind in _kinds(n)}
    for node in nodes:
        if id(node) not in kinds:
            _refuse(node, names, allowed)
    return text


def _kinds(node: ast.Compare) -> list[ast.expr]:
    """Types that are only compared with: `type(x) not in (np.ndarray, np.memmap)`."""
    if isinstance(node.ops[0], ast.NotIn):
        (others,) = node.comparators
        return [e for e in getattr(others, "elts", ()) if ast.unparse(e) == "np.memmap"]
    return []


def _refuse(node: ast.AST, names: _Names, allowed: Allowed) -> None:
    kind = type(node)
    if kind.__name__ not in allowed.nodes:
        raise Forbidden(kind.__name__)
    rule = _RULES.get(kind)
    forbidden = rule(node, names, allowed) if rule is not None else ""
    if forbidden:
        raise Forbidden(forbidden)


def _import(node: ast.Import | ast.ImportFrom, names: _Names, allowed: Allowed) -> str:
    text = ast.unparse(node)
    return "" if text in allowed.imports else text


def _function(node: ast.FunctionDef, names: _Names, allowed: Allowed) -> str:
    wrong = node.decorator_list or _is_taken(node.name, frozenset())
    return f"the function {node.name}" if wrong else ""


def _argument(node: ast.arg, names: _Names, allowed: Allowed) -> str:
    return f"the argument {node.arg}" if _is_taken(node.arg, names.taken) else ""


def _name(node: ast.Name, names: _Names, allowed: Allowed) -> str:
    return "" if _may_be_named(node, names.taken, allowed) else f"the name {node.id}"


def _call(node: ast.Call, names: _Names, allowed: Allowed) -> str:
    return "" if _may_be_called(node, names.called) else f"a call of {ast.unparse(node.func)}"


def _attribute(node: ast.Attribute, names: _Names, allowed: Allowed) -> str:
    return "" if node.attr in _attributes(node.value, allowed) else ast.unparse(node)


# Of each kind of node that is asked more than whether it may be there: what of it is forbidden.
_RULES: Mapping[type[ast.AST], Callable[[Any, _Names, Allowed], str]] = {
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _function,
    ast.arg: _argument,
    ast.Name: _name,
    ast.Call: _call,
    ast.Attribute: _attribute,
}


def _may_be_named(name: ast.Name, own: frozenset[str], allowed: Allowed) -> bool:
    """Of Python's names those that are listed, and no new meaning for one that has one."""
    if isinstance(name.ctx, ast.Store):
        return not _is_taken(name.id, own)
    listed = name.id in allowed.builtins
    return listed or not (hasattr(builtins, name.id) or name.id.startswith("__"))


def _is_taken(name: str, own: frozenset[str]) -> bool:
    return name in own or name == "np" or hasattr(builtins, name) or name.startswith("__")


def _may_be_called(call: ast.Call, known: frozenset[str]) -> bool:
    """The module's own functions, Python's that are listed (type only asks), and attributes, which
    are looked at for themselves.
    """
    if isinstance(call.func, ast.Name):
        asks = call.func.id != "type" or (len(call.args) == 1 and not call.keywords)
        return asks and call.func.id in known
    return isinstance(call.func, ast.Attribute)


def _attributes(value: ast.expr, allowed: Allowed) -> frozenset[str]:
    """What may follow a dot: of a library and its namespaces, or of any other value."""
    while isinstance(value, ast.Attribute):
        value = value.value
    name = value.id if isinstance(value, ast.Name) else ""
    return allowed.libraries.get(name, allowed.methods)
