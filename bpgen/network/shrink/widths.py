"""The widths of a network, and what its accesses say of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from bpgen.equations.affine import Affine, affine
from bpgen.ir import Element, Equation, Network
from bpgen.network.shrink.accesses import accesses, is_at_the_end, is_mean, is_whole, running
from bpgen.network.shrink.solving import solved
from bpgen.network.shrink.spans import Place, Span, Width, tiled

SMALL = (2, 3)  # widths of the small network, in turn; what is no wider than these stays


class Widths:
    """The widths of a network, those that must be equal as one, and what accesses say of them."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sizes: dict[Width, int] = {}
        self.least: dict[Width, int] = {}  # what a fixed index needs
        self.ends: dict[
            Width, list[int]
        ] = {}  # places of fixed indices, from the start and the end
        self.spans: dict[Place, Span] = {}
        self._same: dict[Width, Width] = {}
        pairs = [*self._plain()]
        for one, other in pairs:
            self._same[self.of(one)] = self.of(other)
        infos = network.tensors.values()
        axes = [((t.name, k), i.size) for t in infos for k, i in enumerate(t.indices)]
        for width, size in (*axes, *(((t.name, "bound"), t.bound) for t in infos)):
            if isinstance(size, int):
                self.sizes[self.of(width)] = size
        for equation, access, k, expr in self._accesses():
            self._read(equation, access, k, expr)
        self.spans = tiled(self.spans, self.sizes)
        for span in self.spans.values():
            if span.beside is None and span.unit == 1 < max(SMALL) < max(span.before, span.after):
                for width in span.widths:  # no pattern: as it is
                    self._need(width, self.sizes[width])
        for equation in network:
            for term in equation.terms:
                if is_mean(term):  # half of a sum of two is not written as a mean
                    for k in term.over:
                        self._need(self.of((equation.name, k)), max(SMALL))

    def of(self, width: Width) -> Width:
        """The one that stands for all widths that are equal to this one."""
        while width in self._same and self._same[width] != width:
            width = self._same[width]
        return width

    def _need(self, width: Width, size: int) -> None:
        self.least[width] = max(self.least.get(width, 0), size)

    def _accesses(self) -> Iterator[tuple[Equation, Element, int, sp.Expr]]:
        for equation in self.network:
            for access in accesses(equation):
                for k, expr in enumerate(access.indices):
                    yield equation, access, k, expr

    def _plain(self) -> Iterator[tuple[Width, Width]]:
        """Widths that are equal: of an index and of the axis that it runs over; of a bound and of
        the axis it is an index of.
        """
        for equation, access, k, expr in self._accesses():
            axis = (access.name, k)
            info = self.network.tensors[access.name]
            form = affine(expr)
            if isinstance(expr, Element):
                yield (expr.name, "bound"), axis
            elif form is not None and is_whole(form, info.indices[k], info.carried == k):
                yield (equation.name, form.steps[0][0]), axis

    def _read(self, equation: Equation, access: Element, k: int, expr: sp.Expr) -> None:
        info, axis = self.network.tensors[access.name], self.of((access.name, k))
        form, size = affine(expr), info.indices[k].size
        if form is None or not isinstance(size, int):
            for index in running(form):  # along a length known at run time
                width = self.of((equation.name, index))
                self._need(width, index.size if isinstance(index.size, int) else 0)
        elif not form.steps:
            ends = self.ends.setdefault(axis, [0, 0])
            place = int(form.start)
            last = is_at_the_end(place, size)
            ends[last] = max(ends[last], size - place if last else place + 1)
            self._need(axis, sum(ends))
        elif not is_whole(form, info.indices[k], info.carried == k):
            self.sizes.update(
                {self.of((equation.name, i)): int(str(i.size)) for i, _ in form.steps}
            )
            self.spans[equation.name, access, k] = self._span(equation, form, axis, size)

    def _span(self, equation: Equation, form: Affine, axis: Width, size: int) -> Span:
        indices = tuple(self.of((equation.name, i)) for i, _ in form.steps)
        steps = tuple(s for _, s in form.steps)
        own = [self.sizes[i] for i in indices]
        digits = all(s == math.prod(own[k + 1 :]) for k, s in enumerate(steps))
        before, after = int(form.lowest), size - 1 - int(form.highest)
        span = Span(axis, indices, steps, digits, before, after, 1)
        whole = span.covered(self.sizes)
        blocks = whole > max(SMALL) and before % whole == 0 and after % whole == 0
        return replace(span, unit=whole if blocks and before + after else 1)

    def small(self) -> dict[Width, int]:
        """Small sizes at which everything holds that accesses say; the sizes as they are where none
        are found.
        """
        wanted, tied = self._wanted(), [*dict.fromkeys(self.spans.values())]
        found = dict(self.sizes)
        together = {width for span in tied for width in span.widths}
        found.update({w: s for w, s in wanted.items() if w not in together})
        return {**found, **solved(tied, self.sizes, wanted)}

    def _wanted(self) -> dict[Width, int]:
        """The size that each width would have if no access spoke of it: equal ones stay equal,
        unequal neighbours differ. The first small size goes to those that others follow from.
        """
        follow = {span.axis for span in self.spans.values() if span.axis not in span.indices}
        lead = {i for span in self.spans.values() for i in span.indices} - follow
        order = sorted((w for w in self.sizes if w not in follow), key=lambda w: w not in lead)
        large = [s for s in dict.fromkeys(self.sizes[w] for w in order) if s > max(SMALL)]
        rank = {s: SMALL[k % len(SMALL)] for k, s in enumerate(large)}
        least = {w: max(rank.get(s, s), self.least.get(w, 0)) for w, s in self.sizes.items()}
        # No narrower than what it follows from, which may be itself in the end.
        least.update({w: max(self.least.get(w, 0), min(SMALL)) for w in follow})
        return {w: min(size, self.sizes[w]) for w, size in least.items()}
