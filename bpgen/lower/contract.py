"""Index expressions back to the numpy a good engineer would write: `@` and `.T`, sums along axes,
einsum last.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping

import sympy as sp

from bpgen.contraction import Group, Sum, factored, groups, uses
from bpgen.ir import Element, Equation, Index, element, length
from bpgen.lower.access import Operand, aligned, read, subscript, transposed
from bpgen.lower.printer import ATOM, PRODUCT, SUM, Printer, Text, bracketed

Order = Mapping[str, int]


def lowered(equation: Equation, order: Order) -> Operand:
    """The right-hand side as one numpy expression; its axes are those of the left, or fewer that
    broadcast.
    """
    found = factored(equation)
    if found is None:
        return _added(groups(equation), equation.indices, order)
    parts = sorted(groups(found.inside), key=lambda g: bool(g.sums))
    spoken = found.outer.free_symbols.union(*map(_spoken, (*parts, *groups(found.beside))))
    frame = tuple(i for i in equation.indices if i in spoken)
    beside = _added(groups(found.beside), equation.indices, order, frame)
    inner = _added(parts, equation.indices, order, frame)
    around = _around(found.outer, inner.text, frame, order)
    return Operand(_plus(beside.text if found.beside.terms else "", around), frame, False)


def _added(
    parts: Iterable[Group],
    indices: tuple[Index, ...],
    order: Order,
    frame: tuple[Index, ...] | None = None,
) -> Operand:
    """Groups added up; in the frame of the indices that they speak of, where none is given."""
    parts = [g for g in parts if g.at is None]
    if frame is None:
        frame = tuple(i for i in indices if any(i in _spoken(g) for g in parts))
    texts = [_group(g, frame, order) for g in parts]
    text = ""
    for part in sorted(texts, key=lambda t: t[0].startswith("-")):
        text = _plus(text, part)
    return Operand(text or "0", frame, False)


def _around(outer: sp.Expr, inner: str, frame: tuple[Index, ...], order: Order) -> Text:
    """A common factor and the bracket that it stands before, or under which it divides."""
    mark = element(f"<{inner}>", ())
    after: Order = ChainMap({mark.name: len(order)}, order)  # type: ignore[arg-type]
    return _elementwise(outer * mark, frame, after, {mark: (inner, SUM)})


def scatters(equation: Equation, order: Order) -> list[tuple[tuple[sp.Expr, ...], Text]]:
    """What is added at single accesses: the access and the value."""
    found = []
    for group in groups(equation):
        if group.at is not None:
            frame = subscript(group.at)[1]
            found.append((group.at, _group(_within(group, set(frame)), frame, order)))
    return found


def _within(group: Group, frame: set[Index]) -> Group:
    """A scatter's value: the indices of its address are not summed here but by adding there."""
    outer, sums = group.outer, []
    for s in group.sums:
        over = tuple(k for k in s.over if k not in frame)
        if over:
            sums.append(Sum(s.factors, over, s.reduce))
        else:
            outer = outer * s.body
    return Group(outer, tuple(sums))


def _spoken(group: Group) -> set[sp.Symbol]:
    """The indices that a group's value depends on; those of a sum's own are not among the left
    side's.
    """
    return set().union(
        group.outer.free_symbols, *(s.body.free_symbols - set(s.over) for s in group.sums)
    )


def _plus(text: str, part: Text) -> str:
    written, binding = part
    if not text:
        return written
    if written.startswith("-"):
        return f"{text} - {written[1:]}"
    return f"{text} + {written if binding >= SUM else f'({written})'}"


def _group(group: Group, frame: tuple[Index, ...], order: Order) -> Text:
    """outer * (sum + sum), every array lined up with the axes of the frame."""
    if not group.sums:
        return _elementwise(group.outer, frame, order)
    mean = _mean(group, frame, order)
    if mean is not None:
        return mean
    sums = [_lined_up(_sum(s, frame, order), frame) for s in group.sums]
    inner = sums[0] if len(sums) == 1 else (" + ".join(bracketed(t, PRODUCT) for t in sums), SUM)
    return _times(group.outer, inner, frame, order)


