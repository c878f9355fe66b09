"""Losses of one sample and penalties on weights; each is its formula and nothing more."""

from __future__ import annotations

from typing import Any

from bpgen.declare.activations import softplus
from bpgen.declare.declaration import here
from bpgen.declare.functions import abs, log, log_softmax, mean, sum
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError


def half_squared_error(a: Tensor, y: Tensor) -> Any:
    """sum of (a - y)^2 / 2."""
    return sum(_pair(a, y, "half_squared_error") ** 2) / 2


def squared_error(a: Tensor, y: Tensor) -> Any:
    """sum of (a - y)^2."""
    return sum(_pair(a, y, "squared_error") ** 2)


def mean_squared_error(a: Tensor, y: Tensor) -> Any:
    """mean of (a - y)^2 over the outputs."""
    return mean(_pair(a, y, "mean_squared_error") ** 2)


def binary_cross_entropy(a: Tensor, y: Tensor) -> Any:
    """-(y log a + (1 - y) log(1 - a)), summed over the outputs; a are probabilities."""
    _pair(a, y, "binary_cross_entropy")
    return -sum(y * log(a) + (1 - y) * log(1 - a))


def binary_cross_entropy_with_logits(z: Tensor, y: Tensor) -> Any:
    """The binary cross-entropy of sigmoid(z), summed over the outputs: y softplus(-z) + (1 - y)
    softplus(z).
    """
    _pair(z, y, "binary_cross_entropy_with_logits")
    return sum(y * softplus(-z) + (1 - y) * softplus(z))


def categorical_cross_entropy(p: Tensor, y: Tensor) -> Any:
    """-sum y log p for y = one_hot(K), -log p[y] for y = label(K); p are probabilities."""
    return _cross_entropy(p, y, log, "categorical_cross_entropy")


def categorical_cross_entropy_with_logits(z: Tensor, y: Tensor) -> Any:
    """The categorical cross-entropy of softmax(z)."""
    _tensors((z, y), "categorical_cross_entropy_with_logits", "give the output and the target")
    return _cross_entropy(
        log_softmax(z), y, lambda logp: logp, "categorical_cross_entropy_with_logits"
    )


def l2(*weights: Tensor) -> Any:
    """Sum of squares of the weights; of all declared so far when none is given, biases (vectors)
    left out.
    """
    return _penalty(lambda w: w**2, weights, "l2")


def l1(*weights: Tensor) -> Any:
    """Sum of absolute values of the weights; of all declared so far when none is given, biases left
    out.
    """
    return _penalty(abs, weights, "l1")


def _pair(a: Tensor, y: Tensor, what: str) -> Any:
    _tensors((a, y), what, "give the output and the target")
    if a.role == "target" and y.role != "target":
        raise NetError(
            f"{what}: the target {a.said()} comes first", "give the output, then the target"
        )
    if y.bound is not None:
        raise NetError(
            f"{what}: {y.said()} is a label, a whole number",
            f"declare it one_hot({y.bound}) or target()",
        )
    if a.shape != y.shape:
        raise NetError(
            f"{what}: {a.said()} against {y.said()}", "the output and the target need one shape"
        )
    return a - y


def _tensors(given: tuple[Any, ...], what: str, remedy: str) -> None:
    for t in given:
        if not isinstance(t, Tensor):
            raise NetError(f"{what}: {type(t).__name__} is not a tensor", remedy)


def _cross_entropy(p: Tensor, y: Tensor, log_of: Any, what: str) -> Any:
    _tensors((p, y), what, "give the output and the target")
    if y.bound is None:
        _pair(p, y, what)
        return -sum(y * log_of(p))
    if p.shape != (y.bound,):
        raise NetError(
            f"{what}: {p.said()} against the {y.bound} classes of {y.said()}",
            "one probability for each class",
        )
    return -log_of(p[y])


def _penalty(function: Any, weights: tuple[Tensor, ...], what: str) -> Any:
    _tensors(weights, what, f"give the weights one by one: {what}(W1, W2)")
    chosen = weights or tuple(t for t in here().tensors if t.role == "param" and t.rank >= 2)
    if not chosen:
        raise NetError(
            f"{what}: there are no weights yet", "declare the network first, or name the weights"
        )
    terms = [sum(function(w)) for w in chosen]
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result
