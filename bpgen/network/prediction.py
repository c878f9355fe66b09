"""What forward may return: what is computed from inputs and from no target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import sympy as sp

from bpgen.declare.axes import element_of, serial_of
from bpgen.declare.declaration import Declaration
from bpgen.declare.definition import define
from bpgen.declare.formula import Formula
from bpgen.ir import BATCH, Element, Term, elements
from bpgen.network.inline import is_log
from bpgen.network.reached import reads

IsPredicted = Callable[[sp.Expr], bool]


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
    (sum(P[k] * Q[k], k) - y) ** 2; False where none computes anything beside the target.
    """
    origins = _origins(declared, used)

    def is_predicted(expr: sp.Expr) -> bool:
        read = (origins[serial_of(e)] for e in elements(expr))
        computed = not isinstance(expr.as_coeff_Mul()[1], Element)
        return computed and _of_inputs(set().union(*read))

    for serial in origins:
        tensor = declared.tensors[serial]
        apart = _terms_apart(tensor.terms, is_predicted) or _addends_apart(
            tensor.terms, is_predicted
        )
        if apart is not None:
            part, rest = apart
            made = define(part.free, part.terms)
            made.moment, made.line = tensor.moment, tensor.line
            tensor.terms = rest(element_of(made.serial, part.free))
            return True
    return False


Apart = tuple[Formula, Callable[[Element], tuple[Term, ...]]]  # a part, and what is left around it


def _terms_apart(terms: tuple[Term, ...], is_predicted: IsPredicted) -> Apart | None:
    """The terms of a sum that read no target, and the others."""
    every = [Term(a) for t in terms if _is_plain(t) for a in sp.Add.make_args(t.body)]
    every += [t for t in terms if not _is_plain(t)]
    mine = tuple(t for t in every if t.at is None and is_predicted(t.body))
    others = tuple(t for t in every if t not in mine)
    part = Formula(mine)
    if not mine or not others or _across_samples(part):
        return None
    return part, lambda made: Formula((*others, Term(made))).terms


def _addends_apart(terms: tuple[Term, ...], is_predicted: IsPredicted) -> Apart | None:
    """The same of a sum within a formula: w * x + b in (w * x + b - y) ** 2."""
    sums = (n for t in terms for n in sp.preorder_traversal(t.body) if n.is_Add)
    for whole in sums:
        mine = [a for a in whole.args if is_predicted(a)]
        part = Formula((Term(sp.Add(*mine)),))
        if mine and len(mine) < len(whole.args) and not _across_samples(part):
            rest = sp.Add(*(a for a in whole.args if a not in mine))
            return part, partial(_with, terms, whole, rest)
    return None


def _with(
    terms: tuple[Term, ...], whole: sp.Expr, rest: sp.Expr, made: Element
) -> tuple[Term, ...]:
    """The terms with a sum written as what is left of it and the part made."""
    return tuple(t.map(lambda body: body.xreplace({whole: rest + made})) for t in terms)


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
