"""What a net.py must not leave changed: the folder it runs in, and what others run on."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
