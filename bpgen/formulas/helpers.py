"""The module's own scalar functions, as their sources spell them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, count

import sympy as sp

from bpgen.formulas.reading import Reader, Unread
from bpgen.formulas.tree import Call, Tree
from bpgen.functions import ROWS, SHARED
from bpgen.ir import element


@dataclass(frozen=True)
class Spelled:
    """A function as its source spells it: what it names on the way, some of it again and again, and
    what it returns.
    """

    name: str
    arguments: tuple[str, ...]
    numbers: frozenset[str]  # of the arguments
    doc: str
    lets: tuple[tuple[str, Tree], ...]
    value: Tree
    written_out: bool  # whether there were loops in it, or functions of several values


def source_of(name: str) -> str | None:
    """The source text of a function of the table."""
    row = ROWS.get(name)
    return (row.helper or None) if row is not None else SHARED.get(name)


@lru_cache(100)
def spelled(name: str) -> Spelled:
    """A function of the table; Unread where it is more than elementary calls."""
    function = _parsed(name)
    arguments = [a.arg for a in function.args.args]
    numbers = frozenset(a.arg for a in function.args.args if not is_array(a))
    names: dict[str, Tree] = {
        a: sp.Symbol(a) if a in numbers else element(a, ()) for a in arguments
    }
    spoken = {*arguments, *(n.id for n in ast.walk(function) if isinstance(n, ast.Name))}
    body = _Body(names, spoken, set(spoken))
    values = body.values(function)
    if len(values) != 1:
        raise Unread(name)
    said = ast.get_docstring(function) or ""
    lets = tuple(body.lets)
    return Spelled(name, tuple(arguments), numbers, said, lets, values[0], body.written_out)


@cache
def names_in(source: str) -> frozenset[str]:
    """What the source of a function speaks of."""
    return frozenset(n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name))


def _parsed(name: str) -> ast.FunctionDef:
    source = source_of(name)
    if source is None:
        raise Unread(name)
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    return function


def is_array(argument: ast.arg) -> bool:
    return argument.annotation is not None and ast.unparse(argument.annotation) == "np.ndarray"


def _is_tuple(annotation: ast.expr | None) -> bool:
    return isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "tuple"


class _Body(Reader):
    """Reads the statements of a function. A loop over numbers is written out, and so is a function
    that is given several values or returns them: `taken` are the names that are spoken of around
    it, `mine` those of them that are its own.
    """

    def __init__(self, names: Mapping[str, Tree], taken: set[str], mine: set[str]) -> None:
        super().__init__(names)
        self.several: dict[str, tuple[Tree, ...]] = {}
        self.lets: list[tuple[str, Tree]] = []
        self.called: dict[str, str] = {}  # what `lets` call the names of the source
        self.taken, self.mine = taken, mine
        self.written_out = False

    def values(self, function: ast.FunctionDef) -> tuple[Tree, ...]:
        """What a function returns, once its statements are read."""
        _, *statements, last = function.body
        for statement in statements:
            self._statement(statement)
        match last:
            case ast.Return(value=ast.Tuple() as values):
                return self._several(values)
            case ast.Return(value=ast.expr() as value):
                return (self.read(value),)
        raise Unread(function.name)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple() as values):
                self.several[name] = self._several(values)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._let(name, self.read(value))
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                names = [ast.unparse(t) for t in targets]
                for name, tree in zip(names, self._several(value, names), strict=True):
                    self._let(name, tree)
            case ast.For(target=ast.Name(id=name), iter=values, body=body):
                self.written_out = True
                for number in self._several(values):
                    self.names[name] = number
                    for each in body:
                        self._statement(each)
            case _:
                raise Unread(ast.unparse(statement))

    def _let(self, name: str, tree: Tree) -> None:
        """A name for what is computed; what has one, or is a number, keeps it."""
        if isinstance(tree, Call):
            if name not in self.called:
                self.called[name] = self._free(name)
            self.lets.append((self.called[name], tree))
            tree = element(self.called[name], ())
            if any(self.names[n] == tree for n in self.names if n != name):
                raise Unread(f"{name}, which has another name, is given another value")
        self.names[name] = tree

    def _free(self, name: str) -> str:
        free = name
        if name not in self.mine:
            others = (f"{name}{k}" for k in count(2))
            free = next(n for n in chain([name], others) if n not in self.taken)
        self.taken.add(free)
        return free

    def _several(self, node: ast.expr, called: Iterable[str] = ()) -> tuple[Tree, ...]:
        """Several values; `called` is what they are to be called."""
        match node:
            case ast.Tuple(elts=elements):
                return self._each(elements)
            case ast.Name(id=name) if name in self.several:
                return self.several[name]
            case ast.Subscript(value=of, slice=ast.Slice(lower=ast.Constant(value=int(first)))):
                return self._several(of)[first:]
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._written_out(_parsed(name), args, {*called} - {*self.called})
        raise Unread(ast.unparse(node))

    def read(self, node: ast.expr) -> Tree:
        match node:
            case ast.Subscript(value=of, slice=ast.Constant(value=int(place))):
                return self._several(of)[place]
        return super().read(node)

    def own(self, name: str, args: list[ast.expr]) -> Tree:
        function = _parsed(name)
        if not any(_is_tuple(a.annotation) for a in function.args.args):
            return super().own(name, args)
        (value,) = self._written_out(function, args, set())
        return value

    def _written_out(
        self, function: ast.FunctionDef, args: Iterable[ast.expr], mine: set[str]
    ) -> tuple[Tree, ...]:
        """What a function comes to, its statements added to those of the one that calls it."""
        inner = _Body({}, self.taken, mine)
        for argument, node in zip(function.args.args, args, strict=True):
            if _is_tuple(argument.annotation):
                inner.several[argument.arg] = self._several(node)
            else:
                inner._let(argument.arg, self.read(node))
        values = inner.values(function)
        self.lets += inner.lets
        self.written_out = True
        return values
