"""Where a tensor of zeros() or recurrent() is written: no line writes what another has written."""

from __future__ import annotations

from itertools import product
from math import prod

import sympy as sp

from bpgen.declare.declaration import Quantity
from bpgen.errors import NetError
from bpgen.ir import Element, indices_of, told

At = tuple[sp.Expr, ...]
MOST, FEW = 20_000, 8  # places that are counted; of an axis, where these are more
LENGTH = 5  # tried for one known at run time only


def refuse_twice(tensor: Quantity, at: At) -> None:
    """NetError where an element is surely written by two lines; in Python the last one would stay,
    in an equation both hold. What one line writes at one place adds up, and so does what labels
    say the place of.
    """
    if any(e.has(Element) for e in at):
        return
    for before in tensor.written:
        if _reached(at) & _reached(before):
            raise NetError(
                f"{tensor.said()}: [{_said(at)}] is written already, as [{_said(before)}]",
                "what stands before the first step is at -1"
                if tensor.carried is not None
                else "write each element once: the sum in one line, or an index with a smaller"
                ' range, i = indices("i", size=2)',
            )
    tensor.written.append(at)


def _said(at: At) -> str:
    return ", ".join(map(told, at))


def _reached(at: At) -> set[tuple[int, ...]]:
    """The elements at an access: of very many, some."""
    every = sorted({i for e in at for i in indices_of(e)}, key=str)
    sizes = [i.size if isinstance(i.size, int) else LENGTH for i in every]
    if prod(sizes) > MOST:
        sizes = [min(s, FEW) for s in sizes]
    place = sp.lambdify(every, at, "math")
    return {tuple(place(*values)) for values in product(*map(range, sizes))}
