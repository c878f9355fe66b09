"""Dense layers, embeddings and attention, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from tests.parity.harness import Case, Shape, agree, parametrized

SHAPES = (
    {"N": 1, "T": 1, "S": 3, "d": 2, "e": 5},
    {"N": 3, "T": 5, "S": 2, "d": 1, "e": 3},
    {"N": 2, "T": 4, "S": 7, "d": 6, "e": 1},
)
QKV = "q, k, v = input('T', $d), input('S', $d), input('S', $e)"


def rows(rng: Any, shape: tuple[int, ...]) -> Any:
    """0 and 1, at least one 1 in each row."""
    kept = rng.integers(0, 2, shape).astype(float)
    kept[..., rng.integers(shape[-1])] = 1
    return kept


def of(call: str, net: str, function: Any, **options: Any) -> Case:
    return Case(f"{call} {net}", f"{net}\ny = {call}\noutput(y)", function, SHAPES, **options)


def looked(t: Any, **options: Any) -> torch.Tensor:
    return F.scaled_dot_product_attention(t.q, t.k, t.v, **options)


def first_kept(rng: Any, shape: tuple[int, ...]) -> Any:
    """0 and 1, with 1 where every step may look."""
    kept = rng.integers(0, 2, shape).astype(float)
    kept[:, 0] = 1
    return kept


def below(steps: int) -> torch.Tensor:
    """Where the column is at most the row."""
    return torch.ones(steps, steps).tril().bool()


MASKED = {"mask": rows}


@parametrized(
    of("attention(q, k, v)", QKV, looked),
    of("attention(q, k, v, causal=True)", QKV, lambda t: looked(t, is_causal=True)),
    of(
        "attention(q, k, v, mask)",
        QKV + "\nmask = input('S')",
        lambda t: looked(t, attn_mask=t.mask.bool()[:, None]) + 0 * t.mask.sum(),
        draws=MASKED,
    ),
    of(
        "attention(q, k, v, mask)",
        QKV + "\nmask = input('T', 'S')",
        lambda t: looked(t, attn_mask=t.mask.bool()) + 0 * t.mask.sum(),
        draws=MASKED,
    ),
    of(
        "attention(q, k, v)",
        "q, k, v = input(2, 'T', $d), input(2, 'S', $d), input(2, 'S', $e)",
        looked,
    ),
    of(
        "attention(q, k, v, mask, causal=True)",
        "q, k, v, mask = input(2, 'T', $d), input(2, 'T', $d), input(2, 'T', $e), input('T')",
        lambda t: (
            looked(t, attn_mask=t.mask.bool()[:, None, None] & below(t.q.shape[2]))
            + 0 * t.mask.sum()
        ),
        draws={"mask": first_kept},
    ),
)
def test_attention(case: Case, shape: Shape) -> None:
    agree(case, shape)


def heads(t: Any, count: int, context: Any = None, mask: Any = None) -> torch.Tensor:
    """PyTorch's own layer with our parameters; of its mask True says not to look."""
    x = t.x.transpose(0, 1)
    other = x if context is None else context.transpose(0, 1)
    biases = [getattr(t, f"b{c}1", None) for c in "qkvo"]
    joint = None if biases[0] is None else torch.cat(biases[:3])
    made, _ = F.multi_head_attention_forward(
        x,
        other,
        other,
        x.shape[2],
        count,
        None,
        joint,
        None,
        None,
        False,
        0.0,
        t.Wo1,
        biases[3],
        training=False,
        need_weights=False,
        use_separate_proj_weight=True,
        q_proj_weight=t.Wq1,
        k_proj_weight=t.Wk1,
        v_proj_weight=t.Wv1,
        **({} if mask is None else mask),
    )
    return made.transpose(0, 1)


def later(steps: int) -> dict[str, Any]:
    return {"attn_mask": ~below(steps)}


