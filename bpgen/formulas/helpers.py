"""The module's own scalar functions, as their sources spell them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from bpgen.formulas.reading import Unread, read
from bpgen.formulas.tree import Tree
from bpgen.functions import ROWS, SHARED
from bpgen.ir import element


@dataclass(frozen=True)
class Spelled:
    """A function as its source spells it: what it names on the way, and what it returns."""

    name: str
    arguments: tuple[str, ...]
    numbers: frozenset[str]  # of the arguments
    doc: str
    lets: tuple[tuple[str, Tree], ...]
    value: Tree


def source_of(name: str) -> str | None:
    """The source text of a function of the table."""
    row = ROWS.get(name)
    return (row.helper or None) if row is not None else SHARED.get(name)


@lru_cache(100)
def spelled(name: str) -> Spelled:
    """A function of the table; Unread where it is more than elementary calls."""
    source = source_of(name)
    if source is None:
        raise Unread(name)
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    body = function.body[1:]
    arguments = function.args.args
    numbers = frozenset(a.arg for a in arguments if not _is_array(a))
    names: dict[str, Tree] = {
        a.arg: sp.Symbol(a.arg) if a.arg in numbers else element(a.arg, ()) for a in arguments
    }
    lets: list[tuple[str, Tree]] = []
    for statement in body[:-1]:
        for target, value in _assigned(statement):
            lets.append((target, read(value, names)))
            names[target] = element(target, ())
    last = body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        raise Unread(name)
    result = read(last.value, names)
    text = ast.get_docstring(function) or ""
    return Spelled(name, tuple(a.arg for a in arguments), numbers, text, tuple(lets), result)


def _is_array(argument: ast.arg) -> bool:
    return argument.annotation is not None and ast.unparse(argument.annotation) == "np.ndarray"


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    """The names that a statement gives, with their values."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return [(name, value)]
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            return [
                (n.id, v) for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name)
            ]
    raise Unread(ast.unparse(statement))
