"""What every tensor is called: its variable in net.py, or a name made from what it is."""

from __future__ import annotations

import ast
import keyword
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bpgen.declare.declaration import Declaration, Quantity
from bpgen.declare.given import checked_name
from bpgen.errors import NetError
from bpgen.ir import BATCH
from bpgen.names import RESERVED, adjoint_name, numbered
from bpgen.network.held import held

_LEAVES = {  # the words that declare a tensor
    "input",
    "target",
    "one_hot",
    "label",
    "param",
    "state",
}


def names(declared: Declaration, variables: Mapping[str, Any], source: str) -> dict[int, str]:
    """The name of each tensor that has one of its own: given in words, or its variable.

    A variable that declares several tensors, as in a loop, numbers them: W1, W2, ... What is
    computed and kept in a variable that also declares a tensor, as in `x = relu(x)`, is numbered
    too, or has a tilde where a number is there: the declared one keeps the name. So is what is
    computed under a name that code has another use for, as in `n = dense(x, 3)`: no key of the
    module's dicts depends on it. The loss is L.
    What only a list or a dict holds has the name of its place there.
    """
    named = {t.serial: t.name for t in declared.tensors if t.name is not None}
    leaves = {
        serial: name for serial, name in _declared(declared, source).items() if serial not in named
    }
    taken = {*named.values(), *leaves.values(), *variables}
    often, places = Counter(leaves.values()), [*held(declared, variables)]
    for serial, name in leaves.items():
        named[serial] = name if often[name] == 1 else numbered(name, taken)
    _by_place(named, taken, declared, [(n, t) for n, t in places if t.role == "param"])
    for variable, value in variables.items():
        if (
            isinstance(value, Quantity)
            and not variable.startswith("_")
            and value.serial not in named
        ):
            if variable in often and value.layer:
                named[value.serial] = invented(value, taken)
            elif variable not in often and not (value.role == "value" and _is_taken(variable)):
                named[value.serial] = variable
            elif value is not declared.loss:
                named[value.serial] = _another(variable, taken)
    again = Counter(declared.called.values())
    for serial, variable in declared.called.items():  # the variables of a repeated block
        if serial not in named:
            once = variable not in taken and again[variable] == 1
            fresh = once and not _is_taken(variable)
            named[serial] = variable if fresh else numbered(variable, taken)
            taken.add(named[serial])
    _by_place(named, taken, declared, places)
    return dict(sorted(named.items()))


def _another(variable: str, taken: set[str]) -> str:
    """A name beside that of a variable; of W1 it is W_tilde1, for W11 is of another layer."""
    stem = variable.rstrip("0123456789")
    marked = f"{stem}_tilde{variable.removeprefix(stem)}"
    if stem == variable or marked in taken:
        return numbered(variable, taken)
    taken.add(marked)
    return marked


def _by_place(
    named: dict[int, str],
    taken: set[str],
    declared: Declaration,
    places: Iterable[tuple[str, Quantity]],
) -> None:
    """Names of tensors that have none yet, by where a list or a dict holds them."""
    for name, value in places:
        if value.serial not in named and name not in taken and _is_free(name, declared):
            named[value.serial] = name
            taken.add(name)


def _is_free(name: str, declared: Declaration) -> bool:
    """Whether the place of a tensor may name it; where it may not, bpgen does."""
    plain = name.isidentifier() and name.isascii() and not name.startswith("_")
    return plain and not _is_taken(name) and not {name, adjoint_name(name)} & declared.lengths


def _is_taken(name: str) -> bool:
    """Whether code uses the name, or that of its gradient, for something else."""
    word = keyword.iskeyword(name) or keyword.issoftkeyword(name)
    return word or name in RESERVED or adjoint_name(name) in RESERVED - {"delta"}


def refuse_own_lengths(declared: Declaration, variables: Mapping[str, Any]) -> None:
    """NetError for W = param("W", 3, 4), whose first size is the name of a length."""
    for name, value in variables.items():
        if isinstance(value, Quantity) and value.role != "value" and name in value.shape[:1]:
            sizes = ", ".join(repr(s) for s in value.shape[1:]) or "3"
            raise NetError(
                f"the first size of {name} is its own name",
                f"it is called what its variable is: {name} = {value.role}({sizes})",
                declared.place(value.line),
            )


