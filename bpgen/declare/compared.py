"""An output and its target: that they are there, in this order, and of shapes that fit."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen.declare.axes import tensor_of
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula
from bpgen.declare.symbolic import Symbolic
from bpgen.declare.tensor import Tensor
from bpgen.equations.softmaxes import is_softmax
from bpgen.errors import NetError
from bpgen.ir import Element, Size, Term

OUTPUT_AND_TARGET = "give the output and the target"


def pair(a: Any, y: Any, what: str) -> Any:
    """Their difference. Of two formulas, or a formula and a scalar, it is a formula."""
    for t in (a, y):
        if not isinstance(t, Symbolic):
            raise _no_tensor(t, what, OUTPUT_AND_TARGET)
    if is_target(a) and not is_target(y):
        raise NetError(
            f"{what}: the target {a.said()} comes first", "give the output, then the target"
        )
    bound = bound_of(y)
    if bound is not None:
        raise NetError(
            f"{what}: {y.said()} is a label, a whole number",
            f"declare it one_hot({bound}) or target()",
        )
    if shape_of(a) != shape_of(y):
        raise NetError(f"{what}: {a.said()} against {y.said()}", _of_one_shape(a, y))
    return a - y


def _of_one_shape(a: Any, y: Any) -> str:
    """How the target is declared; that of a class is mostly a label."""
    name, sizes = here().variable(y) if is_target(y) else None, ", ".join(map(repr, shape_of(a)))
    declared = f": {name} = target({sizes})".replace("'", '"') if name else ""
    return f"the output and the target need one shape{declared}"


def tensors(given: tuple[Any, ...], what: str, remedy: str) -> None:
    for t in given:
        if not isinstance(t, Tensor):
            raise _no_tensor(t, what, remedy)


def _no_tensor(value: Any, what: str, remedy: str) -> NetError:
    name = getattr(value, "__name__", "")
    if callable(value) and name and not isinstance(value, Symbolic):
        return NetError(f"{what}: {name} is a function", f"give what it makes: {name}(...)")
    kind = value.said() if isinstance(value, Symbolic) else type(value).__name__
    return NetError(f"{what}: {kind} is not a tensor", remedy)


def classes(p: Any, y: Any, what: str, of_each: str) -> None:
    """Refuse scores and a target that do not have the same classes along the last axis."""
    tensors((p,), what, OUTPUT_AND_TARGET)
    bound = bound_of(y)
    if bound is None and shape_of(y) == p.shape[:-1] and p.rank and is_target(y):
        sizes = ", ".join(map(repr, (p.shape[-1], *p.shape[:-1]))).replace("'", '"')
        raise NetError(
            f"{what}: {p.said()} against {y.said()}",
            f"a class is declared label({sizes}), probabilities of all one_hot({sizes})",
        )
    if bound is None:
        pair(p, y, what)
    elif p.shape != (*shape_of(y), bound):
        along = ", along the last axis" if shape_of(y) else ""
        several = p.rank > 1 and not along
        whole = f": dense(flatten(x), {bound}) connects all axes" if several else ""
        raise NetError(
            f"{what}: {p.said()} against the {bound} classes of {y.said()}",
            f"one {of_each} for each class{along}{whole}",
        )


def bound_of(y: Any) -> int | None:
    """The number of classes of a label, which may be one of several: y[t]."""
    if isinstance(y, Tensor):
        return y.bound
    body = y.terms[0].body if isinstance(y, Formula) and y.plain else None
    return tensor_of(body).bound if isinstance(body, Element) else None


def shape_of(value: Any) -> tuple[Size, ...]:
    return value.shape if isinstance(value, Tensor) else ()


def is_target(value: Any) -> bool:
    """A target, or an entry of one."""
    if isinstance(value, Formula) and len(value.terms) == 1:
        return _is_entry(value.terms[0])
    return isinstance(value, Tensor) and value.role == "target"


def _is_entry(term: Term) -> bool:
    return isinstance(term.body, Element) and tensor_of(term.body).role == "target"


def logits(z: Any, what: str, of: type[sp.Expr]) -> None:
    """Refuse probabilities where a loss makes them of what it is given, by `of`."""
    if isinstance(z, Tensor) and len(z.terms) == 1 and _is_made_by(z.terms[0].body, of):
        name = "softmax" if of is sp.exp else of.__name__
        raise NetError(
            f"{what}: {z.said()} is a {name} already, and it would be taken twice",
            f"give it what the {name} is of, or use {what.removesuffix('_with_logits')}",
        )


def _is_made_by(body: sp.Expr, of: type[sp.Expr]) -> bool:
    """A sigmoid; for exp, a softmax: exp(z - s) with s the log-sum-exp of z."""
    if of is sp.exp:
        return is_softmax(body, lambda e: tensor_of(e).terms)
    return isinstance(body, of)
