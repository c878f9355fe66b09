"""What stands under a sum or a maximum: its indices, their ranges where no axis shows them, and
conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import sympy as sp

from bpgen.ir import Index
from bpgen.render.places import along
from bpgen.render.reads import read_in
from bpgen.render.writer import Writer


def under(
    over: Iterable[Index], shown: Iterable[sp.Expr], writer: Writer, conditions: Iterable[str] = ()
) -> str:
    """`c,u,v`, or `r,s<2`, or `p,r` with `r<2` and `2p+r=j` below."""
    over, shown = tuple(over), tuple(shown)
    hidden = [k for k in over if not apparent(k, shown, writer)]
    bounds, conditions = ranges(hidden, writer), tuple(conditions)
    if conditions:
        writer.note("condition")
    if len(hidden) == len(over):
        names, bounds = bounds, ""
    else:
        names = ",".join(writer.subscript(k) for k in over)
    return writer.dialect.under(names, tuple(b for b in (bounds, ", ".join(conditions)) if b))


def ranges(hidden: Iterable[Index], writer: Writer) -> str:
    """`r,s<2, u<3`, in the order of the indices: through a maximum they run in it."""
    sizes = [(writer.length(index.size or 1), writer.subscript(index)) for index in hidden]
    if sizes:
        writer.note("count")
    less = writer.dialect.relations["<=" if writer.first else "<"]
    less += " " if less.isascii() and less[1:] else ""  # a word of LaTeX
    each = groupby(sizes, lambda sized: sized[0])
    return ", ".join(f"{','.join(n for _, n in names)}{less}{size}" for size, names in each)


def apparent(index: Index, shown: Iterable[sp.Expr], writer: Writer) -> bool:
    """Whether the index runs over the whole of an axis that is shown, and so needs no range."""
    accesses = [a for expr in shown for a in read_in(writer.expanded(expr))]
    return any(a.name in writer.blocks and a.indices[0].has(index) for a in accesses) or any(
        i == index and size == index.size
        for access in accesses
        for i, size in along(access, writer.axes)
    )
