"""Index letters: every equation in i, j, k, ... with n for the sample; names of the user's own are
kept.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import sympy as sp

from bpgen.ir import BATCH, Equation, Index, Term, spoken

LETTERS = "ijklpqruvw"


def _free_letters(used: set[str]) -> Any:
    for letter in LETTERS:
        if letter not in used:
            yield letter
    for k in count(1):
        for letter in LETTERS:
            if f"{letter}{k}" not in used:
                yield f"{letter}{k}"


def lettered(equation: Equation) -> Equation:
    """The same equation with a letter for every index that is not the user's: left side first, then
    sums.
    """
    every = dict.fromkeys((*equation.indices, *(k for t in equation.terms for k in t.over)))
    kept = {i.name for i in every if _is_own(i)}
    left = [i for i in equation.indices if not _is_own(i)]
    told = {i: _of_length(i) for i in left if _of_length(i) not in kept}
    letters = _free_letters(kept | {"n", *told.values()})
    new: dict[sp.Expr, sp.Expr] = {}
    for i in left:
        own = told.get(i, "")
        fits = own and own not in {j.name for j in new.values()}
        new[i] = Index(own if fits else _letter(i, letters), i.size)
    taken = kept | {i.name for i in new.values()} | {"n"}
    left_side = tuple(new.get(i, i) for i in equation.indices)
    terms = tuple(_term(t, new, taken, left_side) for t in equation.terms)
    return Equation(equation.name, left_side, terms, equation.loop)


def _term(
    term: Term, new: dict[sp.Expr, sp.Expr], taken: set[str], left: tuple[Index, ...]
) -> Term:
    """Each sum has letters of its own: two sums side by side may use the same."""
    said: dict[Index, str] = {}
    for k in (k for k in term.over if not _is_own(k) and k.size != BATCH):
        name = spoken(k) or _of_length(k)
        if name and name not in {*taken, *said.values()}:
            said[k] = name
    taken = taken | {*said.values()}
    letters = _free_letters(taken)
    own = {
        k: Index(said[k] if k in said else _letter(k, letters), k.size)
        for k in term.over
        if not _is_own(k)
    }
    here = {**new, **{k: _another(i, left) for k, i in own.items()}}
    at = None if term.at is None else tuple(e.xreplace(here) for e in term.at)
    return Term(term.body.xreplace(here), tuple(here.get(k, k) for k in term.over), term.reduce, at)


def _of_length(index: Index) -> str:
    """t for an index that runs over a length T."""
    size = index.size
    short = isinstance(size, str) and size != BATCH and len(size) == 1 and size.isupper()
    return str(size).lower() if short else ""


def _letter(index: Index, letters: Any) -> str:
    return "n" if index.size == BATCH else next(letters)


def _another(index: Index, left: tuple[Index, ...]) -> Index:
    """A sum over samples beside the sample of the left side runs over m."""
    return Index("m", index.size) if index in left else index


def _is_own(index: Index) -> bool:
    """An index the user named; a leading underscore marks one that bpgen made."""
    return not index.name.startswith("_")
