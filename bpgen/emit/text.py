"""Small pieces of the module's text: shapes, arguments, the names that lines of code speak of."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

from bpgen.emit.layout import call
from bpgen.ir import Equation, Index, TensorInfo


def shape_text(tensor: TensorInfo, known: Container[str] = ()) -> str:
    """The shape of one sample as Python text; lengths without a value are quoted."""
    inside = [str(s) if isinstance(s, int) or s in known else f'"{s}"' for s in tensor.sample_shape]
    return f"({inside[0]},)" if len(inside) == 1 else f"({', '.join(inside)})"


def batch_shape(tensor: TensorInfo) -> str:
    sizes = [str(i.size) for i in tensor.indices]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def typed(tensors: Iterable[TensorInfo]) -> list[str]:
    return [f"{t.name}: np.ndarray" for t in tensors]


def joined(*arguments: str) -> str:
    return ", ".join(a for a in arguments if a)


def definition(name: str, arguments: Iterable[str], returns: str) -> list[str]:
    return call(f"def {name}", arguments, f" -> {returns}:")


def door(tensor: TensorInfo, name: str, length: str, known: Container[str]) -> list[str]:
    """The statement that lets an argument in, or refuses it."""
    shape = shape_text(tensor, known)
    if not tensor.batched:  # what all samples share
        return call(f"{name} = _state", [f'"{name}"', name, shape, "params"], "", 4)
    kind = (
        "_labels"
        if tensor.bound is not None
        else "_one_hot"
        if tensor.sums_to_one and name == tensor.name
        else "_array"
    )
    last = str(tensor.bound) if tensor.bound is not None else "params"
    return call(f"{name} = {kind}", [f'"{name}"', name, shape, length, last], "", 4)


def drawn(tensor: TensorInfo, like: str) -> list[str]:
    """The statement that draws noise anew."""
    sizes = ", ".join(str(i.size) for i in tensor.indices)
    shape = f"({sizes},)" if len(tensor.indices) == 1 else f"({sizes})"
    keep = repr(float(tensor.keep if tensor.keep is not None else 1))
    return call(f"{tensor.name} = dropout", ["rng", shape, keep, f"{like}.dtype"], "", 4)


def names_in(lines: Iterable[str]) -> set[str]:
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", code)))


def reads(equations: Iterable[Equation]) -> set[str]:
    return {e.name for equation in equations for e in equation.reads()}


def lengths_in(equations: Iterable[Equation]) -> Iterator[str]:
    """The lengths known at run time that equations speak of: those of indices, and in bodies."""
    for equation in equations:
        for term in equation.terms:
            sizes = (i.size for i in (*equation.indices, *term.over))
            yield from (size for size in sizes if isinstance(size, str))
            yield from (str(s) for s in term.body.free_symbols if not isinstance(s, Index))
