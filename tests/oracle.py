"""Random tensor equations with accesses of every kind, and their values by loops over every index."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from bpgen.ir import BATCH, Element, Equation, Index, Size, TensorInfo, Term, element, length

LENGTHS = {BATCH: 2, "T": 3}
SIZES = {length(name): size for name, size in LENGTHS.items()}
POOL = tuple(
    Index(name, size)
    for name, size in {"n": BATCH, "i": 3, "j": 2, "k": 4, "u": 2, "v": 3, "t": "T"}.items()
)
Values = Mapping[sp.Expr, Any]
# exp and friends of one row would hide a wrong access no more than products do.
REDUCTIONS = ("sum", "sum", "sum", "max", "logsumexp", "first")


def count(size: Size | None) -> int:
    return LENGTHS[size] if isinstance(size, str) else int(size or 0)


@dataclass
class Drawn:
    """An equation, the tensors that it speaks of, and values for them."""

    equation: Equation
    tensors: dict[str, TensorInfo] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)


class Maker:
    """Draws accesses, making the tensor that each is an access of."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.tensors: dict[str, TensorInfo] = {}
        self.arrays: dict[str, Any] = {}
        self.rng = np.random.default_rng(draw(st.integers(0, 99)))

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def access(self, name: str, indices: list[Index], carried: bool = True) -> Element:
        """An access whose axes are run over by these indices, each of them once."""
        places: list[sp.Expr] = []
        sizes: list[Size] = []
        before = None
        left = list(indices)
        while left or self.choose(*[False] * 9, True):
            kind = self.choose("plain", "plain", "shift", "pair", "digits", "back", "gather")
            index = left.pop(0) if left else None
            if index is None:
                place, size = sp.Integer(1), 2
            elif kind == "plain" or (
                isinstance(index.size, str) and kind in ("shift", "pair", "digits")
            ):
                place, size = index, index.size
                if carried and before is None and index.size == "T" and self.choose(True, False):
                    before, place = len(places), index - self.choose(0, 1)
            elif kind == "back":
                place, size = length(index.size) - 1 - index, index.size
                if index.size == BATCH:
                    place = index
            elif kind == "gather":
                size = self.choose(2, 3)
                place = self._whole_numbers(f"g{len(self.tensors)}", index, size)
            elif kind == "shift" or not left or isinstance(left[0].size, str):
                step, start, slack = self.choose(1, 2), self.choose(0, 1, 3), self.choose(0, 1)
                place, size = (
                    step * index + start,
                    step * (count(index.size) - 1) + 1 + start + slack,
                )
            else:
                other = left.pop(0)
                sizes_of = count(index.size), count(other.size)
                step = sizes_of[1] if kind == "digits" else self.choose(1, 2, 3)
                within = 1 if kind == "digits" else self.choose(1, 2)
                start, slack = (
                    (0, 0) if kind == "digits" else (self.choose(0, 1), self.choose(0, 2))
                )
                place = step * index + within * other + start
                size = step * (sizes_of[0] - 1) + within * (sizes_of[1] - 1) + 1 + start + slack
            places.append(place)
            sizes.append(size)
        self._tensor(name, sizes, before)
        return element(name, places)

    def _tensor(self, name: str, sizes: list[Size], carried: int | None) -> None:
        axes = tuple(Index(f"_{k}", s) for k, s in enumerate(sizes))
        self.tensors[name] = TensorInfo(name, axes, "value", carried=carried)
        shape = [count(s) + (k == carried) for k, s in enumerate(sizes)]
        self.arrays[name] = self.rng.normal(size=shape)

    def _whole_numbers(self, name: str, index: Index, bound: int) -> Element:
        axis = Index("_0", index.size)
        self.tensors[name] = TensorInfo(name, (axis,), "input", bound=bound)
        self.arrays[name] = self.rng.integers(0, bound, count(index.size))
        return element(name, (index,))

    def indices(self, least: int, most: int) -> list[Index]:
        found: list[Index] = self.draw(
            st.lists(st.sampled_from(POOL), unique=True, min_size=least, max_size=most)
        )
        return found


