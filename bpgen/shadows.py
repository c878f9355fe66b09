"""A user's file that stands for a module which bpgen runs on: a random.py that is found first."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from bpgen.errors import NetError

_LIBRARIES = {"click", "jinja2", "markupsafe", "mpmath", "numpy", "sympy"}  # all of them folders


def told(error: BaseException) -> NetError | None:
    """An error that a file hides a module of its name, where one does that was imported, or that
    the error comes from.
    """
    first = _found_first()
    for file in _files(error):
        name = file.parent.name if file.stem == "__init__" else file.stem
        own = file.parent.parent if file.stem == "__init__" else file.parent
        single = name in _LIBRARIES and file.stem == name
        if own in first and (single or name in sys.stdlib_module_names):
            return NetError(
                f"{file} hides the module {name}, which bpgen runs on",
                "give it another name, or take its folder out of PYTHONPATH",
            )
    return None


def _files(error: BaseException) -> Iterator[Path]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        yield Path(frame.filename).absolute()
    for module in [*sys.modules.values()]:
        if file := getattr(module, "__file__", None):
            yield Path(file).absolute()


def _found_first() -> list[Path]:
    """The folders in which modules are looked for before Python's own."""
    folders = [Path(folder).absolute() for folder in sys.path]
    own = Path(os.__file__).absolute().parent
    return folders[: folders.index(own)] if own in folders else []
