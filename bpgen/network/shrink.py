"""The same network at small sizes, for the exact proof: the algebra of a layer does not depend on
its width.

Every axis, and every index of an equation, is a width. What an access says of them, such as that
x[p + u] leaves none of x over, or that y[9*o + 3*p + q] is a reshape, must hold of the small widths
too; the rest is free.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import sympy as sp

from bpgen.affine import Affine, affine
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

_SMALL = (2, 3)  # widths of the small network, in turn; what is no wider than these stays
_TRIED = 4000  # widths tried, before those that accesses tie to each other stay as they are

Width = tuple[str, object]  # an axis (tensor, k), a bound (tensor, "bound"), an index (equation, i)
Sizes = Mapping[Width, int]
Place = tuple[str, Element, int]  # an equation, an access of it, and an axis


def shrunk(network: Network) -> Network:
    """The network with its widths above 3 replaced by smaller ones, 2 or 3 where no access says
    otherwise.

    The 1/K of a mean over K becomes that of the small K. Other numbers stay as they are, even where
    they came from a width: they are constants of the small network, which is a network of its own
    and is proved as one.
    """
    widths = _Widths(network)
    small = widths.small()
    if small == widths.sizes:
        return network
    return _Small(network, widths, small).network()


@dataclass(frozen=True)
class _Span:
    """One axis as an access runs over it: `before` places, what the indices cover, `after` places.

    The indices are digits of a place, or slide along each other.
    """

    axis: Width
    indices: tuple[Width, ...]
    steps: tuple[int, ...]  # of each index, by size
    digits: bool
    before: int
    after: int
    unit: int  # what these two count in: blocks as wide as all the indices, or places
    # Where the accesses of an axis tile it, the indices that run over what is before and after.
    beside: tuple[tuple[Width, ...], tuple[Width, ...]] | None = None

    def covered(self, sizes: Sizes) -> int:
        own = [sizes[i] for i in self.indices]
        if self.digits:
            return math.prod(own)
        return 1 + sum(abs(s) * (size - 1) for s, size in zip(self.steps, own, strict=True))

    def ends(self, sizes: Sizes) -> tuple[int, int]:
        """As many places before and after as the small access leaves."""
        if self.beside is not None:
            before, after = (sum(sizes[w] for w in widths) for widths in self.beside)
            return before, after
        blocks = self.covered(sizes) if self.unit > 1 else 1
        return self.before // self.unit * blocks, self.after // self.unit * blocks

    def size(self, sizes: Sizes) -> int:
        """The size that the axis must have."""
        return sum(self.ends(sizes)) + self.covered(sizes)

    @property
    def widths(self) -> tuple[Width, ...]:
        """The axis and every index that its size follows from."""
        return (self.axis, *self.indices, *(w for side in self.beside or () for w in side))

    def form(self, sizes: Sizes) -> tuple[object, ...]:
        """What code it asks for: a reshape; or windows, apart or not, of the shorter index."""
        own = [sizes[i] for i in self.indices]
        if self.digits:
            return ("digits",)
        tiled = all(abs(s) == math.prod(own[k + 1 :]) for k, s in enumerate(self.steps))
        longer = [one > other for k, one in enumerate(own) for other in own[k + 1 :]]
        apart = [s >= size for s, size in zip(self.steps, own[1:], strict=False)]
        return tiled and len(own) > 1, tuple(longer), tuple(apart)

    def access(self, sizes: Sizes, indices: tuple[Index, ...]) -> sp.Expr:
        """The access in the small network, in its indices."""
        own, start = [sizes[i] for i in self.indices], self.ends(sizes)[0]
        total = sp.Integer(start)
        for k, (step, index) in enumerate(zip(self.steps, indices, strict=True)):
            size = math.prod(own[k + 1 :]) if self.digits else step
            total += size * index - min(size, 0) * (own[k] - 1)
        return total


class _Widths:
    """The widths of a network, those that must be equal as one, and what accesses say of them."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sizes: dict[Width, int] = {}
        self.least: dict[Width, int] = {}  # what a fixed index needs
        self.ends: dict[
            Width, list[int]
        ] = {}  # places of fixed indices, from the start and the end
        self.spans: dict[Place, _Span] = {}
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
        self.spans = _tiled(self.spans, self.sizes)
        for span in self.spans.values():
            if span.beside is None and span.unit == 1 < max(_SMALL) < max(span.before, span.after):
                for width in span.widths:  # no pattern: as it is
                    self._need(width, self.sizes[width])
        for equation in network:
            for term in equation.terms:
                if _is_mean(term):  # half of a sum of two is not written as a mean
                    for k in term.over:
                        self._need(self.of((equation.name, k)), max(_SMALL))

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
            elif form is not None and _is_whole(form, info.indices[k], info.carried == k):
                yield (equation.name, form.steps[0][0]), axis

    def _read(self, equation: Equation, access: Element, k: int, expr: sp.Expr) -> None:
        info, axis = self.network.tensors[access.name], self.of((access.name, k))
        form, size = affine(expr), info.indices[k].size
        if form is None or not isinstance(size, int):
            for index in _open(form):  # along a length known at run time
                width = self.of((equation.name, index))
                self._need(width, index.size if isinstance(index.size, int) else 0)
        elif not form.steps:
            ends = self.ends.setdefault(axis, [0, 0])
            place = int(form.start)
            last = _is_at_the_end(place, size)
            ends[last] = max(ends[last], size - place if last else place + 1)
            self._need(axis, sum(ends))
        elif not _is_whole(form, info.indices[k], info.carried == k):
            self.sizes.update(
                {self.of((equation.name, i)): int(str(i.size)) for i, _ in form.steps}
            )
            self.spans[equation.name, access, k] = self._span(equation, form, axis, size)

    def _span(self, equation: Equation, form: Affine, axis: Width, size: int) -> _Span:
        indices = tuple(self.of((equation.name, i)) for i, _ in form.steps)
        steps = tuple(s for _, s in form.steps)
        own = [self.sizes[i] for i in indices]
        digits = all(s == math.prod(own[k + 1 :]) for k, s in enumerate(steps))
        before, after = int(form.lowest), size - 1 - int(form.highest)
        span = _Span(axis, indices, steps, digits, before, after, 1)
        whole = span.covered(self.sizes)
        blocks = whole > max(_SMALL) and before % whole == 0 and after % whole == 0
        return replace(span, unit=whole if blocks and before + after else 1)

    def small(self) -> dict[Width, int]:
        """Small sizes at which everything holds that accesses say; the sizes as they are where none
        are found.
        """
        wanted, tied = self._wanted(), [*dict.fromkeys(self.spans.values())]
        found = dict(self.sizes)
        together = {width for span in tied for width in span.widths}
        found.update({w: s for w, s in wanted.items() if w not in together})
        for spans in _components(tied):
            found.update(_solved(spans, self.sizes, wanted) or {})
        return found

    def _wanted(self) -> dict[Width, int]:
        """The size that each width would have if no access spoke of it: equal ones stay equal,
        unequal neighbours differ. The first small size goes to those that others follow from.
        """
        follow = {span.axis for span in self.spans.values() if span.axis not in span.indices}
        lead = {i for span in self.spans.values() for i in span.indices} - follow
        order = sorted((w for w in self.sizes if w not in follow), key=lambda w: w not in lead)
        large = [s for s in dict.fromkeys(self.sizes[w] for w in order) if s > max(_SMALL)]
        rank = {s: _SMALL[k % len(_SMALL)] for k, s in enumerate(large)}
        least = {w: max(rank.get(s, s), self.least.get(w, 0)) for w, s in self.sizes.items()}
        # No narrower than what it follows from, which may be itself in the end.
        least.update({w: max(self.least.get(w, 0), min(_SMALL)) for w in follow})
        return {w: min(size, self.sizes[w]) for w, size in least.items()}


