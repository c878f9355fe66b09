"""The same in numpy: the lines of the module that compute, without those that guard its door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from textwrap import dedent

import numpy as np

from bpgen.emit import emitted
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section

_LONGEST = 30  # lines that are a listing, and no program
_WIDEST = 90  # characters of a line
_FUNCTIONS = ("forward", "_loss", "backward")


def section(lesson: Lesson) -> Section | None:
    """Forward, loss and backward, each value by one line; run before it is shown."""
    if lesson.worked is None or not lesson.is_plain:
        return None
    lines = listing(emitted(lesson.derivation))
    fits = 0 < len(lines) <= _LONGEST and max(map(len, lines)) <= _WIDEST
    if not fits or not _is_right(lesson, lines):
        return None
    said = "What the module computes, line by line, of arrays whose rows are samples."
    return Section("The same in numpy", (said,), (Block(code=lines),))


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
    """Whether the lines by themselves give the module's loss and gradients."""
    assert lesson.worked is not None
    space = {**vars(lesson.module), **lesson.worked.point.values}
    try:
        exec("\n".join(lines), space)
    except Exception:  # a line was taken for a guard
        return False
    adjoint = lesson.derivation.adjoint
    names = [t.name for t in lesson.params if t.name in lesson.steps]
    return all(np.allclose(space.get(adjoint[n], np.nan), lesson.worked.slopes[n]) for n in names)
