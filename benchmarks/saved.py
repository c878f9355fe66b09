"""Bytes that forward keeps for backward in float32: of bpgen's planned module, by its plan, and of
PyTorch, whose saved tensors are asked for. Neither counts parameters and inputs.

    python -m benchmarks.saved
    python -m benchmarks.saved mlp block
"""

from __future__ import annotations

from collections.abc import Iterable

import click
import sympy as sp

from benchmarks.peers.packed import packed
from benchmarks.speed import NETS, inputs_of
from bpgen.ir import length
from bpgen.load import declared_by
from bpgen.plans import plan

TEXT = "{:8}{:>14}{:>14}{:>14}{:>8}"


def ours(name: str) -> tuple[int, int]:
    """What the plan says of a network of `benchmarks.speed`: of the whole batch, and of what a step
    goes through at a time.
    """
    net, lengths = NETS[name]
    told = plan(declared_by(f"from bpgen import *\n{net}"))
    known = {length(n): sp.Integer(size) for n, size in lengths.items()}
    part = {**known, length("N"): sp.Integer(told.block or lengths["N"])}
    return int(told.kept.xreplace(known)), int(told.kept.xreplace(part))


def torchs(name: str) -> int:
    """The memory of all tensors that PyTorch saves for backward, each once."""
    import torch

    from benchmarks.peers.torch_steps import LOSSES

    params, given = inputs_of(name)
    leaves = {n: torch.tensor(array, requires_grad=True) for n, array in packed(params).items()}
    x, y = map(torch.tensor, given)
    if name == "lstm":
        x = x.transpose(0, 1).contiguous()
    found: dict[int, int] = {}

    def noted(saved: torch.Tensor) -> torch.Tensor:
        storage = saved.untyped_storage()
        found[storage.data_ptr()] = storage.nbytes()
        return saved

    with torch.autograd.graph.saved_tensors_hooks(noted, lambda saved: saved):
        loss = LOSSES[name](leaves, x, y)
    for known in (*leaves.values(), x, y):
        found.pop(known.untyped_storage().data_ptr(), None)
    assert loss.grad_fn is not None  # which holds what is saved, so that no place is used again
    return sum(found.values())


@click.command(help=__doc__)
@click.argument("nets", nargs=-1, type=click.Choice([*NETS]))
def main(nets: Iterable[str]) -> None:
    click.echo(TEXT.format("", "planned", "at a time", "PyTorch", "ratio"))
    for name in nets or NETS:
        (whole, part), saved = ours(name), torchs(name)
        click.echo(TEXT.format(name, whole, part, saved, f"{whole / saved:.2f}"))


if __name__ == "__main__":
    main()
