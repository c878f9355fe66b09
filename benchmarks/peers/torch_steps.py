"""PyTorch, as it runs line by line and as `torch.compile` makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.peers.packed import layers

Tensors = Mapping[str, torch.Tensor]


def dense(p: Tensors, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    *hidden, last = layers(p)
    for weight, bias in hidden:
        x = F.relu(F.linear(x, weight, bias))
    return F.cross_entropy(F.linear(x, *last), y)


def block(p: Tensors, x: torch.Tensor, ct: torch.Tensor) -> torch.Tensor:
    n, t, d = x.shape
    y = F.layer_norm(x, (d,), p["g1"], p["b1"])
    qkv = F.linear(y, p["Wqkv"], p["bqkv"]).view(n, t, 3, 4, d // 4).permute(2, 0, 3, 1, 4)
    heads = F.scaled_dot_product_attention(*qkv, is_causal=True)
    h = x + F.linear(heads.transpose(1, 2).reshape(n, t, d), p["Wo2"], p["bo2"])
    y = F.layer_norm(h, (d,), p["g3"], p["b3"])
    a = F.gelu(F.linear(y, p["W4"], p["b4"]), approximate="tanh")
    return ((h + F.linear(a, p["W5"], p["b5"])) * ct).sum() / n


def conv(p: Tensors, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    h = F.relu(F.conv2d(F.relu(F.conv2d(x, p["K1"])), p["K2"]))
    return F.cross_entropy(F.linear(F.max_pool2d(h, 2).flatten(1), p["W3"]), y)


def lstm(p: Tensors, x: torch.Tensor, ct: torch.Tensor) -> torch.Tensor:
    state = x.new_zeros(1, x.shape[1], ct.shape[1])
    weights = [p["W1"], p["U1"], p["b1"], torch.zeros_like(p["b1"])]
    _, h, _ = torch.lstm(x, (state, state), weights, True, 1, 0.0, True, False, False)
    return (h[0] * ct).sum() / len(ct)


LOSSES: dict[str, Callable[..., torch.Tensor]] = {"block": block, "conv": conv, "lstm": lstm}
LOSSES |= dict.fromkeys(("toy", "small", "middle", "mlp", "wide", "deep"), dense)


def step(
    name: str, params: Mapping[str, np.ndarray], given: list[np.ndarray], compiled: bool = False
) -> Callable[[], Any] | None:
    loss = LOSSES[name]
    if compiled and name == "lstm":  # what is compiled of it raises a TypeError in torch 2.13
        return None
    ours = {n: torch.tensor(array, requires_grad=True) for n, array in params.items()}
    x, y = (torch.tensor(array) for array in given)
    if name == "lstm":
        x = x.transpose(0, 1).contiguous()  # time first, as torch computes
    if compiled:
        loss = torch.compile(loss)
    leaves = list(ours.values())

    def once() -> Any:
        value = loss(ours, x, y)
        return value, dict(zip(ours, torch.autograd.grad(value, leaves), strict=True))

    return once


compiled = partial(step, compiled=True)
