"""bpgen: a neural network's equations in; its derivation, its numpy module and the proof of both
out.

A net.py begins with `from bpgen import *`. sympy is imported when the first word is used, not
before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WORDS = {
    "words": (
        "input",
        "target",
        "one_hot",
        "label",
        "param",
        "state",
        "zeros",
        "recurrent",
        "samples",
        "dropout",
        "indices",
        "tensor",
        "loss",
        "output",
        "example",
    ),
    "functions": (
        "sum",
        "mean",
        "max",
        "dot",
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "arctan",
        "arsinh",
        "abs",
        "erf",
        "erfc",
        "softmax",
        "log_softmax",
        "logsumexp",
        "activation",
    ),
    "activations": (
        "sigmoid",
        "softplus",
        "relu",
        "leaky_relu",
        "identity",
        "elu",
        "selu",
        "gelu",
        "silu",
        "swish",
        "mish",
        "relu6",
        "hard_tanh",
        "hard_sigmoid",
        "hard_swish",
        "prelu",
        "glu",
        "swiglu",
    ),
    "layers.linear": ("dense", "embedding", "positions"),
    "layers.convolution": ("conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"),
    "layers.pooling": (
        "max_pool1d",
        "max_pool2d",
        "avg_pool1d",
        "avg_pool2d",
        "global_max_pool",
        "global_avg_pool",
    ),
    "layers.normalization": (
        "layer_norm",
        "rms_norm",
        "group_norm",
        "batch_norm",
        "running_batch_norm",
    ),
    "layers.shaping": (
        "reshape",
        "flatten",
        "transpose",
        "concat",
        "split",
        "part",
        "pad",
        "reverse",
        "last",
    ),
    "layers.recurrence": ("rnn", "gru", "lstm", "bidirectional"),
    "layers.heads": ("attention", "multi_head_attention", "masked", "at_most"),
    "blocks": ("repeat",),
    "cross_entropy": ("categorical_cross_entropy", "categorical_cross_entropy_with_logits"),
    "losses": (
        "half_squared_error",
        "squared_error",
        "mean_squared_error",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "absolute_error",
        "mean_absolute_error",
        "huber",
        "smooth_l1",
        "log_cosh_loss",
        "hinge",
        "multiclass_hinge",
        "kl_divergence",
        "kl_divergence_with_logits",
        "poisson_loss",
        "triplet",
        "contrastive",
        "mixture_density",
        "l1",
        "l2",
    ),
}

__all__ = [word for words in _WORDS.values() for word in words]

if TYPE_CHECKING:
    from bpgen.declare.activations import *
    from bpgen.declare.blocks import *
    from bpgen.declare.cross_entropy import *
    from bpgen.declare.functions import *
    from bpgen.declare.layers.convolution import *
    from bpgen.declare.layers.heads import *
    from bpgen.declare.layers.linear import *
    from bpgen.declare.layers.normalization import *
    from bpgen.declare.layers.pooling import *
    from bpgen.declare.layers.recurrence import *
    from bpgen.declare.layers.shaping import *
    from bpgen.declare.losses import *
    from bpgen.declare.words import *


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, words in _WORDS.items():
        if name in words:
            return getattr(import_module(f"bpgen.declare.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