def several(call: str, net: str, function: Any, **options: Any) -> Case:
    """A bias of k adds the same to all that a softmax is of."""
    idle = () if "bias=False" in call else ("bk1",)
    return of(f"multi_head_attention(x, {call})", net, function, idle=idle, **options)


@parametrized(
    several("2", "x = input('T', 4)", lambda t: heads(t, 2)),
    several("1", "x = input('T', $e)", lambda t: heads(t, 1)),
    several("3", "x = input('T', 3)", lambda t: heads(t, 3)),
    several("3, bias=False", "x = input('T', 6)", lambda t: heads(t, 3)),
    several(
        "2, causal=True",
        "x = input('T', 6)",
        lambda t: heads(t, 2, mask=later(t.x.shape[1])),
    ),
    several(
        "2, c",
        "x, c = input('T', 6), input('S', $d)",
        lambda t: heads(t, 2, t.c),
    ),
    several(
        "2, c, mask",
        "x, c, mask = input('T', 6), input('S', $d), input('S')",
        lambda t: heads(t, 2, t.c, {"key_padding_mask": ~t.mask.bool()}) + 0 * t.mask.sum(),
        draws=MASKED,
    ),
    several(
        "2, causal=True",
        "x = input(5, 6)",
        lambda t: heads(t, 2, mask=later(5)),
    ),
)
def test_multi_head_attention(case: Case, shape: Shape) -> None:
    agree(case, shape)


@parametrized(
    of("dense(x, 4)", "x = input($d)", lambda t: F.linear(t.x, t.W1, t.b1)),
    of("dense(x, 4, tanh, bias=False)", "x = input('T', $d)", lambda t: F.linear(t.x, t.W1).tanh()),
    of("embedding(x, 5, $d)", "x = input('T', below=5)", lambda t: F.embedding(t.x, t.E1)),
    of("embedding(x, 5, $d)", "x = input(below=5)", lambda t: F.embedding(t.x, t.E1)),
    of("embedding(x, 5, $d)", "x = input(2, 3, below=5)", lambda t: F.embedding(t.x, t.E1)),
    of("positions(x)", "x = input(3, $d)", lambda t: t.x + t.P1),
    of(
        "embedding(x, 5, $d, weights=E) @ E.T",
        "x, E = input('T', below=5), param(5, $d)",
        lambda t: F.embedding(t.x, t.E) @ t.E.T,
    ),
)
def test_dense_and_embedding(case: Case, shape: Shape) -> None:
    agree(case, shape)


def block(t: Any) -> torch.Tensor:
    """A transformer's block and its loss, of tokens, with the weights of the input as those of the
    output.
    """
    x = F.embedding(t.x, t.E) + t.P2
    n = F.layer_norm(x, (4,), t.g3, t.b3)
    q, k, v = (
        F.linear(n, getattr(t, f"W{c}4"), getattr(t, f"b{c}4")).unflatten(2, (2, 2)).transpose(1, 2)
        for c in "qkv"
    )
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
    x = x + F.linear(y, t.Wo4, t.bo4)
    n = F.layer_norm(x, (4,), t.g5, t.b5)
    x = x + F.linear(F.gelu(F.linear(n, t.W6, t.b6)), t.W7, t.b7)
    return F.cross_entropy((x @ t.E.T).transpose(1, 2), t.y)


@parametrized(
    Case(
        "a transformer",
        "x, y, E = input(3, below=5), label(5, 3), param(5, 4)\n"
        "a = positions(embedding(x, 5, 4, weights=E))\n"
        "b = a + multi_head_attention(layer_norm(a), 2, causal=True)\n"
        "c = b + dense(dense(layer_norm(b), 7, gelu), 4)\n"
        "logp = log_softmax(c @ E.T)\n"
        "t = indices('t')\n"
        "L = loss(-mean(logp[t, y[t]], t))",
        block,
        ({"N": 1}, {"N": 4}, {"N": 3}),
        idle=("bk4",),
    ),
)
def test_a_transformer(case: Case, shape: Shape) -> None:
    agree(case, shape)
