"""A softmax, row by row: exponentials, each of which is then a part of their sum."""

from __future__ import annotations

from bpgen.program.grammar import Expr, InRows, Read
from bpgen.targets.c.entries import Entries
from bpgen.targets.c.layout import nest
from bpgen.targets.c.loops import At
from bpgen.targets.c.nodes import Summed
from bpgen.targets.c.scalar import SUM


def softmax(e: Entries, at: Expr, value: InRows, here: At) -> list[str]:
    """The lines of one row, within the loops over the others."""
    row = {**here, **e.here(value.axes[-1:])}
    m, s, head = e.names.local("m"), e.names.local("s"), e.head(value.axes[-1])
    z, place = e.value(value.array, row), e.value(at, row).text
    e.helpers.add("larger")
    lines = [f"real {m} = -INFINITY, {s} = 0;", *nest([head], [f"{m} = larger({m}, {z.text});"])]
    if isinstance(value, Summed):  # the largest is counted, and the others' sum keeps its digits
        e.helpers.add("log_of_sum")
        k, d = e.names.local("k"), e.names.local("d")
        each = [
            f"const real {d} = {z.within(SUM)} - ({m} == -INFINITY ? 0 : {m});",
            f"{place} = M(exp)({d});",
            f"{k} += {d} == 0;",
            f"{s} += {d} == 0 ? 0 : {place};",
        ]
        left = e.value(Read(value.log_sum, value.axes[:-1]), here).text
        lines += [f"int {k} = 0;", *nest([head], each)]
        lines += [f"{left} = log_of_sum({m}, {s}, {k});", f"{s} += {k};"]
    else:
        lines.append(f"{m} = {m} == -INFINITY ? 0 : {m};")
        lines += nest([head], [f"{place} = M(exp)({z.within(SUM)} - {m});", f"{s} += {place};"])
    return lines + nest([head], [f"{place} = {s} == 0 ? 0 : {place} / {s};"])
