"""Whether one sample of a batch can be shown by itself."""

from __future__ import annotations

from collections.abc import Iterable

from bpgen.ir import BATCH, Element, Equation, Network, Term, elements, is_batch, length


def separable(network: Network, equations: Iterable[Equation]) -> bool:
    """Whether samples meet in the mean of the loss alone."""
    for equation in equations:
        if sum(map(is_batch, equation.indices)) > 1:  # of pairs
            return False
        for term in equation.terms:
            if _mixes(term) and not (equation.name == network.loss and _is_mean(term)):
                return False
            if any(not _first_only(e, network) for x in term.exprs for e in elements(x)):
                return False
    return True


def _mixes(term: Term) -> bool:
    """Whether a term is of several samples, or of how many there are."""
    return any(is_batch(k) for k in term.over) or length(BATCH) in term.body.free_symbols


def _is_mean(term: Term) -> bool:
    """Whether a term is a mean of what each sample has for itself: over pairs it is none."""
    samples = [k for k in term.over if is_batch(k)]
    each = term.body * length(BATCH)
    return len(samples) == 1 and term.reduce == "sum" and length(BATCH) not in each.free_symbols


def _first_only(access: Element, network: Network) -> bool:
    """Whether the sample is an element's first index, after that of its block."""
    info = network.tensors[access.name]
    batched, indices = info.batched, access.indices[1:] if info.block else access.indices
    first, rest = indices[:1], indices[1:] if batched else indices
    if batched and not (first and is_batch(first[0])):
        return False
    return not any(is_batch(i) for i in rest)
