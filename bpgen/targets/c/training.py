"""Where parameters begin, and how they move: functions that go through them one after another."""

from __future__ import annotations

from collections.abc import Callable

from bpgen.ir import Network, TensorInfo
from bpgen.targets.c.stored import own
from bpgen.targets.c.texts import CFunction
from bpgen.targets.numpy.interface import deviation


def begin(network: Network, called: set[str]) -> CFunction:
    """Fresh parameters; what it calls is added to `called`."""

    def begun(tensor: TensorInfo) -> str:
        constant, spread = deviation(tensor, network.inits[tensor.name])
        array = f"params->{own(tensor.name)}, {count(tensor)}"
        if spread is None:
            called.add("fill")
            number = f"{constant:.0f}" if constant.is_integer() else f"R({constant!r})"
            return f"fill({array}, {number});"
        called.update(("uniform", "normal", "draw"))
        return f"seed = draw({array}, R({spread!r}), seed);"

    arguments = (f"{network.name}_params *params", "unsigned long seed")
    said = "Fresh parameters, drawn from a seed: not the numbers that numpy draws from it."
    return _over(network, begun, CFunction("void", f"{network.name}_init", arguments, said, ()))


def step(network: Network, called: set[str]) -> CFunction:
    """Gradient descent with momentum."""
    called |= {"descend"} if network.role("param") else set()
    form = f"{network.name}_params"

    def moved(t: TensorInfo) -> str:
        arrays = ", ".join(f"{held}->{own(t.name)}" for held in ("params", "velocity", "grads"))
        return f"descend({arrays}, {count(t)}, rate, momentum);"

    arguments = (
        *(f"{form} *params", f"{form} *velocity", f"const {form} *grads"),
        *("real rate", "real momentum"),
    )
    said = "A step of gradient descent with momentum; the velocity begins as zeros."
    return _over(network, moved, CFunction("void", f"{network.name}_step", arguments, said, ()))


def _over(network: Network, line: Callable[[TensorInfo], str], head: CFunction) -> CFunction:
    """A function with a line for each parameter."""
    lines = tuple(map(line, network.role("param")))
    return CFunction(head.returns, head.name, head.arguments, head.said, lines)


def count(tensor: TensorInfo) -> str:
    return " * ".join(map(str, tensor.sample_shape)) or "1"
