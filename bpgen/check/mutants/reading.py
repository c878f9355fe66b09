"""A planned module, read as the plain one that it stands for: what its statements leave in an array
for the next alone is written where it is used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy

from bpgen.check.mutants.calls import assignment, doubled

MEMORY = "_memory_of_"  # what the functions that make arrays are called by


def is_planned(text: str) -> bool:
    return f"def {MEMORY}" in text


def readings(text: str) -> Iterator[str]:
    """A planned module as it would be written without memory of its own: what is used once in its
    place; then as it is, each call an assignment. The loss and its gradients as one function are
    read so both times: it has more than one name for an array.
    """
    for joined in (True, False):
        tree = ast.parse(text)
        functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
        ones = {n for f in functions.values() if is_memory(f) for n in _ones(f)}
        for name, function in functions.items():
            if name.endswith("_backward") or name in ("forward", "backward", "loss_and_grad"):
                _read(function.body, ones)
                if joined and name != "loss_and_grad":
                    _Joining(function).all()
        yield ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def is_memory(function: ast.FunctionDef) -> bool:
    return function.name.startswith(MEMORY)


def _ones(function: ast.FunctionDef) -> Iterator[str]:
    """The arrays of ones that a function makes."""
    for statement in function.body:
        if isinstance(statement, ast.Assign) and "np.ones(" in ast.unparse(statement.value):
            yield from (ast.unparse(t) for t in statement.targets)


def _read(body: list[ast.stmt], ones: set[str]) -> None:
    """Each call as an assignment, in nested bodies too."""
    for k, statement in enumerate(body):
        for inner in _bodies(statement):
            _read(inner, ones)
        body[k] = assignment(statement, ones)


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse"):
        inner = getattr(statement, name, [])
        if inner:
            yield inner


class _Joining:
    """Puts what a statement computes in the place of its name in the next, where nobody else reads
    it.
    """

    def __init__(self, function: ast.FunctionDef) -> None:
        self.function = function
        self.arrays = set(_opened(function))
        # In order: each statement, and the bodies that it is in, outermost first.
        self.order = list(_in_order(function.body, ()))
        self.number = {id(s): k for k, (s, _) in enumerate(self.order)}

    def all(self) -> None:
        self._within(self.function.body)

    def _within(self, body: list[ast.stmt]) -> None:
        done: list[ast.stmt] = []
        for statement in body:
            for inner in _bodies(statement):
                self._within(inner)
            number = self.number[id(statement)]
            while done and (joined := self._joined(done[-1], statement, number)) is not None:
                done.pop()
                statement = joined
            done.append(statement)
        body[:] = done

    def _joined(self, one: ast.stmt, other: ast.stmt, number: int) -> ast.stmt | None:
        """Two statements in one, the second of which has this number; None where the first is
        needed besides.
        """
        place = _written(one)
        if place is None or not isinstance(other, (ast.Assign, ast.AugAssign)):
            return None
        assert isinstance(one, ast.Assign)
        target = other.target if isinstance(other, ast.AugAssign) else other.targets[0]
        if isinstance(target, ast.Name) and isinstance(other, ast.Assign):  # a name for an array
            return None
        again = ast.unparse(target) in (place, f"{place}[...]")
        if again and isinstance(other, ast.AugAssign):
            other = doubled(other)
        name = place.split("[")[0]
        reads = _reads(other.value, name)
        if reads != 1 or (not again and (_reads(target, name) or not self._dead(place, number))):
            return None
        return _with(other, place, one.value)

    def _dead(self, place: str, number: int) -> bool:
        """Whether what is in an array is not read after a statement."""
        if place not in self.arrays:
            return False
        _, within = self.order[number]
        for statement, bodies in self.order[number + 1 :]:
            if _mentions(statement, place):
                return bodies == within and _writes_only(statement, place)
        if not any(isinstance(b, ast.For) for b in within):
            return True
        inside = (s for s, bodies in self.order if bodies[: len(within)] == within)
        first = next(s for s in inside if _mentions(s, place))
        return _writes_only(first, place)


def _opened(function: ast.FunctionDef) -> Iterator[str]:
    """The names of arrays that a workspace holds."""
    for s in function.body:
        if isinstance(s, ast.Assign) and ast.unparse(s.value).startswith("workspace["):
            (target,) = s.targets
            yield from map(ast.unparse, getattr(target, "elts", [target]))


def _in_order(
    body: list[ast.stmt], within: tuple[ast.stmt, ...]
) -> Iterator[tuple[ast.stmt, tuple[ast.stmt, ...]]]:
    for statement in body:
        yield statement, within
        for inner in _bodies(statement):
            yield from _in_order(inner, (*within, statement))


def _head(statement: ast.stmt) -> list[ast.AST]:
    """A statement without the statements in it."""
    fields = ast.iter_fields(statement)
    parts = [v for name, v in fields if name not in ("body", "orelse")]
    flat = [p for part in parts for p in (part if isinstance(part, list) else [part])]
    return [p for p in flat if isinstance(p, ast.AST)]


def _mentions(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.Assign) and ast.unparse(statement.value).startswith("workspace["):
        return False
    return any(_reads(part, name) for part in _head(statement))


def _written(statement: ast.stmt) -> str | None:
    """The place that an assignment writes all of: an array, or a part of one."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Subscript):
        return None
    target = statement.targets[0]
    if not isinstance(target.value, ast.Name):
        return None
    whole = isinstance(target.slice, ast.Constant) and target.slice.value is ...
    return target.value.id if whole else ast.unparse(target)


def _writes_only(statement: ast.stmt, name: str) -> bool:
    if ast.unparse(statement).startswith(f"{name}.fill("):
        return True
    return _written(statement) == name and not _reads(statement.value, name)  # type: ignore[attr-defined]


def _reads(node: ast.AST, name: str) -> int:
    """How often an array is read; to ask for its shape is not to read it."""
    shapes = {
        id(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "shape"
    }
    found = (n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name)
    return sum(id(n) not in shapes for n in found)


def _with(statement: ast.Assign | ast.AugAssign, place: str, value: ast.expr) -> ast.stmt | None:
    """A statement with a value in the place where a place is read; None where it is not read as a
    whole.
    """
    made, found = deepcopy(statement), False

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            nonlocal found
            asked = isinstance(node, ast.Attribute) and node.attr == "shape"
            if asked or isinstance(getattr(node, "ctx", None), ast.Store):
                return node
            if isinstance(node, (ast.Name, ast.Subscript)) and ast.unparse(node) == place:
                found = True
                return deepcopy(value)
            return self.generic_visit(node)

    Put().visit(made)
    return made if found else None
