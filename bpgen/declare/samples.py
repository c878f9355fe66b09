"""The index of the sample: a formula that names it, as it is written for one sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from bpgen.declare.axes import tensor_of
from bpgen.declare.declaration import Quantity
from bpgen.declare.terms import summed
from bpgen.equations.substitution import with_elements
from bpgen.ir import BATCH, SAMPLE, Element, Index, Term, element, elements

Terms = tuple[Term, ...]
At = tuple[sp.Expr, ...]


def of_each_sample(left: tuple[Index, ...], terms: Terms) -> tuple[tuple[Index, ...], Terms]:
    """A formula whose left side names the sample, `xhat[n, i] = x[n, i] - mu[i]`, as it is written
    for one: without that index, or, where it counts an axis of something else, with the sample's.
    """
    own = sample_of(left, terms)
    return tuple(i for i in left if i != own), of_own_sample(terms, own)


def of_own_sample(terms: Terms, own: sp.Expr | None) -> Terms:
    """A formula in which an index is the sample's own."""
    if own is None:
        return terms
    return summed(tuple(t.map(lambda body: of_one_sample(body, own)) for t in terms))


def of_one_sample(expr: sp.Expr, own: sp.Expr) -> sp.Expr:
    """An expression whose elements do not name the sample; of gathers, inside out."""

    def unsaid(access: Element, indices: At) -> Element:
        said = access.indices[:1] == (own,) and len(indices) > tensor_of(access).rank
        return element(access.name, indices[said:])

    return with_elements(expr, unsaid, {own: SAMPLE})


def sample_of(left: Iterable[Index], terms: Terms) -> Index | None:
    """The index on the left that is the sample's own: the first over samples, unless the formula
    reads what is written without one, and so is the sample's already.
    """
    first = next((i for i in left if i.size == BATCH), None)
    read = _read(terms) if first is not None else ()
    unsaid = (t for e in read if len(e.indices) == (t := tensor_of(e)).rank)
    return None if any(map(_differs, unsaid)) else first


def _differs(tensor: Quantity) -> bool:
    """Whether a tensor is another for each sample."""
    waiting, seen = [tensor], {tensor.serial}
    while waiting:
        one = waiting.pop()
        unwritten = one.carried is not None and not one.terms
        own = any(SAMPLE in e.free_symbols for t in one.terms for e in t.exprs)
        if one.role in ("input", "target", "noise") or unwritten or own:
            return True
        for access in _read(one.terms):
            read = tensor_of(access)
            if len(access.indices) == read.rank and read.serial not in seen:
                seen.add(read.serial)
                waiting.append(read)
    return False


def _read(terms: Terms) -> Iterator[Element]:
    """What a formula reads, the labels at which it is written included."""
    return (e for t in terms for x in t.exprs for e in elements(x))
