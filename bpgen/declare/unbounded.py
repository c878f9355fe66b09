"""Predictions that are no probabilities: what is affine in a parameter may be negative."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from bpgen.declare.axes import serial_of, tensor_of
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError
from bpgen.ir import Element, elements

_VARIES = ("input", "state", "noise")


def probability(p: Any, what: str, made_by: str) -> Any:
    """What a loss takes the logarithm of.

    Raises NetError where that is what a layer without an activation makes.
    """
    if _is_affine(p):
        raise NetError(
            f"{what}: {p.said()} is affine in a parameter, and so may be negative: it is no"
            " probability",
            f"give {made_by} of it, or use {what}_with_logits",
        )
    return p


def _is_affine(value: Tensor | Formula) -> bool:
    """Whether, all else given, it is a parameter times what varies with the inputs, and more.

    A parameter alone may be meant as a probability, and one that stands in its own factor as well,
    as in w / sum(w), is no line's slope.
    """
    seen = set[int]()
    waiting = [(t.body, frozenset[int]()) for t in value.terms if t.reduce == "sum"]
    while waiting:
        expr, beside = waiting.pop()
        if isinstance(expr, Element):
            tensor, beside = tensor_of(expr), beside | _read(expr.indices)
            if tensor.role == "param" and _is_slope(tensor.serial, beside):
                return True
            if tensor.serial not in seen:
                seen.add(tensor.serial)
                waiting += [(t.body, beside) for t in tensor.terms if t.reduce == "sum"]
        elif isinstance(expr, sp.Add):
            waiting += [(part, beside) for part in expr.args]
        elif isinstance(expr, sp.Mul):
            factors = [(f, _read(g for g in expr.args if g is not f)) for f in expr.args]
            waiting += [(factor, beside | others) for factor, others in factors]
    return False


def _is_slope(parameter: int, beside: frozenset[int]) -> bool:
    """Whether what multiplies a parameter varies, and not with the parameter."""
    tensors, found, stack = here().tensors, set[int](), [*beside]
    while stack:
        serial = stack.pop()
        if serial not in found:
            found.add(serial)
            stack += [k for t in tensors[serial].terms for k in _read(t.exprs)]
    return parameter not in found and any(tensors[k].role in _VARIES for k in found)


def _read(exprs: Iterable[sp.Expr]) -> frozenset[int]:
    return frozenset(serial_of(e) for expr in exprs for e in elements(expr))
