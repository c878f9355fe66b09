"""What a notebook shows of an object is made at the top of the house. The grammar at the ground
imports nothing that stands on it: the package's door tells here who makes what.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

Form = Literal["framed", "of_derivation", "of_tensor"]
Maker = Callable[[Form], Callable[[Any], Any]]

_makers: list[Maker] = []


def made_by(maker: Maker) -> Maker:
    """Who makes the forms, by their names."""
    _makers[:] = [maker]
    return maker


def shown(thing: object, form: Form) -> Any:
    """The text of the one form that a notebook is offered."""
    return _makers[-1](form)(thing)
