"""Microbatches: where samples meet only in the mean of the loss, a step may go through a few at a
time, whose arrays stay in cache, and add up what it finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import sympy as sp

from bpgen.ir import BATCH, Equation, Index, Network, element, length
from bpgen.planning.nodes import Memory, Microbatches
from bpgen.planning.verification.microbatches import verify_microbatches
from bpgen.program.grammar import Assign, Function, Guard, Length, Node, OnRequest

# Numbers in the largest array of a block, 2.6 MB in single precision, for 1 MB of cache a core: as
# measured of convolutions, where half as many and twice as many do as well, or nearly.
CACHE = 650_000
FEW = 8  # samples: where more fit, an array of the whole batch is no longer than it must be
SAMPLES = length(BATCH)


def in_microbatches(functions: Iterable[Function], network: Network, size: int) -> list[Function]:
    """The functions of a module, with a step that goes through blocks of the batch where that pays:
    a few samples fill the cache, and more than `size`, the number of all parameters, do.
    """
    made = {f.name: f for f in functions}
    if not are_independent(network) or any(map(_has_blocks, made.values())):
        return [*made.values()]
    numbers, name = max(_of_sample(made.values()), default=(0, ""))
    samples = max(1, round(CACHE / numbers)) if numbers else 0
    if 0 < samples <= FEW and size <= samples * numbers:
        made["loss_and_grad"] = _step(made, network, samples, name)
        verify_microbatches(made.values(), network.tensors)
    return [*made.values()]


def _of_sample(functions: Iterable[Function]) -> Iterator[tuple[int, str]]:
    """How many numbers each array holds of a sample."""
    memory = (n for f in functions for n in f.body if isinstance(n, Memory))
    for buffer in (b for m in memory for of in m.every for b in of.buffers):
        if SAMPLES in buffer.sizes and buffer.kind == "real":
            yield int(sp.Mul(*buffer.sizes) / SAMPLES), buffer.names[0]


def _has_blocks(function: Function) -> bool:
    """Whether it goes through blocks of the network, with memory for each."""
    return any(isinstance(n, Memory) and len(n.every) > 1 for n in function.body)


def are_independent(network: Network) -> bool:
    """Whether samples meet only in the mean of the loss; nothing is drawn, and all lengths but
    theirs are known.
    """
    asked = [*network.role("input"), *network.role("target")]
    known = all(isinstance(s, int) for t in asked for s in t.sample_shape)
    if network.role("noise") or network.role("state") or not known or not network.sample_loss:
        return False
    return all(
        _is_mean(e, network) if e.name == network.loss else _is_independent(e) for e in network
    )


def _is_independent(equation: Equation) -> bool:
    """Whether what it says of a sample is read off that sample alone."""
    own = {i for i in equation.indices if i.size == BATCH}
    bodies = [t.body for t in equation.terms]
    return all(_samples_in(b) <= own and SAMPLES not in b.free_symbols for b in bodies)


def _is_mean(equation: Equation, network: Network) -> bool:
    """Whether it is the mean of the samples' losses, and what is the same for all."""
    for term in equation.terms:
        over = [i for i in term.over if i.size == BATCH]
        mean = [element(str(network.sample_loss), (n,)) / SAMPLES for n in over]
        if term.body not in mean and (_samples_in(term.body) or SAMPLES in term.body.free_symbols):
            return False
    return True


def _samples_in(body: sp.Expr) -> set[sp.Symbol]:
    """The indices of a body that run through the samples."""
    return {i for i in body.free_symbols if isinstance(i, Index) and i.size == BATCH}


def _step(made: dict[str, Function], network: Network, samples: int, largest: str) -> Function:
    """The loss and all gradients, block by block."""
    of = made["loss_and_grad"]
    given = tuple(a.name for a in of.arguments if a.kind == "array")
    inputs = tuple(n for n in given if n in {t.name for t in network.role("input")})
    forward, loss = made["forward"].body, made["_loss"].body
    # In forward's order, for a door may ask for the length of what came before.
    entrance = [n for n in forward if _is_door(n) or _is_length(n)]
    late = [n for n in loss if _is_door(n) and not _guards(n)]
    real = tuple(n for n in inputs if network.tensors[n].bound is None)
    targets = tuple(n for n in given if n not in inputs)
    parts = Microbatches(inputs, targets, real, samples, largest)
    doc = "The loss of a batch and its gradients, added up over blocks that stay in cache."
    return replace(of, doc=doc, body=(*entrance, *late, parts))


def _is_door(node: Node) -> bool:
    return isinstance(node, OnRequest) and node.flag == "checked"


def _is_length(node: Node) -> bool:
    return isinstance(node, Assign) and isinstance(node.value, Length)


def _guards(node: Node) -> bool:
    return isinstance(node, OnRequest) and any(isinstance(n, Guard) for n in node.body)
