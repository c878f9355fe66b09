"""A step on several processes against the same step on one, and what the README foretells:

    OPENBLAS_NUM_THREADS=1 mpiexec -n 2 python -m mpi4py -m benchmarks.parallel
    ... -m benchmarks.parallel mlp --seconds 5

Each process computes the gradient of its part of the batch, and an Allreduce adds up the flat
gradients. By turns the first one takes the whole batch alone, while the others sleep.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import click
import numpy as np
from mpi4py import MPI

from benchmarks.speed import NETS, arguments, derived
from bpgen.check.module.loading import load
from bpgen.emit import FAST, emitted

WORLD = MPI.COMM_WORLD
Step = Callable[[], Any]


class Shared:
    """A network's step: of all rows alone, of a part of them, and the sum of the gradients."""

    def __init__(self, name: str) -> None:
        _, self.lengths = NETS[name]
        self.module = load(emitted(derived(name), FAST))
        self.params = self.module.init(0, np.float32)
        self.given = arguments(self.module, self.lengths)
        self.alone, _ = self._step(slice(None))
        own = np.array_split(np.arange(self.lengths["N"]), WORLD.size)[WORLD.rank]
        self.part, self.flat = self._step(own)
        self.share = self.flat.dtype.type(len(own) / self.lengths["N"])

    def _step(self, rows: Any) -> tuple[Step, np.ndarray]:
        """A step of these rows with memory of its own, and where it leaves the gradient."""
        given = [np.ascontiguousarray(array[rows]) for array in self.given]
        lengths = {**self.lengths, "N": len(given[0])}
        memory = self.module.workspace(**lengths, dtype=np.float32)

        def step() -> Any:
            return self.module.loss_and_grad(self.params, *given, workspace=memory, checked=False)

        return step, memory["flat"][0]

    def added(self) -> None:
        """The gradient of all rows, from those of the parts."""
        self.flat *= self.share
        WORLD.Allreduce(MPI.IN_PLACE, self.flat)

    def together(self) -> None:
        self.part()
        self.added()


def seconds_of(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def rounds(shared: Shared, seconds: float) -> list[tuple[float, float, float]]:
    """Of each round the seconds alone, together, and those of the sum that was part of it."""
    found: list[tuple[float, float, float]] = []
    end = time.perf_counter() + seconds
    while WORLD.bcast(time.perf_counter() < end or len(found) < 7):
        alone = seconds_of(shared.alone) if WORLD.rank == 0 else 0.0
        _asleep_until_all_are_here()
        together = seconds_of(shared.together)
        WORLD.Barrier()
        found.append((alone, together, seconds_of(shared.added)))
    return found[2:]  # the first are slow


def _asleep_until_all_are_here() -> None:
    """A barrier at which nobody spins: who waits leaves memory and cores to who works."""
    request = WORLD.Ibarrier()
    while not request.Test():
        time.sleep(1e-4)


@click.command(help=__doc__)
@click.argument("nets", nargs=-1, type=click.Choice([*NETS]))
@click.option("--seconds", default=10.0, show_default=True, help="For each network.")
def main(nets: Iterable[str], seconds: float) -> None:
    if WORLD.rank == 0:
        print(f"{WORLD.size} processes\n{'':8}{'alone':>10}{'sum':>10}{'faster':>9}{'formula':>9}")
    for name in nets or ("mlp", "wide", "block"):
        shared = Shared(name)
        found = rounds(shared, seconds)
        faster = statistics.median(alone / together for alone, together, _ in found)
        alone, _, added = (statistics.median(column) for column in zip(*found, strict=True))
        foretold = alone / (alone / WORLD.size + added)
        if WORLD.rank == 0:
            times = f"{alone * 1e3:7.2f} ms{added * 1e3:7.2f} ms"
            print(f"{name:8}{times}{faster:9.2f}{foretold:9.2f}", flush=True)


if __name__ == "__main__":
    main()
