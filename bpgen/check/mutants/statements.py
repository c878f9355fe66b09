"""Wrong statements in the place of right ones, which stay as they are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from bpgen.check.mutants.expressions import parsed


def assigned(form: str) -> Callable[[ast.AST], Iterator[ast.AST]]:
    """The value of an assignment as a whole in another form."""

    def change(statement: ast.AST) -> Iterator[ast.AST]:
        if not isinstance(statement, ast.Assign):
            return
        if not isinstance(statement.value, (ast.Dict, ast.Tuple)):
            value = parsed(form.format(ast.unparse(statement.value)))
            yield ast.Assign(statement.targets, value)

    return change


def forgotten(statement: ast.AST) -> Iterator[ast.AST]:
    """A contribution added in place (+=, np.add.at) is not."""
    added = ast.unparse(statement).startswith("np.add.at(")
    if added or isinstance(statement, ast.AugAssign):
        yield ast.Pass()


def assigned_there(statement: ast.AST) -> Iterator[ast.AST]:
    """What is added in place is put there instead: `=` for `+=`, and where np.add.at adds, the last
    one stays.
    """
    if isinstance(statement, ast.AugAssign):
        value = statement.value
        if isinstance(statement.op, ast.Sub):
            value = ast.UnaryOp(ast.USub(), value)
        yield ast.Assign([statement.target], value)
    added = isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("np.add.at(")
    if added and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        array, place, value = statement.value.args
        yield ast.AugAssign(ast.Subscript(array, place, ast.Store()), ast.Add(), value)


def not_written(statement: ast.AST) -> Iterator[ast.AST]:
    """What stands in a part of an array before a loop, or beside zeros, is not written there."""
    part = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
    target = ast.unparse(statement).split(" = ")[0]
    if part and not target.startswith("grads[") and not target.endswith("[...]"):
        yield ast.Pass()


def unwritten(statement: ast.AST) -> Iterator[ast.AST]:
    """A call that writes where it is told is left out, so that what is there is what was there
    before; or a refusal.
    """
    yield ast.Pass()


def elsewhere(statement: ast.AST) -> Iterator[ast.AST]:
    """An array that is a part of another is one by itself."""
    assert isinstance(statement, ast.Assign)
    yield ast.Assign(statement.targets, parsed(f"np.empty_like({ast.unparse(statement.value)})"))


def in_one_place(statement: ast.AST) -> Iterator[ast.AST]:
    """An array is written over by another that is needed at the same time."""
    assert isinstance(statement, ast.Assign)
    for other in statement.others:  # type: ignore[attr-defined]
        yield ast.Assign(statement.targets, parsed(other))


def forwards(statement: ast.AST) -> Iterator[ast.AST]:
    """A loop from the last step to the first is run from the first to the last."""
    if not isinstance(statement, ast.For):
        return
    steps = statement.iter
    if isinstance(steps, ast.Call) and ast.unparse(steps).startswith("reversed("):
        yield ast.For(statement.target, steps.args[0], statement.body, statement.orelse)