def _lined_up(operand: tuple[Text, tuple[Index, ...]], frame: tuple[Index, ...]) -> Text:
    (text, binding), axes = operand
    lined = aligned(Operand(text, axes, binding == ATOM), frame)
    return (text, binding) if lined == text else (lined, ATOM)


def _times(outer: sp.Expr, inner: Text, frame: tuple[Index, ...], order: Order) -> Text:
    """The outer factor and the sum as one product: the coefficient first, arrays after, a division
    last.
    """
    if outer == 1:
        return inner
    mark = element(f"<{bracketed(inner, PRODUCT)}>", ())
    return _elementwise(outer * mark, frame, order, {mark: inner})


def _mean(group: Group, frame: tuple[Index, ...], order: Order) -> Text | None:
    """A sum divided by the number of its addends is a mean."""
    s = group.sums[0]
    if len(group.sums) > 1 or s.reduce != "sum":
        return None
    lengths = [length(k.size) for k in s.over]
    count = sp.Mul(*lengths)
    outer = group.outer * count
    if count in (1, 2) or abs(outer.as_coeff_Mul()[0]) != 1 or outer.has(*lengths):
        return None
    kept = uses(s.body, frame)
    factors = _operands(s, (*kept, *s.over))
    if len(factors) != 1:
        return None
    array = operand(factors[0], (*kept, *s.over), order)
    return _times(outer, _lined_up(_along(array, s.over, kept, "mean"), frame), frame, order)


def _operands(s: Sum, every: tuple[Index, ...]) -> list[sp.Expr]:
    """The factors of a sum, those with the same axes as one."""
    return _merged([(f, frozenset(uses(f, every))) for f in s.factors], lambda one, two: one == two)


def _elementwise(
    body: sp.Expr,
    frame: tuple[Index, ...],
    order: Order,
    given: Mapping[Element, Text] | None = None,
) -> Text:
    """A body element by element, every access lined up with the axes of the frame."""

    def access(e: Element) -> Text:
        if given is not None and e in given:
            return given[e]
        return aligned(read(e), frame), ATOM

    return Printer(access, order).text(body)


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


def operand(factor: sp.Expr, axes: tuple[Index, ...], order: Order) -> Operand:
    """A factor as an array: the access itself in its own order, anything else in that of its first
    full access.
    """
    if isinstance(factor, Element):
        return read(factor)
    used = uses(factor, axes)
    frame = next((read(e).axes for e in _outermost(factor) if set(read(e).axes) == set(used)), used)
    text, binding = _elementwise(factor, frame, order)
    return Operand(text, frame, binding == ATOM)


def _sum(s: Sum, frame: tuple[Index, ...], order: Order) -> tuple[Text, tuple[Index, ...]]:
    kept = uses(s.body, frame)
    every = (*kept, *s.over)
    if s.reduce == "logsumexp":
        last = f", {len(s.over)}" if len(s.over) > 1 else ""
        array = transposed(operand(s.body, every, order), every)
        return (f"logsumexp({array.text}{last})", ATOM), kept
    factors = _operands(s, every)
    while len(factors) > 2:
        fewer = _merged(
            [(f, frozenset(uses(f, every))) for f in factors], lambda one, two: one <= two
        )
        if len(fewer) == len(factors):
            break
        factors = fewer
    arrays = [operand(f, every, order) for f in factors]
    product = _product(arrays, s.over, kept) if len(arrays) == 2 else None
    if product is not None:
        return product, kept
    factors = _merged(
        [(f, frozenset(uses(f, every))) for f in factors], lambda one, two: one <= two
    )
    if len(factors) == 1:
        return _along(operand(factors[0], every, order), s.over, kept)
    return _einsum(arrays, kept), kept


