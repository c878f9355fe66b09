"""The same in numpy: the lines of the module that compute, without those that guard its door, after
what they call.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import numpy as np

from bpgen.emit import emitted
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section

_LONGEST = 30  # lines that are a listing, and no program
_WIDEST = 90  # characters of a line of these
_FUNCTIONS = ("forward", "_loss", "backward")


def section(lesson: Lesson) -> Section | None:
    """Forward, loss and backward, each value by one line; run before it is shown, with numpy alone
    and the numbers above.
    """
    if lesson.worked is None or not lesson.is_plain:
        return None
    module = emitted(lesson.derivation)
    lines = listing(module)
    whole = (*called(module, lines), *lines)
    fits = 0 < len(lines) <= _LONGEST and max(map(len, lines)) <= _WIDEST
    if not fits or not _is_right(lesson, whole):
        return None
    said = "What the module computes, line by line, of arrays whose rows are samples."
    return Section("The same in numpy", (said,), (Block(code=whole),))


def called(module: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The functions of the module that these lines call, and that those call, as it defines them,
    but for types and docstrings.
    """
    functions = {d.name: d for d in ast.parse(module).body if isinstance(d, ast.FunctionDef)}
    needed, waiting = set[str](), [ast.parse("\n".join(lines))]
    while waiting:
        names = {n.id for n in ast.walk(waiting.pop()) if isinstance(n, ast.Name)}
        new = names & functions.keys() - needed
        needed |= new
        waiting += [ast.Module(functions[n].body, []) for n in new]
    return tuple(
        line for n, d in functions.items() if n in needed for line in (*_short(d, module), "")
    )


def _short(function: ast.FunctionDef, module: str) -> tuple[str, ...]:
    """A function as it is written, but for the types in its first line and its docstring."""
    arguments = copy.deepcopy(function.args)
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        argument.annotation = None
    first = f"def {function.name}({ast.unparse(arguments)}):"
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return first, *module.splitlines()[body[0].lineno - 1 : function.end_lineno]


def listing(module: str) -> tuple[str, ...]:
    """The lines of the three functions that give names of the derivation their values."""
    found: list[str] = []
    counted = False  # the number of samples, once
    text = module.splitlines()
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef) and node.name in _FUNCTIONS:
            for line in filter(_computes, _lines(node.body)):
                own = dedent("\n".join(text[line.lineno - 1 : line.end_lineno])).splitlines()
                is_count = own[0].startswith("N = ")
                found += [] if is_count and counted else own
                counted = counted or is_count
    return tuple(found)


def _lines(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements in their order, those under a condition among them."""
    for line in body:
        yield from _lines(line.body) if isinstance(line, ast.If) else (line,)


def _computes(line: ast.stmt) -> bool:
    """Whether a line computes a value: it is no guard, and fetches nothing."""
    if isinstance(line, ast.AugAssign):
        return True
    if not isinstance(line, ast.Assign):
        return False
    target, value = line.targets[0], line.value
    written = target.value if isinstance(target, ast.Subscript) else target
    if getattr(written, "id", "") in ("cache", "grads", ""):
        return False
    fetched = isinstance(value, ast.Subscript) and getattr(value.value, "id", "") in _FETCHED
    called = getattr(value.func, "id", "") if isinstance(value, ast.Call) else ""
    return not (fetched or called.startswith("_"))


_FETCHED = ("params", "cache")


def _is_right(lesson: Lesson, lines: tuple[str, ...]) -> bool:
    """Whether the lines, with numpy and the example's numbers alone, give the gradients that the
    page tells.
    """
    assert lesson.worked is not None
    space: dict[str, Any] = {"np": np, **lesson.worked.point.values}
    try:
        exec("\n".join(lines), space)
    except Exception:  # a line was taken for a guard
        return False
    adjoint = lesson.derivation.adjoint
    names = [t.name for t in lesson.params if t.name in lesson.steps]
    return all(np.allclose(space.get(adjoint[n], np.nan), lesson.worked.slopes[n]) for n in names)
