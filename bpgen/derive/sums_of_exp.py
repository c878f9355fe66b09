"""log of a sum of exp, and exp over such a sum, through `logsumexp`, which takes the
largest out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.derive.exponentials import one_exponential
from bpgen.derive.logarithms import log_of_positive, logarithm
from bpgen.derive.values import Values
from bpgen.ir import Element, Equation, Index, Network, Term, element


def with_logsumexp(network: Network) -> Network:
    """log of a sum of exp, and exp over such a sum, through `logsumexp`; a sum nobody reads any
    more is left out.
    """
    sums = {e.name: e for e in network if _is_sum_of_exp(e)}
    if not sums:
        return network
    there = {(e.indices, e.terms): e.name for e in network}
    logs = {
        name: (e.indices, (Term(e.terms[0].body.args[0], e.terms[0].over, "logsumexp"),))
        for name, e in sums.items()
    }
    fresh = _new_names(network, len(sums))
    place = {e.name: k for k, e in enumerate(network)}
    names: dict[str, str] = {}
    for name, definition in logs.items():
        known = there.get(definition, name)
        names[name] = known if place[known] < place[name] else next(fresh)
    tensors, equations, used = dict(network.tensors), [], set()
    for equation in network:
        terms = tuple(t.map(lambda body: _through(body, names)) for t in equation.terms)
        used |= {e.name for t in terms for e in t.body.atoms(Element)}
        equations.append(replace(equation, terms=terms))
        log = names.get(equation.name)
        if log and log not in tensors:
            equations.append(Equation(log, *logs[equation.name], equation.loop))
            tensors[log] = replace(tensors[equation.name], name=log)
    needed = used | set(network.outputs) | {network.loss}
    dead = {n for s, r in names.items() for n in (s, r) if n not in needed}
    kept = tuple(e for e in equations if e.name not in dead)
    return replace(
        network, tensors={n: t for n, t in tensors.items() if n not in dead}, equations=kept
    )


@dataclass(frozen=True)
class Logarithms:
    """The log-sum-exp of each sum of exponentials: that of the network, or a new one."""

    there: Mapping[tuple[tuple[Index, ...], tuple[Term, ...]], str]
    fresh: Iterator[str]

    def of(self, equation: Equation, values: Values) -> tuple[tuple[Equation, ...], sp.Expr] | None:
        """The log-sum-exps s of the sums in an equation, and what it is by them: c exp(s) + ...
        Nothing where a sum is not of exponentials, times what is positive, where definitions stand
        for names.
        """
        if not any(term.over for term in equation.terms):
            return None
        logs: list[Equation] = []
        value = sp.S.Zero
        for term in equation.terms:
            whole = one_exponential(values.written(term.body))
            factors, power = whole.as_independent(sp.exp, as_Add=False)
            constant, varying = factors.as_independent(Element, Index, as_Add=False)
            if term.at is not None or (term.over and term.reduce != "sum"):
                return None
            if not term.over:
                value += constant * power
                continue
            logs_of = [_log(f, values) for f in sp.Mul.make_args(varying) if f != 1]
            if not isinstance(power, sp.exp) or not constant.is_positive or None in logs_of:
                return None
            terms = (Term(sp.Add(power.args[0], *logs_of), term.over, "logsumexp"),)
            name = self.there.get((equation.indices, terms)) or next(self.fresh)
            logs.append(Equation(name, equation.indices, terms, equation.loop))
            value += constant * sp.exp(element(name, equation.indices))
        return tuple(logs), value


def _log(factor: sp.Expr, values: Values) -> sp.Expr | None:
    """The logarithm of a factor that is positive by its definition."""
    access, power = factor.as_base_exp()
    body = values.body(access)
    found = log_of_positive(access if body is None else body)
    if found is None or not power.is_number:
        return None
    return power * (found if body is None or logarithm(body) is not None else sp.log(access))


def logarithms(network: Network) -> Logarithms:
    """The log-sum-exps of a network's sums of exponentials."""
    there = {(e.indices, e.terms): e.name for e in network}
    return Logarithms(there, _new_names(network, len(network.equations)))


def _is_sum_of_exp(equation: Equation) -> bool:
    (term, *others) = equation.terms
    return not others and bool(term.over) and term.reduce == "sum" and isinstance(term.body, sp.exp)


def _through(body: sp.Expr, names: Mapping[str, str]) -> sp.Expr:
    """log S -> s and exp(u) / S -> exp(u - s), for S the sum of exp whose logarithm is s."""
    logs = {
        n: _renamed(n.args[0], names)
        for n in body.atoms(sp.log)
        if isinstance(n.args[0], Element) and n.args[0].name in names
    }
    body = body.xreplace(logs)
    for node in sorted(body.atoms(sp.Mul), key=str):
        body = body.xreplace({node: _quotient(node, names)})
    return body


def _quotient(node: sp.Mul, names: Mapping[str, str]) -> sp.Expr:
    for over in node.args:
        if (
            isinstance(over, sp.Pow)
            and over.exp == -1
            and isinstance(over.base, Element)
            and over.base.name in names
        ):
            for e in node.args:
                if isinstance(e, sp.exp):
                    rest = [a for a in node.args if a not in (over, e)]
                    return sp.Mul(*rest, sp.exp(e.args[0] - _renamed(over.base, names)))
    return node


def _renamed(access: Element, names: Mapping[str, str]) -> Element:
    return element(names[access.name], access.indices)


def _new_names(network: Network, count: int) -> Iterator[str]:
    free = (
        f"s{k}"
        for k in range(1, len(network.tensors) + count + 1)
        if f"s{k}" not in network.tensors
    )
    return (next(free) for _ in range(count))
