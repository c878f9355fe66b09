"""The chain rule, once: the reverse sweep over a network's equations.

If `y[I] = reduce over K of body` reads `x[e]`, then x receives, at that access,
`dL/dx[e] += sum dL/dy[I] * d body / d x[e]` over every index of I, K that e does not fix. Nothing here knows a layer.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.calculus import Known, derivative
from bpgen.functions import row
from bpgen.letters import lettered
from bpgen.ir import Element, Equation, Index, Network, Term, TensorInfo, check, element, elements
from bpgen.measure import weight
from bpgen.naming import adjoint_name
from bpgen.record import Derivation, Equality, Forward, Line, Path, Step
from bpgen.simplify import combined, gathered
from bpgen.stable import singular, stabilised

_CHEAP = 6.0  # an adjoint lighter than this is written again at each use rather than stored


def derive(network: Network) -> Derivation:
    """The derivation: every forward equation, then the adjoint of every tensor, last to first.

    The textbook's own equations are differentiated. Where a division by a vanishing probability is left over,
    their stable spellings are differentiated instead.
    """
    network, forward = stabilised(network)
    record = _sweep(network, forward, [f.equation for f in forward])
    if singular((s.equation for s in record.steps if not s.inlined), network):
        record = _sweep(network, forward, [f.evaluated for f in forward])
    check([f.evaluated for f in record.forward], network.tensors)
    return record


def _sweep(network: Network, forward: tuple[Forward, ...], equations: list[Equation]) -> Derivation:
    sweep = _Sweep(network, equations, len(forward))
    seeds = (network.loss,) if network.loss else network.outputs
    sweep.run(seeds)
    return Derivation(network, forward, tuple(sweep.steps), sweep.named)


class _Sweep:
    """The state of one reverse sweep: what each tensor has received so far."""

    def __init__(self, network: Network, equations: list[Equation], last_number: int) -> None:
        self.network, self.equations, self.number = network, equations, last_number
        self.known = Known(network)
        self.declared = {name: k for k, name in enumerate(network.tensors)}
        self.wanted = _differentiable(network, equations)
        self.received: dict[str, list[Term]] = {}
        self.paths: dict[str, list[Path]] = {}
        self.readers = _readers(equations)
        self.steps: list[Step] = []
        self.named = _adjoint_names(network, self.wanted)

    def run(self, seeds: tuple[str, ...]) -> None:
        for seed in seeds:
            self._seed(seed)
        for equation in reversed(self.equations):
            if equation.name in self.received and equation.name in self.wanted:
                self._pass_on(equation, self._adjoint(equation.name, equation))
            for leaf in sorted(dict.fromkeys(e.name for e in equation.reads()), key=self._leaf_order):
                self.readers[leaf] -= 1
                if self.readers[leaf] == 0 and self.network.tensors[leaf].role in ("param", "input"):
                    self._leaf(leaf)

    def _seed(self, name: str) -> None:
        """dL/dL = 1; for an output without a loss, the upstream gradient that backward is given."""
        info = self.network.tensors[name]
        received = self.received.setdefault(name, [])
        received.append(Term(sp.S.One if name == self.network.loss else element(f"d_{name}", info.indices)))

    def _leaf_order(self, name: str) -> tuple[bool, int]:
        """Parameters in the order of declaration, inputs last."""
        return self.network.tensors[name].role == "input", self.declared[name]

    def _leaf(self, name: str) -> None:
        if name in self.wanted:
            self.received.setdefault(name, [Term(sp.S.Zero)])
            self._adjoint(name, None)

    def _adjoint(self, name: str, equation: Equation | None) -> tuple[Term, ...]:
        """Close the adjoint of a tensor: simplify, record, and say how later equations write it."""
        info, received = self.network.tensors[name], self.received[name]
        if name == self.network.loss:
            return tuple(received)
        drafted = lettered(Equation(self.named[name], info.indices, tuple(received)))
        terms, reasons = combined(drafted.terms, self.network, gathered)
        inlined = equation is not None and self._is_inlined(equation, terms)
        if not inlined:
            terms, reasons = combined(drafted.terms, self.network)
        closed = lettered(Equation(self.named[name], info.indices, terms))
        self._record(name, drafted, closed, reasons, inlined)
        return terms if inlined else (Term(element(self.named[name], info.indices)),)

    def _record(self, name: str, drafted: Equation, closed: Equation, reasons: tuple[str, ...], inlined: bool) -> None:
        self.number += 1
        lines = [Line(drafted.terms)]
        if closed.terms != drafted.terms:
            lines.append(Line(closed.terms, reasons))
        conventions = _conventions(p.value for p in self.paths.get(name, ()))
        paths = tuple(self.paths.get(name, ()))
        self.steps.append(Step(self.number, name, closed, paths, tuple(lines), inlined, conventions))

    def _is_inlined(self, equation: Equation, adjoint: tuple[Term, ...]) -> bool:
        """Whether an adjoint is written inside the next equations instead of being stored under its name."""
        if not any(t.body.atoms(Element) or t.over for t in adjoint):
            return True
        if any(t.over or t.reduce != "sum" for t in equation.terms):
            return False
        heard = [e for e in equation.reads() if e.name in self.wanted]
        if len(heard) == 1 and len(adjoint) == 1:
            return True
        plain = not any(t.over for t in adjoint)
        return plain and (sum(weight(t.body) for t in adjoint) < _CHEAP or any(_divides(t.body) for t in adjoint))

    def _pass_on(self, equation: Equation, adjoint: tuple[Term, ...]) -> None:
        """Send the adjoint of one equation to everything that it reads."""
        away = {i: Index(f"_{i.name}", i.size) for i in (*equation.indices, *(k for t in equation.terms for k in t.over))}
        for term in equation.terms:
            for access in elements(term.body):
                if access.name in self.wanted and not _is_inside_index(access, term.body):
                    value, reasons = derivative(equation, term, access, self.known)
                    if value != 0:
                        self._contribute(equation, term, access, value, reasons, adjoint, away)

    def _contribute(self, equation: Equation, term: Term, access: Element, value: sp.Expr,
                    reasons: tuple[Equality, ...], adjoint: tuple[Term, ...], away: Mapping[Index, Index]) -> None:  # fmt: skip
        axes = self.network.tensors[access.name].indices
        for upstream in adjoint:
            mine = {k: Index(f"__{k.name}", k.size) for k in upstream.over}
            ours = {**{i: away[i] for i in equation.indices}, **mine}
            left = tuple(e.xreplace(ours) for e in upstream.at or equation.indices)
            rename = {**{k: away[k] for k in term.over}, **dict(zip(equation.indices, left, strict=True))}
            fixed, at = _solved(tuple(e.xreplace(rename) for e in access.indices), axes)
            body = (upstream.body.xreplace(ours) * value.xreplace(rename)).xreplace(fixed)
            at = None if at is None else tuple(e.xreplace(fixed) for e in at)
            summed = {*mine.values(), *(away[k] for k in term.over), *(s for e in left for s in _open(e))}
            over = tuple(sorted(summed - set(fixed), key=_order))
            self.received.setdefault(access.name, []).append(Term(body, over, "sum", at))
        self._path(equation, term, access, value, reasons, away)

    def _path(self, equation: Equation, term: Term, access: Element, value: sp.Expr, reasons: tuple[Equality, ...],
              away: Mapping[Index, Index]) -> None:  # fmt: skip
        axes = self.network.tensors[access.name].indices
        fixed, _ = _solved(tuple(e.xreplace(away) for e in access.indices), axes)
        upstream, wrt, local = (e.xreplace(away).xreplace(fixed) for e in (equation.lhs, access, value))
        free = [away[i] for i in equation.indices if away[i] not in fixed]
        said = tuple(Equality(tuple(e.xreplace(away).xreplace(fixed) for e in r.chain), r.prime) for r in reasons)
        self.paths.setdefault(access.name, []).append(Path(upstream, wrt, local, tuple(free), said))


def _open(expr: sp.Expr) -> list[Index]:
    return [s for s in expr.free_symbols if isinstance(s, Index)]


def _solved(access: tuple[sp.Expr, ...], axes: tuple[Index, ...]) -> tuple[dict[sp.Expr, sp.Expr], tuple[sp.Expr, ...] | None]:
    """Index values that make the access x[axes]; where they cannot, the access at which to write."""
    fixed: dict[sp.Expr, sp.Expr] = {}
    plain = True
    for expr, axis in zip(access, axes, strict=True):
        if expr == axis:
            continue
        if isinstance(expr, Index) and expr not in fixed and expr not in axes:
            fixed[expr] = axis
        else:
            plain = False
    return fixed, None if plain else access


def _order(index: Index) -> tuple[bool, str]:
    return index.size != "N", index.name


def _divides(body: sp.Expr) -> bool:
    return any(p.exp.is_negative and p.base.has(Element) for p in body.atoms(sp.Pow))


def _is_inside_index(access: Element, body: sp.Expr) -> bool:
    """Read only as an index of another element."""
    outer = body.xreplace({e: sp.Dummy() for e in body.atoms(Element) if access in e.args[1:]})
    return not outer.has(access)


def _differentiable(network: Network, equations: list[Equation]) -> set[str]:
    """What a parameter or a real input reaches, and so may have a gradient."""
    found = {t.name for t in network.tensors.values() if t.role in ("param", "input") and t.bound is None}
    for equation in equations:
        if any(e.name in found for e in equation.reads()):
            found.add(equation.name)
    return found


def _readers(equations: list[Equation]) -> dict[str, int]:
    count: dict[str, int] = {}
    for equation in equations:
        for name in dict.fromkeys(e.name for e in equation.reads()):
            count[name] = count.get(name, 0) + 1
    return count


def _adjoint_names(network: Network, wanted: set[str]) -> dict[str, str]:
    """The names of the adjoints, none of them a name that net.py uses."""
    named: dict[str, str] = {}
    for name in network.tensors:
        if name in wanted:
            adjoint = adjoint_name(name)
            while adjoint in network.tensors or adjoint in named.values():
                adjoint = f"{adjoint}_"
            named[name] = adjoint
    return named


def _conventions(values: object) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in values:  # type: ignore[attr-defined]
        for call in sorted(value.atoms(sp.Function), key=str):
            known = row(call)
            if known is not None and known.convention:
                found[known.convention] = None
    return tuple(found)


def adjoint_tensors(record: Derivation) -> dict[str, TensorInfo]:
    """The declared tensors and the adjoints, by name: what the backward equations may speak of."""
    tensors = dict(record.network.tensors)
    for name, adjoint in record.adjoint.items():
        info = record.network.tensors[name]
        tensors[adjoint] = TensorInfo(adjoint, info.indices, "adjoint")
    for name in record.network.outputs:
        tensors[f"d_{name}"] = TensorInfo(f"d_{name}", record.network.tensors[name].indices, "adjoint")
    return tensors