@st.composite
def equations(draw: st.DrawFn) -> Drawn:
    """A product of one to three tensors, reduced over some of the indices."""
    make = Maker(draw)
    factors = [make.access(f"t{k}", make.indices(1, 3)) for k in range(draw(st.integers(1, 3)))]
    used = sorted({i for f in factors for i in f.free_symbols if isinstance(i, Index)}, key=str)
    left = tuple(draw(st.lists(st.sampled_from(used), unique=True, max_size=4)))
    over = tuple(i for i in used if i not in left)
    reduce = draw(st.sampled_from(REDUCTIONS)) if over else "sum"
    if reduce == "first":
        left += over
    term = Term(sp.Mul(*factors), over, reduce)
    return Drawn(Equation("out", left, (term,)), make.tensors, make.arrays)


@st.composite
def scatters(draw: st.DrawFn) -> Drawn:
    """A product written at an access, perhaps beside a second one."""
    make = Maker(draw)
    target = make.access("out", make.indices(1, 3), carried=False)
    axes = tuple(Index(f"_{k}", i.size) for k, i in enumerate(make.tensors["out"].indices))
    terms = []
    for k in range(draw(st.integers(1, 2))):
        at = {i for i in target.free_symbols if isinstance(i, Index)}
        own = sorted(at, key=str)
        inside = draw(st.lists(st.sampled_from(own), unique=True, max_size=2)) if own else []
        more = [i for i in make.indices(0, 1) if i not in own]
        body = make.access(f"a{k}", [*inside, *more]) if inside or more else sp.Integer(2)
        over = tuple(sorted({*at, *more}, key=str))
        terms.append(Term(sp.sympify(body), over, "sum", target.indices))
    return Drawn(Equation("out", axes, tuple(terms)), make.tensors, make.arrays)


def true_value(drawn: Drawn) -> Any:
    """The left side by loops over every index."""
    equation = drawn.equation
    info = drawn.tensors.get(equation.name)
    axes = info.indices if info is not None else equation.indices
    result = np.zeros([count(i.size) for i in axes])
    for term in equation.terms:
        place = term.at or equation.indices
        if term.at is not None:
            for values in ranges(term.over):
                result[tuple(_number(e, values, drawn) for e in place)] += _number(
                    term.body, values, drawn
                )
            continue
        apart = [i for i in equation.indices if term.reduce != "first" or i not in term.over]
        for values in ranges(tuple(apart)):
            each = [{**values, **more} for more in ranges(term.over)]
            found = np.array([_number(term.body, one, drawn) for one in each])
            if term.reduce == "first":  # 1 at the first of the largest
                values, found = each[np.argmax(found)], np.ones(1)
            result[tuple(values[i] for i in equation.indices)] += _REDUCED[term.reduce](found)
    return result


_REDUCED = {
    **dict.fromkeys(("sum", "first"), np.sum),
    "max": np.max,
    "logsumexp": lambda a: np.log(np.sum(np.exp(a))),
}


def ranges(over: tuple[Index, ...]) -> Iterator[dict[sp.Expr, int]]:
    for at in itertools.product(*(range(count(i.size)) for i in over)):
        yield dict(zip(over, at, strict=True))


def _number(expr: sp.Expr, values: Values, drawn: Drawn) -> Any:
    """A product of elements, an index expression, or a number."""
    if isinstance(expr, Element):
        info = drawn.tensors[expr.name]
        at = [_number(e, values, drawn) + (info.carried == k) for k, e in enumerate(expr.indices)]
        assert all(0 <= a < n for a, n in zip(at, drawn.arrays[expr.name].shape, strict=True))
        return drawn.arrays[expr.name][tuple(at)]
    if isinstance(expr, Index):
        return values[expr]
    if isinstance(expr, sp.Mul) and expr.has(Element):
        return math.prod(_number(f, values, drawn) for f in expr.args)
    if isinstance(expr, sp.Pow) and expr.has(Element):
        return _number(expr.base, values, drawn) ** int(expr.exp)
    return int(expr.xreplace({**values, **SIZES}))
