"""Index expressions back to the numpy a good engineer would write: `@` and `.T`, sums along axes, einsum last."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.contraction import Group, Sum, groups, uses
from bpgen.ir import Element, Equation, Index, length
from bpgen.lower.access import Operand, aligned, read, transposed
from bpgen.lower.printer import ATOM, POWER, PRODUCT, SUM, Printer, Text, bracketed

Order = Mapping[str, int]


def lowered(equation: Equation, order: Order) -> Operand:
    """The right-hand side as one numpy expression; its axes are those of the left, or fewer that broadcast."""
    parts = [_group(g, equation.indices, order) for g in groups(equation) if g.at is None]
    text, axes = "", set()
    for (written, binding), found in parts:
        axes |= set(found)
        text = _plus(text, written, binding)
    return Operand(text or "0", tuple(i for i in equation.indices if i in axes), False)


def scatters(equation: Equation, order: Order) -> list[tuple[tuple[sp.Expr, ...], Text]]:
    """What is added at single accesses: the access and the value."""
    found = []
    for group in groups(equation):
        if group.at is not None:
            free = tuple(dict.fromkeys(s for a in group.at for s in sorted(a.free_symbols, key=str) if isinstance(s, Index)))
            found.append((group.at, _group(Group(group.outer, group.sums), free, order)[0]))
    return found


def _plus(text: str, written: str, binding: int) -> str:
    if not text:
        return written
    if written.startswith("-"):
        return f"{text} - {written[1:]}"
    return f"{text} + {written if binding >= SUM else f'({written})'}"


def _group(group: Group, left: tuple[Index, ...], order: Order) -> tuple[Text, tuple[Index, ...]]:
    """outer * (sum + sum), lined up with the left side's axes."""
    outer = _elementwise(group.outer, left, order)
    if not group.sums:
        return outer
    if len(group.sums) == 1 and group.sums[0].reduce == "sum":
        mean = _mean(group, left, order)
        if mean is not None:
            return mean
    sums = [_sum(s, left, order) for s in group.sums]
    axes = {a for _, found in sums for a in found}
    inner: Text = sums[0][0]
    if len(sums) > 1:
        inner = " + ".join(bracketed(t, PRODUCT) for t, _ in sums), SUM
    every = tuple(i for i in left if i in axes or i in outer[1])
    return _times(group.outer, inner, left, order), every


def _times(outer: sp.Expr, inner: Text, left: tuple[Index, ...], order: Order) -> Text:
    """The outer factor and the sum as one product: the coefficient first, arrays after, a division last."""
    if outer == 1:
        return inner
    mark = Element(sp.core.symbol.Str(f"<{bracketed(inner, PRODUCT)}>"))
    text, binding = _elementwise(outer * mark, left, order, {mark: inner})[0]
    return text, binding


def _mean(group: Group, left: tuple[Index, ...], order: Order) -> tuple[Text, tuple[Index, ...]] | None:
    """A sum over one index, divided by that index's length, is a mean."""
    (s,) = group.sums
    if len(s.over) != 1 or isinstance(s.over[0].size, int) or len(s.factors) != 1:
        return None
    rest = group.outer * length(s.over[0].size)
    if rest != 1:
        return None
    operand = _operand(s.factors[0], (*uses(s.body, left), *s.over), order)
    axis = operand.axes.index(s.over[0])
    return (f"{operand.bracketed()}.mean({'' if len(operand.axes) == 1 else f'axis={axis}'})", ATOM), uses(s.body, left)


def _elementwise(body: sp.Expr, left: tuple[Index, ...], order: Order,
                 given: Mapping[Element, Text] | None = None) -> tuple[Text, tuple[Index, ...]]:  # fmt: skip
    """A body element by element, every access lined up with the left side's axes."""
    axes: set[Index] = set()
    outer = _outermost(body)
    full = tuple(i for i in left if any(i in e.free_symbols for e in outer)) if left else ()

    def access(e: Element) -> Text:
        if given is not None and e in given:
            return given[e]
        operand = read(e)
        axes.update(operand.axes)
        return aligned(operand, full), ATOM

    text = Printer(access, order).text(body)
    return text, tuple(i for i in left if i in axes)


def _outermost(body: sp.Expr) -> list[Element]:
    found: list[Element] = []
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Element):
            found.append(node)
        else:
            stack += node.args
    return found


def _operand(factor: sp.Expr, axes: tuple[Index, ...], order: Order) -> Operand:
    """A factor as an array: the access itself in its own order, anything else along `axes`."""
    if isinstance(factor, Element):
        return read(factor)
    used = uses(factor, axes)
    first = next((read(e).axes for e in _outermost(factor) if set(read(e).axes) == set(used)), used)
    (text, binding), found = _elementwise(factor, first, order)
    return Operand(text, found, binding == ATOM)


