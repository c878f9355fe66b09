"""The chain rule, once, and the only place that states it.

If `y[I] = reduce over K of body` reads `x[e]`, then x receives, at that access, `dL/dx[e] += sum
dL/dy[I] * d body / d x[e]` over every index of I, K that e does not fix. Nothing here knows a
layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from bpgen.equations.affine import undone
from bpgen.ir import BATCH, Element, Equation, Index, Malformed, Term, element, length
from bpgen.record import Equality, Path

At = tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Link:
    """That the term of an equation reads an element, and the local derivative there."""

    equation: Equation
    term: Term
    access: Element
    value: sp.Expr
    reasons: tuple[Equality, ...] = ()

    def away(self, axes: tuple[Index, ...]) -> dict[sp.Expr, sp.Expr]:
        """The equation's indices under names of their own, so that none is captured by those of
        what it reads, whose axes are `axes`.
        """
        every = (*self.equation.indices, *self.term.over)
        return named_apart(every, (*every, *axes))

    def written(self) -> At:
        """Where the term is written: at the equation's own indices, or at an access."""
        return self.term.at or self.equation.indices


def named_apart(indices: Iterable[Index], taken: Iterable[sp.Basic]) -> dict[sp.Expr, sp.Expr]:
    """Indices under names that begin with more underscores than any that is taken."""
    names = (str(i.name) for i in taken if isinstance(i, Index))
    mark = "_" * (1 + max((len(n) - len(n.lstrip("_")) for n in names), default=0))
    return {i: Index(f"{mark}{i.name}", i.size) for i in indices}


def contributions(link: Link, adjoint: tuple[Term, ...], axes: tuple[Index, ...]) -> Iterator[Term]:
    """What the tensor that is read, whose axes are `axes`, receives through a link."""
    away = link.away(axes)
    place = tuple(e.xreplace(away) for e in link.written())
    if link.term.at is not None and any(t.at is not None for t in adjoint):
        raise Malformed(f"{link.equation.name} is written in pieces, and so is its adjoint")
    for upstream in adjoint:
        mine = named_apart(upstream.over, (*axes, *away, *away.values(), *upstream.over))
        ours = {**dict(zip(link.equation.indices, place, strict=True)), **mine}
        left = tuple(e.xreplace(ours) for e in upstream.at or link.equation.indices)
        rename = dict(away)
        if upstream.at is not None:  # both speak of the same elements of the equation
            rename.update(zip(link.equation.indices, left, strict=True))
        fixed, at = _solved(tuple(e.xreplace(rename) for e in link.access.indices), axes)
        body = (upstream.body.xreplace(ours) * link.value.xreplace(rename)).xreplace(fixed)
        summed = {
            *mine.values(),
            *(away[k] for k in link.term.over),
            *(i for e in left for i in _open(e)),
        }
        over = tuple(sorted(summed - set(fixed), key=_batch_first))
        yield Term(body, over, "sum", None if at is None else tuple(e.xreplace(fixed) for e in at))


def path(link: Link, axes: tuple[Index, ...]) -> Path:
    """The same link as the factors a reader sees: dL/dy * dy/dx, summed over what dy/dx leaves
    open.
    """
    away = link.away(axes)
    fixed, _ = _solved(tuple(e.xreplace(away) for e in link.access.indices), axes)

    def solved(expr: sp.Expr) -> sp.Expr:
        return expr.xreplace(away).xreplace(fixed)

    def free(indices: tuple[Index, ...]) -> tuple[Index, ...]:
        return tuple(away[i] for i in indices if away[i] not in fixed)

    place = tuple(map(solved, link.written()))
    where = {i for e in place for i in _open(e)}
    value, inner = solved(link.value), tuple(k for k in free(link.term.over) if k not in where)
    occurring = value.free_symbols | {i for e in link.access.indices for i in _open(solved(e))}
    for index in inner:
        value = value if index in occurring else value * length(index.size)
    inner = tuple(i for i in inner if i in occurring)
    reasons = tuple(Equality(tuple(map(solved, r.chain)), r.prime) for r in link.reasons)
    every = (*link.equation.indices, *link.term.over)
    over = tuple(i for i in free(every) if i in where)
    upstream = element(link.equation.name, place)
    return Path(upstream, solved(link.access), value, over, reasons, inner)


def along(path: Path, upstream: Term, axes: tuple[Index, ...]) -> Term:
    """What a tensor, whose axes are `axes`, receives along a path, of a term of the gradient with
    respect to what the path goes by.
    """
    taken = (path.value, path.wrt, *path.over, *path.inner, *path.upstream.indices)
    new = unlike_any_in(upstream.over, taken)
    over = (*path.over, *path.inner, *(k.xreplace(new) for k in upstream.over))
    at = None if path.wrt.indices == axes else path.wrt.indices
    return Term(upstream.body.xreplace(new) * path.value, over, "sum", at)


def unlike_any_in(indices: Iterable[Index], taken: Iterable[sp.Basic]) -> dict[sp.Expr, sp.Expr]:
    """Indices under names that no index in some expressions has."""
    return named_apart(indices, [i for e in taken for i in e.free_symbols])


def _solved(access: At, axes: tuple[Index, ...]) -> tuple[dict[sp.Expr, sp.Expr], At | None]:
    """Index values that make the access x[axes]; where they cannot, the access at which to
    write.
    """
    fixed: dict[sp.Expr, sp.Expr] = {}
    plain = True
    for expr, axis in zip(access, axes, strict=True):
        index = next(iter(_open(expr)), None)
        value = None
        if index is not None and index not in fixed and index not in axes:
            value = undone(expr, index, axis)
        if value is not None:
            fixed[index] = value
        elif expr != axis:
            plain = False
    return fixed, None if plain else access


def _open(expr: sp.Expr) -> list[Index]:
    return [s for s in expr.free_symbols if isinstance(s, Index)]


def _batch_first(index: Index) -> tuple[bool, str]:
    return index.size != BATCH, index.name
