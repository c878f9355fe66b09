"""What a net.py must not leave changed: the folder it runs in, and what others run on."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SHARED = ("builtins", "math", "numpy", "sympy")  # whose names bpgen goes on to use


@contextmanager
def as_it_was() -> Iterator[None]:
    """The folder, the filters of warnings, the limit of recursion and the names of shared modules
    as they were before.
    """
    folder, limit = os.getcwd(), sys.getrecursionlimit()
    names = {m: dict(vars(sys.modules[m])) for m in _SHARED if m in sys.modules}
    with warnings.catch_warnings():
        try:
            yield
        finally:
            for module, before in names.items():
                vars(sys.modules[module]).update(before)
            sys.setrecursionlimit(limit)
            with suppress(OSError):  # it may be gone
                os.chdir(folder)


@contextmanager
def modules_beside(path: str) -> Iterator[None]:
    """The modules in the folder of a net.py can be imported, after all others of their names. They
    end with it, so that another run declares its own tensors, and leave no bytecode there.
    """
    folder, before = Path(path).absolute().parent, {*sys.modules}
    searched, writes = [*sys.path], sys.dont_write_bytecode
    sys.path.append(str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = searched, writes
        new = {name.partition(".")[0] for name in {*sys.modules} - before} - before
        own = {name for name in new if _lies_in(folder, sys.modules.get(name))}
        for name in [m for m in sys.modules if m.partition(".")[0] in own] if own else []:
            del sys.modules[name]


def _lies_in(folder: Path, module: object) -> bool:
    """Whether a module or package lies in the folder itself, not in one below, as libraries may."""
    file = Path(str(getattr(module, "__file__", None) or os.devnull)).absolute()
    return folder == (file.parent.parent if file.stem == "__init__" else file.parent)
