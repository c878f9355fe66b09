"""A step of loss and all gradients in float32, of bpgen's modules and of other libraries.

    python -m benchmarks.peers
    python -m benchmarks.peers mlp block --seconds 10 --threads 2

The libraries are installed into an environment of their own, `.peers` in this folder's parent.
Everything runs in turns, in one process; printed are medians of the ratios to the matrix products
of the same round, alone. Before it is measured, each must have the loss and the gradients of
bpgen's plain module.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.peers.packed import packed
from benchmarks.speed import NETS, Step, compared, inputs_of, steps_of

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "torch": "torch==2.13.0",
    "jax": "jax>=0.6",
    "autograd": "autograd>=1.8",
    "sklearn": "scikit-learn>=1.4",
}
PEERS = {
    "jax.jit": ("jax_steps", "step"),
    "PyTorch": ("torch_steps", "step"),
    "torch.compile": ("torch_steps", "compiled"),
    "autograd": ("autograd_steps", "step"),
    "scikit-learn": ("sklearn_steps", "step"),
}
COLUMNS = ("planned", "plain", *PEERS)
NEAR = 2e-4  # of the largest entry of each gradient, in float32


def environment(threads: int) -> dict[str, str]:
    """Each library is told in its own words how many threads it has."""
    words = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    flags = "" if threads > 1 else "--xla_cpu_multi_thread_eigen=false"
    told = {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "BPGEN_PEERS": str(threads)}
    return {**os.environ, **dict.fromkeys(words, str(threads)), **told}


def python() -> str:
    """The Python of an environment that has all of them: this one, or `.peers`."""
    if all(map(importlib.util.find_spec, PACKAGES)):
        return sys.executable
    home = ROOT / ".peers"
    if not home.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        line = [str(home / "bin" / "pip"), "install", "-q", "-e", str(ROOT), *PACKAGES.values()]
        subprocess.run(line, check=True)
    return str(home / "bin" / "python")


def peers_of(name: str, params: dict[str, Any], given: list[Any]) -> dict[str, Step]:
    """What there is of the others for a network, each proved to compute the same."""
    found: dict[str, Step] = {}
    for peer, (file, function) in PEERS.items():
        module = importlib.import_module(f"benchmarks.peers.{file}")
        made = getattr(module, function)(name, packed(params), given)
        if made is not None:
            found[peer] = made
    return found


def same(known: tuple[Any, dict[str, Any]], theirs: tuple[Any, dict[str, Any]], who: str) -> None:
    """Refuse who has another loss or other gradients."""
    pairs = {"loss": (np.float32(known[0]), theirs[0])}
    pairs |= {name: (array, theirs[1][name]) for name, array in packed(known[1]).items()}
    for name, (right, array) in pairs.items():
        apart = np.abs(np.asarray(getattr(array, "detach", lambda a=array: a)()) - right).max()
        if not apart <= NEAR * max(np.abs(right).max(), 1e-3):
            raise SystemExit(f"{who}: {name} is {apart:.1e} off")


def row(name: str, seconds: float) -> str:
    steps = steps_of(name)
    params, given = inputs_of(name)
    known = steps["plain"]()
    for who, step in (others := peers_of(name, params, given)).items():
        same(known, step(), who)
    found = compared({**steps, **others}, seconds)
    cells = (f"{found[c][1]:14.2f}" if c in found else f"{'-':>14}" for c in COLUMNS)
    return f"{name:8}{found['products'][0] * 1e6:10.1f} us{''.join(cells)}"


@click.command(help=__doc__)
@click.argument("nets", nargs=-1, type=click.Choice([*NETS]))
@click.option("--seconds", default=20.0, show_default=True, help="For each network.")
@click.option("--threads", default=1, show_default=True, help="Of each library.")
def main(nets: Iterable[str], seconds: float, threads: int) -> None:
    if "BPGEN_PEERS" not in os.environ:
        line = [python(), "-m", "benchmarks.peers", *sys.argv[1:]]
        raise SystemExit(subprocess.run(line, env=environment(threads), cwd=ROOT).returncode)
    import torch

    torch.set_num_threads(threads)
    # jax takes what cores there are, whatever it is told.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    print(f"threads: {threads}, on as many cores")
    print(f"{'':8}{'products':>13}{''.join(f'{c:>14}' for c in COLUMNS)}")
    for name in nets or NETS:
        print(row(name, seconds), flush=True)


if __name__ == "__main__":
    main()
