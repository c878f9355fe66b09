"""Names in code: those that are taken, new ones, and those of gradients."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container, Iterable
from itertools import count

from bpgen.functions import ROWS

# What an emitted module calls its own: a tensor of that name would hide it.
_OWN = {
    "np",
    "SHAPES",
    "INPUTS",
    "TARGETS",
    "INTEGERS",
    "Arrays",
    "init",
    "forward",
    "loss",
    "backward",
    "loss_and_grad",
    "pack",
    "unpack",
    "params",
    "cache",
    "inputs",
    "grads",
    "rng",
    "dtype",
    "flat",
    "N",
    "n",
    "rows",
    "value",
    "delta",
    "logsumexp",
    "softmax",
    "log_softmax",
    "first_largest",
    "windows",
    "dropout",
    "STATES",
}
RESERVED = _OWN | set(dir(builtins)) | set(keyword.kwlist) | set(ROWS)


def into(function: str) -> str:
    """What a function is called that writes where it is told."""
    return f"{function}_into"


# What a planned module calls its own beside that, and one by the array API standard.
PLANNED = {"BLOCK", "SIZE", "Workspace", "checked", "workspace"}.union(
    into(name) for name, row in ROWS.items() if row.helper
)
STANDARD = frozenset({"AT", "Any", "Array", "math", "on", "xp"})
# What no loop counts by, whatever an index is called, and no array on the way is called.
NO_LOCAL = STANDARD | PLANNED | RESERVED


def adjoint_name(name: str) -> str:
    """delta1 for z1, as textbooks write it; dW1 for any other W1."""
    pre_activation = re.fullmatch(r"z(\d*)", name)
    return f"delta{pre_activation[1]}" if pre_activation else f"d{name}"


def numbered(stem: str, taken: set[str]) -> str:
    """The stem with the first number that makes it a new name."""
    name = next(f"{stem}{k}" for k in count(1) if f"{stem}{k}" not in taken)
    taken.add(name)
    return name


def free(name: str, taken: Container[str]) -> str:
    """The name, with as many underscores as make it a new one."""
    while name in taken:
        name += "_"
    return name


def first_free(names: Iterable[str], taken: Container[str]) -> str:
    """The first that is new: two letters that look alike are no two names. The first with
    underscores where none is.
    """
    first, *others = names
    return next((name for name in (first, *others) if name not in taken), free(first, taken))