def _merged(
    factors: list[tuple[sp.Expr, frozenset[Index]]],
    into: Callable[[frozenset[Index], frozenset[Index]], bool],
) -> list[sp.Expr]:
    """Factors multiplied together where the axes of one go `into` those of another: the operands of
    a contraction.
    """
    operands: list[tuple[sp.Expr, frozenset[Index]]] = []
    for factor, axes in sorted(factors, key=lambda f: -len(f[1])):
        for k, (other, theirs) in enumerate(operands):
            if into(axes, theirs):
                operands[k] = (other * factor, theirs)
                break
        else:
            operands.append((factor, axes))
    return [factor for factor, _ in operands]


def _along(
    operand: Operand, over: tuple[Index, ...], kept: tuple[Index, ...], how: str = "sum"
) -> tuple[Text, tuple[Index, ...]]:
    """One array summed, or averaged, along axes."""
    positions = [operand.axes.index(k) for k in over]
    left = tuple(a for a in operand.axes if a not in over)
    axis = (
        ""
        if not left
        else f"axis={positions[0]}"
        if len(positions) == 1
        else f"axis={tuple(sorted(positions))}"
    )
    summed = Operand(f"{operand.bracketed()}.{how}({axis})", left)
    return (transposed(summed, kept).text, ATOM), kept


def _product(
    arrays: list[Operand], over: tuple[Index, ...], kept: tuple[Index, ...]
) -> Text | None:
    """Two arrays as a matrix product, or None where no plain one serves."""
    one, two = arrays
    shared = tuple(k for k in over if k in one.axes and k in two.axes)
    if set(shared) != set(over):
        return None
    free = [
        tuple(a for a in kept if a in x.axes and a not in y.axes)
        for x, y in ((one, two), (two, one))
    ]
    if any(a in one.axes and a in two.axes for a in kept):
        return _batched(one, two, shared, kept)
    plans = [
        (x, y, f) for x, y, f in ((one, two, free), (two, one, free[::-1])) if f[0] + f[1] == kept
    ]
    texts = [_matmul(x, y, shared, f) for x, y, f in plans]
    return min((t for t in texts if t is not None), key=lambda t: t[0].count(".T"), default=None)


def _matmul(
    one: Operand, two: Operand, shared: tuple[Index, ...], free: list[tuple[Index, ...]]
) -> Text | None:
    if len(shared) > 1 or len(free[1]) > 1:
        return _tensordot(one, two, shared, free)
    left = transposed(one, (*free[0], *shared))
    right = transposed(two, (*shared, *free[1]))
    return f"{left.bracketed()} @ {right.bracketed()}", PRODUCT


def _tensordot(
    one: Operand, two: Operand, shared: tuple[Index, ...], free: list[tuple[Index, ...]]
) -> Text | None:
    if (
        tuple(a for a in one.axes if a not in shared) != free[0]
        or tuple(a for a in two.axes if a not in shared) != free[1]
    ):
        return None
    axes = tuple(tuple(x.axes.index(k) for k in shared) for x in (one, two))
    return f"np.tensordot({one.text}, {two.text}, axes={axes})", ATOM


def _batched(
    one: Operand, two: Operand, shared: tuple[Index, ...], kept: tuple[Index, ...]
) -> Text | None:
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


def _letter(axis: Index, taken: set[str]) -> str:
    """The index's own letter where it is one that is free, as in the comment above the line."""
    own = axis.name if len(axis.name) == 1 and axis.name.isalpha() else ""
    return next(c for c in own + "abcdefghijklmnopqrstuvwxyz" if c not in taken)


def _einsum(arrays: list[Operand], kept: tuple[Index, ...]) -> Text:
    letters: dict[Index, str] = {}
    for array in arrays:
        for axis in array.axes:
            letters.setdefault(axis, _letter(axis, set(letters.values())))
    spec = (
        ",".join("".join(letters[a] for a in x.axes) for x in arrays)
        + "->"
        + "".join(letters[a] for a in kept)
    )
    return f'np.einsum("{spec}", {", ".join(x.text for x in arrays)})', ATOM
