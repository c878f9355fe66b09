"""What a notebook shows of an object is made at the top of the house, by `html.notebook`, which is
found by its name: the grammar at the ground imports nothing that stands on it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

Form = Literal["framed", "of_derivation", "of_tensor"]


def shown(thing: object, form: Form) -> Any:
    """The text of the one form that a notebook is offered."""
    return getattr(import_module("bpgen.html.notebook"), form)(thing)
