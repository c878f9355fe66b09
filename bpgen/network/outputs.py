"""What forward returns where net.py does not say."""

from __future__ import annotations

from collections.abc import Mapping

from bpgen.ir import Equation, TensorInfo


def outputs_of(
    equations: list[Equation], tensors: Mapping[str, TensorInfo], own: set[str], loss: set[str]
) -> tuple[str, ...]:
    """What forward returns where net.py does not say: what is compared with the target, by its name
    in net.py; without a target, what was computed last before the loss; without anything computed,
    an input as it is.
    """
    of_target = {t.name for t in tensors.values() if t.role == "target"}
    compared: list[str] = []
    computed: list[str] = []
    made_of: dict[str, set[str]] = {}
    for equation in equations:
        reads = [e.name for e in equation.reads()]
        made_of[equation.name] = {*reads}.union(*(made_of.get(r, ()) for r in reads))
        if of_target & set(reads):
            of_target.add(equation.name)
            compared += [r for r in reads if r in computed]
        elif tensors[equation.name].batched and not _is_within_a_block(tensors[equation.name]):
            computed.append(equation.name)
    # What is made of such a part belongs to the loss: the share that smoothing gives to all classes.
    parts = [c for c in compared if made_of[c].isdisjoint(compared)]
    named = [c for c in computed if c in own and c not in loss]
    for candidates in ([c for c in named if c in compared], parts, named, computed):
        if candidates:
            return (candidates[-1],)
    given = [t.name for t in tensors.values() if t.role == "input"]
    return tuple(sorted(given, key=lambda name: tensors[name].bound is not None)[:1])


def _is_within_a_block(info: TensorInfo) -> bool:
    """Of each of several blocks; what goes from block to block comes out of the last."""
    return info.block and info.carried is None
