"""Calls that are told where to write, as the assignments that they stand for: mistakes are made in
expressions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bpgen.check.mutants.expressions import parsed

Spelled = Callable[..., str]


@dataclass(frozen=True)
class _Row:
    """What a call computes, of so many arguments, the texts of which are given; the next argument
    is where it writes, unless `out` is.
    """

    arity: int
    value: Spelled


def _infix(operator: str) -> _Row:
    return _Row(2, lambda one, two: f"({one}) {operator} ({two})")


_ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
_COMPARING = {
    **{"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="},
    **{"equal": "==", "not_equal": "!="},
    **{"logical_and": "&", "logical_or": "|"},
}
_UNARY = {"negative": "-({})", "square": "({}) ** 2", "logical_not": "~({})"}
_METHODS = {"add": "sum", "maximum": "max", "minimum": "min", "multiply": "prod"}

_ROWS: Mapping[str, _Row] = {
    **{f"np.{name}": _infix(operator) for name, operator in {**_ARITHMETIC, **_COMPARING}.items()},
    **{f"np.{name}": _Row(1, form.format) for name, form in _UNARY.items()},
    "np.matmul": _infix("@"),
}


def assignment(statement: ast.stmt, ones: set[str]) -> ast.stmt:
    """A statement as it would be written where numpy makes its own arrays; the module's own
    functions stay as they are. `ones` are the names of arrays of ones, by which sums are products.
    """
    if isinstance(statement, ast.AugAssign):
        return _applied(statement)
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return statement
    call = statement.value
    name, texts = ast.unparse(call.func), list(map(ast.unparse, call.args))
    given = {str(k.arg): ast.unparse(k.value) for k in call.keywords}
    if name.endswith(".fill"):
        return _filled(statement, name.removesuffix(".fill"), texts[0])
    if name == "np.copyto":
        return _assign(texts[0], f"np.where({given['where']}, {texts[1]}, {texts[0]})")
    if name.endswith(".reduce"):
        method = _METHODS[name.split(".")[1]]
        return _assign(given["out"], f"({texts[0]}).{method}(axis={given['axis']})")
    of, _, method = name.rpartition(".")
    if method == "argmax":
        return _assign(texts[1], f"({of}).argmax({texts[0]})")
    if method == "take":
        return _assign(texts[2], f"np.take({of}, {', '.join(texts[:2])})")
    if method == "clip":
        return _assign(texts[2], f"np.minimum(np.maximum({of}, {texts[0]}), {texts[1]})")
    if method == "dot":
        return _assign(texts[1], _summed(of, texts[0], ones) or f"({of}) @ ({texts[0]})")
    if method == "put":
        return ast.Assign([parsed(f"{of}.reshape(-1)[{texts[0]}]")], parsed(texts[1]), lineno=0)
    if not name.startswith("np.") or name == "np.add.at":
        return statement
    return _of_numpy(name, texts, given)


def _of_numpy(name: str, texts: list[str], given: Mapping[str, str]) -> ast.stmt:
    """A call of numpy that writes into its last argument."""
    *arguments, place = [*texts, given["out"]] if "out" in given else texts
    row = _ROWS.get(name)
    if row is not None and row.arity == len(arguments):
        value = row.value(*arguments)
    else:
        value = f"{name}({', '.join(arguments)})"
    return _assign(place, value)


def _summed(one: str, two: str, ones: set[str]) -> str | None:
    """A product with ones, as the sum that it is."""
    if one in ones:
        return f"({two}).sum(axis=0)"
    return f"({one}).sum(axis=-1)" if two in ones else None


def _assign(place: str, value: str) -> ast.Assign:
    """All of a place is written; of one that is seen in another shape, in its own."""
    target = parsed(place)
    if isinstance(target, ast.Call) and ast.unparse(target.func).endswith(".reshape"):
        assert isinstance(target.func, ast.Attribute)
        target = target.func.value
        value = f"({value}).reshape({ast.unparse(target)}.shape)"
    if not isinstance(target, ast.Subscript):
        target = ast.Subscript(target, ast.Constant(...), ast.Store())
    target.ctx = ast.Store()
    return ast.Assign([target], parsed(value), lineno=0)


def _applied(statement: ast.AugAssign) -> ast.stmt:
    """`a *= b` as `a = a * b`; what is added is left as it is, for it may be a contribution."""
    scaled = isinstance(statement.op, (ast.Mult, ast.Div, ast.Pow))
    return doubled(statement) if scaled else statement


def doubled(statement: ast.AugAssign) -> ast.Assign:
    """`a += b` as `a[...] = a + b`."""
    place = parsed(ast.unparse(statement.target))
    made = _assign(ast.unparse(place), "0")
    made.value = ast.BinOp(place, statement.op, statement.value)
    return made


def _filled(statement: ast.Expr, place: str, number: str) -> ast.stmt:
    """A number everywhere; zeros are but room."""
    return statement if number == "0" else _assign(place, f"np.full_like({place}, {number})")
