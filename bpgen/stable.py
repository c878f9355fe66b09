"""Textbook spellings to stable ones, by a table of identities; each rewrite is kept with its
reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen.functions import sigmoid, softplus
from bpgen.ir import Element, Equation, Network, TensorInfo, Term, element
from bpgen.record import Equality, Forward

Rewrite = Callable[[sp.Expr], sp.Expr | None]


def stabilised(network: Network) -> tuple[Network, tuple[Forward, ...]]:
    """The network in stable spellings, and its forward equations as written and as evaluated.

    Within one formula the stable spelling is the one differentiated; across equations (log a with a
    = sigmoid(z)) the textbook's is, and the stable one evaluated.
    """
    network = _with_logsumexp(network)
    written: list[tuple[Equation, tuple[Equality | str, ...]]] = [
        _rewritten(e, without_overflow) for e in network
    ]
    definitions = {e.name: e for e, _ in written if e.pointwise()}

    def across(body: sp.Expr) -> sp.Expr:
        return without_cancellation(without_overflow(_logs_of_definitions(body, definitions)))

    forward = []
    for number, (equation, reasons) in enumerate(written, start=1):
        evaluated, more = _rewritten(equation, across, _log_reasons(definitions))
        forward.append(Forward(number, equation, evaluated, (*reasons, *more)))
    return replace(network, equations=tuple(e for e, _ in written)), tuple(forward)


def _rewritten(
    equation: Equation, change: Rewrite, reasons: Callable[[sp.Expr], list[Equality]] | None = None
) -> tuple[Equation, tuple[Equality | str, ...]]:
    terms, said = [], []
    for term in equation.terms:
        body = change(term.body)
        if body is not None and body != term.body:
            said += reasons(term.body) if reasons else [Equality((term.body, body))]
            term = replace(term, body=body)
        terms.append(term)
    return replace(equation, terms=tuple(terms)), tuple(said)


def _applied(expr: sp.Expr, rules: tuple[Rewrite, ...]) -> sp.Expr:
    """`expr` with every spelling of a table replaced, from the outside in and again from the inside
    out.
    """
    for rule in rules:
        better = rule(expr)
        if better is not None:
            return _applied(better, rules)
    if not expr.args or isinstance(expr, Element):
        return expr
    inner = expr.func(*(_applied(a, rules) for a in expr.args))
    return inner if inner == expr else _applied(inner, rules)


def without_overflow(expr: sp.Expr) -> sp.Expr:
    """`expr` free of spellings that overflow where their value does not."""
    return _applied(expr, _OVERFLOW)


def without_cancellation(expr: sp.Expr) -> sp.Expr:
    """`expr` as it should be evaluated: log1p and expm1 where digits would cancel."""
    return _applied(expr, _CANCELLATION)


def _exp_and_rest(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """(u, r) of exp(u) + r."""
    if isinstance(expr, sp.Add):
        for part in expr.args:
            if isinstance(part, sp.exp):
                return part.args[0], expr - part
    return None


def _log_one_plus_exp(expr: sp.Expr) -> sp.Expr | None:
    """log(1 + exp u) = softplus(u)"""
    if isinstance(expr, sp.log):
        found = _exp_and_rest(expr.args[0])
        if found and found[1] == 1:
            return softplus(found[0])
    return None


def _log_sigmoid(expr: sp.Expr) -> sp.Expr | None:
    """log sigmoid(u) = -softplus(-u) and log(1 - sigmoid(u)) = -softplus(u)"""
    if isinstance(expr, sp.log):
        inside = expr.args[0]
        if isinstance(inside, sigmoid):
            return -softplus(-inside.args[0])
        if isinstance(1 - inside, sigmoid):
            return -softplus((1 - inside).args[0])
    return None


def _log1p(expr: sp.Expr) -> sp.Expr | None:
    """log(1 + u) = log1p(u), exact where u is small"""
    if isinstance(expr, sp.log) and isinstance(expr.args[0], sp.Add) and expr.args[0].args[0] == 1:
        return log1p(expr.args[0] - 1)
    return None


def _tanh(expr: sp.Expr) -> sp.Expr | None:
    """(exp u - exp(-u)) / (exp u + exp(-u)) = tanh u, and (exp u - 1) / (exp u + 1) =
    tanh(u / 2)
    """
    if not isinstance(expr, sp.Mul):
        return None
    for over in expr.args:
        if isinstance(over, sp.Pow) and over.exp == -1:
            found = _exp_and_rest(over.base)
            if found is None:
                continue
            u, rest = found
            half = (
                (u - rest.args[0]) / 2 if isinstance(rest, sp.exp) else u / 2 if rest == 1 else None
            )
            for sign in (1, -1):
                if half is not None and sign * (sp.exp(u) - rest) in expr.args:
                    return (
                        expr / over / (sign * (sp.exp(u) - rest)) * sign * sp.tanh(sp.expand(half))
                    )
    return None


def _sigmoid(expr: sp.Expr) -> sp.Expr | None:
    """1 / (1 + exp(-u)) = sigmoid(u)"""
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer and expr.exp.is_negative:
        found = _exp_and_rest(expr.base)
        if found and found[1] == 1:
            return sigmoid(-found[0]) ** -expr.exp
    return None


def _exp_times_sigmoid(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) sigmoid(-u) = sigmoid(u)"""
    if isinstance(expr, sp.Mul):
        for s in expr.args:
            if isinstance(s, sigmoid) and sp.exp(-s.args[0]) in expr.args:
                return expr / s / sp.exp(-s.args[0]) * sigmoid(-s.args[0])
    return None


