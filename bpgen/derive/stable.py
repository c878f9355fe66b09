"""Which spelling of an equation is evaluated: the stable one, found through the names of
intermediates; each rewrite is kept with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from bpgen.atoms import atoms
from bpgen.derive.identities import Rewrite, avoided, without_cancellation, without_overflow
from bpgen.derive.maxima import with_first
from bpgen.derive.sums_of_exp import logarithms, with_logsumexp
from bpgen.derive.values import Bounds, Values
from bpgen.derive.vanishing import Vanishing, divisors
from bpgen.derive.weights import Weights
from bpgen.functions import complement, row
from bpgen.ir import Element, Equation, Network, elements
from bpgen.record import Equality, Forward, Risk

_Told = tuple[sp.Expr, frozenset[Risk]]  # a spelling, and what it avoids


class Rewritten(NamedTuple):
    """An equation in another spelling, the equalities that lead to it, and what it avoids."""

    equation: Equation
    reasons: tuple[Equality | str, ...] = ()
    avoids: frozenset[Risk] = frozenset()


def stabilised(network: Network) -> tuple[Spelling, tuple[Forward, ...]]:
    """The network in stable spellings, and its forward equations as written and as evaluated.

    Within one formula the stable spelling is the one differentiated; across equations (log a with
    a = sigmoid(z)) the textbook's is, and the stable one evaluated.
    """
    network = with_first(with_logsumexp(network))
    written = {e.name: _rewritten(e, without_overflow) for e in network}
    equations = tuple(r.equation for r in written.values())
    spelling = Spelling(replace(network, equations=equations))
    forward = []
    for number, equation in enumerate(spelling.network, start=1):
        reasons = written[equation.name].reasons if equation.name in written else ()
        evaluated, more, avoids = spelling.spelled[equation.name]
        forward.append(Forward(number, equation, evaluated, (*reasons, *more), avoids=avoids))
    return spelling, tuple(forward)


def _rewritten(equation: Equation, change: Rewrite) -> Rewritten:
    """An equation with its bodies changed, and each change as its own reason."""
    bodies = [change(t.body) for t in equation.terms]
    pairs = [(t.body, b) for t, b in zip(equation.terms, bodies, strict=True) if b != t.body]
    changed = [_where_unlike(*pair) for pair in pairs]
    terms = tuple(replace(t, body=b) for t, b in zip(equation.terms, bodies, strict=True))
    return Rewritten(replace(equation, terms=terms), tuple(Equality(pair) for pair in changed))


def _where_unlike(one: sp.Expr, other: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The smallest part in which two expressions differ."""
    if one.func == other.func and not isinstance(one, Element):
        parts = [a for a in one.args if a not in other.args]
        others = [a for a in other.args if a not in one.args]
        if len(parts) == len(others) == 1:
            return _where_unlike(*parts, *others)
    return one, other