def _sum(s: Sum, left: tuple[Index, ...], order: Order) -> tuple[Text, tuple[Index, ...]]:
    kept = uses(s.body, left)
    if s.reduce == "logsumexp":
        operand = transposed(_operand(s.body, (*kept, *s.over), order), (*kept, *s.over))
        return (f"logsumexp({operand.text})", ATOM), kept
    operands = _merged([(f, frozenset(uses(f, (*left, *s.over)))) for f in s.factors])
    arrays = [_operand(f, (*left, *s.over), order) for f in operands]
    if len(arrays) == 1:
        return _along(arrays[0], s.over, kept)
    product = _product(arrays, s.over, kept) if len(arrays) == 2 else None
    return product or _einsum(arrays, kept), kept


def _merged(factors: list[tuple[sp.Expr, frozenset[Index]]]) -> list[sp.Expr]:
    """Factors multiplied into one whose axes hold theirs: what is left are the operands of a contraction."""
    operands: list[tuple[sp.Expr, frozenset[Index]]] = []
    for factor, axes in sorted(factors, key=lambda f: -len(f[1])):
        for k, (other, theirs) in enumerate(operands):
            if axes <= theirs:
                operands[k] = (other * factor, theirs)
                break
        else:
            operands.append((factor, axes))
    return [factor for factor, _ in operands]


def _along(operand: Operand, over: tuple[Index, ...], kept: tuple[Index, ...]) -> tuple[Text, tuple[Index, ...]]:
    """One array summed along axes."""
    positions = [operand.axes.index(k) for k in over]
    left = tuple(a for a in operand.axes if a not in over)
    axis = "" if not left else f"axis={positions[0]}" if len(positions) == 1 else f"axis={tuple(sorted(positions))}"
    summed = Operand(f"{operand.bracketed()}.sum({axis})", left)
    return (transposed(summed, kept).text, ATOM), kept


def _product(arrays: list[Operand], over: tuple[Index, ...], kept: tuple[Index, ...]) -> Text | None:
    """Two arrays as a matrix product, or None where no plain one serves."""
    one, two = arrays
    shared = tuple(k for k in over if k in one.axes and k in two.axes)
    if set(shared) != set(over):
        return None
    free = [tuple(a for a in kept if a in x.axes and a not in y.axes) for x, y in ((one, two), (two, one))]
    if any(a in one.axes and a in two.axes for a in kept):
        return _batched(one, two, shared, kept)
    if free[0] + free[1] != kept:
        one, two, free = two, one, free[::-1]
    if free[0] + free[1] != kept:
        return None
    if len(shared) > 1 or len(free[1]) > 1:
        return _tensordot(one, two, shared, free)
    left = transposed(one, (*free[0], *shared))
    right = transposed(two, (*shared, *free[1]))
    return f"{left.bracketed()} @ {right.bracketed()}", PRODUCT


def _tensordot(one: Operand, two: Operand, shared: tuple[Index, ...], free: list[tuple[Index, ...]]) -> Text | None:
    if tuple(a for a in one.axes if a not in shared) != free[0] or tuple(a for a in two.axes if a not in shared) != free[1]:
        return None
    axes = tuple(tuple(x.axes.index(k) for k in shared) for x in (one, two))
    return f"np.tensordot({one.text}, {two.text}, axes={axes})", ATOM


def _batched(one: Operand, two: Operand, shared: tuple[Index, ...], kept: tuple[Index, ...]) -> Text | None:
    """A matrix product for each value of the leading axes that both arrays have."""
    batch = tuple(a for a in kept if a in one.axes and a in two.axes)
    rest = kept[len(batch) :]
    if kept[: len(batch)] != batch or len(shared) != 1 or len(rest) != 2:
        return None
    if rest[0] not in one.axes:
        one, two = two, one
    left, right = (*batch, rest[0], *shared), (*batch, *shared, rest[1])
    texts = [_swapped(x, axes) for x, axes in ((one, left), (two, right))]
    return None if None in texts else (f"{texts[0]} @ {texts[1]}", PRODUCT)


def _swapped(operand: Operand, axes: tuple[Index, ...]) -> str | None:
    if operand.axes == axes:
        return operand.bracketed()
    if operand.axes == (*axes[:-2], axes[-1], axes[-2]):
        return f"{operand.bracketed()}.swapaxes(-1, -2)"
    return None


def _einsum(arrays: list[Operand], kept: tuple[Index, ...]) -> Text:
    letters: dict[Index, str] = {}
    for array in arrays:
        for axis in array.axes:
            letters.setdefault(axis, "abcdefghijklmnopqrstuvwxyz"[len(letters)])
    spec = ",".join("".join(letters[a] for a in x.axes) for x in arrays) + "->" + "".join(letters[a] for a in kept)
    return f'np.einsum("{spec}", {", ".join(x.text for x in arrays)})', ATOM


__all__ = ["ATOM", "POWER", "lowered", "scatters"]
