"""Where parameters begin, and how they move: functions that go through them one after another."""

from __future__ import annotations

from collections.abc import Callable

from bpgen.ir import Network, TensorInfo
from bpgen.targets.c.stored import own
from bpgen.targets.c.texts import REAL, Argument, CFunction, at, to
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

    arguments = to(f"{network.name}_params", "params"), Argument("unsigned long", "seed")
    said = "Fresh parameters, drawn from a seed: not the numbers that numpy draws from it."
    return _over(network, begun, CFunction("void", f"{network.name}_init", arguments, said, ()))


def steps(network: Network, called: set[str]) -> tuple[CFunction, CFunction]:
    """Gradient descent, alone and with momentum; what they call is added to `called`."""
    called |= {"descend", "add"} if network.role("param") else set()
    form = f"{network.name}_params"

    def alone_moved(t: TensorInfo) -> str:
        return descended(t, f"params->{own(t.name)}", f"grads->{own(t.name)}")

    def moved(t: TensorInfo) -> str:
        return f"descend({_each(t, 'params', 'velocity', 'grads')}, {count(t)}, rate, momentum);"

    params, grads, rate = to(form, "params"), at(form, "grads"), Argument(REAL, "rate")
    alone = params, grads, rate
    arguments = params, to(form, "velocity"), grads, rate, Argument(REAL, "momentum")
    said = "A step of gradient descent, which remembers nothing."
    with_momentum = "A step of gradient descent with momentum; the velocity begins as zeros."
    return (
        _over(network, alone_moved, CFunction("void", f"{network.name}_descend", alone, said, ())),
        _over(
            network, moved, CFunction("void", f"{network.name}_step", arguments, with_momentum, ())
        ),
    )


def descended(tensor: TensorInfo, place: str, gradient: str) -> str:
    """A parameter that lies at a place, moved against its gradient."""
    return f"add({place}, -rate, {gradient}, {count(tensor)});"


def adam(network: Network) -> CFunction:
    """Adam: what of each average is there by now is a running product, not a power."""
    form = f"{network.name}_params"

    def moved(t: TensorInfo) -> str:
        held = _each(t, "params", "state->mean.", "state->square.", "grads")
        numbers = "rate, beta1, beta2, state->of_mean, state->of_square"
        return f"average({held}, {count(t)}, {numbers});"

    arguments = (
        *(to(form, "params"), to(f"{network.name}_adam", "state"), at(form, "grads")),
        *(Argument(REAL, name) for name in ("rate", "beta1", "beta2")),
    )
    lines = (
        "state->of_mean += (1 - beta1) * (1 - state->of_mean);",
        "state->of_square += (1 - beta2) * (1 - state->of_square);",
        *map(moved, network.role("param")),
    )
    said = "A step of Adam, as in PyTorch: rate 0.001, beta1 0.9, beta2 0.999."
    return CFunction("void", f"{network.name}_step_adam", arguments, said, lines)


def _each(tensor: TensorInfo, *held: str) -> str:
    """A parameter in each of several structs."""
    places = (h if h.endswith(".") else f"{h}->" for h in held)
    return ", ".join(f"{place}{own(tensor.name)}" for place in places)


def _over(network: Network, line: Callable[[TensorInfo], str], head: CFunction) -> CFunction:
    """A function with a line for each parameter."""
    lines = tuple(map(line, network.role("param")))
    return CFunction(head.returns, head.name, head.arguments, head.said, lines)


def count(tensor: TensorInfo) -> str:
    return " * ".join(map(str, tensor.sample_shape)) or "1"