def _expm1(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) - 1 = expm1(u), exact where u is small"""
    if isinstance(expr, sp.Add) and expr.args[0] == -1:
        found = _exp_and_rest(expr)
        if found:
            return expm1(found[0]) + found[1] + 1
    if isinstance(expr, sp.Add) and expr.args[0] == 1:
        for part in expr.args:
            if isinstance(-part, sp.exp):
                return -expm1((-part).args[0]) + (expr - 1 - part)
    return None


# Differentiated in the new spelling: the old one overflows.
_OVERFLOW: tuple[Rewrite, ...] = (
    _log_one_plus_exp,
    _log_sigmoid,
    _tanh,
    _sigmoid,
    _exp_times_sigmoid,
)
# Only evaluated in the new spelling, which keeps digits that the old one cancels.
_CANCELLATION: tuple[Rewrite, ...] = (_log1p, _expm1)


def _logs(body: sp.Expr) -> list[sp.Expr]:
    return sorted(body.atoms(sp.log), key=str)


def _defined(argument: sp.Expr, definitions: Mapping[str, Equation]) -> sp.Expr:
    """A logarithm's argument with forward values that can vanish written out."""
    found = {}
    for access in argument.atoms(Element):
        equation = definitions.get(access.name)
        if equation is not None and isinstance(equation.terms[0].body, (sp.exp, sigmoid)):
            at = dict(zip(equation.indices, access.indices, strict=True))
            found[access] = equation.terms[0].body.xreplace(at)
    return argument.xreplace(found)


def _log_of(node: sp.Expr, definitions: Mapping[str, Equation]) -> sp.Expr:
    """The stable spelling of one logarithm of forward values, or the logarithm itself."""
    better = without_overflow(sp.log(_defined(node.args[0], definitions)))
    return better if better != node and not better.has(sp.log) else node


def _logs_of_definitions(body: sp.Expr, definitions: Mapping[str, Equation]) -> sp.Expr:
    return body.xreplace({node: _log_of(node, definitions) for node in _logs(body)})


def _log_reasons(definitions: Mapping[str, Equation]) -> Callable[[sp.Expr], list[Equality]]:
    def reasons(body: sp.Expr) -> list[Equality]:
        pairs = [(n, without_cancellation(_log_of(n, definitions))) for n in _logs(body)]
        return [Equality((n, new)) for n, new in pairs if n != new]

    return reasons


def singular(equations: Iterable[Equation], network: Network) -> bool:
    """Whether an equation still divides by, or takes the logarithm of, a value that underflows to 0
    (or 1).
    """
    vanishing = {
        e.name for e in network if e.pointwise() and isinstance(e.terms[0].body, (sp.exp, sigmoid))
    }
    bodies = (t.body for e in equations for t in e.terms)
    return bool(vanishing) and any(
        e.name in vanishing for b in bodies for d in _denominators(b) for e in d.atoms(Element)
    )


def _denominators(body: sp.Expr) -> list[sp.Expr]:
    """What must not be 0: the bases of negative powers and the arguments of logarithms."""
    return [p.base for p in body.atoms(sp.Pow) if p.exp.is_negative] + [
        n.args[0] for n in body.atoms(sp.log)
    ]


def _with_logsumexp(network: Network) -> Network:
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
    names = {name: there.get(log) or next(fresh) for name, log in logs.items()}
    tensors, equations, used = dict(network.tensors), [], set()
    for equation in network:
        terms = tuple(t.map(lambda body: _through(body, names)) for t in equation.terms)
        used |= {e.name for t in terms for e in t.body.atoms(Element)}
        equations.append(replace(equation, terms=terms))
        name = names.get(equation.name)
        if name and name not in tensors:
            equations.append(Equation(name, *logs[equation.name]))
            tensors[name] = TensorInfo(name, equation.indices, "value")
    needed = used | set(network.outputs) | {network.loss}
    dead = {n for s, r in names.items() for n in (s, r) if n not in needed}
    kept = tuple(e for e in equations if e.name not in dead)
    return replace(
        network, tensors={n: t for n, t in tensors.items() if n not in dead}, equations=kept
    )


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
                    return node / over / e * sp.exp(e.args[0] - _renamed(over.base, names))
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
