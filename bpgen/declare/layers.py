"""Level one: layers. A layer returns tensors defined by equations, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpgen.declare.declaration import here
from bpgen.declare.formula import fresh, reduce
from bpgen.declare.tensor import Tensor, _label, size_of
from bpgen.declare.words import identity, leaky_relu, relu
from bpgen.errors import NetError


def dense(x: Tensor, width: int, activation: Callable[[Any], Any] = identity, bias: bool = True) -> Tensor:
    """activation(W x + b) with W (width, inputs), of a vector x.

    Names what it makes W1, b1, z1, a1 (then 2, 3, ...).
    """
    if not isinstance(x, Tensor) or not x.rank:
        raise NetError("dense: the input has no axis to connect", "give it a tensor with at least one axis")
    width = int(size_of(width, "dense"))
    fan_in = x.shape[-1]
    if not isinstance(fan_in, int):
        raise NetError(f"dense: the width of {_label(x)} is known only at run time", "its last axis needs a number")
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
    result: Tensor = activation(made)
    result.hint, result.layer = "a", layer
    return result
