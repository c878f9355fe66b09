"""Definitions for one sample -> the network of a batch: an axis more, and the mean over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bpgen.declare.declaration import Declaration
from bpgen.ir import Equation, Index, Network, TensorInfo, check
from bpgen.network.final import Writer, batched, of_several
from bpgen.network.inline import Definition
from bpgen.network.loops import looped
from bpgen.network.mean import with_mean
from bpgen.network.outputs import outputs_of


def batched_network(
    declared: Declaration,
    kept: Mapping[int, Definition],
    called: Mapping[int, str],
    given: set[int],
    apart: set[str],
    name: str,
    title: str,
) -> Network:
    """`apart`: what no output is made of unless net.py says so."""
    write = Writer(declared, called, batched(declared, kept))
    tensors: dict[str, TensorInfo] = {}
    equations: list[Equation] = []
    loss = declared.loss.serial if declared.loss is not None else None
    sample_loss = None
    for serial, (left, terms) in kept.items():
        label = called[serial]
        if serial == loss:
            final, taken = write.terms(terms), {*called.values(), *declared.lengths}
            sample_loss, made = with_mean(label, final, tensors, taken)
            equations += made
        elif declared.tensors[serial].role == "value":
            equations.append(write.equation(serial, left, terms))
            info = write.info(serial, equations[-1].indices)
            tensors[label] = replace(info, nameless=serial not in given)
        else:
            axes = tuple(Index(f"_{k}", s) for k, s in enumerate(declared.tensors[serial].shape))
            tensors[label] = write.info(serial, write.equation(serial, axes, ()).indices)
    own = {called[s] for s in kept if s in given or declared.tensors[s].predicts is not None}
    outputs = tuple(called[t.serial] for t in declared.outputs) or outputs_of(
        [e for e in equations if e.name not in apart], tensors, own, {sample_loss or ""}
    )
    for t in declared.outputs:
        if t.block is not None and t.carried is None:
            raise of_several(called[t.serial], declared.place(t.line))
    inits = {
        called[s]: declared.tensors[s].init for s in kept if declared.tensors[s].role == "param"
    }
    of_block = {called[s]: declared.tensors[s].block for s in kept}
    ordered = looped(equations, tensors, of_block)
    check(ordered, tensors)
    total = called[loss] if loss is not None else None
    return Network(name, tensors, ordered, outputs, total, sample_loss, title, inits)
