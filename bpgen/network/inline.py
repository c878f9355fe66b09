"""Nameless steps written inside what reads them, where people would write one formula."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import sympy as sp

from bpgen.declare.axes import element_of, serial_of, tensor_of
from bpgen.declare.declaration import Declaration, Quantity
from bpgen.declare.formula import Formula
from bpgen.equations.contraction import varying
from bpgen.equations.letters import lettered
from bpgen.equations.softmaxes import is_softmax
from bpgen.equations.substitution import read_at
from bpgen.functions import row
from bpgen.ir import SAMPLE, Element, Equation, Index, Term, check_indices, is_number
from bpgen.network.reached import reads

Definition = tuple[tuple[Index, ...], tuple[Term, ...]]
# Nameless steps written inside one another, so that a formula stays one that sympy can walk.
_DEEPEST = 40
_NOTHING = (Term(sp.S.Zero),)


def inlined(
    declared: Declaration, used: list[int], named: set[int], roots: set[int]
) -> dict[int, Definition]:
    """Definitions to keep: roots, those with a name unless they come to a mere number, and nameless
    ones that cannot be written inside what reads them.
    """
    uses: dict[int, int] = {}
    for serial in used:
        for read in reads(declared.tensors[serial].terms):
            uses[read] = uses.get(read, 0) + 1
    nameless: dict[int, Definition] = {}
    kept: dict[int, Definition] = {}
    depth: dict[int, int] = {}  # of what is written inside one another
    same: dict[tuple[Equation, Any], tuple[int, sp.Expr]] = {}  # nameless steps that are kept
    for serial in used:
        tensor = declared.tensors[serial]
        terms = tensor.terms or _NOTHING * tensor.open  # zeros() that nobody wrote in
        for read in dict.fromkeys(reads(terms)):
            if read in nameless:
                written = (
                    _written_in(terms, read, nameless[read], uses[read])
                    if depth[read] < _DEEPEST and not _crosses(declared, tensor, nameless[read])
                    else None
                )
                if written is None:
                    factor, said = _said(nameless[read])
                    twin, of = same.setdefault((said, declared.tensors[read].block), (read, factor))
                    if twin != read:
                        nameless[read] = _alias(nameless[read], twin, factor / of)
                        written = _written_in(terms, read, nameless[read], uses[read])
                if written is None:
                    kept[read] = nameless.pop(read)
                else:
                    terms, depth[serial] = written, max(depth.get(serial, 0), depth[read] + 1)
        terms = tuple(c for t in terms for c in (varying(t) if t.reduce != "sum" else (t,)))
        own = serial in named and not is_number(terms)
        if own or serial in roots or tensor.role != "value" or tensor.layer or tensor.open:
            kept[serial] = (tensor.indices, terms)
        else:
            nameless[serial] = (tensor.indices, tuple(map(_counted, terms)))
            depth.setdefault(serial, 0)
    for left, definition in kept.values():
        check_indices(Equation("a definition", (SAMPLE, *left), definition))
    return {s: kept[s] for s in used if s in kept}


def _crosses(declared: Declaration, reader: Quantity, definition: Definition) -> bool:
    """Whether a block would read what is computed step by step outside of it."""
    read = (declared.tensors[serial] for serial in reads(definition[1]))
    return reader.block is not None and any(
        t.carried is not None and t.block is not reader.block for t in read
    )


def _counted(term: Term) -> Term:
    """The sum of a constant as the constant it comes to."""
    sizes = [k.size for k in term.over if isinstance(k.size, int)]
    if not term.body.is_number or term.reduce != "sum" or len(sizes) < len(term.over):
        return term
    return Term(term.body * prod(sizes), (), "sum", term.at)


def _said(definition: Definition) -> tuple[sp.Expr, Equation]:
    """What a definition says, and the number it says it times."""
    indices, (term, *others) = definition
    factor, rest = term.body.as_coeff_Mul()
    if others or term.reduce != "sum" or term.body.is_number:
        factor, rest = sp.S.One, term.body
    return factor, as_said(indices, (replace(term, body=rest), *others))


def as_said(indices: tuple[Index, ...], terms: tuple[Term, ...]) -> Equation:
    """What a definition says, whatever its indices are called; it may name its own sample."""
    return lettered(Equation("", (SAMPLE, *indices), terms))


def _alias(definition: Definition, twin: int, factor: sp.Expr) -> Definition:
    """The definition of a tensor that is a multiple of another."""
    return definition[0], (Term(factor * element_of(twin, definition[0])),)


def _written_in(
    terms: tuple[Term, ...], serial: int, definition: Definition, uses: int
) -> tuple[Term, ...] | None:
    """`terms` with the nameless tensor's definition in its place, or None where it needs a name."""
    left, inner = definition
    if _is_reused(inner[0].body) and not _only_in_logs(terms, serial):
        return None
    if any(len(e.indices) > len(left) for t in terms for e in _reading(t.body, serial)):
        return None  # read across samples
    if is_log(inner[0].body) and _in_exp(terms, serial) and not is_number(inner):
        return None  # sympy makes u of exp(log u), which overflows where log u does not
    body = inner[0].body
    alias = isinstance(body.as_coeff_Mul()[1], Element) or body.is_number
    if len(inner) == 1 and not inner[0].over and (uses == 1 or alias):
        return tuple(
            t.map(lambda body: _substituted(body, serial, left, inner[0].body)) for t in terms
        )
    if uses > 1 or any(t.reduce != "sum" for t in inner):
        return None
    result: list[Term] = []
    for term in terms:
        spread = _spread(term, serial, definition)
        if spread is None:
            return None
        result += spread
    return Formula(tuple(result)).terms


