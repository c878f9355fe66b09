"""Activations, element by element: each is its formula in functions of the table. At kinks they
follow PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpgen import functions as f
from bpgen.declare.formula import fresh
from bpgen.declare.functions import tanh, word
from bpgen.declare.given import number, whole_number
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.declare.words import Scalar
from bpgen.errors import NetError
from bpgen.ir import Constant

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805

sigmoid = word(f.sigmoid, "sigmoid")
softplus = word(f.softplus, "softplus")
relu = word(f.relu, "relu")
_leaky = word(f.leaky_relu, "leaky_relu", 1)
_elu = word(f.elu, "elu", 1)
_clip = word(f.clip, "clip", 2)
_hard_tanh = word(f.hard_tanh, "hard_tanh", 2)
_normal_cdf = word(f.normal_cdf, "normal_cdf")
_normal_cdf_tanh = word(f.normal_cdf_tanh, "normal_cdf_tanh")
_hard_sigmoid = word(f.hard_sigmoid, "hard_sigmoid")


def identity(value: Scalar) -> Any:
    """z itself; of a tensor, another that equals it."""
    return +value if isinstance(value, Tensor) else value


def leaky_relu(value: Scalar, slope: float = 0.01) -> Any:
    """z where z > 0, slope * z elsewhere."""
    return _leaky(value, slope)


def elu(value: Scalar, alpha: float = 1) -> Any:
    """z where z > 0, alpha * (exp(z) - 1) elsewhere."""
    return _elu(value, alpha)


def selu(value: Scalar) -> Any:
    """A multiple of elu, with the constants that keep mean 0 and variance 1 from layer to layer."""
    return _SELU_SCALE * _elu(value, _SELU_ALPHA)


def gelu(value: Scalar, approximate: str = "none") -> Any:
    """z times the normal distribution function at z; with "tanh", z (1 + tanh u) / 2 where
    u = sqrt(2 / pi) (z + 0.044715 z^3).
    """
    if approximate == "none":
        return value * _normal_cdf(value)
    if approximate == "tanh":
        return value * _normal_cdf_tanh(value)
    raise NetError(f"gelu: approximate={approximate!r:.40} is not known", 'use "none" or "tanh"')


def silu(value: Scalar) -> Any:
    """z sigmoid(z)."""
    return value * sigmoid(value)


swish = silu


def mish(value: Scalar) -> Any:
    """z tanh(softplus(z))."""
    return value * tanh(softplus(value))


def clip(value: Scalar, low: float, high: float) -> Any:
    """z between low and high, and the nearer of the two outside; the slope at both is 1."""
    return _between(_clip, value, low, high)


def hard_tanh(value: Scalar, low: float = -1, high: float = 1) -> Any:
    """The same, from -1 to 1; the slope at both is 0."""
    return _between(_hard_tanh, value, low, high)


def _between(function: Callable[..., Any], value: Scalar, low: float, high: float) -> Any:
    if not (number(high) - number(low)).is_positive:
        raise NetError(
            f"{function.__name__}: {low} is not below {high}", "give the lower end first"
        )
    return function(value, low, high)


def relu6(value: Scalar) -> Any:
    """min(max(z, 0), 6)."""
    return _hard_tanh(value, 0, 6)


def hard_sigmoid(value: Scalar) -> Any:
    """relu6(z + 3) / 6."""
    return _hard_sigmoid(value)


def hard_swish(value: Scalar) -> Any:
    """z hard_sigmoid(z), which is z relu6(z + 3) / 6."""
    return value * hard_sigmoid(value)


def prelu(value: Tensor, per_channel: bool = False) -> Tensor:
    """z where z > 0, slope * z elsewhere; the slope is a parameter that begins at 0.25: one number,
    or one for each entry of the first axis.
    """
    if not isinstance(value, Tensor) or (per_channel and not value.rank):
        raise NetError(
            f"prelu is of a {'vector' if per_channel else 'tensor'}, not of {said(value)}",
            "give it a tensor with at least one axis",
        )
    i = tuple(fresh(s) for s in value.shape)
    channels = (whole_number(value.shape[0], "prelu"),) if per_channel else ()
    slope = Tensor(channels, "param", hint="slope", init=Constant(0.25))
    at = slope[i[: len(channels)]].body()
    return Tensor.of(i, value[i].apply(lambda z: f.leaky_relu(z, at)))


def glu(a: Scalar, gate: Scalar) -> Any:
    """a sigmoid(gate)."""
    return a * sigmoid(gate)


def swiglu(gate: Scalar, b: Scalar) -> Any:
    """silu(gate) b."""
    return silu(gate) * b
