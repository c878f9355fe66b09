"""Which spelling of an equation is evaluated: the stable one; each rewrite is kept with
its reason.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.derive.identities import Rewrite, without_cancellation, without_overflow
from bpgen.derive.maxima import with_first
from bpgen.derive.sums_of_exp import with_logsumexp
from bpgen.functions import sigmoid
from bpgen.ir import Element, Equation, Network
from bpgen.record import Equality, Forward

Rewritten = tuple[Equation, tuple[Equality | str, ...]]


def stabilised(network: Network) -> tuple[Network, tuple[Forward, ...]]:
    """The network in stable spellings, and its forward equations as written and as evaluated.

    Within one formula the stable spelling is the one differentiated; across equations (log a with
    a = sigmoid(z)) the textbook's is, and the stable one evaluated.
    """
    network = with_first(with_logsumexp(network))
    written = [_rewritten(e, without_overflow) for e in network]
    network = replace(network, equations=tuple(e for e, _ in written))
    spelling = Spelling(network)
    forward = []
    for number, (equation, reasons) in enumerate(written, start=1):
        evaluated, more = spelling.evaluated(equation)
        forward.append(Forward(number, equation, evaluated, (*reasons, *more)))
    return network, tuple(forward)


def _rewritten(equation: Equation, change: Rewrite) -> Rewritten:
    """An equation with its bodies changed, and each change as its own reason."""
    bodies = [change(t.body) for t in equation.terms]
    changed = [(t.body, b) for t, b in zip(equation.terms, bodies, strict=True) if b != t.body]
    terms = tuple(replace(t, body=b) for t, b in zip(equation.terms, bodies, strict=True))
    return replace(equation, terms=terms), tuple(Equality(pair) for pair in changed)


class Spelling:
    """Equations as they are evaluated, in a network whose values that can vanish are known."""

    def __init__(self, network: Network) -> None:
        heads = (sp.exp, sigmoid, sp.tanh)
        self.vanishing = {
            e.name: e for e in network if e.pointwise() and isinstance(e.terms[0].body, heads)
        }

    def evaluated(self, equation: Equation) -> Rewritten:
        """The equation free of logarithms of what can vanish and of cancellation, and why."""
        stable, _ = _rewritten(equation, self._without_loss)
        pairs = [(n, self._log(n)) for t in equation.terms for n in _logs(t.body)]
        reasons = tuple(Equality((n, without_cancellation(b))) for n, b in pairs if n != b)
        return stable, reasons

    def singular(self, equation: Equation) -> bool:
        """Whether it divides by, or takes the logarithm of, a value that underflows to 0 or 1."""
        denominators = (d for t in equation.terms for d in _denominators(t.body))
        return any(e.name in self.vanishing for d in denominators for e in d.atoms(Element))

    def _without_loss(self, body: sp.Expr) -> sp.Expr:
        logs = {node: self._log(node) for node in _logs(body)}
        return without_cancellation(without_overflow(body.xreplace(logs)))

    def _log(self, node: sp.Expr) -> sp.Expr:
        """The stable spelling of one logarithm of forward values, or the logarithm itself."""
        written = self._written_out(node.args[0])
        better = without_overflow(sp.log(written))
        if any(log.args[0] == written for log in _logs(better)):
            return node
        better = better.xreplace({log: self._log(log) for log in _logs(better)})
        left = (e.name for log in _logs(better) for e in log.atoms(Element))
        return node if any(name in self.vanishing for name in left) else better

    def _written_out(self, argument: sp.Expr) -> sp.Expr:
        """A logarithm's argument with the values that can vanish in their definitions."""
        found = {}
        for access in argument.atoms(Element):
            equation = self.vanishing.get(access.name)
            if equation is not None:
                at = dict(zip(equation.indices, access.indices, strict=True))
                found[access] = equation.terms[0].body.xreplace(at)
        return argument.xreplace(found)


def _logs(body: sp.Expr) -> list[sp.Expr]:
    return sorted(body.atoms(sp.log), key=str)


def _denominators(body: sp.Expr) -> list[sp.Expr]:
    """What must not be 0: the bases of negative powers and the arguments of logarithms."""
    return [p.base for p in body.atoms(sp.Pow) if p.exp.is_negative] + [
        n.args[0] for n in body.atoms(sp.log)
    ]
