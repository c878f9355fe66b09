"""What a delta says, and why there is a sum in a gradient: a sentence each."""

from __future__ import annotations

from bpgen.functions import at_most
from bpgen.ir import Equation, element
from bpgen.render.equations import Equations
from bpgen.render.feeding import always_read, fed
from bpgen.render.parts import Part
from bpgen.render.places import open_indices


def meaning(part: Part, page: Equations) -> str:
    """What the gradient says that has a letter of its own."""
    inline, writer, step = page.writer.dialect.inline, page.writer, part.step
    if step.equation.name not in writer.symbols:
        return ""
    names = step.equation.name, page.top, step.of
    delta, total, tensor = (inline(writer.tensor(n).text) for n in names)
    return f"{delta} says how {total} changes with {tensor}."


def why_sum(part: Part, page: Equations) -> str:
    """Through what the loss depends on a tensor, where it is through several entries; not where the
    sum runs within one of these, too, which itself adds up what it reads.
    """
    inline, writer = page.writer.dialect.inline, page.writer
    info = page.derivation.network.tensors[part.step.of]
    if info.role != "value":
        return ""
    for one in part.contributions:
        entry = always_read(one, part.left)
        feeds = fed(one, entry, part.view.axes)
        if _is_choosy(page.outline.definitions.get(one.upstream.name)):
            continue
        if feeds and {*one.over} <= {*open_indices(one.upstream.indices)}:
            over = writer.dialect.sum(",".join(map(writer.subscript, one.over))).strip()
            pair = element(one.wrt.name, entry), one.upstream
            read, through = (inline(writer.element(e).text) for e in pair)
            each = "Each " if open_indices(entry[info.block :]) else ""
            return f"{each}{read} {feeds} {through}, so {inline(over)} adds what comes back."
    return ""


def _is_choosy(equation: Equation | None) -> bool:
    """Whether an equation reads some of what it names at some of its places alone."""
    return equation is not None and any(t.body.has(at_most) for t in equation.terms)