class Spelling:
    """The equations of a network as they are evaluated, and what that avoids. `network` is the one
    given with the log-sum-exps that are read instead of sums of exponentials.
    """

    def __init__(self, network: Network) -> None:
        self.values, self.spelled = Values(), dict[str, Rewritten]()
        self.saturated: set[str] = set()  # the sigmoids that are taken from 1
        self.asked: dict[sp.Expr, _Told] = {}  # of one equation: for its spelling, and for why
        self.bounds = Bounds(network)
        sums: dict[str, tuple[Equation, ...]] = {}
        logs = logarithms(network)
        self.vanishing, self.weights = Vanishing(network), Weights(network)
        for equation in network:
            evaluated, *_ = self.spelled[equation.name] = self.evaluated(equation)
            self.values.learn(evaluated, network.tensors[equation.name], self.bounds)
            self.vanishing.definitions[equation.name] = evaluated
            if equation.name in self.values.defined.keys() - self.values.unbounded:
                self.vanishing.probabilities.add(equation.name)
            found = logs.of(equation, self.values)
            if found is not None:
                sums[equation.name], value = found
                for log in sums[equation.name]:
                    self.bounds.add(log)
                self.values.define(equation.name, equation.indices, value, self.bounds)
        self.network = self._with_read(network, sums)
        self.avoided = {e.name: self._avoided(e) for e in self.network}

    def _with_read(self, network: Network, logs: dict[str, tuple[Equation, ...]]) -> Network:
        """The network with the log-sum-exps that the stable spellings read."""
        read = {e.name for r in self.spelled.values() for e in r.equation.reads()}
        tensors, equations = dict(network.tensors), []
        for equation in network:
            equations.append(equation)
            mine = logs.get(equation.name, ())
            if mine and not any(log.name in read for log in mine):
                self.values.defined.pop(equation.name, None)
            for log in mine:
                if log.name in read and log.name not in self.spelled:
                    equations.append(log)
                    tensors[log.name] = replace(tensors[equation.name], name=log.name)
                    self.spelled[log.name] = Rewritten(log)
        return replace(network, tensors=tensors, equations=tuple(equations))

    def _avoided(self, equation: Equation) -> set[str]:
        """The values by whose definitions another spelling of the equation is evaluated, and those
        that these are computed from.
        """
        if self.spelled[equation.name].equation == equation:
            return set()
        found, waiting = set[str](), [equation]
        while waiting:
            one = waiting.pop()
            names = {one.name, *(e.name for e in one.reads())} & self.values.defined.keys()
            waiting += [self.vanishing.definitions[name] for name in names - found - {one.name}]
            found |= names
        return found

    def evaluated(self, equation: Equation) -> Rewritten:
        """The equation free of logarithms of what can vanish, of what overflows by the names it
        reads, and of cancellation, and why.
        """
        self.asked.clear()
        weighted = self.weights.within(equation)
        stable = _rewritten(weighted, self._without_loss).equation
        pairs = [(n, self._log(n)) for t in equation.terms for n in _logs(t.body)]
        changed = [(n, b) for n, b in pairs if n != b]
        reasons = [Equality((n, without_cancellation(b))) for n, b in changed]
        avoids = [avoided(self._opened(n)) for n, _ in changed]
        avoids += [avoided(t.body) for t in equation.terms]
        avoids += [_CANCELS] if weighted != equation else []
        for term in equation.terms:
            told, avoids_more = self._by_definitions(term.body)
            if told != term.body:
                read = self.values.read(_held(term.body)[0])
                gone = [e for e in read if not stable.terms[0].body.has(e)]
                reasons += [Equality((e, read[e])) for e in sorted(gone or read, key=str)]
                avoids.append(avoids_more)
        return Rewritten(stable, tuple(dict.fromkeys(reasons)), frozenset().union(*avoids))

    def adjoint(self, of: str, equation: Equation) -> Equation:
        """The adjoint of a tensor as it is evaluated."""
        stable = self.evaluated(equation).equation
        terms = tuple(t.map(lambda b: self.vanishing.at_zero(b, of)) for t in stable.terms)
        self.vanishing.learn(of, replace(stable, terms=terms))
        return replace(stable, terms=terms)

    def exposed(self, equations: Iterable[Equation], avoided: set[str]) -> set[str]:
        """Those of the avoided values that equations read where they overflow, that they divide
        by, take the logarithm or a root of, or take from 1, alone or in a power, where the
        digits left count.
        """
        terms = [t for equation in equations for t in equation.terms]
        under = (e.name for t in terms for d in _sharp(t.body) for e in elements(d))
        sums = (a for t in terms for a in atoms(t.body, sp.Add) if a.args[0] in (1, -1))
        parts = (part.as_coeff_Mul()[1].as_base_exp()[0] for a in sums for part in a.args)
        left = (e.name for e in parts if isinstance(e, Element))
        read = {e.name for equation in equations for e in equation.reads()}
        return avoided & {*under, *(read & self.values.unbounded), *({*left} & self.saturated)}

    def _without_loss(self, body: sp.Expr) -> sp.Expr:
        logs = {node: self._log(node) for node in _logs(body)}
        told, _ = self._by_definitions(body.xreplace(logs))
        return self.vanishing.spelled(without_cancellation(without_overflow(told)))

    def _log(self, node: sp.Expr) -> sp.Expr:
        """The stable spelling of one logarithm of forward values, or the logarithm itself."""
        written = self.values.written(node.args[0])
        better = without_overflow(sp.log(written))
        if any(log.args[0] == written for log in _logs(better)):
            return node if written == node.args[0] else self._near_1(node, better)
        better = better.xreplace({log: self._log(log) for log in _logs(better)})
        left = (e.name for log in _logs(better) for e in elements(log))
        if any(name in self.values.defined for name in left):
            return node
        return self.values.told(better, self.values.read(node))

    def _near_1(self, node: sp.Expr, written: sp.Expr) -> sp.Expr:
        """The spelling of log(1 + u) that keeps the digits of u, where a name stands for 1 + u."""
        better = without_cancellation(written)
        return node if better == written else self.values.told(better, self.values.read(node))

    def _opened(self, log: sp.Expr) -> sp.Expr:
        """A logarithm with the definitions in the place of the names, as it would be computed."""
        return sp.log(self.values.written(log.args[0]), evaluate=False)

    def _by_definitions(self, body: sp.Expr) -> _Told:
        """The stable spelling of what is written with names, found in their definitions, and what
        it avoids; the body itself where none is, as where it is a value times a number, which is
        evaluated already. Logarithms are seen to on their own.
        """
        if body not in self.asked:
            self.asked[body] = self._told(body)
        return self.asked[body]

    def _told(self, body: sp.Expr) -> _Told:
        plain, held = _held(body)
        read = self.values.read(plain)
        if not read or plain.as_independent(Element, as_Add=False)[1] in read:
            return body, frozenset()
        stable = {e: _stable(value) for e, value in read.items()}
        as_named = _stable(plain).xreplace(stable)
        saturated = _stable(self.values.opened(plain, read))
        better = _with_complements(saturated)
        if better != saturated:
            self.saturated |= {e.name for e, value in read.items() if _has_complement(value)}
        if better == as_named:
            return body, frozenset()
        told = self.values.told(better, read)
        avoids = avoided(plain.xreplace(stable)) | (_CANCELS if better != saturated else set())
        if any(e.name in self.values.unbounded and not told.has(e) for e in _below(plain)):
            avoids |= {Risk.OVERFLOW}
        return told.xreplace({m: node for node, m in held.items()}), avoids


