"""The ranges that indices take from the axes they run over, and that no access leaves its axis."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sympy as sp

from bpgen.declare.axes import least, one_step_more, sample_axes, tensor_of
from bpgen.declare.declaration import Quantity
from bpgen.declare.terms import open_indices, spoken_of
from bpgen.equations.affine import affine
from bpgen.equations.substitution import bound_as
from bpgen.errors import NetError
from bpgen.functions import at_most
from bpgen.ir import BATCH, SAMPLE, Element, Index, Size, Term, elements, length, spoken, told


def sized(
    indices: tuple[Index, ...], terms: tuple[Term, ...]
) -> tuple[tuple[Index, ...], tuple[Term, ...]]:
    """Give every index its size, from the axes it runs over."""
    new = ranges(indices, terms)
    open_ = [i for i in open_indices(terms) if i not in (*indices, SAMPLE)]
    if open_:
        raise NetError(
            f"index {spoken(open_[0])} comes out of nowhere: it is neither on the left nor summed",
            f"sum over it, or put it on the left: tensor(..., {spoken(open_[0])})",
        )
    return tuple(new.get(i, i) for i in indices), tuple(bound_as(t, new) for t in terms)


def ranges(
    left: tuple[Index, ...],
    terms: tuple[Term, ...],
    labels: tuple[Element, ...] = (),
    lent: Collection[Index] = (),
) -> dict[Index, Index]:
    """Every index of a sum of terms with its size; NetError where one has none, or leaves its axis.
    `labels` are the whole numbers that say where it is written: u[k[j]] = ...; what is `lent` may
    take its size from the axis it is written along.
    """
    accesses = [*_accesses(terms), *(e for label in labels for e in elements(label))]
    compared = {i for t in terms for i in spoken_of(t.body)}
    sizes = {**{i: i.size for i in compared if i.size is not None}, **_sizes(accesses)}
    for index in sorted(compared - {*sizes, *lent}, key=spoken):
        with_it = (sizes[i] for i in sorted(_beside(index, terms) & {*sizes}, key=spoken))
        size = str(next(with_it, 3))
        size = size if size.isdigit() else f'"{size}"'
        raise NetError(
            f"index {spoken(index)} is only compared: its range does not follow",
            f'give it: {spoken(index)} = indices("{spoken(index)}", size={size})',
        )
    for index in left:
        if left.count(index) > 1:
            raise NetError(
                f"index {spoken(index)} is on the left twice", "use each index once on the left"
            )
        if index not in sizes and index.size is None:
            raise NetError(
                f"index {spoken(index)} is on the left but nothing on the right uses it",
                "use it, or leave it out",
            )
    new = {i: Index(i.name, size) for i, size in sizes.items()}
    for access in accesses:
        for axis, _, expr in sample_axes(access):
            inside(tensor_of(access), axis, expr.xreplace(new))
    return new


def _beside(index: Index, terms: tuple[Term, ...]) -> set[sp.Basic]:
    """What an index is compared with."""
    pairs = (c.free_symbols for t in terms for c in t.body.atoms(at_most))
    return {i for pair in pairs if index in pair for i in pair}


def inside(tensor: Quantity, axis: int, expr: sp.Expr) -> None:
    """NetError where an access with sized indices leaves its axis."""
    form = affine(expr)
    if form is None:  # a label: the module's door keeps it within
        return
    size, first = tensor.shape[axis], least(tensor, axis)
    below = form.lowest - first
    above = sp.expand(length(size) - 1 - form.highest)
    if not (below.is_nonnegative and above.is_nonnegative):
        raise NetError(
            f"{tensor.said()}: index {told(expr)} runs over {form.lowest} .. {form.highest},"
            f" axis {axis} over {first} .. {sp.expand(length(size) - 1)}",
            one_step_more(tensor, axis, form.lowest)
            or "pad the tensor, or give the index a smaller range",
        )


def _accesses(terms: tuple[Term, ...]) -> list[Element]:
    return [e for term in terms for e in elements(term.body)]


def _sizes(accesses: list[Element]) -> dict[Index, Size]:
    """The size of each index: its own, that of the axis it runs over alone, or as far as a shifted
    access lets it go.
    """
    axes = [x for access in accesses for x in sample_axes(access)]
    sizes: dict[Index, Size] = {i: i.size for *_, e in axes for i, _ in _steps(e) if i.size}
    sizes.update(_of_samples(accesses))
    sizes.update(_of_whole_axes(accesses))
    for _, size, expr in axes:
        unknown = [i for i, _ in _steps(expr) if i not in sizes]
        if len(unknown) == 1:
            sizes[unknown[0]] = _reach(expr, unknown[0], size, sizes)
        elif unknown:
            one = spoken(unknown[0])
            raise NetError(
                f"the ranges of {' and '.join(map(spoken, unknown))} do not follow from"
                f" an axis of {size}",
                f'give one its size: {one} = indices("{one}", size=3)',
            )
    return sizes


def _of_samples(accesses: list[Element]) -> dict[Index, Size]:
    """The sizes of indices that stand before those of one sample: the sample's, or, of a penalty,
    that of the blocks.
    """
    first = (a.indices[0] for a in accesses if len(a.indices) > tensor_of(a).rank)
    return {i: i.size or BATCH for i in first if isinstance(i, Index)}


def _of_whole_axes(accesses: list[Element]) -> dict[Index, Size]:
    """The sizes of indices that stand alone, or that are steps whose predecessor is read: those of
    their axes, which must be of one size.
    """
    sizes: dict[Index, Size] = {}
    origin: dict[Index, Quantity] = {}
    for access in accesses:
        for axis, size, expr in sample_axes(access):
            index = expr - least(tensor_of(access), axis)
            index = index if isinstance(index, Index) else expr
            if not isinstance(index, Index) or index.size is not None:
                continue
            at = origin.setdefault(index, tensor_of(access))
            if sizes.setdefault(index, size) != size:
                raise NetError(
                    f"index {spoken(index)} runs over {sizes[index]} in {at.said()}"
                    f" and over {size} in {tensor_of(access).said()}",
                    'one index has one range: give it a smaller one, as in indices("i", size=3),'
                    " or use two",
                )
    return sizes


def _steps(expr: sp.Expr) -> tuple[tuple[Index, int], ...]:
    form = affine(expr)
    return form.steps if form is not None else ()


def _reach(expr: sp.Expr, index: Index, size: Size, sizes: Mapping[Index, Size]) -> Size:
    """How far an index can run until a shifted access leaves its axis."""
    known = {i: Index(i.name, s) for i, s in sizes.items() if i in expr.free_symbols}
    step = expr.coeff(index, 1)
    rest = affine((expr - step * index).xreplace(known))
    if rest is None or not isinstance(size, int) or not rest.highest.is_Integer or step < 1:
        raise NetError(
            f"the range of index {spoken(index)} does not follow from {told(expr)}",
            f'give its size: {spoken(index)} = indices("{spoken(index)}", size=3)',
        )
    reach = (size - 1 - int(rest.highest)) // int(step) + 1
    if reach < 1:
        raise NetError(
            f"{told(expr)} does not fit an axis of {size}:"
            " the window is larger than what it slides over",
            "pad the tensor, or use a smaller window",
        )
    return reach
