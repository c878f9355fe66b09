"""Sums, means and what is searched for along axes: loops before the statement that reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import sympy as sp

from bpgen.ir import length
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr
from bpgen.targets.c.layout import nest
from bpgen.targets.c.loops import At
from bpgen.targets.c.places import flat, whole
from bpgen.targets.c.scalar import CALL, SIGN, SUM, C
from bpgen.targets.c.stored import Names


class Reading(Protocol):
    """What reads entries, and writes loops before."""

    names: Names
    lines: list[str]
    helpers: set[str]

    def value(self, node: Expr, at: At) -> C: ...

    def looped(self, over: Axes, body: Callable[[At], list[str]]) -> None: ...

    def summed(self, over: Axes, at: At, term: Callable[[At], C]) -> C: ...


def _sum(e: Reading, node: program.Reduce, at: At) -> C:
    return e.summed(node.over, at, lambda inner: e.value(node.array, inner))


def _mean(e: Reading, node: program.Reduce, at: At) -> C:
    count = sp.prod([length(i.size) for i in node.over])
    return _sum(e, node, at).then("/", whole(count).within(SIGN))


def _max(e: Reading, node: program.Reduce, at: At) -> C:
    m = e.names.local("m")
    e.helpers.add("larger")
    e.lines.append(f"real {m} = -INFINITY;")

    def look(inner: At) -> list[str]:
        return [f"{m} = larger({m}, {e.value(node.array, {**at, **inner}).text});"]

    e.looped(node.over, look)
    return C(m)


def _logsumexp(e: Reading, node: program.Reduce, at: At) -> C:
    """The largest is taken out, and counted: what is left of the sum keeps its digits."""
    m = _max(e, node, at).text
    s, d, k = (e.names.local(n) for n in ("s", "d", "k"))
    e.lines += [f"real {s} = 0;", f"int {k} = 0;"]

    def add(inner: At) -> list[str]:
        value = e.value(node.array, {**at, **inner})
        return [
            f"const real {d} = {value.within(SUM)} - ({m} == -INFINITY ? 0 : {m});",
            f"{k} += {d} == 0;",
            f"{s} += {d} == 0 ? 0 : M(exp)({d});",
        ]

    e.looped(node.over, add)
    e.helpers.add("log_of_sum")
    return C(f"log_of_sum({m}, {s}, {k})", CALL)


def _place_of_largest(e: Reading, node: program.Reduce, at: At) -> C:
    m, best = e.names.local("m"), e.names.local("at")
    e.lines += [f"real {m} = -INFINITY;", f"int {best} = 0;"]

    def look(inner: At) -> list[str]:
        value = e.value(node.array, {**at, **inner})
        number = flat((inner[i], length(i.size)) for i in node.over).text
        larger = f"if ({value.within(SUM)} > {m})"
        return nest([larger], [f"{m} = {value.text};", f"{best} = {number};"])

    e.looped(node.over, look)
    return C(best)


REDUCTIONS: dict[str, Callable[[Reading, program.Reduce, At], C]] = {
    "sum": _sum,
    "mean": _mean,
    "max": _max,
    "logsumexp": _logsumexp,
    "place": _place_of_largest,
}
