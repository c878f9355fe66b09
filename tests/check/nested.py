"""The scalars of a tape as nested expressions of sympy, whose own derivative they are held to."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.constants import constants
from bpgen.check.module import Subject
from bpgen.check.residues.entries import Entries
from bpgen.check.residues.field import PRIMES, Field
from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.tape import Tape
from bpgen.ir import Network

_OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def nested(tape: Tape) -> dict[Scalar, sp.Expr]:
    """Every scalar of a tape as one expression in its variables."""
    found: dict[Scalar, sp.Expr] = {}
    for k, scalar in enumerate(tape.made):
        args = [found[a] for a in scalar.args]
        if scalar.op == "given":
            found[scalar] = sp.Symbol(f"v{k}", real=True)
        elif scalar.op == "const":
            found[scalar] = sp.Rational(scalar.number.numerator, scalar.number.denominator)
        elif scalar.op == "^":
            found[scalar] = args[0] ** sp.Rational(str(scalar.number))
        elif scalar.op in _OPERATIONS:
            found[scalar] = _OPERATIONS[scalar.op](*args)
        else:
            found[scalar] = getattr(sp, scalar.op)(*args)
    return found


def assert_chain_rule(network: Network, subject: Subject, lengths: dict[str, int]) -> int:
    """The sweep over the tape gives what sympy's derivative of the whole does: by how many of the
    scalars it was asked.
    """
    point = subject.draw(np.random.default_rng(0), 1)
    given = {n: a for group in point.groups() for n, a in group.items()}
    tape = Tape([Field(PRIMES[0], Random(0))], constants(network))
    entries = Entries(network, lengths, given, tape)
    expressions = nested(tape)
    whole = expressions[entries.loss]
    values = {expressions[s]: _long(s.value) for s in tape.made if s.op == "given"}
    asked = 0
    for tensor, adjoints in entries.gradient(subject.differentiable).items():
        symbols = entries.tensors[tensor].ravel()[:6]
        for scalar, adjoint in zip(symbols, adjoints.ravel(), strict=False):
            moved = expressions[scalar]
            others = {symbol: value for symbol, value in values.items() if symbol != moved}
            direct = _evaluated(sp.diff(_evaluated(whole, others), moved), {moved: values[moved]})
            assert abs(direct - _long(adjoint.value)) < 1e-45
            asked += 1
    return asked


def _long(value: Any) -> sp.Float:
    return sp.Float(str(value), 55)


def _evaluated(expr: sp.Expr, known: dict[sp.Expr, sp.Expr]) -> sp.Expr:
    """The value of an expression, each of its parts once: evalf goes along every way to a part."""
    if expr not in known:
        known[expr] = expr.func(*(_evaluated(a, known) for a in expr.args)) if expr.args else expr
    return known[expr]
