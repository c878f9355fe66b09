"""What the module computes where: forward, loss or backward; what backward finds in the cache; what
only inputs need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from bpgen.errors import NetError
from bpgen.ir import BATCH, Equation, Network
from bpgen.raising.doors import lengths_along, lengths_in
from bpgen.raising.flat import read_by
from bpgen.record import Derivation, Forward, Step

_Item = TypeVar("_Item", Forward, Step)


@dataclass(frozen=True)
class Plan:
    """The equations of each function of the module, in order."""

    forward: tuple[Forward, ...]
    loss: tuple[Forward, ...]
    rebuilt: tuple[Forward, ...]  # of a target, what backward reads and so computes again
    backward: tuple[Step, ...]
    input_backward: tuple[Step, ...]  # computed only when the gradients of the inputs are asked for
    cache: tuple[str, ...]


def plan(derivation: Derivation) -> Plan:
    """Each equation once, as late as it can be and no later, and nothing that nobody reads."""
    network = derivation.network
    steps = [s for s in derivation.steps if not s.inlined]
    wanted = _named(derivation, "param")
    backward = _needed(steps, wanted)
    both = _needed(steps, wanted | _named(derivation, "input"))
    loops = {s.equation.loop for s in backward if s.equation.loop}
    whole = {s.equation.name for s in both if s.equation.loop in loops}
    backward = _needed(steps, wanted | whole)  # a loop is run once, for all that it computes
    early_names = {s.equation.name for s in backward}
    late = [s for s in both if s.equation.name not in early_names]
    of_target = _of_target(network, derivation.forward)
    late_values = [f for f in derivation.forward if f.equation.name in of_target]
    loss = _needed(late_values, {network.loss or ""})
    rebuilt = _needed(late_values, read_by([s.evaluated for s in both]))
    read = read_by([*(f.evaluated for f in (*loss, *rebuilt)), *(s.evaluated for s in both)])
    computed = {
        t.name for t in network.tensors.values() if t.role in ("input", "state", "noise", "value")
    } - of_target
    cached = read & computed | set(_first_input(network)) | _shaping(network, derivation, both)
    cached |= _measuring(network, both, cached)
    early = [f for f in derivation.forward if f.equation.name not in of_target]
    forward = _needed(early, cached | set(network.outputs))
    _refuse_lengths(network, forward)
    return Plan(
        tuple(forward),
        tuple(loss),
        tuple(rebuilt),
        tuple(backward),
        tuple(late),
        tuple(n for n in network.tensors if n in cached),
    )


def _refuse_lengths(network: Network, forward: Iterable[Forward]) -> None:
    """NetError for a length that forward speaks of and only a target has."""
    given = network.role("input") + network.role("state") + network.role("param")
    known = {BATCH, *lengths_along(given)}
    of_targets = lengths_along(network.role("target")) - known
    for item in forward:
        for size in lengths_in([item.evaluated]):
            if size in of_targets:
                raise NetError(
                    f"{network.name}: forward computes {item.equation.name}, of the length {size}"
                    " that targets alone have, and is given no targets",
                    f'let an input have it, such as the length of each step: h = input("{size}")',
                )


def _first_input(network: Network) -> list[str]:
    """The cache always holds one array of the batch: its length is N."""
    return [t.name for t in network.role("input")][:1]


def _shaping(network: Network, derivation: Derivation, steps: list[Step]) -> set[str]:
    """The inputs whose gradients begin as one number in their shape."""
    filled = {s.equation.name for s in steps if not _varies(s.evaluated)}
    return {t.name for t in network.role("input") if derivation.adjoint.get(t.name) in filled}


def _varies(equation: Equation) -> bool:
    """Whether what is written at its own indices differs along one of them."""
    plain = (t for t in equation.terms if t.at is None)
    return any(i in t.body.free_symbols for t in plain for i in equation.indices)


def _measuring(network: Network, steps: list[Step], cached: set[str]) -> set[str]:
    """An input for each length known at run time that a gradient has, and nothing else in the
    cache.
    """
    found = (network.tensors[name] for name in cached)
    told = {i.size for t in found if not t.block for i in t.indices}
    asked = dict.fromkeys(i.size for s in steps for i in s.evaluated.indices)
    measured = {i.size: t.name for t in reversed(network.role("input")) for i in t.indices}
    sizes = (s for s in asked if isinstance(s, str) and s not in told)
    return {measured[size] for size in sizes if size in measured}  # no input has a count of blocks


def _named(derivation: Derivation, role: str) -> set[str]:
    roles = {t.name: t.role for t in derivation.network.tensors.values()}
    return {adjoint for name, adjoint in derivation.adjoint.items() if roles[name] == role}


def _needed(items: Iterable[_Item], wanted: set[str]) -> list[_Item]:
    """Those that compute what is wanted, and what they read."""
    items, needed, before = list(items), set(wanted), -1
    while before < len(needed):  # again where a loop reads what stands later in its step
        before = len(needed)
        for item in reversed(items):
            if item.equation.name in needed:
                needed |= read_by([item.evaluated])
    return [i for i in items if i.equation.name in needed]


def definitions(derivation: Derivation) -> dict[str, Equation]:
    """Every forward value by the equation that is evaluated for it."""
    return {f.evaluated.name: f.evaluated for f in derivation.forward}


def _of_target(network: Network, forward: tuple[Forward, ...]) -> set[str]:
    """What a target or the loss itself enters: computed by `loss`, not by `forward`."""
    computed = {item.equation.name for item in forward}
    found = {t.name for t in network.role("target")} | (
        {network.loss or "", network.sample_loss or ""} & computed
    )
    for item in forward:
        if any(e.name in found for e in item.evaluated.reads()):
            found.add(item.equation.name)
    return found - set(network.outputs)
