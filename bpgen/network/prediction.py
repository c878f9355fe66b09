"""What forward may return: what is computed from inputs and from no target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import sympy as sp

from bpgen.declare.axes import element_of, serial_of
from bpgen.declare.declaration import Declaration
from bpgen.declare.definition import define
from bpgen.declare.formula import Formula
from bpgen.ir import BATCH, Element, Equation, Term, elements
from bpgen.network.inline import Definition, as_said, is_log
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
    every = {s: (declared.tensors[s].indices, declared.tensors[s].terms) for s in sides.origins}
    return _told(declared, every, sides) is not None


def compared(
    declared: Declaration, used: Iterable[int], kept: Mapping[int, Definition]
) -> int | None:
    """The same of formulas in which nameless steps are written, where nothing stands beside it but
    targets: w * x + b of y - w * x - b, whose first step is y - w * x. None where there is none, or
    where it is a tensor already.
    """
    sides = _Sides(_origins(declared, used), alone=True)
    for whole in (n for _, terms in kept.values() for n in _sums(terms)):
        mine, others = sides.parted(whole.args)
        if sides.are_made(mine, others):
            (made,) = elements(mine[0])
            declared.tensors[serial_of(made)].predicts = sides.target(mine, others)
            return None
    return _told(declared, kept, sides)


def _told(declared: Declaration, formulas: Mapping[int, Definition], sides: _Sides) -> int | None:
    """The tensor made of the first part that is told apart; one that is computed before and says
    the same is that tensor.
    """
    said: dict[Equation, int] = {}
    for serial, (indices, terms) in formulas.items():
        tensor = declared.tensors[serial]
        apart = _terms_apart(terms, sides) or _addends_apart(terms, sides)
        if apart is not None:
            part, rest, target = apart
            twin = said.get(as_said(part.free, part.terms))
            made = define(part.free, part.terms) if twin is None else declared.tensors[twin]
            if twin is None:
                made.moment, made.line = tensor.moment, tensor.line
            made.predicts = target
            tensor.terms = rest(element_of(made.serial, part.free))
            return made.serial
        if tensor.role == "value" and tensor.block is None and not tensor.open:
            said[as_said(indices, terms)] = serial
    return None


@dataclass(frozen=True)
class _Sides:
    """On which side of a comparison with a target an addend is: `origins` are the roles of what
    each tensor is computed from. `alone`: only targets themselves are on the other side.
    """

    origins: Mapping[int, set[str]]
    alone: bool = False

    def parted(self, addends: Iterable[sp.Expr]) -> tuple[list[sp.Expr], list[sp.Expr]]:
        """What is computed from no target, as a bias is, and the others."""
        every = list(addends)
        others = [a for a in every if "target" in self._roles(a)]
        return [a for a in every if a not in others], others

    def are_told(self, mine: Collection[sp.Expr], others: Collection[sp.Expr]) -> bool:
        """Whether the two sides of a sum are a prediction and what it is compared with: something
        that is computed, and not h beside a margin.
        """
        told = all(map(self.is_target, others)) or not self.alone
        parts = [a for a in mine if not a.is_number]
        if any(map(is_log, others)) and any(map(is_log, parts)):  # of log(y / h) it is h
            return False
        computed = len(parts) > 1 or any(self.is_computed(a, mine, others) for a in parts)
        return told and bool(others) and computed and any(map(self.is_predicted, parts))

    def are_made(self, mine: Collection[sp.Expr], others: Collection[sp.Expr]) -> bool:
        """The same of a prediction that is a tensor as it is: h of y - h."""
        told = bool(others) and all(map(self.is_target, others)) and len(mine) == 1
        computed = any(self.is_computed(a, mine, others) for a in mine)
        return told and not computed and all(map(self.is_predicted, mine))

    def is_target(self, expr: sp.Expr) -> bool:
        """Whether it is made of targets alone, as log(y) is, and not what a label picks."""
        return self._roles(expr) == {"target"}

    def is_predicted(self, expr: sp.Expr) -> bool:
        """Whether it is computed from inputs and from no target."""
        return _of_inputs(self._roles(expr))

    def is_computed(
        self, expr: sp.Expr, mine: Collection[sp.Expr], others: Collection[sp.Expr]
    ) -> bool:
        """Whether an addend is more than a tensor as it is: b[u] is, and 2 * h of y - 2 * h."""
        number = self.scale(mine, others) if all(map(self.is_target, others)) else None
        of = expr.as_coeff_Mul()[1] if number is None else expr / number
        return not isinstance(of, Element) or any(e != of for e in elements(of))

    def target(self, mine: Collection[sp.Expr], others: Collection[sp.Expr]) -> int | None:
        """The one target that is the other side as it is: y of y - h, and not of log(y) - h."""
        found = [o / -self.scale(mine, others) for o in others]
        one = len(found) == 1 and isinstance(found[0], Element) and self.is_target(found[0])
        return serial_of(found[0]) if one else None

    def prediction(self, mine: Collection[sp.Expr], others: Collection[sp.Expr]) -> sp.Expr:
        """What the addends are a number times of."""
        return sp.Add(*(a / self.scale(mine, others) for a in mine))

    def scale(self, mine: Collection[sp.Expr], others: Collection[sp.Expr]) -> sp.Expr:
        """The number: the prediction is taken from a target in y - w * x, and a share of both is in
        0.9 * (y - w * x), which is 0.9 * y - 0.9 * w * x, and not in y / 2 - w * x.
        """
        alone = (e for e in others if self.is_target(e) or isinstance(e.as_coeff_Mul()[1], Element))
        numbers = [e.as_coeff_Mul()[0] for e in alone]
        if len(numbers) == len(others) == 1:
            shares = [a.as_coeff_Mul()[0] / numbers[0] for a in mine]
            if all(share.is_integer for share in shares) and {*shares} & {-1, 1}:
                return -numbers[0]
        return -1 if any(n > 0 for n in numbers) else 1

    def _roles(self, expr: sp.Expr) -> set[str]:
        return set().union(*(self.origins[serial_of(e)] for e in elements(expr)))


# A part, what is left around it, and the one target that it is compared with.
Apart = tuple[Formula, Callable[[Element], tuple[Term, ...]], int | None]


def _terms_apart(terms: tuple[Term, ...], sides: _Sides) -> Apart | None:
    """The terms of a sum that read no target, and the others."""
    every = [Term(a) for t in terms if _is_plain(t) for a in sp.Add.make_args(t.body)]
    every += [t for t in terms if not _is_plain(t)]
    beside, rest = sides.parted(t.body for t in every)
    mine = tuple(t for t in every if t.at is None and t.body in beside)
    others = tuple(t for t in every if t not in mine)
    scale = sides.scale(beside, rest)
    part = Formula(tuple(t.map(lambda body: body / scale) for t in mine))
    told = sides.are_told([t.body for t in mine], [t.body for t in others])
    if not told or _across_samples(part):
        return None
    target = sides.target(beside, rest)
    return part, lambda made: Formula((*others, Term(scale * made))).terms, target


def _addends_apart(terms: tuple[Term, ...], sides: _Sides) -> Apart | None:
    """The same of a sum within a formula: w * x + b in (w * x + b - y) ** 2."""
    for whole in _sums(terms):
        mine, others = sides.parted(whole.args)
        part = Formula((Term(sides.prediction(mine, others)),))
        if sides.are_told(mine, others) and not _across_samples(part):
            return part, partial(_with, terms, part.body(), sides), sides.target(mine, others)
    return None


def _sums(terms: tuple[Term, ...]) -> Iterator[sp.Expr]:
    return (n for t in terms for n in sp.preorder_traversal(t.body) if n.is_Add)


def _with(terms: tuple[Term, ...], part: sp.Expr, sides: _Sides, made: Element) -> tuple[Term, ...]:
    """The terms with each sum in which the part is written as what is left of it and what is made
    of the part.
    """
    new = {}
    for whole in _sums(terms):
        mine, others = sides.parted(whole.args)
        if others and sides.prediction(mine, others) == part:
            new[whole] = sp.Add(*others) + sides.scale(mine, others) * made
    return tuple(t.map(lambda body: body.xreplace(new)) for t in terms)


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