def accesses(equation: Equation) -> list[Element]:
    """Every access of an equation, those at which it is written included."""
    places = [equation.indices, *(t.at for t in equation.terms if t.at is not None)]
    return [*dict.fromkeys([*(element(equation.name, p) for p in places), *equation.reads()])]


def _open(form: Affine | None) -> list[Index]:
    return [i for i, _ in form.steps] if form is not None else []


def _is_at_the_end(place: int, size: int) -> bool:
    """Whether a fixed place is counted from the end of its axis, as that of the last block is."""
    return 2 * place >= size


def _is_whole(form: Affine, axis: Index, carried: bool) -> bool:
    """Whether one index runs over the whole axis: as it is, backwards, or a step behind."""
    if len(form.steps) != 1 or form.steps[0][0].size != axis.size:
        return False
    step, last = form.steps[0][1], length(axis.size) - 1
    starts = {1: (0, -1 if carried else 0), -1: (last,)}
    return any(sp.expand(form.start - s) == 0 for s in starts.get(step, ()))


def _tiled(spans: Mapping[Place, _Span], sizes: Sizes) -> dict[Place, _Span]:
    """The spans, each with the others beside it where those of an axis, one after another, cover it
    all.
    """
    of_axis: dict[Width, dict[int, _Span]] = {}
    for span in spans.values():
        of_axis.setdefault(span.axis, {})[span.before] = span
    found = dict(spans)
    for place, span in spans.items():
        row = [s for _, s in sorted(of_axis[span.axis].items())]
        alone = all(s.steps == (1,) for s in row) and span in row and len(row) > 1
        whole = row[0].before == 0 == row[-1].after and all(
            s.before + s.covered(sizes) == later.before for s, later in pairwise(row)
        )
        if alone and whole:
            k = row.index(span)
            sides = tuple(tuple(s.indices[0] for s in part) for part in (row[:k], row[k + 1 :]))
            found[place] = replace(span, unit=1, beside=(sides[0], sides[1]))
    return found


