"""Network -> Derivation: the table of contents of the mathematics.

stabilise the spelling (stable) -> sweep backwards (sweep) by the chain rule (chain), simplifying
each adjoint (simplify)
"""

from __future__ import annotations

from bpgen.ir import Equation, Network, TensorInfo, check
from bpgen.record import Derivation, Forward
from bpgen.stable import singular, stabilised
from bpgen.sweep import Sweep


def derive(network: Network) -> Derivation:
    """The derivation: every forward equation, then the adjoint of every tensor, last to first.

    The textbook's own equations are differentiated. Where a division by a vanishing probability is
    left over, their stable spellings are differentiated instead.
    """
    network, forward = stabilised(network)
    check([f.evaluated for f in forward], network.tensors)
    record = _swept(network, forward, [f.equation for f in forward])
    if singular((s.equation for s in record.steps if not s.inlined), network):
        record = _swept(network, forward, [f.evaluated for f in forward])
    check(
        [*(f.evaluated for f in forward), *(s.equation for s in record.steps)],
        adjoint_tensors(record),
    )
    return record


def _swept(network: Network, forward: tuple[Forward, ...], equations: list[Equation]) -> Derivation:
    sweep = Sweep(network, equations, last_number=len(forward))
    sweep.run()
    return Derivation(network, forward, tuple(sweep.steps), sweep.named)


def adjoint_tensors(record: Derivation) -> dict[str, TensorInfo]:
    """Every tensor the backward equations may speak of: the declared, their adjoints, the upstream
    gradients.
    """
    declared = record.network.tensors
    adjoints = {
        a: TensorInfo(a, declared[name].indices, "value") for name, a in record.adjoint.items()
    }
    given = {
        f"d_{o}": TensorInfo(f"d_{o}", declared[o].indices, "input") for o in record.network.outputs
    }
    return {**declared, **adjoints, **given}
