"""The simplifications a mathematician would make, each bounded: sums over what does not vary,
targets that sum to 1, cancellation across the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from math import prod

import sympy as sp

from bpgen.atoms import atoms
from bpgen.derive.decimals import with_short_numbers
from bpgen.derive.exponentials import with_whole_exponentials
from bpgen.derive.measure import simplest, weight
from bpgen.equations.contraction import mixed, outer_and_sum, varying
from bpgen.functions import row
from bpgen.ir import Element, Index, Network, Term, elements, length

Form = Callable[[sp.Expr], sp.Expr]
_LARGEST = 120.0  # bodies heavier than this keep their form: cancel() has no bound of its own
_WIDEST = 500  # addends of what is multiplied out: each factor 1 - a^2 doubles them
_memo: dict[sp.Expr, sp.Expr] = {}


def tidy(expr: sp.Expr) -> sp.Expr:
    """The lightest of the usual forms of an expression, with everything that is no arithmetic held
    fixed.
    """
    if not expr.args or isinstance(expr, Element):
        return expr
    if weight(expr) > _LARGEST:
        return with_short_numbers(expr)
    powers = {p.base for p in atoms(expr, sp.Pow)}  # of what is small, all digits count
    turned = [c for c in atoms(expr, sp.Function) if _is_reflected(c) and c not in powers]
    reflected = expr.xreplace({c: 1 - c.func(-c.args[0]) for c in turned})
    forms = [_tidied(expr), _tidied(reflected)] if reflected != expr else [_tidied(expr)]
    return with_whole_exponentials(simplest(forms))


def _is_reflected(call: sp.Expr) -> bool:
    """Whether it is 1 less the function of the opposite, which has a sign less."""
    known = row(call)
    reflects = known is not None and known.reflects
    return reflects and bool(call.args[0].could_extract_minus_sign())


def _tidied(expr: sp.Expr) -> sp.Expr:
    held = _held(expr)
    plain = expr.xreplace(held)
    if plain not in _memo:
        _memo[plain] = with_short_numbers(simplest(_forms(plain)))
    back = {symbol: node for node, symbol in held.items()}
    return _memo[plain].xreplace(back)


def factored_out(expr: sp.Expr) -> sp.Expr:
    """A sum with its common factors outside, and nothing else changed: 1/N stands before the
    bracket.
    """
    if not expr.args or isinstance(expr, Element):
        return expr
    held = {e: sp.Symbol(f"g{k}", real=True) for k, e in enumerate(sorted(elements(expr), key=str))}
    back = {symbol: node for node, symbol in held.items()}
    plain = expr.xreplace(held)
    outside = _factored(plain) if isinstance(expr, sp.Add) else plain
    return with_short_numbers(outside).xreplace(back)


@lru_cache(4096)
def _factored(plain: sp.Expr) -> sp.Expr:
    return sp.factor_terms(plain)


def _held(expr: sp.Expr) -> dict[sp.Expr, sp.Symbol]:
    """Elements, functions and roots as symbols named by position, so that equal layers share one
    memo.
    """
    found: dict[sp.Expr, sp.Symbol] = {}
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, (Element, sp.Function)) or (
            isinstance(node, sp.Pow) and not node.exp.is_Integer
        ):
            found.setdefault(node, sp.Symbol(f"g{len(found)}", real=True))
        else:
            stack += reversed(node.args)
    return found


def _forms(plain: sp.Expr) -> Iterable[sp.Expr]:
    """The usual forms of an expression; its sizes (the 1/N of a mean) stay a factor outside."""
    yield from _forms_of_all(plain)
    quotients = [a for a in sp.Add.make_args(plain) if _divides(a)]
    others = [a for a in sp.Add.make_args(plain) if not _divides(a)]
    if quotients and others:  # brought over one denominator, 2 c (a - b) would be multiplied out
        parts = (sp.Add(*quotients), sp.Add(*others))
        yield sp.Add(*(simplest(_forms_of_all(part)) for part in parts))


def _divides(addend: sp.Expr) -> bool:
    """Whether it is a quotient by something else than sizes."""
    values = _values(addend)
    return any(p.exp.is_negative and p.has(*values) for p in atoms(addend, sp.Pow))


def _forms_of_all(plain: sp.Expr) -> Iterable[sp.Expr]:
    outside, inside = _factored(plain).as_independent(*_values(plain), as_Add=False)
    yield plain
    for form in _inner_forms(inside):
        yield with_plain_signs(outside * form)


def with_plain_signs(product: sp.Expr) -> sp.Expr:
    """-2 (a - 1) b as 2 (1 - a) b: a sign goes into the bracket that holds a number."""
    coefficient, rest = product.as_coeff_Mul()
    for factor in sp.Mul.make_args(rest):
        if (
            coefficient < 0
            and isinstance(factor, sp.Add)
            and factor.args[0].is_Number
            and factor.args[0] < 0
        ):
            return sp.Mul(-coefficient, *(-f if f == factor else f for f in sp.Mul.make_args(rest)))
    return product


def _values(plain: sp.Expr) -> list[sp.Symbol]:
    return sorted((s for s in plain.free_symbols if s.name.startswith("g")), key=str)


def _inner_forms(plain: sp.Expr) -> Iterable[sp.Expr]:
    yield plain
    yield _factored(plain)
    sums = atoms(plain, sp.Add)
    divides = any(p.exp.is_negative for p in atoms(plain, sp.Pow))
    several = len(sums) > 1 or (sums and isinstance(plain, sp.Mul)) or divides
    if several and _addends(plain) <= _WIDEST:
        cancelled = sp.cancel(plain) if divides else sp.expand(plain)  # of a polynomial the same
        yield cancelled
        yield _factored(cancelled)
        yield sp.factor(cancelled)
        yield from _over_denominators(cancelled)


def _addends(expr: sp.Expr) -> int:
    """How many there are where it is multiplied out, above and below."""
    if isinstance(expr, sp.Add):
        return sum(map(_addends, expr.args))
    if isinstance(expr, sp.Mul):
        return prod(map(_addends, expr.args))
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer:
        return int(_addends(expr.base) ** abs(int(expr.exp)))
    return 1


def _over_denominators(expr: sp.Expr) -> Iterable[sp.Expr]:
    numerator, denominator = sp.fraction(expr)
    if denominator != 1:
        yield sp.factor_terms(sp.expand(numerator)) / sp.factor(denominator)
        yield sp.factor(numerator) / sp.factor(denominator)


def combined(
    terms: Iterable[Term], network: Network, form: Form = tidy
) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """The sum of terms in its tidy form, and the reasons that are not plain algebra."""
    reasons: dict[str, None] = {}
    flat = [part for term in terms for part in _reduced(term, network, reasons)]
    summed = _merged([t.map(form) for t in flat if t.over or t.at is not None])
    rest = [c for t in summed for c in ([t] if _varies(t) else varying(t))]
    plain = [t.body for t in (*flat, *rest) if not t.over and t.at is None]
    rest = [t for t in rest if t.over or t.at is not None]
    body = form(sp.Add(*plain)) if plain else sp.S.Zero
    kept = [*rest, *([Term(body)] if body != 0 else [])]
    return tuple(t for t in kept if t.body != 0) or (Term(sp.S.Zero),), tuple(reasons)


def _varies(term: Term) -> bool:
    """Whether anything still does with an index: tanh(z[p])**2 may have cancelled."""
    return not {*term.over}.isdisjoint(sp.Tuple(*term.exprs).free_symbols)


def _reduced(term: Term, network: Network, reasons: dict[str, None]) -> list[Term]:
    """One sum without the indices it need not run over."""
    if not term.over or term.reduce != "sum":
        return [term]
    body, over = term.body, list(term.over)
    if isinstance(body, (sp.Add, sp.Mul)):
        body = tidy(body)
    for index in term.over:
        if index not in body.free_symbols and (
            term.at is None or not any(index in a.free_symbols for a in term.at)
        ):
            body, over = body * length(index.size), [k for k in over if k != index]
        elif term.at is None:
            body, over = _one(body, index, over, network, reasons)
    parts = body.args if isinstance(body, sp.Add) and mixed(body, over) else (body,)
    if len(parts) == 1 and len(over) == 1 and term.at is None:
        parts = _apart_from_ones(body, over[0], network)
    if len(parts) > 1:
        return [
            r
            for p in parts
            for r in _reduced(Term(p, tuple(over), "sum", term.at), network, reasons)
        ]
    return [Term(body, tuple(over), "sum", term.at)]


def _one(
    body: sp.Expr, index: Index, over: list[Index], network: Network, reasons: dict[str, None]
) -> tuple[sp.Expr, list[Index]]:
    """sum_k c y[k] = c where the target y sums to 1 over k and c does not depend on k."""
    for access in sorted(
        (e for e in elements(body) if e.indices and e.indices[-1] == index), key=str
    ):
        rest = body / access
        info = network.tensors.get(access.name)
        if info is not None and info.sums_to_one and index not in rest.free_symbols:
            reasons[f"sums to one: {access.name}"] = None
            return rest, [k for k in over if k != index]
    return body, over


def _apart_from_ones(body: sp.Expr, index: Index, network: Network) -> tuple[sp.Expr, ...]:
    """The addends of c (y[k] + u) whose sum is known since y sums to 1, and the rest."""
    factors = sp.Mul.make_args(body)
    sums = [f for f in factors if isinstance(f, sp.Add)]
    if len(sums) != 1:
        return (body,)
    outer = sp.Mul(*(f for f in factors if f != sums[0]))
    ones = [a for a in sums[0].args if _one(outer * a, index, [index], network, {})[1] == []]
    rest = sp.Add(*(a for a in sums[0].args if a not in ones))
    return (*(outer * a for a in ones), outer * rest) if ones else (body,)


def _merged(terms: list[Term]) -> list[Term]:
    """Sums over the same indices, merged where the merged body is lighter than the two."""
    kept: list[Term] = []
    for term in terms:
        for k, other in enumerate(kept):
            if (other.over, other.at, other.reduce) == (term.over, term.at, term.reduce):
                both = tidy(other.body + term.body)
                if weight(both) < weight(other.body) + weight(term.body) and _is_no_wider(
                    replace(term, body=both), term, other
                ):
                    kept[k] = Term(both, term.over, term.reduce, term.at)
                    break
        else:
            kept.append(term)
    return kept


def _is_no_wider(both: Term, *parts: Term) -> bool:
    """Whether the merged sum runs through no more entries than the wider of its parts."""
    wide, *rest = (_width(t) for t in (both, *parts))
    return wide <= max(rest)


def _width(term: Term) -> int:
    """The number of indices of what stands inside a sum."""
    inner = outer_and_sum(term)[1]
    return sum(isinstance(s, Index) for s in inner.body.free_symbols) if inner else 0
