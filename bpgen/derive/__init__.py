"""Network -> Derivation: the table of contents of the mathematics.

stabilise the spelling (stable) -> sweep backwards (sweep) by the chain rule (chain), simplifying
each adjoint (simplify)
"""

from __future__ import annotations

from dataclasses import replace

from bpgen.derive.auxiliary import composed
from bpgen.derive.stable import Spelling, stabilised
from bpgen.derive.sweep import Sweep
from bpgen.equations.letters import lettered
from bpgen.errors import NetError
from bpgen.ir import CANCELS, Equation, Network, check, check_indices, is_number
from bpgen.once import once
from bpgen.record import Derivation, Forward, Step, blocks_together


@once
def derive(network: Network) -> Derivation:
    """The derivation: every forward equation, then the adjoint of every tensor, last to first.

    The textbook's own equations are differentiated. Where what is left over overflows, or divides
    by what vanishes, their stable spellings are differentiated instead: of those equations alone
    that then avoid it.
    """
    spelling, forward = stabilised(_in_letters(network))
    network = spelling.network
    _refuse_numbers(network)
    check([f.equation for f in forward], network.tensors)
    check([f.evaluated for f in forward], network.tensors)
    avoided = set().union(*spelling.avoided.values())
    record, exposed = _swept(network, forward, spelling), set[str]()
    while more := spelling.exposed(_computed(record), avoided - exposed):
        exposed |= more
        forward = tuple(
            replace(f, differentiated=bool(spelling.avoided[f.equation.name] & exposed))
            for f in forward
        )
        record = _swept(network, forward, spelling)
    equations = [*(f.evaluated for f in forward), *_computed(record)]
    check(equations, record.tensors)
    return numbered(composed(record))


def _in_letters(network: Network) -> Network:
    """The network in letters, as the adjoints are written: what bpgen's own indices are called is
    no letter, and two adjoints of one tensor would not have the same.
    """
    equations = tuple(map(lettered, network))
    left = {e.name: e.indices for e in equations}
    tensors = {
        name: replace(t, indices=left.get(name, lettered(Equation(name, t.indices, ())).indices))
        for name, t in network.tensors.items()
    }
    return replace(network, tensors=tensors, equations=equations)


def _computed(record: Derivation) -> list[Equation]:
    """The equations of the backward pass that are evaluated."""
    return [s.evaluated for s in record.steps if not s.inlined]


def _refuse_numbers(network: Network) -> None:
    """log(exp z) - z shows what it is in its stable spelling only."""
    for equation in network:
        ends = (network.loss, network.sample_loss, *network.outputs)
        if equation.name in ends and is_number(equation.terms):
            raise NetError(
                f"{equation.name} is {equation.terms[0].body}, whatever the inputs are", CANCELS
            )


def _swept(network: Network, forward: tuple[Forward, ...], spelling: Spelling) -> Derivation:
    sources = [f.source for f in forward]
    sweep = Sweep(replace(network, equations=tuple(sources)), sources)
    sweep.run()
    steps = tuple(_evaluated(s, spelling) for s in sweep.steps)
    return Derivation(network, forward, steps, sweep.named)


def _evaluated(step: Step, spelling: Spelling) -> Step:
    if step.inlined:
        stable = spelling.evaluated(check_indices(step.equation)).equation
        check_indices(stable)
        return replace(step, stable=stable if stable != step.equation else None)
    stable = spelling.adjoint(step.of, step.equation)
    conventions = (*step.conventions, *spelling.vanishing.conventions(stable))
    different = stable if stable != step.equation else None
    return replace(step, stable=different, conventions=conventions)


def numbered(record: Derivation) -> Derivation:
    """Numbers in the order of reading: a sample's equations, then what only the batch has; where
    samples meet, all in turn.
    """
    network = record.network
    loss = next((e for e in network if e.name == network.loss), None)
    alone = loss is not None and len(loss.terms) == 1  # a mean and no penalty
    alone = alone and network.sample_loss is not None  # else what is told of a sample is the loss
    last = {f.equation.name: alone and f.equation.name == network.loss for f in record.forward}
    last |= {s.equation.name: s.of == network.sample_loss for s in record.steps}
    read = [f.equation.name for f in record.forward if not f.auxiliary]
    read += [s.equation.name for s in blocks_together(record.steps) if not s.auxiliary]
    place = sorted(read, key=lambda name: last[name] and record.separable)
    number = {name: n for n, name in enumerate(place, start=1)}
    forward = tuple(replace(f, number=number.get(f.equation.name, 0)) for f in record.forward)
    steps = tuple(replace(s, number=number.get(s.equation.name, 0)) for s in record.steps)
    return replace(record, forward=forward, steps=steps)
