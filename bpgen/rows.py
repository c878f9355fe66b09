"""u - s with s the log-sum-exp of u, and its exp, as what one call computes of a whole row: a
log-softmax and a softmax take the largest out first, and keep the digits that u - s rounds away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import sympy as sp
from sympy.core.symbol import Str

from bpgen.ir import Element, Equation, Index, element, elements
from bpgen.record import Derivation

Definitions = Mapping[str, Equation]
Call = Literal["softmax", "log_softmax"]


class InRow(sp.Expr):
    """`InRow(call, u, k, at, s)`: the softmax or log-softmax of u along the index k, at one place.
    s is the log-sum-exp it is told by, which is not read.
    """

    is_commutative = True
    is_real = True

    @property
    def call(self) -> str:
        return str(self.args[0].name)

    @property
    def row(self) -> sp.Expr:
        return self.args[1]

    @property
    def axis(self) -> Index:
        axis: Index = self.args[2]
        return axis

    @property
    def place(self) -> sp.Expr:
        return self.args[3]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        return {*self.row.free_symbols} - {self.axis} | {*self.place.free_symbols}

    @property
    def spelled(self) -> sp.Expr:
        """The same as u - s, or its exp."""
        name, *indices = self.args[4]
        log = self.row.xreplace({self.axis: self.place}) - element(name.name, indices)
        return sp.exp(log) if self.call == "softmax" else log

    def _sympystr(self, printer: Any) -> str:
        return f"{self.call}({printer.doprint(self.row)})[{printer.doprint(self.place)}]"


def in_rows(derivation: Derivation) -> Derivation:
    """The derivation as it is computed: with a softmax or log-softmax wherever it says one."""
    definitions = {f.evaluated.name: f.evaluated for f in derivation.forward}
    sums = {n: e for n, e in definitions.items() if is_log_sum_exp(e)}
    if not sums:
        return derivation

    def told(equation: Equation) -> Equation:
        terms = tuple(t.map(lambda body: _told(body, sums)) for t in equation.terms)
        return replace(equation, terms=terms)

    forward = tuple(replace(f, evaluated=told(f.evaluated)) for f in derivation.forward)
    steps = tuple(
        s if (new := told(s.evaluated)) == s.evaluated else replace(s, stable=new)
        for s in derivation.steps
    )
    return replace(derivation, forward=forward, steps=steps)


def spelled(equation: Equation) -> Equation:
    """The equation with every softmax and log-softmax told by its log-sum-exp."""
    return replace(equation, terms=tuple(t.map(_spelled) for t in equation.terms))


def _spelled(expr: sp.Expr) -> sp.Expr:
    """Of a row that reads another, both."""
    rows = expr.atoms(InRow)
    return _spelled(expr.xreplace({r: r.spelled for r in rows})) if rows else expr


def is_log_sum_exp(equation: Equation) -> bool:
    term = equation.terms[0]
    return term.reduce == "logsumexp" and len(term.over) == 1


def _told(expr: sp.Expr, sums: Definitions) -> sp.Expr:
    if not expr.args or isinstance(expr, Element):
        return expr
    args = [_told(a, sums) for a in expr.args]
    expr = expr if tuple(args) == expr.args else expr.func(*args)
    if isinstance(expr, sp.exp) and isinstance(expr.args[0], InRow):
        return InRow(Str("softmax"), *expr.args[0].args[1:])
    if isinstance(expr, sp.Add):
        better = next(_differences(expr, sums), None)
        return expr if better is None else _told(better, sums)
    return expr


def _differences(total: sp.Add, sums: Definitions) -> Iterator[sp.Expr]:
    """The sum with c u - c s in it told as c times a log-softmax."""
    for s in (e for e in elements(total) if e.name in sums):
        of_s = [a / s for a in total.args if a.has(s)]
        c, rest = -sp.Add(*of_s), sp.Add(*(a for a in total.args if not a.has(s)))
        if c.has(s) or rest == 0:
            continue
        definition = sums[s.name]
        term = definition.terms[0]
        axis = Index(f"_{term.over[0].name}", term.over[0].size)
        while axis in total.free_symbols:  # of a row within a row, whose axis it is
            axis = Index(f"_{axis.name}", axis.size)
        at = dict(zip(definition.indices, s.indices, strict=True))
        row = term.body.xreplace({**at, term.over[0]: axis})
        for place in _places(row, axis, rest):
            u = c * row.xreplace({axis: place})
            left = rest - u
            if _count(left) == _count(rest) - _count(u):
                told = sp.Tuple(Str(s.name), *s.indices)
                yield c * InRow(Str("log_softmax"), row, axis, place, told) + left


def _places(row: sp.Expr, axis: Index, total: sp.Expr) -> Iterator[sp.Expr]:
    """Where along the axis a sum may read the row."""
    read = next((e for e in elements(row) if axis in e.indices), None)
    if read is not None:
        slot = read.indices.index(axis)
        same = (e for e in elements(total) if e.name == read.name)
        yield from dict.fromkeys(e.indices[slot] for e in same)


def _count(total: sp.Expr) -> int:
    return 0 if total == 0 else len(sp.Add.make_args(total))
