"""Activations, formulas as people spell them, and what two tensors of one shape make."""

from __future__ import annotations

import math
from typing import Any

from tests.networks.operation import ANY, F, Made, Pick, Shape, alike, operation, torch

LOG_2 = math.log(2)
SMOOTH = {
    "sigmoid({0})": lambda z: torch.sigmoid(z),
    "tanh({0})": lambda z: torch.tanh(z),
    "softplus({0})": lambda z: F.softplus(z, threshold=1000),
    "gelu({0})": lambda z: F.gelu(z),
    'gelu({0}, "tanh")': lambda z: F.gelu(z, approximate="tanh"),
    "silu({0})": lambda z: F.silu(z),
    "swish({0})": lambda z: F.silu(z),
    "mish({0})": lambda z: F.mish(z),
    "sin({0})": lambda z: torch.sin(z),
    "cos({0})": lambda z: torch.cos(z),
    "arctan({0})": lambda z: torch.atan(z),
    "arsinh({0})": lambda z: torch.asinh(z),
    "erf({0})": lambda z: torch.erf(z),
    "erfc({0})": lambda z: torch.erfc(z),
    "sqrt(1 + {0}**2)": lambda z: (1 + z**2).sqrt(),
    "log(1 + {0}**2)": lambda z: (1 + z**2).log(),
    "exp(-{0}**2)": lambda z: (-(z**2)).exp(),
    "1/(1 + exp(-{0}))": lambda z: torch.sigmoid(z),
    "{0}/(1 + exp(-{0}))": lambda z: F.silu(z),
    "{0}*sigmoid({0})": lambda z: F.silu(z),
    "log(1 + exp({0}))": lambda z: F.softplus(z, threshold=1000),
    "log(cosh({0}))": lambda z: F.softplus(2 * z, threshold=1000) - z - LOG_2,
    "log(1 - tanh({0})**2)": lambda z: 2 * (z + LOG_2 - F.softplus(2 * z, threshold=1000)),
    "2/(exp({0}) + exp(-{0}))": lambda z: 1 / torch.cosh(z),
    "exp({0})/(1 + exp({0}))**2": lambda z: torch.sigmoid(z) * torch.sigmoid(-z),
    "1/(2 + exp(-{0}))": lambda z: torch.sigmoid(z + LOG_2) / 2,
    "1 - tanh({0})**2": lambda z: 1 - torch.tanh(z) ** 2,
    "(exp({0}) - exp(-{0}))/(exp({0}) + exp(-{0}))": lambda z: torch.tanh(z),
    "{0}/sqrt(1 + {0}**2)": lambda z: z / (1 + z**2).sqrt(),
    "3*{0} - 1/2": lambda z: 3 * z - 0.5,
    "-{0}": lambda z: -z,
    "{0}**2": lambda z: z**2,
    "{0}**3 - {0}": lambda z: z**3 - z,
    "1/(1 + {0}**2)": lambda z: 1 / (1 + z**2),
}
UNSTEPPED = ("gelu({0})", "erf({0})", "erfc({0})")  # of real numbers only
POWERS = {
    "{0}**2": 2,
    "{0}**3 - {0}": 3,
    "{0} * {1}": 2,
    "{0} * (1 - {1}) + {1}": 2,
    "swiglu({0}, {1})": 2,
}
KINKED = {
    "relu({0})": lambda z: F.relu(z),
    "leaky_relu({0})": lambda z: F.leaky_relu(z),
    "leaky_relu({0}, 0.3)": lambda z: F.leaky_relu(z, 0.3),
    "elu({0})": lambda z: F.elu(z),
    "elu({0}, 0.7)": lambda z: F.elu(z, 0.7),
    "selu({0})": lambda z: F.selu(z),
    "relu6({0})": lambda z: F.relu6(z),
    "hard_tanh({0})": lambda z: F.hardtanh(z),
    "hard_tanh({0}, -0.5, 0.25)": lambda z: F.hardtanh(z, -0.5, 0.25),
    "hard_sigmoid({0})": lambda z: F.relu6(z + 3) / 6,
    "hard_swish({0})": lambda z: F.hardswish(z),
    "abs({0})": lambda z: torch.abs(z),
}
GROWING = {
    "exp({0})": lambda z: torch.exp(z),
    "sinh({0})": lambda z: torch.sinh(z),
    "cosh({0})": lambda z: torch.cosh(z),
    "exp({0}) - 1": lambda z: torch.expm1(z),
}
# Of sympy expressions in a symbol.
OWN = {
    "{t}/(1 + {t}**2)": lambda z: z / (1 + z**2),
    "{t}*exp(-{t}**2/2)": lambda z: z * (-(z**2) / 2).exp(),
    "log(1 + exp({t}))/2": lambda z: F.softplus(z, threshold=1000) / 2,
    "sin({t})**2 + {t}": lambda z: torch.sin(z) ** 2 + z,
}


