"""Every activation against PyTorch's, with each of its options, also at its kinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from tests.conftest import emitted
from tests.parity.harness import Case, Shape, agree, parametrized

KINKS = (-3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0, 6.0)
LARGE = (-1e100, -700.0, -40.0, 40.0, 700.0, 1e100)


def drawn(rng: np.random.Generator, sizes: tuple[int, ...], often: tuple[float, ...]) -> Any:
    """Normal numbers, every third of them one of those that matter."""
    return np.where(rng.random(sizes) < 0.3, rng.choice(often, sizes), 2 * rng.normal(size=sizes))


def kinked(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    return drawn(rng, sizes, KINKS)


def large(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    return drawn(rng, sizes, LARGE)


Function = Callable[[Any], Any]
OF_ONE: dict[str, Function] = {
    "sigmoid(z)": torch.sigmoid,
    "softplus(z)": lambda z: F.softplus(z, threshold=1000),
    "relu(z)": F.relu,
    "leaky_relu(z)": F.leaky_relu,
    "leaky_relu(z, 0.3)": lambda z: F.leaky_relu(z, 0.3),
    "elu(z)": F.elu,
    "elu(z, 0.7)": lambda z: F.elu(z, 0.7),
    "selu(z)": F.selu,
    "gelu(z)": F.gelu,
    'gelu(z, "none")': F.gelu,
    'gelu(z, "tanh")': lambda z: F.gelu(z, approximate="tanh"),
    'gelu(z, approximate="tanh")': lambda z: F.gelu(z, approximate="tanh"),
    "silu(z)": F.silu,
    "swish(z)": F.silu,
    "mish(z)": F.mish,
    "relu6(z)": F.relu6,
    "hard_tanh(z)": F.hardtanh,
    "hard_tanh(z, -0.5, 0.25)": lambda z: F.hardtanh(z, -0.5, 0.25),
    # Its definition: the derivative of F.hardsigmoid itself is 1/6 in single precision only.
    "clip(z, -0.5, 0.25)": lambda z: z.clamp(-0.5, 0.25),
    "hard_sigmoid(z)": lambda z: F.relu6(z + 3) / 6,
    "hard_swish(z)": F.hardswish,
    "erf(z)": torch.erf,
    "erfc(z)": torch.erfc,
}


@parametrized(
    *(
        Case(
            call,
            f"x = input($d)\nW, b = param($k, $d), param($k)\nz = W @ x + b\na = {call}\noutput(a)",
            lambda t, function=function: function(t.x @ t.W.T + t.b),
        )
        for call, function in OF_ONE.items()
    )
)
def test_of_a_layer(case: Case, shape: Shape) -> None:
    agree(case, shape)


def of_inputs(draw: Any) -> Any:
    """Each activation at inputs that are drawn so."""
    return parametrized(
        *(
            Case(
                call,
                f"z = input($k, $d)\na = {call}\noutput(a)",
                lambda t, function=function: function(t.z),
                draws={"z": draw},
            )
            for call, function in OF_ONE.items()
        )
    )


@of_inputs(kinked)
def test_at_kinks(case: Case, shape: Shape) -> None:
    agree(case, shape)


@of_inputs(large)
def test_of_large_numbers(case: Case, shape: Shape) -> None:
    agree(case, shape)


@parametrized(
    Case("prelu", "z = input($d)\na = prelu(z)\noutput(a)", lambda t: F.prelu(t.z, t.slope1[None])),
    Case(
        "prelu of a channel",
        "z = input($d, $k)\na = prelu(z, per_channel=True)\noutput(a)",
        lambda t: F.prelu(t.z, t.slope1),
        draws={"z": kinked},
    ),
    Case(
        "prelu of an entry",
        "z = input($d)\na = prelu(z, per_channel=True)\noutput(a)",
        lambda t: F.prelu(t.z, t.slope1),
    ),
    Case(
        "glu",
        "u, v = input($d), input($d)\na = glu(u, v)\noutput(a)",
        lambda t: F.glu(torch.cat([t.u, t.v], -1)),
    ),
    Case(
        "swiglu",
        "u, v = input($d), input($d)\na = swiglu(u, v)\noutput(a)",
        lambda t: F.silu(t.u) * t.v,
    ),
)
def test_with_more_than_one_argument(case: Case, shape: Shape) -> None:
    agree(case, shape)


def test_prelu_begins_where_pytorch_begins() -> None:
    text = "from bpgen import *\nz = input(3)\na = prelu(z, per_channel={})\noutput(a)\n"
    for per_channel, count in ((False, 1), (True, 3)):
        begin = emitted(text.format(per_channel)).init()["slope1"]
        assert np.array_equal(np.ravel(begin), torch.nn.PReLU(count).weight.detach().numpy())
