"""Layers that are one matrix: of weights, of what each whole number stands for, of positions."""

from __future__ import annotations

from bpgen.declare.activations import identity
from bpgen.declare.formula import reduce
from bpgen.declare.given import size_of, whole_number
from bpgen.declare.layers.parts import Activation, Layer, along, known_size, of_axes, some_tensor
from bpgen.declare.symbolic import said, written
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError
from bpgen.ir import Size


def dense(x: Tensor, width: Size, activation: Activation = identity, bias: bool = True) -> Tensor:
    """a[..., i] = activation(sum_j W[i, j] x[..., j] + b[i]). A letter for a width is told on the
    page; code needs numbers.

    x (..., inputs) -> (..., width). W1 (width, inputs), b1 (width); z1, a1. torch.nn.Linear.
    """
    if not isinstance(x, Tensor) or not x.rank:
        raise NetError(f"dense: {said(x)} has no axis to connect", of_axes(x))
    if isinstance(width, Tensor):
        raise NetError(
            f"dense: the width {said(width)} is a tensor",
            "dense makes weights of its own, dense(x, 4); of yours it is W @ x + b",
        )
    width, inputs = size_of(width, "dense"), x.shape[-1]
    layer = Layer("dense")
    *outer, i, j = along((*x.shape[:-1], width, inputs))
    W = layer.weight("W", width, inputs, then=activation)
    z = reduce(W[i, j] * x[(*outer, j)], (j,), "sum")
    if bias:
        z = z + layer.param("b", width)[i]
    return layer.activated(layer.tensor("z", (*outer, i), z), activation)


def embedding(x: Tensor, classes: int, width: int, weights: Tensor | None = None) -> Tensor:
    """y[..., d] = E[x[...], d] for whole numbers x below `classes`.

    x (...) -> (..., width). E1 (classes, width), or `weights`, a parameter that is used elsewhere
    too. torch.nn.Embedding.
    """
    if not isinstance(x, Tensor) or x.bound is None:
        sizes = "".join(f"{s!r}, " for s in x.shape) if isinstance(x, Tensor) else "..., "
        raise NetError(
            f"embedding: {said(x)} does not hold whole numbers",
            f"declare them: {written(x)} = input({sizes}below={classes!r:.20})",
        )
    layer = Layer("embedding")
    shape = (whole_number(classes, "embedding"), whole_number(width, "embedding"))
    E = layer.param("E", *shape, init=1.0) if weights is None else weights
    if not isinstance(E, Tensor) or E.shape != shape:
        raise NetError(
            f"embedding: the weights {said(E)} are not of the shape {shape}",
            "one row for each class",
        )
    *outer, d = along((*x.shape, width))
    return layer.tensor("e", (*outer, d), E[x[tuple(outer)], d])


def positions(x: Tensor) -> Tensor:
    """y[t, d] = x[t, d] + P[t, d]: to each place its own learned vector.

    x (steps, width) -> the same. P1 (steps, width).
    """
    sizes = [known_size(s, x, "positions") for s in some_tensor(x, "positions").shape]
    layer, i = Layer("positions"), along(sizes)
    P = layer.param("P", *sizes, init=0.02)
    return layer.tensor("y", i, x[i] + P[i])