@operation(ANY)
def smooth(pick: Pick, x: Shape) -> Made:
    call = pick("of", *SMOOTH)
    kinked = call in UNSTEPPED
    return Made("{out} = " + call, SMOOTH[call], x, power=POWERS.get(call, 1), kinked=kinked)


@operation(ANY)
def kinked(pick: Pick, x: Shape) -> Made:
    call = pick("of", *KINKED)
    return Made("{out} = " + call, KINKED[call], x, kinked=True)


@operation(ANY)
def growing(pick: Pick, x: Shape) -> Made:
    """Of the tanh of its argument, or numbers would grow without end."""
    call = pick("of", *GROWING)
    function = GROWING[call]
    if pick("bounded", True, False):
        text = call.replace("{0}", "tanh({0})")
        return Made("{out} = " + text, lambda z: function(torch.tanh(z)), x)
    text = call.replace("{0}", "sin({0}/2)")
    return Made("{out} = " + text, lambda z: function(torch.sin(z / 2)), x)


@operation(ANY)
def activation(pick: Pick, x: Shape) -> Made:
    """An activation of one's own."""
    expression = pick("of", *OWN)
    net = "{t} = Symbol('{t}')\n{f} = activation(" + expression + ", {t})\n{out} = {f}({0})"
    return Made(net, OWN[expression], x)


@operation(ANY)
def composed(pick: Pick, x: Shape) -> Made:
    """One formula of another, on one line."""
    names = list(SMOOTH)
    outer, inner = pick.any(*names), pick.any(*names)
    text = outer.replace("{0}", f"({inner})")
    power = POWERS.get(outer, 1) * POWERS.get(inner, 1)
    kinked = outer in UNSTEPPED or inner in UNSTEPPED
    return Made(
        "{out} = " + text, lambda z: SMOOTH[outer](SMOOTH[inner](z)), x, power=power, kinked=kinked
    )


PAIRED = {
    "{0} + {1}": lambda a, b: a + b,
    "{0} - 2*{1}": lambda a, b: a - 2 * b,
    "{0} * {1}": lambda a, b: a * b,
    "{0} / (1 + {1}**2)": lambda a, b: a / (1 + b**2),
    "{0} * sigmoid({1})": lambda a, b: a * torch.sigmoid(b),
    "tanh({0} - {1})": lambda a, b: torch.tanh(a - b),
    "exp({0})/(exp({0}) + exp({1}))": lambda a, b: torch.sigmoid(a - b),
    "{0} * exp(-{1}**2)": lambda a, b: a * (-(b**2)).exp(),
    "sqrt(1 + {0}**2 + {1}**2)": lambda a, b: (1 + a**2 + b**2).sqrt(),
    "{0} * (1 - {1}) + {1}": lambda a, b: a * (1 - b) + b,
    "glu({0}, {1})": lambda a, b: a * torch.sigmoid(b),
    "swiglu({0}, {1})": lambda a, b: F.silu(a) * b,
}


@operation(ANY, ANY, when=alike)
def paired(pick: Pick, x: Shape, _: Shape) -> Made:
    call = pick("of", *PAIRED)
    return Made("{out} = " + call, PAIRED[call], x, power=POWERS.get(call, 1))


@operation(ANY, ANY, when=alike)
def larger(_: Pick, x: Shape, y: Shape) -> Made:
    """The larger of two, as relu says it."""
    net = "{out} = {0} + relu({1} - {0})"
    return Made(net, lambda a, b: a + F.relu(b - a), x, kinked=True)


@operation({1, 2, 3}, when=lambda x: isinstance(x[0], int))
def prelu(pick: Pick, x: Shape) -> Made:
    def twin(z: Any, slope: Any) -> Any:
        return F.prelu(z, slope if per_channel else slope[None])

    per_channel = pick("per_channel", False, True)
    return Made(f"{{out}} = prelu({{0}}, per_channel={per_channel})", twin, x, kinked=True)