def _is_reused(body: sp.Expr) -> bool:
    """A function whose derivative is told in its own value: tanh, sigmoid, and softmax's exp(z - s)
    with s the log-sum-exp.
    """
    known = row(body)
    reused = known is not None and known.reused
    return reused or is_softmax(body, lambda e: tensor_of(e).terms)


def is_log(body: sp.Expr) -> bool:
    """Whether it is a multiple of a logarithm."""
    return isinstance(body.as_coeff_Mul()[1], sp.log)


def _in_exp(terms: tuple[Term, ...], serial: int) -> bool:
    return any(_reading(n, serial) for t in terms for n in t.body.atoms(sp.exp))


def _only_in_logs(terms: tuple[Term, ...], serial: int) -> bool:
    """Whether a tensor is read in logarithms only: log sigmoid(z) has a spelling of its own."""
    outside = (t.body.xreplace({n: sp.Dummy() for n in t.body.atoms(sp.log)}) for t in terms)
    return all(serial_of(e) != serial for body in outside for e in body.atoms(Element))


def _substituted(body: sp.Expr, serial: int, left: tuple[Index, ...], value: sp.Expr) -> sp.Expr:
    return body.xreplace(
        {e: value.xreplace(dict(zip(left, e.indices, strict=True))) for e in _reading(body, serial)}
    )


def _reading(body: sp.Expr, serial: int) -> list[Element]:
    return [e for e in body.atoms(Element) if serial_of(e) == serial]


def _spread(term: Term, serial: int, definition: Definition) -> list[Term] | None:
    """A multiple of the reduced tensor, as the sum of the tensor's own terms: W x + b is one sum.

    A product with another tensor is none: h * (W @ h) is told in u = W h.
    """
    found = _reading(term.body, serial)
    if not found:
        return [term]
    if len(found) > 1 or term.reduce != "sum" or term.over or term.at is not None:
        return None
    access, mark = found[0], sp.Dummy()
    body = term.body.xreplace({access: mark})
    factor, rest = body.coeff(mark, 1), body.coeff(mark, 0)
    if sp.expand(body - factor * mark - rest) != 0 or factor.has(Element, mark):
        return None
    places = dict(zip(definition[0], access.indices, strict=True))
    apart = (read_at(t, places, [factor]) for t in definition[1])
    spread = [Term(t.body * factor, t.over) for t in apart]
    return spread + ([Term(rest)] if rest != 0 else [])
