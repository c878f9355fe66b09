"""What every tensor is called: its variable in net.py, or a name made from what it is."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bpgen.declare.declaration import Declaration
from bpgen.declare.tensor import Tensor, checked_name
from bpgen.errors import NetError
from bpgen.functions import ROWS

# What an emitted module calls its own: a tensor of that name would hide it.
OWN = {"np", "SHAPES", "INPUTS", "TARGETS", "INTEGERS", "init", "forward", "loss", "backward", "loss_and_grad", "pack",
       "unpack", "params", "cache", "inputs", "grads", "rng", "dtype", "flat", "N", "rows", "delta"}  # fmt: skip
RESERVED = OWN | set(dir(builtins)) | set(keyword.kwlist) | set(ROWS)


def names(declared: Declaration, variables: Mapping[str, Any], source: str, used: Iterable[int]) -> dict[int, str]:
    """The name of each tensor in `used` that has one of its own: given in words, or its variable."""
    tensors = declared.tensors
    named = {t.serial: t.name for t in tensors if t.name is not None}
    for variable, value in variables.items():
        if isinstance(value, Tensor) and not variable.startswith("_") and value.serial not in named:
            named[value.serial] = variable
    targets = _assignments(source)
    taken = set(named.values())
    for t in tensors:  # a leaf whose variable was assigned again later
        variable = targets.get(t.line or 0, "")
        if t.role != "value" and t.serial not in named and not t.layer and variable and variable not in taken:
            named[t.serial] = variable
            taken.add(variable)
    chosen = {serial: name for serial, name in named.items() if serial in set(used)}
    _refuse(declared, chosen)
    return chosen


def _refuse(declared: Declaration, chosen: Mapping[int, str]) -> None:
    seen: dict[str, int] = {}
    for serial, name in chosen.items():
        place = declared.place(declared.tensors[serial].line)
        try:
            checked_name(name)
        except NetError as error:
            raise NetError(error.fact, error.remedy, place) from None
        if name in RESERVED:
            raise NetError(f"{name} is a name that the emitted module or Python itself uses", f"call it {name}1", place)
        if name in seen:
            raise NetError(f"two tensors are called {name}", "give each a name of its own", place)
        seen[name] = serial


def invented(tensor: Tensor, taken: set[str]) -> str:
    """A name for a tensor that has no variable: what it is, and its layer's number or the next free one."""
    stem = tensor.hint
    if tensor.layer and f"{stem}{tensor.layer}" not in taken:
        name = f"{stem}{tensor.layer}"
    else:
        number = 1
        while f"{stem}{number}" in taken:
            number += 1
        name = f"{stem}{number}"
    taken.add(name)
    return name


def _assignments(source: str) -> dict[int, str]:
    """The variable that each line of net.py assigns."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.targets[0].id))
    return found


def adjoint_name(name: str) -> str:
    """delta1 for z1, as textbooks write it; dW1 for any other W1."""
    pre_activation = re.fullmatch(r"z(\d*)", name)
    return f"delta{pre_activation[1]}" if pre_activation else f"d{name}"
