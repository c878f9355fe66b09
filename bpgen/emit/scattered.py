"""Terms written at an access, as the lines that add them there."""

from __future__ import annotations

from collections.abc import Collection

from bpgen.affine import apart
from bpgen.emit.layout import assignment, call
from bpgen.ir import Index
from bpgen.lower.printer import SUM, bracketed
from bpgen.lower.scatter import Scatter
from bpgen.pieces import Place


def added(
    scatters: list[Scatter], indent: int, before: Collection[Place] | None = None
) -> list[str]:
    """The lines that add values at their places. `before` are the places that have been written:
    elsewhere a value is the first, and is assigned. None: any may have been.
    """
    lines: list[str] = []
    for k, scatter in enumerate(scatters):
        earlier = [*(before or ()), *(s.at for s in scatters[:k])]
        first = before is not None and all(apart(scatter.at, other) for other in earlier)
        lines += _added_there(scatter, indent, first)
    return lines


def _added_there(scatter: Scatter, indent: int, once: bool) -> list[str]:
    """The lines that add a value at its place, in loops over the offsets of a window. `once`:
    nothing else is written there.
    """
    if scatter.array:
        value = bracketed(scatter.value, SUM)
        return call("np.add.at", [scatter.array, scatter.place, value], "", indent)
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
