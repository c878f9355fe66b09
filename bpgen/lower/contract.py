"""Index expressions back to the numpy a good engineer would write: `@` and `.T`, sums along axes,
einsum last.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.contraction import Group, Sum, factored, groups, uses
from bpgen.functions import at_most, masked, unless
from bpgen.ir import BATCH, Element, Equation, Index, TensorInfo, element, length
from bpgen.lower.access import Operand, aligned, read, transposed
from bpgen.lower.printer import ATOM, PRODUCT, SUM, Printer, Text, bracketed
from bpgen.lower.rows import InRow
from bpgen.lower.scope import Scope

_Plan = tuple[Operand, Operand, list[tuple[Index, ...]]]  # two arrays, and the axes each keeps
_ALONG_LAST = {"logsumexp": "logsumexp", "first": "first_largest"}  # functions of the module


def lowered(equation: Equation, scope: Scope) -> Operand:
    """The right-hand side as one numpy expression; its axes are those of the left, or fewer that
    broadcast.
    """
    open_ = tuple(i for i in equation.indices if i not in scope.fixed)
    found = factored(equation)
    if found is None:
        return _added(groups(equation), open_, scope)
    parts = sorted(groups(found.inside), key=lambda g: bool(g.sums))
    spoken = found.outer.free_symbols.union(*map(_spoken, (*parts, *groups(found.beside))))
    frame = tuple(i for i in open_ if i in spoken)
    beside = _added(groups(found.beside), open_, scope, frame)
    inner = _added(parts, open_, scope, frame)
    around = _around(found.outer, inner.text, frame, scope)
    return Operand(_plus(beside.text if found.beside.terms else "", around), frame, False)


def _added(
    parts: Iterable[Group],
    indices: tuple[Index, ...],
    scope: Scope,
    frame: tuple[Index, ...] | None = None,
) -> Operand:
    """Groups added up; in the frame of the indices that they speak of, where none is given."""
    parts = [g for g in parts if g.at is None]
    if frame is None:
        frame = tuple(i for i in indices if any(i in _spoken(g) for g in parts))
    texts = [_group(g, frame, scope) for g in parts]
    text = ""
    for part in sorted(texts, key=lambda t: t[0].startswith("-")):
        text = _plus(text, part)
    return Operand(text or "0", frame, False)


def _around(outer: sp.Expr, inner: str, frame: tuple[Index, ...], scope: Scope) -> Text:
    """A common factor and the bracket that it stands before, or under which it divides."""
    mark = element(f"<{inner}>", ())
    after = replace(scope, order=ChainMap({mark.name: len(scope.order)}, dict(scope.order)))
    return _elementwise(outer * mark, frame, after, {mark: (inner, SUM)})


def valued(group: Group, frame: tuple[Index, ...], scope: Scope) -> Text:
    """The value of a scatter: the indices of its address are not summed here but by adding
    there.
    """
    outer, sums = group.outer, []
    for s in group.sums:
        over = tuple(k for k in s.over if k not in frame and k not in scope.fixed)
        if over:
            sums.append(Sum(s.factors, over, s.reduce))
        else:
            outer = outer * s.body
    return _group(Group(outer, tuple(sums)), frame, scope)


def _spoken(group: Group) -> set[sp.Symbol]:
    """The indices that a group's value depends on; those of a sum's own are not among the left
    side's.
    """
    inside = (
        s.body.free_symbols - (set() if s.reduce == "first" else set(s.over)) for s in group.sums
    )
    return set().union(group.outer.free_symbols, *inside)


def _plus(text: str, part: Text) -> str:
    written, binding = part
    if not text:
        return written
    if written.startswith("-"):
        return f"{text} - {written[1:]}"
    return f"{text} + {written if binding >= SUM else f'({written})'}"


def _group(group: Group, frame: tuple[Index, ...], scope: Scope) -> Text:
    """outer * (sum + sum), every array lined up with the axes of the frame."""
    if not group.sums:
        return _elementwise(group.outer, frame, scope)
    mean = _mean(group, frame, scope)
    if mean is not None:
        return mean
    sums = [_lined_up(_sum(s, frame, scope), frame) for s in group.sums]
    inner = sums[0] if len(sums) == 1 else (" + ".join(bracketed(t, PRODUCT) for t in sums), SUM)
    return _times(group.outer, inner, frame, scope)


def _lined_up(operand: tuple[Text, tuple[Index, ...]], frame: tuple[Index, ...]) -> Text:
    (text, binding), axes = operand
    lined = aligned(Operand(text, axes, binding == ATOM), frame)
    return (text, binding) if lined == text else (lined, ATOM)


def _times(outer: sp.Expr, inner: Text, frame: tuple[Index, ...], scope: Scope) -> Text:
    """The outer factor and the sum as one product: the coefficient first, arrays after, a division
    last.
    """
    if outer == 1:
        return inner
    mark = element(f"<{bracketed(inner, PRODUCT)}>", ())
    return _elementwise(outer * mark, frame, scope, {mark: inner})


def _mean(group: Group, frame: tuple[Index, ...], scope: Scope) -> Text | None:
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
    array = operand(factors[0], (*kept, *s.over), scope)
    return _times(outer, _lined_up(_along(array, s.over, kept, "mean", frame), frame), frame, scope)


def _operands(s: Sum, every: tuple[Index, ...]) -> list[sp.Expr]:
    """The factors of a sum, those with the same axes as one."""
    return _merged([(f, frozenset(uses(f, every))) for f in s.factors], lambda one, two: one == two)


def _elementwise(
    body: sp.Expr,
    frame: tuple[Index, ...],
    scope: Scope,
    given: Mapping[Element, Text] | None = None,
) -> Text:
    """A body element by element, every access lined up with the axes of the frame."""
    body, told = _in_rows(body, frame, scope)
    body, counted = _counted(body, frame, scope)
    marks = {**(given or {}), **told, **counted}

    def access(e: Element) -> Text:
        if e in marks:
            return marks[e]
        return aligned(read(e, scope), frame), ATOM

    printer = Printer(access, scope.order)
    typed = _typed(body, printer, scope)
    new = {call: element(f"<{call}>", ()) for call in typed}
    marks.update({new[call]: text for call, text in typed.items()})
    return printer.text(body.xreplace(new))


def _in_rows(
    body: sp.Expr, frame: tuple[Index, ...], scope: Scope
) -> tuple[sp.Expr, dict[Element, Text]]:
    """A body in which what a call computes of whole rows is the entry of an array."""
    new = {r: element(f"<{r}>", ()) for r in sorted(body.atoms(InRow), key=str)}
    outer = {r: mark for r, mark in new.items() if body.xreplace({r: mark}) != body}
    marks = {mark: (aligned(_entry(r, frame, scope), frame), ATOM) for r, mark in outer.items()}
    return body.xreplace(new), marks


def _entry(value: InRow, frame: tuple[Index, ...], scope: Scope) -> Operand:
    """One place of a softmax or log-softmax along the last axis of an array."""
    axes = (*uses(value.row, frame), value.axis)
    array = transposed(operand(value.row, axes, scope), axes)
    whole = TensorInfo(f"{value.call}({array.text})", axes, "value")
    place = element(whole.name, (*axes[:-1], value.place))
    return read(place, replace(scope, tensors=ChainMap({whole.name: whole}, dict(scope.tensors))))


def _typed(body: sp.Expr, printer: Printer, scope: Scope) -> dict[sp.Expr, Text]:
    """The calls that a mask or a label makes of numbers alone, in the precision around them."""
    alone = [m for m in body.atoms(masked, unless) if m.args[0].is_number]
    return {call: (f"{printer(call)}.astype({scope.precision})", ATOM) for call in alone}


def _counted(
    body: sp.Expr, frame: tuple[Index, ...], scope: Scope
) -> tuple[sp.Expr, dict[Element, Text]]:
    """A body in which every index that is compared is an array of its values, and a comparison that
    no mask asks for an array of numbers, 1 or 0, in the precision around it.
    """
    marks: dict[Element, Text] = {}
    asked = {c for m in body.atoms(masked) for c in m.args[1].atoms(at_most)}
    new: dict[sp.Expr, sp.Expr] = {}
    for call in sorted(body.atoms(at_most), key=str):
        values = {i: element(f"<{i}>", ()) for i in call.free_symbols if isinstance(i, Index)}
        marks.update({v: (_values(i, frame, scope), ATOM) for i, v in values.items()})
        compared = call.xreplace(values)
        new[call] = compared
        if call not in asked:
            text, _ = Printer(marks.__getitem__, scope.order).text(compared)
            new[call] = element(f"<{call}>", ())
            marks[new[call]] = (f"np.asarray({text}, {scope.precision})", ATOM)
    return body.xreplace(new), marks


def _values(index: Index, frame: tuple[Index, ...], scope: Scope) -> str:
    """0, 1, ... along the axis of an index, or the value that it has here."""
    if index in scope.fixed:
        return str(index)
    return aligned(Operand(f"np.arange({index.size})", (index,)), frame)


def outermost(body: sp.Expr) -> list[Element]:
    """The elements of a body that are no index of another."""
    found: list[Element] = []
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Element):
            found.append(node)
        else:
            stack += node.args
    return found


def operand(factor: sp.Expr, axes: tuple[Index, ...], scope: Scope) -> Operand:
    """A factor as an array: the access itself in its own order, anything else in that of its first
    full access.
    """
    if isinstance(factor, Element):
        return read(factor, scope)
    used = uses(factor, axes)
    arrays = (read(e, scope).axes for e in outermost(factor))
    frame = next((axes for axes in arrays if set(axes) == set(used)), used)
    text, binding = _elementwise(factor, frame, scope)
    return Operand(text, frame, binding == ATOM)


def _sum(s: Sum, frame: tuple[Index, ...], scope: Scope) -> tuple[Text, tuple[Index, ...]]:
    idle = tuple(k for k in s.over if k not in s.body.free_symbols)
    if idle and s.reduce == "sum":  # what is the same at each of its places
        return _repeated(s, idle, frame, scope)
    kept = tuple(i for i in uses(s.body, frame) if i not in s.over)
    every = (*kept, *s.over)
    if s.reduce in _ALONG_LAST:
        last = f", {len(s.over)}" if len(s.over) > 1 else ""
        array = transposed(operand(s.body, every, scope), every)
        left = every if s.reduce == "first" else kept
        return (f"{_ALONG_LAST[s.reduce]}({array.text}{last})", ATOM), left
    if s.reduce == "max":
        return _along(operand(s.body, every, scope), s.over, kept, "max", frame)
    factors = _operands(s, every)
    while len(factors) > 2:
        fewer = _merged(
            [(f, frozenset(uses(f, every))) for f in factors], lambda one, two: one <= two
        )
        if len(fewer) == len(factors):
            break
        factors = fewer
    arrays = [operand(f, every, scope) for f in factors]
    product = _product(arrays, s.over, kept) if len(arrays) == 2 else None
    if product is not None:
        return product, kept
    factors = _merged(
        [(f, frozenset(uses(f, every))) for f in factors], lambda one, two: one <= two
    )
    if len(factors) == 1:
        return _along(operand(factors[0], every, scope), s.over, kept, "sum", frame)
    return _einsum(arrays, kept), kept


def _repeated(
    s: Sum, idle: tuple[Index, ...], frame: tuple[Index, ...], scope: Scope
) -> tuple[Text, tuple[Index, ...]]:
    """A sum over indices that its body does not use: so many times the body, summed over others."""
    times = sp.Mul(*(length(k.size) for k in idle if k.size is not None))
    rest = tuple(k for k in s.over if k not in idle)
    if rest:
        once, kept = _sum(replace(s, over=rest), frame, scope)
    else:
        kept = uses(s.body, frame)
        of_body = operand(s.body, kept, scope)
        once = of_body.text, ATOM if of_body.tight else SUM
    many = operand(times, (), scope)
    return (f"{many.bracketed()} * {bracketed(once, PRODUCT)}", PRODUCT), kept


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
    operand: Operand,
    over: tuple[Index, ...],
    kept: tuple[Index, ...],
    how: str,
    frame: tuple[Index, ...],
) -> tuple[Text, tuple[Index, ...]]:
    """One array summed, averaged or searched along axes, which stay where the frame has others in
    their place.
    """
    positions = [operand.axes.index(k) for k in over]
    left = tuple(a for a in operand.axes if a not in over)
    axis = (
        ""
        if not left
        else f"axis={positions[0]}"
        if len(positions) == 1
        else f"axis={tuple(sorted(positions))}"
    )
    around = frame[-len(operand.axes) :]
    stays = (a if a in over else f for a, f in zip(operand.axes, around, strict=False))
    if operand.axes == (*stays,) and aligned(Operand("", left), frame):
        return (f"{operand.bracketed()}.{how}({axis}, keepdims=True)", ATOM), around
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
    both = ((one, two, free), (two, one, free[::-1]))
    texts = [_matmul(x, y, shared, f) for x, y, f in both if f[0] + f[1] == kept]
    plain = [t for t in texts if t is not None]
    if plain and not (len(shared) > 1 and len(free[0]) != len(free[1])):
        return min(plain, key=lambda t: t[0].count(".T"))
    return _rearranged(*min(both, key=lambda plan: _far_apart(plan, kept))[:2], shared, kept)


def _far_apart(plan: _Plan, kept: tuple[Index, ...]) -> bool:
    """How far apart in memory a product in this order leaves what belongs together. The array of
    the weights comes before that of the samples, the windows before what they are summed with: the
    places of an image then stand side by side, both in what is multiplied and in the product.
    """
    first, second = plan[2]
    samples = [i for i in kept if i.size == BATCH]
    return samples[0] in first if samples else len(first) < len(second)


def _rearranged(
    one: Operand, two: Operand, shared: tuple[Index, ...], kept: tuple[Index, ...]
) -> Text | None:
    """A product over the shared axes whose own axes come out in another order than is wanted."""
    free = [tuple(a for a in x.axes if a not in shared) for x in (one, two)]
    if {*free[0], *free[1]} != set(kept):
        return None
    product = _tensordot(one, two, shared, free)
    if product is None:
        return None
    return transposed(Operand(product[0], free[0] + free[1]), kept).text, ATOM


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
    """A matrix product for each value of the axes that both arrays keep."""
    batch = tuple(a for a in kept if a in one.axes and a in two.axes)
    rest = tuple(a for a in kept if a not in batch)
    if len(shared) != 1 or len(rest) != 2 or {*one.axes, *two.axes} != {*kept, *shared}:
        return None
    if rest[0] not in one.axes:
        one, two = two, one
    if rest[1] not in two.axes:
        return None
    left, right = (*batch, rest[0], *shared), (*batch, *shared, rest[1])
    texts = [transposed(x, axes).bracketed() for x, axes in ((one, left), (two, right))]
    product = Operand(f"{texts[0]} @ {texts[1]}", (*batch, *rest), False)
    turned = transposed(product, kept)
    return turned.text, PRODUCT if turned is product else ATOM


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
