"""What forward may return: what is computed from inputs and from no target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import sympy as sp

from bpgen.declare.axes import element_of, serial_of
from bpgen.declare.declaration import Declaration
from bpgen.declare.definition import define
from bpgen.declare.formula import Formula
from bpgen.ir import BATCH, Element, Term, elements
from bpgen.network.inline import Definition, is_log
from bpgen.network.reached import reads


def predictions(declared: Declaration, used: Iterable[int]) -> list[int]:
    """The tensors that are computed from inputs and from no target."""
    origins = _origins(declared, used)
    return [s for s, roles in origins.items() if "value" in roles and _of_inputs(roles)]


def exponentials(declared: Declaration, used: Iterable[int]) -> set[int]:
    """The sums of exponentials that nothing but logarithms are taken of, and these exponentials: a
    step on the way to their logarithm, which may be larger than any float.
    """
    terms = {s: declared.tensors[s].terms for s in used if declared.tensors[s].terms}
    exps = {s for s, (term, *_) in terms.items() if isinstance(term.body, sp.exp)}
    sums = {s for s, own in terms.items() if own[0].over and {*reads(own)} <= exps}
    found = {s for s, definition in terms.items() if is_log(definition[0].body)}
    steps = set[int]()
    for group in (sums, exps):
        found = group - {r for s, own in terms.items() if s not in found for r in reads(own)}
        steps |= found
    return steps


def told_apart(declared: Declaration, used: Iterable[int]) -> bool:
    """Make a tensor of what the first formula compares with a target, sum(P[k] * Q[k], k) in
    (sum(P[k] * Q[k], k) - y) ** 2 and in (y - sum(P[k] * Q[k], k)) ** 2; False where none computes
    anything beside the target.
    """
    sides = _Sides(_origins(declared, used))
    return _told(declared, {s: declared.tensors[s].terms for s in sides.origins}, sides) is not None


def compared(
    declared: Declaration, used: Iterable[int], kept: Mapping[int, Definition]
) -> int | None:
    """The same of formulas in which nameless steps are written, where nothing stands beside it but
    targets: w * x + b of y - w * x - b, whose first step is y - w * x. None where there is none.
    """
    sides = _Sides(_origins(declared, used), alone=True)
    return _told(declared, {s: terms for s, (_, terms) in kept.items()}, sides)


def _told(
    declared: Declaration, formulas: Mapping[int, tuple[Term, ...]], sides: _Sides
) -> int | None:
    """The tensor made of the first part that is told apart."""
    for serial, terms in formulas.items():
        apart = _terms_apart(terms, sides) or _addends_apart(terms, sides)
        if apart is not None:
            part, rest = apart
            tensor, made = declared.tensors[serial], define(part.free, part.terms)
            made.moment, made.line = tensor.moment, tensor.line
            tensor.terms = rest(element_of(made.serial, part.free))
            return made.serial
    return None


@dataclass(frozen=True)
class _Sides:
    """On which side of a comparison with a target an addend is: `origins` are the roles of what
    each tensor is computed from. `alone`: only targets themselves are on the other side.
    """

    origins: Mapping[int, set[str]]
    alone: bool = False

    def are_told(self, mine: Iterable[sp.Expr], others: Collection[sp.Expr]) -> bool:
        """Whether the two sides of a sum are a prediction and what it is compared with."""
        targets = all(isinstance(e.as_coeff_Mul()[1], Element) for e in others)
        return any(map(self.is_predicted, mine)) and bool(others) and (targets or not self.alone)

    def is_predicted(self, expr: sp.Expr) -> bool:
        """Whether it is computed from inputs and from no target."""
        of = expr.as_coeff_Mul()[1]
        computed = not isinstance(of, Element) or any(e != of for e in elements(of))  # as b[u] is
        return computed and _of_inputs(self._roles(expr))

    def is_beside(self, expr: sp.Expr) -> bool:
        """Whether it is computed from no target, as a bias is."""
        return "target" not in self._roles(expr)

    def sign(self, others: Iterable[sp.Expr]) -> int:
        """That of the prediction: it is taken from a target in y - w * x."""
        numbers = (e.as_coeff_Mul() for e in others)
        return -1 if any(n > 0 and isinstance(e, Element) for n, e in numbers) else 1

    def _roles(self, expr: sp.Expr) -> set[str]:
        return set().union(*(self.origins[serial_of(e)] for e in elements(expr)))


Apart = tuple[Formula, Callable[[Element], tuple[Term, ...]]]  # a part, and what is left around it


def _terms_apart(terms: tuple[Term, ...], sides: _Sides) -> Apart | None:
    """The terms of a sum that read no target, and the others."""
    every = [Term(a) for t in terms if _is_plain(t) for a in sp.Add.make_args(t.body)]
    every += [t for t in terms if not _is_plain(t)]
    mine = tuple(t for t in every if t.at is None and sides.is_beside(t.body))
    others = tuple(t for t in every if t not in mine)
    sign = sides.sign(t.body for t in others)
    part = Formula(tuple(t.map(lambda body: sign * body) for t in mine))
    told = sides.are_told([t.body for t in mine], [t.body for t in others])
    if not told or _across_samples(part):
        return None
    return part, lambda made: Formula((*others, Term(sign * made))).terms


def _addends_apart(terms: tuple[Term, ...], sides: _Sides) -> Apart | None:
    """The same of a sum within a formula: w * x + b in (w * x + b - y) ** 2."""
    sums = (n for t in terms for n in sp.preorder_traversal(t.body) if n.is_Add)
    for whole in sums:
        mine = [a for a in whole.args if sides.is_beside(a)]
        others = [a for a in whole.args if a not in mine]
        sign = sides.sign(others)
        part = Formula((Term(sp.Add(*(sign * a for a in mine))),))
        if sides.are_told(mine, others) and not _across_samples(part):
            return part, partial(_with, terms, whole, sp.Add(*others), sign)
    return None


def _with(
    terms: tuple[Term, ...], whole: sp.Expr, rest: sp.Expr, sign: int, made: Element
) -> tuple[Term, ...]:
    """The terms with a sum written as what is left of it and the part made."""
    new = rest + sign * made
    return tuple(t.map(lambda body: body.xreplace({whole: new})) for t in terms)


def _is_plain(term: Term) -> bool:
    return not term.over and term.at is None


def _across_samples(part: Formula) -> bool:
    return any(i.size == BATCH for i in part.free)


def _of_inputs(roles: set[str]) -> bool:
    return "input" in roles and "target" not in roles


def _origins(declared: Declaration, used: Iterable[int]) -> dict[int, set[str]]:
    """The roles of what each tensor is computed from, its own included."""
    origins: dict[int, set[str]] = {}
    for serial in used:
        t = declared.tensors[serial]
        origins[serial] = {t.role}.union(*(origins.get(r, set()) for r in reads(t.terms)))
    return origins
