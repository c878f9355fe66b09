"""What forward returns where net.py does not say."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.equations.softmaxes import is_softmax
from bpgen.ir import Equation, TensorInfo


def outputs_of(
    equations: list[Equation], tensors: Mapping[str, TensorInfo], own: set[str], loss: set[str]
) -> tuple[str, ...]:
    """What forward returns where net.py does not say: what is compared with the target, by its name
    in net.py; without a target, what was computed last before the loss; without anything computed,
    an input as it is.
    """
    of_target = {t.name for t in tensors.values() if t.role == "target"}
    logits = _logits(equations, own)
    compared: list[str] = []
    computed: list[str] = []
    for equation in equations:
        reads = [e.name for e in equation.reads()]
        if of_target & set(reads):
            of_target.add(equation.name)
            reads = [r for name in reads for r in logits.get(name, (name,))]
            compared += [r for r in reads if r in computed]
        elif tensors[equation.name].batched and not _is_within_a_block(tensors[equation.name]):
            computed.append(equation.name)
    parts = _not_made_of_others(compared, equations)
    named = [c for c in computed if c in own and c not in loss]
    for candidates in ([c for c in named if c in compared], parts, named, computed):
        if candidates:
            return (candidates[-1],)
    given = [t.name for t in tensors.values() if t.role == "input"]
    return tuple(sorted(given, key=lambda name: tensors[name].bound is not None)[:1])


def _logits(equations: list[Equation], own: set[str]) -> dict[str, list[str]]:
    """What each log-softmax is made of that net.py gives no name: the logarithm is the loss's."""
    terms = {e.name: e.terms for e in equations}
    return {
        e.name: [read.name for read in e.reads()]
        for e in equations
        if e.name not in own
        and e.pointwise()
        and is_softmax(sp.exp(e.terms[0].body), lambda read: terms.get(read.name, ()))
    }


def _not_made_of_others(compared: list[str], equations: list[Equation]) -> list[str]:
    """What is made of a part that is compared is the loss's, as the share that label smoothing
    gives to all classes.
    """
    made = {part: _made_of(part, equations) for part in dict.fromkeys(compared)}
    return [c for c in compared if not any(c in made[p] and p not in made[c] for p in made)]


def _made_of(part: str, equations: list[Equation]) -> set[str]:
    """The part, and all that is computed of it."""
    made = {part}
    for equation in equations:
        if any(e.name in made for e in equation.reads()):
            made.add(equation.name)
    return made


def _is_within_a_block(info: TensorInfo) -> bool:
    """Of each of several blocks; what goes from block to block comes out of the last."""
    return info.block and info.carried is None
