"""What a delta says, and why there is a sum in a gradient: a sentence each."""

from __future__ import annotations

from bpgen.render.equations import Equations
from bpgen.render.parts import Part


def meaning(part: Part, page: Equations) -> str:
    """What the gradient says that has a letter of its own."""
    inline, writer, step = page.writer.dialect.inline, page.writer, part.step
    if step.equation.name not in writer.symbols:
        return ""
    names = step.equation.name, page.top, step.of
    delta, total, tensor = (inline(writer.tensor(n).text) for n in names)
    return f"{delta} says how {total} changes with {tensor}."


def why_sum(part: Part, page: Equations) -> str:
    """Through what the loss depends on a tensor, where it is through several entries."""
    if page.derivation.network.tensors[part.step.of].role != "value":
        return ""
    inline, writer = page.writer.dialect.inline, page.writer
    for one in (c for c in part.contributions if c.over):
        over = writer.dialect.sum(",".join(map(writer.subscript, one.over))).strip()
        fed = "several" if any(t.at is not None for t in one.value.terms) else "every"
        read, through = (inline(writer.element(e).text) for e in (one.wrt, one.upstream))
        return f"Each {read} feeds {fed} {through}, so {inline(over)} adds what comes back."
    return ""
