"""The terms of a formula, as data: what is plain in them as one, and the indices left open."""

from __future__ import annotations

import sympy as sp

from bpgen.functions import at_most
from bpgen.ir import Element, Index, Term


def summed(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """What is reduced, then all that is not as one term; no 0 beside others."""
    plain = [t for t in terms if not t.over and t.at is None]
    reduced = [t for t in terms if t.over or t.at is not None]
    merged = sp.Add(*(t.body for t in plain)) if plain else sp.S.Zero
    return tuple(reduced) + ((Term(merged),) if plain and (merged != 0 or not reduced) else ())


def open_indices(terms: tuple[Term, ...]) -> tuple[Index, ...]:
    """The indices that no term reduces, in the order in which they appear."""
    every = (i for t in terms for i in spoken_of(t.body) if i not in t.over)
    return tuple(dict.fromkeys(every))


def spoken_of(expr: sp.Basic) -> list[Index]:
    """The indices that pick elements or are compared, in the order in which they appear."""
    speaking = (e for e in sp.preorder_traversal(expr) if isinstance(e, (Element, at_most)))
    places = (sorted(p.free_symbols, key=str) for e in speaking for p in e.args)
    return [symbol for place in places for symbol in place if isinstance(symbol, Index)]
