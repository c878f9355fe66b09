"""Level one: layers. A layer returns tensors defined by equations, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpgen.declare.activations import identity, leaky_relu, relu
from bpgen.declare.declaration import here
from bpgen.declare.formula import fresh, reduce
from bpgen.declare.given import whole
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError


def dense(
    x: Tensor, width: int, activation: Callable[[Any], Any] = identity, bias: bool = True
) -> Tensor:
    """activation(W x + b) with W (width, inputs), of a vector x.

    Names what it makes W1, b1, z1, a1 (then 2, 3, ...).
    """
    if not isinstance(x, Tensor) or not x.rank:
        raise NetError(
            f"dense: {said(x)} has no axis to connect", "give it a tensor with at least one axis"
        )
    if not callable(activation):
        raise NetError(
            f"dense: the activation {activation!r:.60} is not a function",
            "give the word itself: relu",
        )
    width = whole(width, "dense")
    fan_in = x.shape[-1]
    if not isinstance(fan_in, int):
        raise NetError(
            f"dense: the last axis of {x.said()} is known only at run time", "it needs a number"
        )
    here().layers += 1
    layer = here().layers
    *outer, i, j = (*(fresh(s) for s in x.shape[:-1]), fresh(width), fresh(fan_in))
    init = "he" if activation in (relu, leaky_relu) else "normal"
    W = Tensor((width, fan_in), "param", hint="W", layer=layer, init=init)
    z = reduce(W[i, j] * x[(*outer, j)], (j,), "sum")
    if bias:
        z = z + Tensor((width,), "param", hint="b", layer=layer, init="zeros")[i]
    made = Tensor.of((*outer, i), z, hint="z", layer=layer)
    if activation is identity:
        return made
    result = activation(made)
    if not isinstance(result, Tensor):
        raise NetError(
            f"dense: the activation returned {result!r:.60}, no tensor",
            "return a function of its argument",
        )
    result.hint, result.layer = "a", layer
    return result
