"""What the memory of a planned module is called, and what writes there."""

from __future__ import annotations

from bpgen.planning.nodes import Buffers, Memory
from bpgen.targets.numpy.layout import WIDTH


def with_gradients(node: Memory) -> bool:
    """Whether gradients of parameters are among the arrays."""
    return any(of.gradients for of in node.every)


def name_of(function: str) -> str:
    """What the arrays of a function are called in the workspace: the module's own are no secret
    there.
    """
    return function.removeprefix("_")


def key_of(of: Buffers) -> str:
    """Under what they are found there."""
    name = name_of(of.function)
    return f'f"{name}[{{{of.counter}}}]"' if of.counter else f'"{name}"'


def memory_of(of: Buffers) -> str:
    """The function that makes the arrays of a function."""
    return f"_memory_of_{'each_' * bool(of.counter)}{name_of(of.function)}"


def unpacked(names: list[str], value: str, indent: int) -> list[str]:
    """Names for the parts of a tuple: on one line, or as many as it takes."""
    left = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
    line = f"{left} = {value}"
    if indent + len(line) <= WIDTH:
        return [line]
    return ["(", *(f"    {name}," for name in names), f") = {value}"]
