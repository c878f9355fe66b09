"""A bound as numpy's clip: on arrays of some size it is several times faster than a maximum or a
minimum with a number, which is not vectorised.
"""

from __future__ import annotations

import sympy as sp

from bpgen.planning.nodes import Apply
from bpgen.planning.views import numbers_of_sample, varying_axes
from bpgen.program.grammar import Expr, Node, Store

SOME = 16  # numbers of a sample; of fewer, a maximum takes less time to call


def as_clip(at: Expr, value: Expr) -> Apply | None:
    """A value that is bounded from below or above; None where it is not that, or small."""
    if not isinstance(value, Apply) or value.call not in ("maximum", "minimum"):
        return None
    arrays = [o for o in value.operands if isinstance(o, Expr)]
    numbers = [o for o in value.operands if isinstance(o, sp.Expr) and o.is_number]
    if len(arrays) != 1 or len(numbers) != 1 or {*varying_axes(arrays[0])} != {*at.axes}:
        return None
    if (numbers_of_sample(at) or SOME) < SOME:
        return None
    ends = (numbers[0], sp.oo) if value.call == "maximum" else (-sp.oo, numbers[0])
    return Apply("clip", (arrays[0], *ends), at.axes)


def joined(before: Node | None, at: Expr, value: Apply) -> Apply | None:
    """Two bounds as one, where the statement before is the one below; None of any other."""
    if not isinstance(before, Store) or before.at != at or not isinstance(before.value, Apply):
        return None
    if before.value.call != "clip" or value.operands[0] != at:
        return None
    array, low, high = before.value.operands
    own = value.operands[1:]
    is_upper = high == sp.oo and own[0] == -sp.oo and isinstance(low, sp.Expr)
    return Apply("clip", (array, low, own[1]), at.axes) if is_upper else None
