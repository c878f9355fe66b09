"""Terms written at an access, as the lines that add them there."""

from __future__ import annotations

import sympy as sp

from bpgen.affine import affine
from bpgen.emit.layout import assignment, call
from bpgen.ir import Index
from bpgen.lower.printer import SUM, bracketed
from bpgen.lower.scatter import Scatter


def added(name: str, scatters: list[Scatter], indent: int, zeros: bool = False) -> list[str]:
    """The lines that add values at their places. `zeros`: where nothing has been written before,
    they are written.
    """
    lines: list[str] = []
    for k, scatter in enumerate(scatters):
        first = zeros and all(_are_apart(scatter, other) for other in scatters[:k])
        lines += _added_there(name, scatter, indent, first)
    return lines


def _are_apart(one: Scatter, other: Scatter) -> bool:
    """Whether along some axis the one ends before the other begins."""
    forms = [(affine(a), affine(b)) for a, b in zip(one.at, other.at, strict=True)]
    ends = [(a.highest, b.lowest, b.highest, a.lowest) for a, b in forms if a and b]
    return any(sp.expand(start - end).is_positive for e in ends for end, start in (e[:2], e[2:]))


def _added_there(name: str, scatter: Scatter, indent: int, once: bool) -> list[str]:
    """The lines that add a value at its place, in loops over the offsets of a window. `once`:
    nothing else is written there.
    """
    if scatter.repeated:
        places = scatter.place.replace(":", "slice(None)")
        at = f"({places})" if ", " in places else places
        return call("np.add.at", [name, at, bracketed(scatter.value, SUM)], "", indent)
    text, sign = bracketed(scatter.value, SUM), "+="
    if once and not scatter.loops:
        sign = "="
    elif text.startswith("-") and scatter.value[1] > SUM:  # of all that is added
        sign, text = "-=", text[1:]
    if not scatter.loops:
        return assignment(scatter.place, text, indent, sign)
    inner = assignment(scatter.place, text, indent + 4, sign)
    return [_header(scatter.loops), *(f"    {line}" for line in inner)]


def _header(loops: tuple[Index, ...]) -> str:
    """`for u in range(3):`, or over several indices at once."""
    names = ", ".join(i.name for i in loops)
    sizes = ", ".join(str(i.size) for i in loops)
    return f"for {names} in {'range' if len(loops) == 1 else 'np.ndindex'}({sizes}):"
