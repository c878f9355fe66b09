"""A step in several threads, each with a part of the batch and memory of its own, against the same
step in one:

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.threads
    python -m benchmarks.threads conv --threads 4 --seconds 5

Both are taken by turns, in one process; printed are medians of the ratios of a round: how many
times as fast together, and how much of the processor's time: where this is more than 1, a product
of fewer rows is slower, or the threads are in each other's cache.
"""

from __future__ import annotations

import inspect
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import click
import numpy as np

from benchmarks.speed import NETS, arguments, derived
from bpgen.check.module.loading import load
from bpgen.emit import FAST, emitted

Step = Callable[[], float]


class Shared:
    """A network's step: of all rows at once, and of parts of them in the threads of a pool."""

    def __init__(self, name: str, threads: int) -> None:
        _, self.lengths = NETS[name]
        self.module = load(emitted(derived(name), FAST))
        self.params = self.module.init(0, np.float32)
        self.given = arguments(self.module, self.lengths)
        rows = np.array_split(np.arange(self.lengths["N"]), threads)
        self.shares = [np.float32(len(part) / self.lengths["N"]) for part in rows]
        self.pool = ThreadPoolExecutor(threads)
        self.alone, self.flat = self._step(np.arange(self.lengths["N"]))
        self.parts, self.flats = zip(*map(self._step, rows), strict=True)

    def _step(self, rows: np.ndarray) -> tuple[Step, np.ndarray]:
        """A step of these rows with memory of its own, and where it leaves the gradient."""
        given = [np.ascontiguousarray(array[rows]) for array in self.given]
        lengths = {**self.lengths, "N": len(rows)}
        asked = [n for n in inspect.signature(self.module.workspace).parameters if n != "dtype"]
        memory = self.module.workspace(*(lengths[n] for n in asked), dtype=np.float32)

        def step() -> float:
            at = {"workspace": memory, "checked": False}
            value: float = self.module.loss_and_grad(self.params, *given, **at)[0]
            return value

        return step, memory["flat"][0]

    def together(self) -> float:
        """The loss of all rows, and their gradient in the memory of the first part."""
        losses = self.pool.map(lambda part: part(), self.parts)
        value = sum(w * loss for w, loss in zip(self.shares, losses, strict=True))
        for share, flat in zip(self.shares, self.flats, strict=True):
            flat *= share
        for flat in self.flats[1:]:
            self.flats[0][...] += flat
        return float(value)


def seconds_of(step: Step) -> tuple[float, float]:
    """What a step takes of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - clock, time.process_time() - processor


def rounds(shared: Shared, seconds: float) -> list[tuple[float, float, float]]:
    """Of each round the seconds alone, the times as fast together, and as much of the processor."""
    found: list[tuple[float, float, float]] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(found) < 7:
        (alone, busy), (together, all_busy) = map(seconds_of, (shared.alone, shared.together))
        found.append((alone, alone / together, all_busy / busy))
    return found[2:]  # the first are slow


@click.command(help=__doc__)
@click.argument("nets", nargs=-1, type=click.Choice([*NETS]))
@click.option("--threads", default=2, show_default=True)
@click.option("--seconds", default=10.0, show_default=True, help="For each network.")
def main(nets: Iterable[str], threads: int, seconds: float) -> None:
    print(f"{threads} threads\n{'':8}{'alone':>10}{'faster':>9}{'processor':>11}")
    for name in nets or ("mlp", "wide", "block", "lstm", "conv"):
        columns = zip(*rounds(Shared(name, threads), seconds), strict=True)
        alone, faster, busy = map(statistics.median, columns)
        print(f"{name:8}{alone * 1e3:7.2f} ms{faster:9.2f}{busy:11.2f}", flush=True)


if __name__ == "__main__":
    main()