def refuse_lengths(declared: Declaration, every: Mapping[int, str]) -> None:
    """NetError for a length that has the name of a tensor which net.py gives none, or of a
    gradient, or one that code has another use for.
    """
    for own in sorted(declared.lengths & RESERVED - {BATCH}):
        raise NetError(
            f"{own} is the length of an axis, and a name that the emitted module or Python itself"
            " uses",
            "give the length another name, such as T",
            declared.path,
        )
    for name in every.values():
        for own in {name, adjoint_name(name)} & declared.lengths:
            raise NetError(
                f"{own} is the length of an axis, and what bpgen calls an array",
                "give the length another name, such as T",
                declared.path,
            )


def refuse(declared: Declaration, chosen: Mapping[int, str]) -> None:
    """NetError for a name that is taken or that the emitted module could not carry."""
    seen: set[str] = set()
    for serial, name in chosen.items():
        place = declared.place(declared.tensors[serial].line)
        try:
            checked_name(name)
        except NetError as error:
            raise NetError(error.fact, error.remedy, place) from None
        if name in RESERVED:
            raise NetError(
                f"{name} is a name that the emitted module or Python itself uses",
                f"call it {name}1: the module's dicts hold what is declared under its name",
                place,
            )
        if name in declared.lengths:
            raise NetError(f"{name} is the length of an axis, too", f"call it {name}1", place)
        if name in seen:
            raise NetError(f"two tensors are called {name}", "give each a name of its own", place)
        if adjoint_name(name) in RESERVED - {"delta"}:
            raise NetError(
                f"the gradient of {name} would be called {adjoint_name(name)}, a name of Python",
                f"call it {name}1",
                place,
            )
        seen.add(name)
    upstream = {
        f"d_{chosen[t.serial]}"
        for t in declared.outputs
        if declared.loss is None and t.serial in chosen
    }
    for serial, name in chosen.items():
        if name in upstream:
            raise NetError(
                f"{name} is what backward calls the gradient given for {name[2:]}",
                f"call it {name}1",
                declared.place(declared.tensors[serial].line),
            )


def invented(tensor: Quantity, taken: set[str]) -> str:
    """A name for a tensor that has no variable: what it is, and its layer's number or the next free
    one.
    """
    name = f"{tensor.hint}{tensor.layer}"
    if not tensor.layer or name in taken:
        return numbered(tensor.hint, taken)
    taken.add(name)
    return name


def _declared(declared: Declaration, source: str) -> dict[int, str]:
    """The variable that each declaration of a tensor is assigned to: W and b in `W, b = param(4,
    3), param(4)`.
    """
    by_line: dict[int | None, list[int]] = {}
    for t in declared.tensors:
        if t.role not in ("value", "noise") and not t.layer:
            by_line.setdefault(t.line, []).append(t.serial)
    found: dict[int, str] = {}
    variables = _assignments(source)
    for line, serials in by_line.items():
        names = variables.get(line or 0, [])
        if names and len(serials) % len(names) == 0:  # a loop declares them again and again
            found.update({serial: names[k % len(names)] for k, serial in enumerate(serials)})
    return dict(sorted(found.items()))


def _assignments(source: str) -> dict[int, list[str]]:
    """The variables that each line of net.py gives a declared tensor, in their order."""
    found: dict[int, list[str]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) or (
            isinstance(node, ast.Assign) and len(node.targets) == 1
        ):
            left = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            for variable, value in _pairs(left, node.value):
                if not variable.startswith("_"):
                    for line in range(value.lineno, (value.end_lineno or value.lineno) + 1):
                        found.setdefault(line, []).append(variable)
    return found


def _pairs(left: ast.expr, right: ast.expr | None) -> Iterable[tuple[str, ast.Call]]:
    """Each variable of an assignment with the declaring call that it is given."""
    if (
        isinstance(left, ast.Tuple)
        and isinstance(right, ast.Tuple)
        and len(left.elts) == len(right.elts)
    ):
        for one, other in zip(left.elts, right.elts, strict=True):
            yield from _pairs(one, other)
    elif isinstance(left, (ast.Name, ast.Attribute)) and isinstance(right, ast.Call):
        word = (
            right.func.attr
            if isinstance(right.func, ast.Attribute)
            else getattr(right.func, "id", "")
        )
        if word in _LEAVES:
            yield left.id if isinstance(left, ast.Name) else left.attr, right