_CANCELS = frozenset({Risk.CANCELLATION})


def _stable(body: sp.Expr) -> sp.Expr:
    return without_cancellation(without_overflow(body))


def _held(body: sp.Expr) -> tuple[sp.Expr, dict[sp.Expr, sp.Symbol]]:
    """A body with a symbol for each of its logarithms."""
    held = {node: sp.Symbol(f"log{k}", real=True) for k, node in enumerate(_logs(body))}
    return body.xreplace(held), held


def _with_complements(body: sp.Expr) -> sp.Expr:
    """1 - sigmoid(u) = sigmoid(-u), and 1 less other functions that saturate, where it stands
    alone, but for a number, or in a power: beside other addends the digits that it loses are lost
    in any case.
    """
    powers = {p: _complement(p.base) ** p.exp for p in atoms(body, sp.Pow) if not p.is_number}
    number, alone = body.xreplace(powers).as_coeff_Mul()
    better = number * _complement(alone)
    return body if better == body else without_overflow(better)


def _complement(base: sp.Expr) -> sp.Expr:
    """1 less a function, as a function of its own; the base itself where it is no number and one
    call.
    """
    if not isinstance(base, sp.Add) or len(base.args) > 2 or not base.args[0].is_Number:
        return base
    better = complement(base)
    return base if better is None else better


def _has_complement(value: sp.Expr) -> bool:
    known = row(value)
    return known is not None and known.complement is not None


@lru_cache(1_000)  # of one body, asked for each step to its spelling
def _logs(body: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(sorted(atoms(body, sp.log), key=str))


def _below(body: sp.Expr) -> set[Element]:
    """The values that are divided by."""
    powers = (p for p in atoms(body, sp.Pow) if p.exp.is_negative)
    return {e for p in powers for e in elements(p.base)}


def _sharp(body: sp.Expr) -> list[sp.Expr]:
    """What must not be 0, or is not told apart from it: the bases of powers that divide or are no
    whole numbers, what else divides, and the arguments of logarithms.
    """
    powers = (p for p in atoms(body, sp.Pow) if p.exp.is_negative or not p.exp.is_Integer)
    return [*(p.base for p in powers), *divisors(body), *(n.args[0] for n in atoms(body, sp.log))]
