"""Functions without the marks that are set: these say no more, and take a seventh of the time of
tests that compute.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import _lru_cache_wrapper, cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.coverage.marks import NAME, marked


def lighter(module: ModuleType, code: CodeType) -> CodeType:
    """The code of a module without the marks that are set by now. Its functions run it from their
    next call on.
    """
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_bytes())
    marked(tree, module.__dict__[NAME])
    less = compile(tree, module.__file__, "exec")
    instead = {id(one): other for one, other in _pairs(code, less)}
    for function in _functions(module):  # but for those of other modules
        function.__code__ = instead.get(id(function.__code__), function.__code__)
    return less


def _pairs(one: CodeType, other: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """What is within two codes that differ by their marks alone."""
    for pair in zip(_within(one), _within(other), strict=True):
        yield pair
        yield from _pairs(*pair)


def _within(code: CodeType) -> Iterator[CodeType]:
    return (inner for inner in code.co_consts if isinstance(inner, CodeType))


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Those of a module and of its classes, whatever wraps them."""
    waiting: list[object] = [*vars(module).values()]
    seen = set[int]()
    for value in waiting:
        if isinstance(value, FunctionType):
            yield value
        if id(value) not in seen:
            waiting += _held(value, module.__name__)
        seen.add(id(value))


def _held(value: Any, module: str) -> Iterable[object]:
    """What a class of the module holds; what a property, a method or a memo is of."""
    match value:
        case type(__module__=own) if own == module:
            return vars(value).values()
        case property(fget=inner) | cached_property(func=inner):
            return [inner]
        case staticmethod(__func__=inner) | classmethod(__func__=inner):
            return [inner]
        case _lru_cache_wrapper(__wrapped__=inner):
            return [inner]
    return []
