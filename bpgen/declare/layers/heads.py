"""Scaled dot-product attention, in one head or several, and what it looks at."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen import functions as f
from bpgen.declare.axes import tensor_of
from bpgen.declare.formula import Formula, reduce
from bpgen.declare.functions import softmax
from bpgen.declare.given import FROM_BELOW
from bpgen.declare.layers.parts import (
    Layer,
    along,
    divided,
    for_each,
    known_size,
    place,
    some_tensor,
    tensor_of_rank,
)
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor, pointwise
from bpgen.declare.words import zeros
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Term


def masked(z: Any, keep: Any) -> Any:
    """z where `keep` is not 0, else minus infinity: what softmax makes 0, also where nothing is
    kept, and max never takes.
    """
    if any(isinstance(t, Tensor) and t.rank for t in (z, keep)):
        return pointwise("masked", masked, z, keep)
    z, kept = Formula.of(z), Formula.of(keep).body()
    if not kept.is_number:
        return Formula((Term(f.masked(z.body(), kept)),))
    if kept == 0:
        raise NetError(
            "masked: of what is kept nowhere, minus infinity is left",
            FROM_BELOW,
        )
    return z


def at_most(one: Any, other: Any) -> Any:
    """1 where one index is at most the other, else 0: what masked keeps. A whole number that is
    given may stand for an index: at_most(t, last).
    """
    both = [_compared(value) for value in (one, other)]
    result = f.at_most(*both)
    return Formula((Term(result),)) if result.has(Element) else result


def _compared(value: Any) -> sp.Expr:
    """An index, or an element of whole numbers."""
    if isinstance(value, (Tensor, Formula)) and not getattr(value, "rank", 0):
        body = Formula.of(value).body()
        if isinstance(body, Element) and tensor_of(body).bound is not None:
            return body
    if not isinstance(value, (int, Index, sp.Expr)) or isinstance(value, bool):
        raise NetError(
            f"at_most: {said(value)} is no index",
            "it compares indices, and whole numbers that are given: at_most(u, t)",
        )
    return sp.sympify(value)


def among(index: Index, first: int, last: int) -> sp.Expr:
    """1 where first <= index <= last, else 0."""
    return at_most(first, index) * at_most(index, last)


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, causal: bool = False
) -> Tensor:
    """y[t] = sum_u p[t, u] v[u], p = softmax over u of sum_d q[t, d] k[u, d] / sqrt(width).

    q (..., steps, width), k (..., others, width), v (..., others, any) -> (..., steps, any). Of the
    `mask` ((...,) steps, others), or (others), 0 says not to look, 1 to look: where there is
    nothing to look at, y is 0, and no gradient passes; `causal`: only at u up to t. s1, m1 (what is
    left of s1), p1, y1. torch.nn.functional.scaled_dot_product_attention.
    """
    _fit(q, k, v)
    return _looked(Layer("attention"), q, k, v, mask, causal)


def multi_head_attention(
    x: Tensor,
    heads: int,
    context: Tensor | None = None,
    mask: Tensor | None = None,
    causal: bool = False,
    bias: bool = True,
) -> Tensor:
    """Attention of each head h, qh[h, t, d] = q[t, D h + d] with q = Wq x + bq, and so k and v of
    the context (x itself where none is given); the heads side by side, y, give o = Wo y + bo.

    x (steps, width), context (others, any) -> (steps, width). Wq, Wo (width, width), Wk, Wv (width,
    any), bq, bk, bv, bo (width), each with a number. torch.nn.MultiheadAttention.
    """
    layer = Layer("multi_head_attention")
    width, D = _widths(x, heads, layer.word)
    other = x if context is None else tensor_of_rank(context, layer.word, "others, any")
    projected = (
        _projected(layer, c, y, width, bias) for c, y in zip("qkv", (x, other, other), strict=True)
    )
    q, k, v = (_in_heads(layer, y, heads, D) for y in projected)
    looked = _looked(layer, q, k, v, mask, causal, "yh")
    h, t, d = along(looked.shape, "htd")
    y = layer.named("y", zeros(x.shape[0], width))
    y[t, place((h, d))] = looked[h, t, d]
    return _projected(layer, "o", y, width, bias)


def _in_heads(layer: Layer, x: Tensor, heads: int, width: int) -> Tensor:
    """Each head's own part of x."""
    h, t, d = along((heads, x.shape[0], width), "htd")
    return layer.tensor(f"{x.hint}h", (h, t, d), x[t, place((h, d))])


def _projected(layer: Layer, hint: str, x: Tensor, width: int, bias: bool) -> Tensor:
    """W x + b under the names of one projection."""
    inputs = known_size(x.shape[1], x, layer.word)
    t, i, j = along((x.shape[0], width, inputs))
    z = reduce(layer.weight(f"W{hint}", width, inputs)[i, j] * x[t, j], (j,), "sum")
    if bias:
        z = z + layer.param(f"b{hint}", width)[i]
    return layer.tensor(hint, (t, i), z)


def _looked(
    layer: Layer,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    causal: bool,
    hint: str = "y",
) -> Tensor:
    """The sum of v, weighted by the softmax of what is left of the scores."""
    *lead, t, d = along(q.shape, "htd"[3 - q.rank :] if q.rank <= 3 else "")
    u, e = along(v.shape[-2:], "ue")
    i = (*lead, t, u)
    width = known_size(q.shape[-1], q, layer.word)
    scores = reduce(q[(*lead, t, d)] * k[(*lead, u, d)], (d,), "sum") / sp.sqrt(width)
    s = layer.tensor("s", i, scores)
    keep: Any = at_most(u, t) if causal else 1
    if mask is not None:
        keep = _mask(mask, s, layer.word)[i[s.rank - mask.rank :]] * keep
    if mask is not None or causal:
        s = layer.tensor("m", i, masked(s[i], keep))
    p = layer.named("p", softmax(s))
    return layer.tensor(hint, (*lead, t, e), reduce(p[i] * v[(*lead, u, e)], (u,), "sum"))


def _mask(mask: Any, scores: Tensor, word: str) -> Tensor:
    if not isinstance(mask, Tensor) or not mask.rank or mask.shape != scores.shape[-mask.rank :]:
        steps, others = scores.shape[-2:]
        raise NetError(
            f"{word}: the mask {said(mask)} does not fit ({steps}, {others})",
            f"it is of ({others}), or has an axis of {steps} before: 1 to look, 0 not to",
        )
    return mask


def _widths(x: Tensor, heads: int, word: str) -> tuple[int, int]:
    """The width of x, and of one head."""
    x = tensor_of_rank(x, word, "steps, width")
    (heads,) = for_each(heads, 1, word, "heads")
    width = known_size(x.shape[1], x, word)
    return width, divided(width, heads, word, "numbers", "heads")


def _fit(q: Tensor, k: Tensor, v: Tensor) -> None:
    for x in (q, k, v):
        if some_tensor(x, "attention").rank < 2:
            raise NetError(f"attention: {x.said()} is not of (steps, width)", "a row for each step")
    if (*q.shape[:-2], q.shape[-1]) != (*k.shape[:-2], k.shape[-1]) or k.shape[:-1] != v.shape[:-1]:
        raise NetError(
            f"attention: {q.said()}, {k.said()} and {v.said()} do not fit",
            "q and k need one width, k and v one number of rows",
        )
