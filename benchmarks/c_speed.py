"""A step of loss and all gradients in C, in float32, against the matrix products that the planned
module makes, alone:

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.c_speed
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=2 python -m benchmarks.c_speed conv --seconds 10

`C` is the time within C, `BLAS` the same with -DBPGEN_CBLAS (OpenBLAS), `OpenMP` with
-DBPGEN_OPENMP, `module` a call of the module of --python, `bound` one of arrays that it has let in
before, `torch` a step of torch.compile in one thread, `torch 2` in two, where PyTorch is installed.
All run by turns, in one process; printed are medians of the ratios to the products of the same
round, and nothing is measured before its loss is numpy's.
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import click
import numpy as np

from benchmarks.speed import NETS, Step, arguments, compared, derived, steps_of
from bpgen.check.module.loading import load
from bpgen.compiled.library import compiler, library
from bpgen.emit import WITH_PYTHON, emitted, files_of
from bpgen.record import Derivation

FLAGS = ("-std=c99", "-O3", "-march=native")
BLAS = ("-DBPGEN_CBLAS", "-I/usr/include/x86_64-linux-gnu/openblas-pthread")
TOLD: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # the compiler, and its linker
    "C": ((), ()),
    "BLAS": (BLAS, ("-lopenblas",)),
    "OpenMP": (("-DBPGEN_OPENMP", "-fopenmp"), ()),
}
COLUMNS = {
    "toy": ("C", "module", "bound"),
    "small": ("C", "module", "bound"),
    "middle": ("C", "BLAS", "module", "bound"),
    "conv": ("C", "OpenMP", "torch", "torch 2"),
}
MODULE = ("module", "bound")
THREADS = {"torch": 1, "torch 2": 2}
CALL = 1e-3  # seconds of steps that are one call of C, so that it costs nothing
NEAR = 1e-4  # of the loss, in float32


@dataclass
class InC:
    """Steps in C, as many as are one call, and the memory that is theirs."""

    function: Callable[..., float]
    told: list[Any]
    memory: list[np.ndarray]
    times: int = 1

    def __call__(self) -> float:
        return self.function(self.times, *self.told)


def in_c(derivation: Derivation, lengths: dict[str, int], column: str) -> InC:
    """Steps of a network, compiled as a column says."""
    texts, numpys = dict(files_of(derivation, WITH_PYTHON)), load(emitted(derivation))
    texts[".c"] += _often(texts[".h"])
    flags, linked = TOLD[column]
    compiled = library(texts, lengths, np.float32, (str(compiler()), *FLAGS, *flags), more=linked)
    params, batch = numpys.init(0, np.float32), arguments(numpys, lengths)
    flat = numpys.pack(params)
    sizes = compiled.sizes
    memory = [np.zeros(sizes[struct], np.uint8) for struct in ("cache", "work")]
    given = [a.astype(np.intc) if a.dtype.kind == "i" else a for a in batch]
    arrays = [flat, *given, *memory, np.empty_like(flat)]
    at = [ctypes.c_void_p(a.ctypes.data) for a in arrays]
    told = [*at[: len(given) + 1], *(ctypes.c_int(n) for n in lengths.values())]
    told += [*at[len(given) + 1 :], *[ctypes.c_void_p(None)] * ("inputs" in sizes)]
    function = compiled.calls[f"{compiled.source.name}_often"]
    function.restype = ctypes.c_float
    steps = InC(function, told, arrays)
    _agree(steps(), numpys.loss(params, *batch), column)
    start = time.perf_counter()
    steps()
    steps.times = max(1, int(CALL / (time.perf_counter() - start)))
    return steps


def _often(header: str) -> str:
    """A function of C that makes a step so many times; `inputs` are not asked for."""
    (found,) = re.findall(r"^\w+ (\w+)_loss_and_grad\((.*?)\);", header, re.MULTILINE | re.DOTALL)
    name, arguments = found
    given = ", ".join(re.findall(r"(\w+)(?:,|$)", arguments))
    return f"""
real {name}_often(int times, {arguments});
real {name}_often(int times, {arguments})
{{
    real loss = 0;
    for (int k = 0; k < times; k++)
        loss = {name}_loss_and_grad({given});
    return loss;
}}
"""


def of_module(derivation: Derivation, lengths: dict[str, int], column: str) -> Step:
    """A call of the module, its parameters views of one flat array, compiled as C alone is."""
    os.environ["CFLAGS"] = FLAGS[-1]
    module = load(files_of(derivation, WITH_PYTHON)[".py"])
    params, given = module.init(0, np.float32), arguments(module, lengths)
    params = module.unpack(module.pack(params))
    given = [a.astype(np.intc) if a.dtype.kind == "i" else a for a in given]
    if column == "bound":
        call: Step = module.bound(params, *given)[0]
        return call
    return lambda: module.loss_and_grad(params, *given)


def of_torch(name: str, threads: int) -> Step | None:
    """A step of torch.compile in so many threads."""
    if find_spec("torch") is None:
        return None
    import torch

    from benchmarks.peers.torch_steps import compiled

    numpys = load(emitted(derived(name)))
    params, given = numpys.init(0, np.float32), arguments(numpys, NETS[name][1])
    step = compiled(name, params, given)
    assert step is not None

    def once() -> Any:
        torch.set_num_threads(threads)
        return step()

    _agree(once()[0].item(), numpys.loss(params, *given), "torch")
    return once


def _agree(loss: float, of_numpy: float, column: str) -> None:
    if not abs(loss - of_numpy) < NEAR * max(1.0, abs(of_numpy)):
        raise SystemExit(f"{column}: the loss is {loss}, and numpy's {of_numpy}")


def measured(name: str, seconds: float) -> tuple[float, dict[str, float]]:
    """The seconds of the products, and the ratios to them."""
    derivation, lengths = derived(name), NETS[name][1]
    steps: dict[str, Step] = {"products": steps_of(name)["products"]}
    for column in COLUMNS[name]:
        step: Step | None
        if column in TOLD:
            step = in_c(derivation, lengths, column)
        elif column in MODULE:
            step = of_module(derivation, lengths, column)
        else:
            step = of_torch(name, THREADS[column])
        if step is not None:
            steps[column] = step
    found = compared(steps, seconds)
    times = {n: step.times if isinstance(step, InC) else 1 for n, step in steps.items()}
    return found["products"][0], {n: ratio / times[n] for n, (_, ratio) in found.items()}


@click.command(help=__doc__)
@click.argument("nets", nargs=-1, type=click.Choice([*COLUMNS]))
@click.option("--seconds", default=4.0, show_default=True, help="For each network.")
def main(nets: Iterable[str], seconds: float) -> None:
    columns = [*TOLD, *MODULE, *THREADS]
    print(f"{'':8}{'products':>12}{''.join(f'{c:>9}' for c in columns)}")
    for name in nets or COLUMNS:
        alone, ratios = measured(name, seconds)
        row = (f"{ratios[c]:9.2f}" if c in ratios else f"{'':9}" for c in columns)
        print(f"{name:8}{alone * 1e6:9.1f} us{''.join(row)}", flush=True)


if __name__ == "__main__":
    main()
