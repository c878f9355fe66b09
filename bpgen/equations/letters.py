"""Index letters: every equation in i, j, k, ... with n for the sample; names of the user's own are
kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count

from bpgen.equations.substitution import bound_as
from bpgen.ir import BATCH, Equation, Index, Term, check_indices, spoken

LETTERS = "ijklpqruvw"
SAMPLES = "nmpq"  # of the samples of a batch


def lettered(equation: Equation) -> Equation:
    """The same equation with a letter for every index that is not the user's: left side first, then
    sums. Each index of a term has a letter of its own, and none is that of a tensor read.
    """
    return _lettered(equation)


@lru_cache(4096)  # of an adjoint, what is simplified is often what was received
def _lettered(equation: Equation) -> Equation:
    every = dict.fromkeys((*equation.indices, *(k for t in equation.terms for k in t.over)))
    kept = {str(i.name) for i in every if _is_own(i)}
    read = {e.name for e in equation.reads()}
    left = _left(equation.indices, kept, read)
    side = tuple(left[i] for i in equation.indices)
    taken = kept | {str(i.name) for i in side} | {*SAMPLES[:1]}
    terms = tuple(_term(t, left, taken, read) for t in equation.terms)
    return check_indices(Equation(equation.name, side, terms, equation.loop))


def _left(indices: tuple[Index, ...], kept: set[str], read: set[str]) -> dict[Index, Index]:
    """The indices of the left side in their letters: of two that the user calls alike, the second
    gets another.
    """
    new: dict[Index, Index] = {}
    for i in indices:
        if _is_own(i) and i.name not in _names(new):
            new[i] = i
    told = {_of_length(i) for i in indices if i not in new} - kept
    letters = free_letters(LETTERS, kept | {*SAMPLES[:1]} | told | read)
    for i in indices:
        if i in new:
            continue
        if i.size == BATCH:
            new[i] = Index(next(free_letters(SAMPLES, kept | _names(new))), i.size)
        else:
            own = _of_length(i)
            fits = own and own in told and own not in _names(new)
            new[i] = Index(own if fits else next(letters), i.size)
    return new


def _term(term: Term, left: dict[Index, Index], taken: set[str], read: set[str]) -> Term:
    """Each sum has letters of its own: two sums side by side may use the same."""
    if term.reduce == "first":  # it keeps its indices
        return bound_as(term, left)
    used = _names(left)
    bound: dict[Index, Index] = {}
    for k in term.over:
        if _is_own(k) and k.name not in used | _names(bound):
            bound[k] = k
    rest = [k for k in term.over if k not in bound]
    for k in (k for k in rest if k.size != BATCH):
        name = spoken(k) or _of_length(k)
        if name and name not in taken | _names(bound):
            bound[k] = Index(name, k.size)
    letters = free_letters(LETTERS, taken | _names(bound) | read)
    for k in (k for k in rest if k not in bound and k.size != BATCH):
        bound[k] = Index(next(letters), k.size)
    samples = free_letters(SAMPLES, (taken - {*SAMPLES[:1]}) | used | _names(bound))
    for k in (k for k in rest if k not in bound):
        bound[k] = Index(next(samples), k.size)
    return bound_as(term, bound, left)


def _names(new: dict[Index, Index]) -> set[str]:
    return {str(i.name) for i in new.values()}


def free_letters(letters: Sequence[str], used: set[str]) -> Iterator[str]:
    """Letters that are not used, with numbers where they come to an end."""
    yield from (letter for letter in letters if letter not in used)
    for k in count(1):
        yield from (f"{letter}{k}" for letter in letters if f"{letter}{k}" not in used)


def _of_length(index: Index) -> str:
    """t for an index that runs over a length T."""
    size = index.size
    short = isinstance(size, str) and size != BATCH and len(size) == 1 and size.isupper()
    return str(size).lower() if short else ""


def _is_own(index: Index) -> bool:
    """An index the user named; a leading underscore marks one that bpgen made."""
    return not index.name.startswith("_")