def _components(spans: list[_Span]) -> list[list[_Span]]:
    """The spans that speak, directly or through others, of the same widths."""
    parts: list[tuple[set[Width], list[_Span]]] = []
    for span in spans:
        widths, together = {*span.widths}, [span]
        apart = []
        for part in parts:
            if part[0] & widths:
                widths, together = widths | part[0], [*part[1], *together]
            else:
                apart.append(part)
        parts = [*apart, (widths, together)]
    return [together for _, together in parts]


def _solved(spans: list[_Span], sizes: Sizes, wanted: Sizes) -> dict[Width, int] | None:
    """Sizes of the widths of these spans: one after another as small as it can be, and what follows
    from it; None where none are found.
    """
    derived = {s.axis for s in spans}
    every = dict.fromkeys(w for s in spans for w in reversed(s.widths))
    order = sorted(every, key=lambda w: w in derived)
    tied = _Tied(spans, sizes, wanted)
    waiting: list[tuple[dict[Width, int], Width | None]] = [({}, None)]
    for _ in range(_TRIED):
        if not waiting:
            return None
        known, new = waiting.pop()
        closed = tied.closed(known, new)
        if closed is None:
            continue
        width = next((w for w in order if w not in closed), None)
        if width is None:
            return closed
        tried = range(wanted[width], sizes[width] + 1)
        waiting += [({**closed, width: size}, width) for size in reversed(tried)]
    return None


class _Tied:
    """What the sizes known say of others."""

    def __init__(self, spans: list[_Span], sizes: Sizes, wanted: Sizes) -> None:
        self.sizes, self.wanted = sizes, wanted
        self.of: dict[Width, list[_Span]] = {}
        for span in spans:
            for width in dict.fromkeys(span.widths):
                self.of.setdefault(width, []).append(span)

    def closed(self, known: dict[Width, int], new: Width | None) -> dict[Width, int] | None:
        """What follows from the sizes known, of which one is new; None where they contradict each
        other.
        """
        closed, waiting = dict(known), [] if new is None else [new]
        while waiting:
            for span in self.of[waiting.pop()]:
                open_ = {w for w in span.widths if w not in closed}
                if len(open_) > 1:
                    continue
                width = next(iter(open_), span.axis)
                fitting = [
                    s for s in self._tried(width, closed) if self._fits(span, width, s, closed)
                ]
                if not fitting:
                    return None
                if open_:
                    closed[width] = fitting[0]
                    waiting.append(width)
        return closed

    def _tried(self, width: Width, closed: Sizes) -> Iterable[int]:
        if width in closed:
            return (closed[width],)
        return range(self.wanted[width], self.sizes[width] + 1)

    def _fits(self, span: _Span, width: Width, size: int, closed: Sizes) -> bool:
        known = {**closed, width: size}
        return span.size(known) == known[span.axis] and span.form(known) == span.form(self.sizes)


class _Small:
    """The network written in small sizes."""

    def __init__(self, network: Network, widths: _Widths, sizes: Sizes) -> None:
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
                own = tuple(new[i] for i in _open(affine(expr)))
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
            if not form.steps and _is_at_the_end(int(form.start), size):
                return form.start - size + small
            if form.steps and form.steps[0][1] < 0:
                return small - 1 - new[form.steps[0][0]]
        return expr.xreplace(dict(new))


def _is_mean(term: Term) -> bool:
    """A sum, or its negative, divided by the number of its addends, a whole number."""
    count = sp.Mul(*(length(k.size) for k in term.over))
    mean = bool(term.over) and term.reduce == "sum" and count.is_Integer
    return mean and abs(term.body.as_coeff_Mul()[0]) * count == 1


def _share(term: Term, new: Mapping[Index, Index]) -> sp.Expr:
    """What turns the 1/K of a mean into that of fewer; of what is no mean, 1."""
    if not _is_mean(term):
        return sp.S.One
    return sp.Mul(*(length(k.size) / length(new[k].size) for k in term.over))
