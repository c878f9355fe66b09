"""Networks of layers that are equal, or nearly, and their pages, on which rules for l are told."""

from __future__ import annotations

from itertools import product

from bpgen.render import render
from bpgen.render.style import Style
from tests.conftest import derived

_LAYER = "W{l}, b{l} = param(2, 2), param(2)\nz{l} = W{l} @ {a} + b{l}\n"


def by_hand(*functions: str) -> str:
    """A perceptron written out, z1, a1, z2, ...; the last layer has no function."""
    lines = ["from bpgen import *\nx, y = input(2), target(2)\n"]
    a = "x"
    for k, function in enumerate(functions, 1):
        lines.append(_LAYER.format(l=k, a=a) + f"a{k} = {function}(z{k})\n")
        a = f"a{k}"
    last = len(functions) + 1
    lines.append(_LAYER.format(l=last, a=a))
    return "".join(lines) + f"L = loss(half_squared_error(z{last}, y))\n"


FIVE = by_hand(*["sigmoid"] * 4)
AS_LAYERS = (
    "from bpgen import *\nx, y = input(2), target(2)\nh = x\nfor _ in range(4):\n"
    "    h = dense(h, 2, tanh)\nz = dense(h, 2)\nL = loss(half_squared_error(z, y))\n"
)
WIDE = (
    "from bpgen import *\nx, y = input(3), label(2)\nh = dense(x, 4, relu)\nh = dense(h, 5, relu)\n"
    "h = dense(h, 3, relu)\nz = dense(h, 2)\nL = loss(categorical_cross_entropy_with_logits(z, y))\n"
)
BESIDE = (  # three layers that read the same, and not one another
    "from bpgen import *\nx, y = input(3), target(2)\nh1, h2, h3 = (dense(x, 4, tanh) for _ in 'abc')\n"
    "z = dense(h1 * h2 * h3, 2)\nL = loss(half_squared_error(z, y))\n"
)
RESIDUAL = (
    "from bpgen import *\nx, y = input(3), target(3)\n"
    "h1 = x + dense(x, 3, tanh)\nh2 = h1 + dense(h1, 3, tanh)\nh3 = h2 + dense(h2, 3, tanh)\n"
    "h4 = h3 + dense(h3, 3, tanh)\nL = loss(half_squared_error(h4, y))\n"
)
_GROUPS = (
    "from bpgen import *\nx, y = input(2), target(2)\nh = x\nfor _ in range({times}):\n"
    "{group}L = loss(half_squared_error(h, y))\n"
)
_TANH, _RELU, _SIGMOID = (
    f"    h = dense(h, {width}, {function})\n"
    for width, function in ((3, "tanh"), (2, "relu"), (2, "sigmoid"))
)
TWOS = _GROUPS.format(times=4, group=_TANH + _SIGMOID)
THREES = _GROUPS.format(times=3, group=_TANH + _RELU + _SIGMOID)
REPEATED_THREES = (  # a block with steps of its own is written out, and its layers are numbered
    "from bpgen import *\nx, y = input(2), target(2)\ndef inner(u):\n    return dense(u, 2, tanh)\n"
    f"def block(h):\n{_TANH}{_SIGMOID}    return repeat(2, inner, h)\n"
    "L = loss(half_squared_error(repeat(3, block, x), y))\n"
)
NETS = {
    "five": FIVE,
    "as_layers": AS_LAYERS,
    "wide": WIDE,
    "beside": BESIDE,
    "residual": RESIDUAL,
    "two_kinds": by_hand("sigmoid", "sigmoid", "sigmoid", "tanh", "tanh", "tanh"),
    "twos": TWOS,
    "threes": THREES,
    "repeated_threes": REPEATED_THREES,
    "called_l": FIVE.replace("x, y", "l, y").replace("@ x", "@ l"),
}


def page_of(
    net: str, fmt: str = "latex", notation: str = "matrix", layers: str = "brackets"
) -> str:
    """Its page, without single steps."""
    style = Style(layers=layers)
    return render(derived(net), fmt=fmt, notation=notation, steps="short", style=style)


PAGES = [*product(("matrix", "index", "components"), ("brackets", "plain"))]


def pages_of(net: str) -> dict[str, str]:
    """Its page in every notation, with the numbers of layers written either way."""
    return {" ".join(page): page_of(net, "latex", *page) for page in PAGES}
