"""Scaled dot-product attention, in one head or several, and what it looks at."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen import functions as f
from bpgen.declare.formula import Formula, reduce
from bpgen.declare.functions import softmax
from bpgen.declare.layers.parts import (
    Indices,
    Layer,
    along,
    divided,
    for_each,
    known_size,
    some_tensor,
    tensor_of_rank,
)
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor, pointwise
from bpgen.declare.words import zeros
from bpgen.errors import NetError
from bpgen.ir import Index, Term


def masked(z: Any, keep: Any) -> Any:
    """z where `keep` is not 0, else minus infinity: what softmax makes 0 and max never takes."""
    if any(isinstance(t, Tensor) and t.rank for t in (z, keep)):
        return pointwise("masked", masked, z, keep)
    return Formula((Term(f.masked(Formula.of(z).body(), Formula.of(keep).body())),))


def at_most(one: Any, other: Any) -> sp.Expr:
    """1 where one index is at most the other, else 0: what masked keeps."""
    for index in (one, other):
        if not isinstance(index, (int, Index, sp.Expr)) or isinstance(index, bool):
            raise NetError(
                f"at_most: {said(index)} is no index", "it compares indices: at_most(u, t)"
            )
    return f.at_most(sp.sympify(one), sp.sympify(other))


def among(index: Index, first: int, last: int) -> sp.Expr:
    """1 where first <= index <= last, else 0."""
    return at_most(first, index) * at_most(index, last)


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, causal: bool = False
) -> Tensor:
    """y[t] = sum_u p[t, u] v[u], p = softmax over u of sum_d q[t, d] k[u, d] / sqrt(width).

    q (..., steps, width), k (..., others, width), v (..., others, any) -> (..., steps, any). Of the
    `mask` ((...,) steps, others), or (others), 0 says not to look, 1 to look; `causal`: only at u
    up to t. torch.nn.functional.scaled_dot_product_attention.
    """
    _fit(q, k, v)
    *lead, t, d = along(q.shape, "hgfs"[: q.rank - 2] + "td" if q.rank < 7 else "")
    u, e = along(v.shape[-2:], "ue")
    of_d = reduce(q[(*lead, t, d)] * k[(*lead, u, d)], (d,), "sum")
    layer, width = Layer("attention"), known_size(q.shape[-1], q, "attention")
    p = _weights(layer, (*lead, t, u), of_d, width, mask, causal)
    y = reduce(p[(*lead, t, u)] * v[(*lead, u, e)], (u,), "sum")
    return layer.tensor("y", (*lead, t, e), y)


def multi_head_attention(
    x: Tensor,
    heads: int,
    context: Tensor | None = None,
    mask: Tensor | None = None,
    causal: bool = False,
    bias: bool = True,
) -> Tensor:
    """Attention in each head h, q[t, h, d] = (Wq x + bq)[t, D h + d], and so k and v of the context
    (x itself where none is given); of the heads side by side, Wo y + bo.

    x (steps, width), context (others, any) -> (steps, width). Wq, Wo (width, width), Wk, Wv (width,
    any), bq, bk, bv, bo (width), each with a number. torch.nn.MultiheadAttention.
    """
    width, D = _heads(x, heads)
    other = x if context is None else tensor_of_rank(context, "multi_head_attention", "others, any")
    layer = Layer("multi_head_attention")
    q, k, v = (
        _projected(layer, c, y, width, bias) for c, y in zip("qkv", (x, other, other), strict=True)
    )
    h, t, u, d = along((heads, x.shape[0], other.shape[0], D), "htud")
    of_d = reduce(q[t, D * h + d] * k[u, D * h + d], (d,), "sum")
    p = _weights(layer, (h, t, u), of_d, D, mask, causal)
    y = layer.named("y", zeros(x.shape[0], width))
    y[t, D * h + d] = reduce(p[h, t, u] * v[u, D * h + d], (u,), "sum")
    return _projected(layer, "o", y, width, bias)


def _projected(layer: Layer, hint: str, x: Tensor, width: int, bias: bool) -> Tensor:
    """W x + b under the names of one projection."""
    inputs = known_size(x.shape[1], x, layer.word)
    t, i, j = along((x.shape[0], width, inputs))
    z = reduce(layer.weight(f"W{hint}", width, inputs)[i, j] * x[t, j], (j,), "sum")
    if bias:
        z = z + layer.param(f"b{hint}", width)[i]
    return layer.tensor(hint, (t, i), z)


def _weights(
    layer: Layer, i: Indices, scores: Formula, width: int, mask: Tensor | None, causal: bool
) -> Tensor:
    """softmax over the last index of the scores, of those that are looked at."""
    s = layer.tensor("s", i, scores / sp.sqrt(width))
    keep: Any = at_most(i[-1], i[-2]) if causal else 1
    if mask is not None:
        keep = _mask(mask, s, layer.word)[i[s.rank - mask.rank :]] * keep
    if mask is not None or causal:
        s = layer.tensor("m", i, masked(s[i], keep))
    return layer.named("p", softmax(s))


def _mask(mask: Any, scores: Tensor, word: str) -> Tensor:
    if not isinstance(mask, Tensor) or not mask.rank or mask.shape != scores.shape[-mask.rank :]:
        steps, others = scores.shape[-2:]
        raise NetError(
            f"{word}: the mask {said(mask)} does not fit ({steps}, {others})",
            f"it is of ({others}), or has an axis of {steps} before: 1 to look, 0 not to",
        )
    return mask


def _heads(x: Tensor, heads: int) -> tuple[int, int]:
    """The width of x, and of one head."""
    word = "multi_head_attention"
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
