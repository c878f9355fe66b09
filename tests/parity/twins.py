"""The convolutional network, the LSTM and the GPT of `examples/` in PyTorch, as functions of the
parameters under the names that the examples give them; and plain gradient descent on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Params = dict[str, Tensor]
Arrays = dict[str, np.ndarray]
Loss = Callable[..., Tensor]  # of the parameters, then the arrays of a batch
Batches = Sequence[tuple[np.ndarray, ...]]


def digits_conv(p: Params, images: Tensor, labels: Tensor) -> Tensor:
    h = F.max_pool2d(F.relu(F.conv2d(images, p["K1"], p["b1"], padding=1)), 2)
    h = F.relu(F.conv2d(h, p["K2"], p["b2"]))
    return F.cross_entropy(F.linear(h.flatten(1), p["W3"], p["b3"]), labels)


def lstm(p: Params, tokens: Tensor, following: Tensor) -> Tensor:
    """By PyTorch's own LSTM, whose two biases are added up in ours."""
    start = torch.zeros(1, len(tokens), p["U2"].shape[1], dtype=torch.float64)
    weights = [p["W2"], p["U2"], p["b2"], torch.zeros_like(p["b2"])]
    e = F.embedding(tokens, p["E1"])
    options = (True, 1, 0.0, False, False, True)  # biases, layers, dropout, ..., batch first
    h, _, _ = torch.lstm(e, (start, start), weights, *options)
    return _of_following(F.linear(h, p["W3"], p["b3"]), following)


def gpt(p: Params, tokens: Tensor, following: Tensor, heads: int = 4) -> Tensor:
    x = F.embedding(tokens, p["E"]) + p["P"]
    for k in range(len(p["Wq2"])):
        block = {name: p[name][k] for name in _OF_BLOCKS}
        u = F.layer_norm(x, x.shape[-1:], block["g1"], block["b1"])
        h = x + _attention(u, *(block[f"W{c}2"] for c in "qkvo"), heads)
        m = F.layer_norm(h, x.shape[-1:], block["g3"], block["b3"])
        a = F.gelu(F.linear(m, block["W4"], block["b4"]), approximate="tanh")
        x = h + F.linear(a, block["W5"], block["b5"])
    f = F.layer_norm(x, x.shape[-1:], p["g6"], p["b6"])
    return _of_following(f @ p["E"].T, following)


_OF_BLOCKS = ("g1", "b1", "Wq2", "Wk2", "Wv2", "Wo2", "g3", "b3", "W4", "b4", "W5", "b5")


def _attention(x: Tensor, Wq: Tensor, Wk: Tensor, Wv: Tensor, Wo: Tensor, heads: int) -> Tensor:
    """Causal, in heads that are consecutive slices of the width."""
    N, T, D = x.shape
    q, k, v = (F.linear(x, W).view(N, T, heads, -1).transpose(1, 2) for W in (Wq, Wk, Wv))
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return F.linear(y.transpose(1, 2).reshape(N, T, D), Wo)


def _of_following(logits: Tensor, following: Tensor) -> Tensor:
    """The mean over batch and time."""
    return F.cross_entropy(logits.flatten(0, 1), following.flatten())


def torch_losses(loss: Loss, params: Arrays, batches: Batches, rate: float) -> list[float]:
    """The loss before each step of PyTorch's gradient descent, one for each batch."""
    p = {name: torch.tensor(a, requires_grad=True) for name, a in params.items()}
    descent, losses = torch.optim.SGD(p.values(), lr=rate), []
    for batch in batches:
        descent.zero_grad()
        value = loss(p, *map(torch.tensor, batch))
        value.backward()
        descent.step()
        losses.append(value.item())
    return losses


def numpy_losses(
    loss_and_grad: Callable[..., tuple[float, Arrays]],
    params: Arrays,
    batches: Batches,
    rate: float,
) -> list[float]:
    """The same by an emitted module."""
    losses, p = [], dict(params)
    for batch in batches:
        value, grads = loss_and_grad(p, *batch)
        losses.append(value)
        p = {name: a - rate * grads[name] for name, a in p.items()}
    return losses
