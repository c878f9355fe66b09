"""N and the other lengths known at run time, read off arrays at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import sympy as sp

from bpgen.emit.text import names_in
from bpgen.ir import BATCH, Element, Equation, Index, Size, TensorInfo, elements


def needs_one(equation: Equation, tensors: Mapping[str, TensorInfo]) -> bool:
    """Whether an equation has no value where a length known at run time is 0: it takes the largest
    of none, divides by the length, or reads or writes one place of the axis.
    """
    for term in equation.terms:
        largest = term.reduce != "sum" and any(_is_open(k.size) for k in term.over)
        divided = any(
            _is_open(str(s))
            for power in term.body.atoms(sp.Pow)
            if power.exp.is_negative
            for s in power.free_symbols - power.atoms(Index)
        )
        read = (next(_fixed(e.indices, tensors[e.name]), None) for e in elements(term.body))
        written = next(_fixed(term.at or (), tensors[equation.name]), None)
        if largest or divided or any(p is not None for p in (*read, written)):
            return True
    return False


def _is_open(size: Size | None) -> bool:
    return isinstance(size, str) and size != BATCH


def _fixed(at: tuple[sp.Expr, ...], info: TensorInfo) -> Iterator[sp.Expr]:
    """The places of an access along axes whose lengths are known at run time, where no index runs;
    before the first step of a recurrence there is one always.
    """
    for k, (place, axis) in enumerate(zip(at, info.indices, strict=False)):
        before = info.carried == k and place == -1
        if _is_open(axis.size) and not place.has(Index, Element) and not before:
            yield place


def measured(
    body: list[str], arrays: Mapping[str, str], tensors: Mapping[str, TensorInfo]
) -> list[str]:
    """The body with N, the row numbers and the lengths that it speaks of, each read off the first
    of the arrays that has it, as soon as that is there.
    """
    names = names_in(body)
    wanted = names | ({BATCH} if "rows" in names else set())
    known = {line.split(" = ")[0] for line in body if re.match(r"\w+ = ", line)}
    lines: list[tuple[str, str]] = []
    for array, text in arrays.items():
        for axis, index in enumerate(tensors[array].indices):
            size = index.size
            if isinstance(size, str) and size in wanted and size not in known:
                known.add(size)
                measure = f"len({text})" if axis == 0 else f"{text}.shape[{axis}]"
                if tensors[array].carried == axis:
                    measure += " - 1"  # what stands before the first step is stored, too
                lines.append((array, f"{size} = {measure}"))
    if "rows" in names:
        batched = next(a for a in arrays if BATCH in {i.size for i in tensors[a].indices})
        lines.append((batched, f"rows = np.arange({BATCH})"))
    for array, line in reversed(lines):
        body.insert(_after(body, array), line)
    return body


def _after(body: list[str], array: str) -> int:
    """The place in a body after the statement that makes an array known."""
    start = next((k for k, line in enumerate(body) if line.startswith(f"{array} = ")), None)
    if start is None:  # of the cache: before the doors, which ask for the lengths
        return next((k for k, line in enumerate(body) if "params[" not in line), 0)
    end = start + 1
    while end < len(body) and body[end][:1] in (" ", ")"):
        end += 1
    return end
