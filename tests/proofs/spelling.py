"""What is proved, as one text: two networks are spelled alike only where they are the same."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from bpgen.ir import Index
from tests.conftest import ROOT


def spelled(thing: Any) -> str:
    """Networks, equations, expressions and claims as text, each of the same text in every process."""
    if isinstance(thing, Index):
        return f"Index({thing.name!r}, {thing.size!r})"
    if isinstance(thing, sp.Basic):
        return _expression(thing)
    if is_dataclass(thing):
        parts = (f"{f.name}={spelled(getattr(thing, f.name))}" for f in fields(thing))
        return f"{type(thing).__name__}({', '.join(parts)})"
    if isinstance(thing, Mapping):
        return "{" + ", ".join(f"{spelled(k)}: {spelled(v)}" for k, v in thing.items()) + "}"
    if isinstance(thing, tuple | list):
        return "(" + ", ".join(map(spelled, thing)) + ")"
    if isinstance(thing, np.ndarray):
        return f"{thing.dtype}{thing.shape}{thing.tolist()}"
    if thing is None or isinstance(thing, str | int | float | bool):
        return repr(thing)
    raise TypeError(f"a {type(thing).__name__} has no spelling")


def _expression(expr: sp.Basic) -> str:
    if not expr.args:
        return f"{type(expr).__name__}:{sp.srepr(expr)}"
    args = [spelled(a) for a in expr.args]
    if isinstance(expr, sp.Add | sp.Mul):
        args.sort()  # their order is sympy's affair
    return f"{type(expr).__name__}({', '.join(args)})"


def digest(*texts: str) -> str:
    """The hash of texts, each apart from the next."""
    whole = sha256()
    for text in texts:
        whole.update(sha256(text.encode()).digest())
    return whole.hexdigest()


def with_imports(files: Iterable[Path]) -> list[Path]:
    """The files, and all that they import of bpgen."""
    found: set[Path] = set()
    todo = list(files)
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            todo += [f for m in _imported(file) for f in _file(m)]
    return sorted(found)


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "bpgen":
            yield from (f"{node.module}.{name.name}" for name in node.names)
            yield from [str(node.module)] * (node.module != "bpgen")  # which is all of bpgen


def _file(module: str) -> Iterator[Path]:
    path = ROOT.joinpath(*module.split("."))
    yield from (p for p in (path / "__init__.py", path.with_suffix(".py")) if p.is_file())
