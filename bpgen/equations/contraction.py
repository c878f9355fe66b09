"""The shape of a term: what stands outside its sum, and the factors inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import sympy as sp

from bpgen.ir import Element, Equation, Index, Reduce, Term, extent

Powers = dict[sp.Expr, sp.Expr]  # the exponents of a product's factors


@dataclass(frozen=True)
class Sum:
    """`reduce over(indices)` of a product of factors, each of which uses at least one of the
    indices.
    """

    factors: tuple[sp.Expr, ...]
    over: tuple[Index, ...]
    reduce: Reduce = "sum"

    @property
    def body(self) -> sp.Expr:
        return sp.Mul(*self.factors)


@dataclass(frozen=True)
class Group:
    """`outer * (sum + sum + ...)`, written at `at` where it is a scatter. No sums: the outer factor
    alone.
    """

    outer: sp.Expr
    sums: tuple[Sum, ...] = ()
    at: tuple[sp.Expr, ...] | None = None


@lru_cache(4096)
def outer_and_sum(term: Term) -> tuple[sp.Expr, Sum | None]:
    """A term as outer factor and sum: sum_i W[i,j] d[i] a[j] is a[j] * sum_i W[i,j] d[i]."""
    if not term.over:
        return term.body, None
    if term.reduce != "sum":
        return sp.S.One, Sum((term.body,), term.over, term.reduce)
    factors = sp.Mul.make_args(term.body)
    inside = tuple(f for f in factors if f.free_symbols & set(term.over))
    outside = [f for f in factors if not f.free_symbols & set(term.over)]
    return sp.Mul(*outside), Sum(inside, term.over)


def mixed(body: sp.Add, over: list[Index]) -> bool:
    """An Add whose addends run over different indices is several sums."""
    return len({frozenset(a.free_symbols & set(over)) for a in body.args}) > 1


# What a body comes to over so many places at which it is the same.
_REPEATED: dict[Reduce, Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    "sum": lambda body, count: body * count,
    "max": lambda body, _: body,
    "logsumexp": lambda body, count: body + sp.log(count),
}


def varying(term: Term) -> list[Term]:
    """A sum as sums of what varies with their indices: sum_ij (x_i + w_j) = 3 sum_i x_i + ...; the
    same of the largest of 0, say, where what would vary has cancelled.
    """
    if not term.over or term.reduce not in _REPEATED:
        return [term]
    several = term.reduce == "sum" and isinstance(term.body, sp.Add)
    if several and mixed(term.body, list(term.over)):
        return [c for a in term.body.args for c in varying(replace(term, body=a))]
    used = sp.Tuple(*term.exprs).free_symbols
    idle = [k for k in term.over if k not in used]
    if not idle:
        return [term]
    body = _REPEATED[term.reduce](term.body, extent(k.size for k in idle))
    over = tuple(k for k in term.over if k not in idle)
    return [replace(term, body=body, over=over, reduce=term.reduce if over else "sum")]


def groups(equation: Equation) -> tuple[Group, ...]:
    """The terms of an equation, sums with the same outer factor together, in the order of the
    terms.
    """
    found: dict[tuple[sp.Expr, tuple[sp.Expr, ...] | None], list[Sum]] = {}
    plain: list[Group] = []
    for term in equation.terms:
        outer, inner = outer_and_sum(term)
        if inner is None or term.at is not None:
            plain.append(Group(outer, (inner,) if inner else (), term.at))
        else:
            found.setdefault((outer, None), []).append(inner)
    return tuple(Group(outer, tuple(sums), at) for (outer, at), sums in found.items()) + tuple(
        plain
    )


def uses(factor: sp.Expr, indices: Iterable[Index]) -> tuple[Index, ...]:
    """Those of `indices` that a factor speaks of, in their order."""
    return tuple(i for i in indices if i in factor.free_symbols)


@dataclass(frozen=True)
class Factored:
    """`outer * (inside) + beside`: what is added beside the bracket has not that factor."""

    outer: sp.Expr
    inside: Equation
    beside: Equation


@lru_cache(1000)  # a page asks of each equation more than once, and so does code
def factored(equation: Equation) -> Factored | None:
    """The factor that most terms, a sum among them, have outside their sums, before a bracket:
    r * (g - sum g) rather than r * g - r * sum g.
    """
    if any(t.at is not None or t.reduce != "sum" for t in equation.terms):
        return None
    terms = [part for t in equation.terms for part in map(_with_own_sign, _addends(t))]
    outers = [outer_and_sum(t)[0] for t in terms]
    often = Counter(b for t, o in zip(terms, outers, strict=True) for b in _powers(o))
    for base in sorted((b for b in often if often[b] > 1), key=lambda b: (-often[b], str(b))):
        has = [base in _powers(o) for o in outers]
        common = _common(o for o, one in zip(outers, has, strict=True) if one)
        inside = [t for t, one in zip(terms, has, strict=True) if one]
        unlike = len({o for o, one in zip(outers, has, strict=True) if one}) > 1
        if common and unlike and any(t.over for t in inside):
            inside = sorted((t.map(partial(_without, powers=common)) for t in inside), key=_place)
            beside = tuple(t for t, one in zip(terms, has, strict=True) if not one)
            return Factored(
                _product(common),
                replace(equation, terms=_rejoined(inside)),
                replace(equation, terms=_rejoined(beside)),
            )
    return None


def _with_own_sign(term: Term) -> Term:
    """The term with a sign in the bracket that it stands before, where that is outside its sum, as
    sympy writes the bracket alone: -(a - b) is b - a.
    """
    outer, inner = outer_and_sum(term)
    return term if inner is None else term.map(lambda _: outer * inner.body)


def _place(term: Term) -> tuple[bool, bool, int]:
    """Within a bracket: what stands in no sum, what is added, what is shorter, before the rest."""
    negative = bool(term.body.could_extract_minus_sign())
    return bool(term.over), negative, len(term.body.atoms(Element))


def _addends(term: Term) -> list[Term]:
    return [term] if term.over else [Term(a) for a in sp.Add.make_args(term.body)]


def _rejoined(terms: Iterable[Term]) -> tuple[Term, ...]:
    """What stands in no sum as one term, first."""
    terms = list(terms)
    plain = [t.body for t in terms if not t.over]
    return (*([Term(sp.Add(*plain))] if plain else []), *(t for t in terms if t.over))


def shared(coefficients: Iterable[sp.Expr]) -> sp.Expr:
    """The product of forward values and their powers that every coefficient holds."""
    return _product(_common(coefficients))


def _common(coefficients: Iterable[sp.Expr]) -> Powers:
    common: Powers | None = None
    for coefficient in coefficients:
        powers = _powers(coefficient)
        if common is None:
            common = powers
        lesser = {b: _lesser(e, powers[b]) for b, e in common.items() if b in powers}
        common = {b: e for b, e in lesser.items() if e != 0}
    return common or {}


def _product(powers: Powers) -> sp.Expr:
    return sp.Mul(*(b**e for b, e in powers.items()))


def _without(product: sp.Expr, powers: Powers) -> sp.Expr:
    """A product less powers that it holds: taken out, for sympy divides nothing by exp(a + b)."""
    numbers = (f for f in sp.Mul.make_args(product) if not f.has(Element))
    left = {b: e - powers.get(b, 0) for b, e in _powers(product).items()}
    return sp.Mul(*numbers, _product(left))


def _powers(product: sp.Expr) -> Powers:
    """The exponents of the factors that are no numbers."""
    varying = (f for f in sp.Mul.make_args(product) if f.has(Element))
    return dict((f, sp.S.One) if isinstance(f, sp.exp) else f.as_base_exp() for f in varying)


def _lesser(one: sp.Expr, two: sp.Expr) -> sp.Expr:
    """The part that two exponents have in common: of 1/2 and 3/2 the 1/2, of 1 and -1 nothing."""
    if not (one.is_number and two.is_number):
        return one if one == two else sp.S.Zero
    return min(one, two, key=abs) if one.is_positive == two.is_positive else sp.S.Zero
