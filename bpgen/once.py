"""What is found of an object that does not change is found once, and kept with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

_Of = TypeVar("_Of")
_Found = TypeVar("_Found")


def once(find: Callable[[_Of], _Found]) -> Callable[[_Of], _Found]:
    """A function, or a method, of one object, which keeps what was found of it, under its own name:
    for as long as that lives, and for whoever asks again.
    """
    name = f"_{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def found(of: _Of) -> _Found:
        kept: dict[str, Any] = of.__dict__
        if name not in kept:
            kept[name] = find(of)
        told: _Found = kept[name]
        return told

    return found
