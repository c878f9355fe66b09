"""Equations as one block sees them: without the index that counts the blocks.

What goes from block to block is `x` where a block begins and `x_next` where it ends; outside the
blocks it is `x`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.equations.substitution import with_elements
from bpgen.ir import Element, Equation, Index, TensorInfo, Term, element, elements

Tensors = Mapping[str, TensorInfo]


def flat_tensors(tensors: Tensors, stacked: bool = False) -> dict[str, TensorInfo]:
    """What one block holds of each tensor; `stacked`: the parameters of all blocks as one array, as
    they are outside.
    """
    found = {}
    for name, info in tensors.items():
        if info.block and not (stacked and info.role == "param"):
            info = replace(info, indices=info.indices[1:], carried=None, block=False)
            found[after(name)] = info
        found[name] = info
    return found


def after(name: str) -> str:
    """What a block hands on under the name."""
    return f"{name}_next"


def flat(equation: Equation, tensors: Tensors) -> Equation:
    """An equation as one block sees it; outside the blocks, as it reads what these leave."""
    block = tensors[equation.name].block
    indices = equation.indices[1:] if block else equation.indices

    def term(t: Term) -> Term:
        at = t.at[1:] if block and t.at is not None else t.at
        at = None if at == indices else at
        own = equation.indices[0] if block else _of_one(t, equation.indices, tensors)
        return replace(t, body=_flat(t.body, tensors, own), at=at)

    reads = tuple(map(term, equation.terms))
    loop = None if block else equation.loop
    return Equation(equation.name, indices, reads, loop)


def _flat(body: sp.Expr, tensors: Tensors, own: Index | None) -> sp.Expr:
    def flattened(access: Element, inside: tuple[sp.Expr, ...]) -> Element:
        name, info = access.name, tensors.get(access.name)
        if info is None or not info.block or (own is None and info.role == "param"):
            return element(name, inside)
        passed = own is not None and info.carried == 0 and inside[0] == own
        return element(after(name) if passed else name, inside[1:])

    return with_elements(body, flattened)


def _of_one(term: Term, left: tuple[Index, ...], tensors: Tensors) -> Index | None:
    """The index of the block that adds a term to an equation outside: it stands for one of them."""
    bound = {*left, *term.over}
    counts = (
        e.indices[0] for e in elements(term.body) if e.name in tensors and tensors[e.name].block
    )
    return next((i for i in counts if isinstance(i, Index) and i not in bound), None)


def stepwise(equation: Equation) -> tuple[Term, ...]:
    """The terms that every block computes, not those where the blocks begin."""
    return tuple(t for t in equation.terms if t.at is None or t.at[0].has(Index))


def outside_blocks(equation: Equation) -> Equation:
    """The equation without what every block computes."""
    if equation.loop is None or not equation.loop.block:
        return equation
    every = stepwise(equation)
    return replace(equation, terms=tuple(t for t in equation.terms if t not in every))


def per_block(equation: Equation, tensors: Tensors) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """The terms that add something from every block, those of one block only, and the rest."""
    of_blocks, rest = [], []
    for term in equation.terms:
        counts = next((k for k in term.over if _counts_blocks(k, term, tensors)), None)
        if counts is None or equation.loop is not None:
            rest.append(term)
        else:
            kept = tuple(k for k in term.over if k != counts)
            of_blocks.append(replace(term, over=kept))
    return tuple(of_blocks), tuple(rest)


def _counts_blocks(index: Index, term: Term, tensors: Tensors) -> bool:
    """Whether an index runs through what each block computes."""
    infos = ((e, tensors.get(e.name)) for e in elements(term.body))
    return any(
        info is not None and info.block and info.role != "param" and e.indices[0] == index
        for e, info in infos
    )


def read_by(equations: Iterable[Equation]) -> set[str]:
    return {e.name for equation in equations for e in equation.reads()}
