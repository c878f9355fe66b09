"""The plan as text: what each layer takes, and each equation, in tables for the terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator

import sympy as sp

from bpgen.plans.plan import PASSES, Cost, Plan, total

WIDTH, GAP = 98, "  "
_KEPT_TOGETHER = "\xa0"  # a space within a term
_WORK = ("parameters", "products forward", "backward", "operations forward", "backward")
_BYTES = ("kept for backward", *PASSES)
_EACH = ("equation", "products", "operations", "bytes", "kept of them")
_ABOUT = (
    "Products are multiply-adds of the products of arrays; operations, those of all equations;"
    " bytes are those of float32: 4 a number, 1 a mask. A step is forward, loss and backward."
)


def text(plan: Plan) -> str:
    """What a step of the planned module takes, by layer and by equation."""
    parts = [
        *textwrap.wrap(_ABOUT, WIDTH),
        "",
        *_table(("layer", *_WORK), _by_layer(plan, _work)),
        "",
        *_table(("bytes of", *_BYTES), _by_layer(plan, _bytes)),
        "",
        *_table(_EACH, map(_of_equation, plan.rows)),
        "",
        *_summed(plan),
    ]
    return "\n".join(parts) + "\n"


def polynomial(expr: sp.Expr) -> str:
    """A polynomial in lengths, higher degrees first: 12 N T + 9."""
    return str(sp.expand(expr)).replace("**", "^").replace("*", " ")


Cells = Callable[[Plan, list[str]], Iterator[str]]


def _by_layer(plan: Plan, row: Cells) -> Iterator[tuple[str, ...]]:
    every: list[str] = []
    computed = {r.name for r in plan.rows}
    for layer in plan.layers:
        every += layer
        values = [n for n in layer if n in computed]
        name = ", ".join(values[:3]) + ", ..." * (len(values) > 3)
        yield (name.replace(" ", _KEPT_TOGETHER), *row(plan, [*layer]))
    if len(plan.layers) > 1:
        yield ("all", *row(plan, every))


def _work(plan: Plan, layer: list[str]) -> Iterator[str]:
    of = {*layer}
    rows = [r for r in plan.rows if r.of in of]
    yield polynomial(total(size for name, size in plan.parameters.items() if name in of))
    for told in ("products", "operations"):
        for back in (False, True):
            here = (getattr(r, told) for r in rows if (r.when == "backward") is back)
            yield polynomial(total(here))


def _bytes(plan: Plan, layer: list[str]) -> Iterator[str]:
    of = {*layer}
    rows = [r for r in plan.rows if r.of in of]
    yield polynomial(total(r.kept for r in rows))
    for when in PASSES:
        yield polynomial(total(r.memory for r in rows if r.when == when))


def _of_equation(row: Cost) -> tuple[str, ...]:
    numbers = (row.products, row.operations, row.memory, row.kept)
    return (f"({row.number}) {row.name}", *map(polynomial, numbers))


def _summed(plan: Plan) -> list[str]:
    gradients = plan.flat * (3 if plan.block else 1)
    microbatches = (
        f"A step goes through {plan.block} samples at a time: for what is kept, N is {plan.block}."
        f" The workspace,\nhere that of a multiple of {plan.block}, has room for them besides."
    )
    return [
        f"a step, products:     {polynomial(plan.products)}",
        f"kept for backward:    {polynomial(plan.kept)} bytes",
        f"the whole workspace:  {polynomial(plan.memory)} bytes, {gradients} of them gradients",
        *[microbatches] * bool(plan.block),
    ]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as they need be; what is longer goes on below."""
    most = (WIDTH + len(GAP)) // len(head) - len(GAP)
    wrapped = [[_wrapped(cell, most) for cell in row] for row in (head, *rows)]
    columns = zip(*wrapped, strict=True)
    widths = [max(len(line) for cell in column for line in cell) for column in columns]
    for row in wrapped:
        for k in range(max(map(len, row))):
            line = [cell[k] if k < len(cell) else "" for cell in row]
            first, *others = zip(line, widths, strict=True)
            cells = [first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)]
            yield GAP.join(cells).rstrip()


def _wrapped(cell: str, most: int) -> list[str]:
    """Lines of a cell, which end before a sign."""
    together = re.sub(r"(?<=[-+]) | (?=[^-+])", _KEPT_TOGETHER, cell) if "N" in cell else cell
    lines = textwrap.wrap(together, most, break_long_words=False)
    return [line.replace(_KEPT_TOGETHER, " ") for line in lines] or [""]
