"""Whether equations have no value where a length known at run time is 0."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

import sympy as sp

from bpgen.ir import BATCH, Element, Equation, Index, Size, TensorInfo, Term, elements


def needs_one(equations: Iterable[Equation], tensors: Mapping[str, TensorInfo]) -> bool:
    """Whether equations have no value where a length known at run time is 0: one takes the largest
    of none, divides by the length or by a sum of none, or reads or writes one place of the axis.
    """
    nothing: set[str] = set()  # what is 0 where there is nothing to be summed
    for equation in equations:
        if any(_needs_one(term, equation, tensors, nothing) for term in equation.terms):
            return True
        if all(_is_nothing(term, nothing) for term in equation.terms):
            nothing.add(equation.name)
    return False


def _needs_one(
    term: Term, equation: Equation, tensors: Mapping[str, TensorInfo], nothing: Container[str]
) -> bool:
    largest = term.reduce != "sum" and any(_is_open(k.size) for k in term.over)
    divisors = [p.base for p in term.body.atoms(sp.Pow) if p.exp.is_negative]
    length = any(_is_open(str(s)) for d in divisors for s in d.free_symbols - d.atoms(Index))
    # along the axis nothing is divided
    there = not any(_is_open(i.size) for i in (*equation.indices, *term.over))
    none = there and any(_has_factor(d, nothing) for d in divisors)
    read = (next(_fixed(e.indices, tensors[e.name]), None) for e in elements(term.body))
    written = next(_fixed(term.at or (), tensors[equation.name]), None)
    return largest or length or none or any(p is not None for p in (*read, written))


def _is_nothing(term: Term, nothing: Container[str]) -> bool:
    """Whether a term is a sum of none, or of what is 0 itself."""
    summed = term.reduce == "sum" and any(_is_open(k.size) for k in term.over)
    return summed or (term.reduce == "sum" and _has_factor(term.body, nothing))


def _has_factor(expr: sp.Expr, names: Container[str]) -> bool:
    return any(isinstance(f, Element) and f.name in names for f in sp.Mul.make_args(expr))


def _is_open(size: Size | None) -> bool:
    return isinstance(size, str) and size != BATCH


def _fixed(at: tuple[sp.Expr, ...], info: TensorInfo) -> Iterator[sp.Expr]:
    """The places of an access along axes whose lengths are known at run time, where no index runs;
    before the first step of a recurrence there is one always.
    """
    for k, (place, axis) in enumerate(zip(at, info.indices, strict=False)):
        before = info.carried == k and place == -1
        if _is_open(axis.size) and not place.has(Index, Element) and not before:
            yield place
