"""Derivatives told in what an activation came to, so that its argument need not be kept."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.functions import row
from bpgen.ir import Element, Equation, element
from bpgen.record import Derivation

Told = dict[tuple[str, str], str]  # a function's name and its argument: the tensor of its values


def in_outputs(derivation: Derivation) -> Derivation:
    """The derivation with `step(a)` for `step(z)`, where a = relu(z)."""
    told: Told = {}
    for forward in derivation.forward:
        told |= _told(forward.evaluated)
    if not told:
        return derivation
    steps = tuple(
        s if (new := _in_outputs(s.evaluated, told)) == s.evaluated else replace(s, stable=new)
        for s in derivation.steps
    )
    return derivation if steps == derivation.steps else replace(derivation, steps=steps)


def _told(equation: Equation) -> Told:
    """What an equation says: this tensor holds the values of a function of that."""
    equation = equation.of_steps()
    body = equation.terms[0].body
    argument = body.args[0] if len(equation.terms) == 1 and len(body.args) == 1 else None
    known = row(body)
    if known is None or not isinstance(argument, Element) or not equation.pointwise():
        return {}
    same = argument.indices == equation.indices
    return {(known.name, argument.name): equation.name} if same else {}


def _in_outputs(equation: Equation, told: Told) -> Equation:
    return replace(
        equation, terms=tuple(t.map(lambda b: _instead(b, told)) for t in equation.terms)
    )


def _instead(body: sp.Expr, told: Told) -> sp.Expr:
    """A body whose calls are asked of values."""
    new: dict[sp.Expr, sp.Expr] = {}
    for call in body.atoms(sp.Function):
        known = row(call)
        if known is None or not known.unchanged_by:
            continue
        (argument,) = call.args
        value = told.get((known.unchanged_by, getattr(argument, "name", "")))
        if value is not None:
            new[call] = call.func(element(value, argument.indices))
    return body.xreplace(new)
