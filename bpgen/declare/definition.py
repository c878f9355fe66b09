"""What a formula defines: every index with its size, and nothing that no network can compute."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from bpgen.declare.axes import element_of, tensor_of
from bpgen.declare.declaration import Quantity, here
from bpgen.declare.ranges import sized
from bpgen.declare.samples import of_each_sample, sample_of
from bpgen.declare.terms import open_indices
from bpgen.equations import admissible
from bpgen.errors import NetError
from bpgen.ir import BATCH, Index, Size, Term, length

Shape = tuple[Size, ...]


def defined(
    left: Iterable[Index], terms: tuple[Term, ...]
) -> tuple[Shape, tuple[Index, ...], tuple[Term, ...]]:
    """The shape, the indices and the terms of the tensor whose element at `left` is the sum of the
    terms.
    """
    for term in terms:
        admit(term.body)
    indices, terms = sized(*of_each_sample(tuple(left), terms))
    return tuple(i.size for i in indices if i.size is not None), indices, terms


def define(left: Iterable[Index], terms: tuple[Term, ...]) -> Quantity:
    """The same as a quantity that net.py has no variable for."""
    shape, indices, terms = defined(left, terms)
    return Quantity(shape, indices=indices, terms=terms)


def materialise(terms: tuple[Term, ...]) -> sp.Expr:
    """A tensor of its own for a reduced formula; returns its element at the formula's open
    indices.
    """
    free = sorted(open_indices(terms), key=_in_turn)
    own = sample_of(free, terms)
    made = define(free, terms)
    others = (i for i in free if i != own)
    return element_of(made.serial, (*([own] if own is not None else []), *others))


def _in_turn(index: Index) -> tuple[bool, int]:
    """The samples first, in the order in which net.py asked for their indices."""
    among = index.size == BATCH
    return not among, int("".join(filter(str.isdigit, index.name)) or 0) if among else 0


def admit(body: sp.Expr) -> None:
    """Refuse what no network can compute, in a formula of a tensor."""
    admissible.finite(body)
    admissible.declared(body, [length(size) for size in (*here().lengths, BATCH)])
    for access in admissible.values(body):
        tensor = tensor_of(access)
        if tensor.bound is not None:
            label = tensor.role == "target"
            numbers = f"one_hot({tensor.bound}) or target()" if label else "input(...)"
            raise NetError(
                f"{tensor.said()} {'is a label, a whole number' if label else 'is whole numbers'},"
                " to be used as an index, not in arithmetic",
                f"pick with it, p[y], or declare numbers: {numbers}",
            )
