"""A module from its text, its numpy as it is or with some of its functions replaced."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

import numpy as np


class Numpy:
    """numpy with some of its functions replaced: what a copy of the module sees as `np`."""

    def __init__(self, overrides: Mapping[str, Any]) -> None:
        self.__dict__.update(overrides)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def load(source: str, overrides: Mapping[str, Any] | None = None) -> ModuleType:
    """The module that `source` is, with the functions of its numpy named in `overrides`
    replaced.
    """
    module = ModuleType("emitted")
    exec(_compiled(source), module.__dict__)
    if overrides is not None:
        module.__dict__["np"] = Numpy(overrides)
        module.__dict__.update(
            {name: f for name, f in overrides.items() if hasattr(builtins, name)}
        )
    return module


@lru_cache(8)  # one is run with many numpys
def _compiled(source: str) -> CodeType:
    return compile(source, "<emitted>", "exec")


def _absolute(z: Any) -> Any:
    """|z| continued analytically: numpy's modulus of a complex number would drop the step."""
    return np.where(np.real(z) < 0, -z, z)


def _sign(z: Any) -> Any:
    """The sign of the real part, as a complex number: numpy's is z / |z|, which is not constant."""
    return np.sign(np.real(z)) + 0j


def _continued(function: Callable[..., Any], continuation: Callable[..., Any]) -> Any:
    """A function of numpy that is another of complex numbers; it may be told where to write."""

    def called(z: Any, out: Any = None, **more: Any) -> Any:
        if not np.iscomplexobj(z):
            return function(z, out, **more)
        if out is None:
            return continuation(z)
        out[...] = continuation(z)
        return out

    return called


ANALYTIC = {
    "abs": _continued(np.abs, _absolute),
    "absolute": _continued(np.abs, _absolute),
    "fabs": _continued(np.fabs, _absolute),
    "sign": _continued(np.sign, _sign),
}


@contextmanager
def quiet() -> Iterator[None]:
    """Overflow and nan are looked for in the results; a cast that drops an imaginary part is an
    error.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield
