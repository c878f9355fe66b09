"""bpgen: a neural network's equations in; its derivation, its numpy module and the proof of both
out.

A net.py begins with `from bpgen import *`. sympy is imported when the first word is used, not
before.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bpgen.notebook import Form, made_by
from bpgen.vocabulary import BY_MODULE, WORDS

__version__ = "0.1.0"

__all__ = WORDS
_MODULES = {word: module for module, words in BY_MODULE.items() for word in words}

if TYPE_CHECKING:
    from bpgen.declare.activations import *
    from bpgen.declare.blocks import *
    from bpgen.declare.cross_entropy import *
    from bpgen.declare.functions import *
    from bpgen.declare.layers.convolution import *
    from bpgen.declare.layers.heads import *
    from bpgen.declare.layers.linear import *
    from bpgen.declare.layers.normalization import *
    from bpgen.declare.layers.pooling import *
    from bpgen.declare.layers.recurrence import *
    from bpgen.declare.layers.shaping import *
    from bpgen.declare.losses import *
    from bpgen.declare.words import *


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"bpgen.declare.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@made_by
def _form(form: Form) -> Callable[[Any], Any]:
    """What makes one of the forms of a notebook."""
    make: Callable[[Any], Any] = getattr(import_module("bpgen.html.notebook"), form)
    return make
