"""The promise kept: an emitted module holds arithmetic on numpy arrays and nothing else, or it is
not written.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass, replace


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
    "array copyto divide equal greater greater_equal less less_equal logical_and logical_or"
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


# Of which more is asked than what they are.
_LOOKED_AT = frozenset(
    (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.arg, ast.Name, ast.Call, ast.Attribute)
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
    libraries={"np": _NUMPY | _WRITING | {"integer"}},
    methods=_METHODS | words("base clip dot fill flags put take writeable"),
    builtins=_BUILTINS | {"bool"},
    nodes=_NODES | {"IsNot"},
    made_and_given=frozenset({"workspace"}),
)


class Forbidden(AssertionError):
    """bpgen was about to write something other than arithmetic: a defect of bpgen."""


def verified(text: str, allowed: Allowed = NUMPY) -> str:
    """`text`, after a walk over its syntax tree against the allow-lists."""
    if not text.isascii():
        raise Forbidden("a module is ASCII")
    nodes = _nodes(ast.parse(text))
    own = frozenset(n.name for n in nodes if isinstance(n, ast.FunctionDef))
    module = _Module(allowed, own - allowed.made_and_given, own | allowed.builtins)
    kinds = {id(kind) for n in nodes if isinstance(n, ast.Compare) for kind in _kinds(n)}
    admitted = {kind for kind in {*map(type, nodes)} if kind.__name__ in allowed.nodes}
    plain = admitted - _LOOKED_AT
    for node in nodes:
        kind = type(node)
        if kind in plain or id(node) in kinds:
            continue
        if forbidden := module.forbidden(node) if kind in admitted else kind.__name__:
            raise Forbidden(forbidden)
    return text


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """A tree and all in it, as `ast.walk` goes through it."""
    nodes = [tree]
    for node in nodes:
        for name in node._fields:
            part = getattr(node, name, None)
            if isinstance(part, ast.AST):
                nodes.append(part)
            elif isinstance(part, list):
                nodes += [p for p in part if isinstance(p, ast.AST)]
    return nodes


def _kinds(node: ast.Compare) -> list[ast.expr]:
    """Types that are only compared with: `type(x) not in (np.ndarray, np.memmap)`."""
    if isinstance(node.ops[0], ast.NotIn):
        (others,) = node.comparators
        return [e for e in getattr(others, "elts", ()) if ast.unparse(e) == "np.memmap"]
    return []


@dataclass(frozen=True)
class _Module:
    """What is known of the names in a module: which no argument may have, and which may be
    called.
    """

    allowed: Allowed
    taken: frozenset[str]
    called: frozenset[str]

    def forbidden(self, node: ast.AST) -> str:
        """What is forbidden of one that is looked at, if anything."""
        match node:
            case ast.Import() | ast.ImportFrom() if ast.unparse(node) not in self.allowed.imports:
                return ast.unparse(node)
            case ast.FunctionDef(name=name) if node.decorator_list or _has_a_meaning(name):
                return f"the function {name}"
            case ast.arg(arg=name) if name in self.taken or _has_a_meaning(name):
                return f"the argument {name}"
            case ast.Name(id=name) if not self._may_be_named(node):
                return f"the name {name}"
            case ast.Call(func=function) if not self._may_be_called(node):
                return f"a call of {ast.unparse(function)}"
            case ast.Attribute(attr=name) if name not in self._attributes(node.value):
                return ast.unparse(node)
        return ""

    def _may_be_named(self, name: ast.Name) -> bool:
        """Of Python's names those that are listed, and no new meaning for one that has one."""
        if isinstance(name.ctx, ast.Store):
            return name.id not in self.taken and not _has_a_meaning(name.id)
        listed = name.id in self.allowed.builtins
        return listed or not (hasattr(builtins, name.id) or name.id.startswith("__"))

    def _may_be_called(self, call: ast.Call) -> bool:
        """The module's own functions, Python's that are listed (type only asks), and attributes,
        which are looked at for themselves.
        """
        if isinstance(call.func, ast.Name):
            asks = call.func.id != "type" or (len(call.args) == 1 and not call.keywords)
            return asks and call.func.id in self.called
        return isinstance(call.func, ast.Attribute)

    def _attributes(self, value: ast.expr) -> frozenset[str]:
        """What may follow a dot: of a library and its namespaces, or of any other value."""
        while isinstance(value, ast.Attribute):
            value = value.value
        name = value.id if isinstance(value, ast.Name) else ""
        return self.allowed.libraries.get(name, self.allowed.methods)


def _has_a_meaning(name: str) -> bool:
    return name == "np" or hasattr(builtins, name) or name.startswith("__")
