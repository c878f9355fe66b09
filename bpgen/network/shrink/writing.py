"""A network written in small sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from bpgen.equations.affine import affine
from bpgen.ir import (
    Element,
    Equation,
    Index,
    Network,
    TensorInfo,
    Term,
    check,
    element,
    elements,
    length,
)
from bpgen.network.shrink.accesses import is_at_the_end, is_mean, running
from bpgen.network.shrink.spans import Sizes, Width
from bpgen.network.shrink.widths import Widths


class Small:
    """The network written in small sizes."""

    def __init__(self, network: Network, widths: Widths, sizes: Sizes) -> None:
        self.whole, self.widths, self.sizes = network, widths, sizes

    def network(self) -> Network:
        tensors = {name: self._info(info) for name, info in self.whole.tensors.items()}
        equations = tuple(map(self._equation, self.whole))
        check(equations, tensors)
        return replace(self.whole, tensors=tensors, equations=equations)

    def _size(self, width: Width, otherwise: int) -> int:
        return self.sizes.get(self.widths.of(width), otherwise)

    def _index(self, width: Width, index: Index) -> Index:
        """The index over the small axis; the batch and lengths known at run time stay."""
        if not isinstance(index.size, int):
            return index
        return Index(index.name, self._size(width, index.size))

    def _info(self, info: TensorInfo) -> TensorInfo:
        axes = tuple(self._index((info.name, k), i) for k, i in enumerate(info.indices))
        bound = None if info.bound is None else self._size((info.name, "bound"), info.bound)
        return replace(info, indices=axes, bound=bound)

    def _equation(self, equation: Equation) -> Equation:
        every = {*equation.indices, *(k for t in equation.terms for k in t.over)}
        new = {i: self._index((equation.name, i), i) for i in every}

        def access(e: Element) -> Element:
            return self._access(equation, e, new)

        def term(t: Term) -> Term:
            at = t.at
            if at is not None:
                at = access(element(equation.name, at)).indices
            read = {e: access(e) for e in elements(t.body)}
            # An index may stand as a number, too.
            names: dict[sp.Expr, sp.Expr] = {**new, **read}
            body = t.body.xreplace(names) * _share(t, new)
            return Term(body, tuple(new[k] for k in t.over), t.reduce, at)

        loop = equation.loop
        if loop is not None:
            loop = replace(loop, index=new.get(loop.index, loop.index))
        left = tuple(new[i] for i in equation.indices)
        return Equation(equation.name, left, tuple(map(term, equation.terms)), loop)

    def _access(self, equation: Equation, access: Element, new: Mapping[Index, Index]) -> Element:
        written = []
        for k, expr in enumerate(access.indices):
            span = self.widths.spans.get((equation.name, access, k))
            if isinstance(expr, Element):
                written.append(self._access(equation, expr, new))
            elif span is not None:
                own = tuple(new[i] for i in running(affine(expr)))
                written.append(span.access(self.sizes, own))
            else:
                written.append(self._whole(access.name, k, expr, new))
        return element(access.name, written)

    def _whole(self, name: str, k: int, expr: sp.Expr, new: Mapping[Index, Index]) -> sp.Expr:
        """An index over a whole axis, or a fixed place; backwards, and from the small axis's end
        what is near the end.
        """
        form, size = affine(expr), self.whole.tensors[name].indices[k].size
        if form is not None and isinstance(size, int):
            small = self._size((name, k), size)
            if not form.steps and is_at_the_end(int(form.start), size):
                return form.start - size + small
            if form.steps and form.steps[0][1] < 0:
                return small - 1 - new[form.steps[0][0]]
        return expr.xreplace(dict(new))


def _share(term: Term, new: Mapping[Index, Index]) -> sp.Expr:
    """What turns the 1/K of a mean into that of fewer; of what is no mean, 1."""
    if not is_mean(term):
        return sp.S.One
    return sp.Mul(*(length(k.size) / length(new[k].size) for k in term.over))
