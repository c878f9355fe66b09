"""Training on several processes takes the steps that one process takes. It needs mpi4py and mpiexec: `bpgen[mpi]`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.test_training import NUMPY_ALONE

MPIEXEC = str(Path(sys.executable).parent / "mpiexec")
SCRIPT = "examples/train/parallel.py"
TRAINED = """import runpy
import numpy as np
from mpi4py import MPI
train = runpy.run_path("examples/train/parallel.py")["train"]
weights, losses = train(MPI.COMM_WORLD, 5)
np.savez("{folder}/{processes}_{{}}.npz".format(MPI.COMM_WORLD.rank), weights=weights, losses=losses)
"""


def _ran(processes: int, tmp_path: Path, *what: str) -> str:
    """What is printed, with bpgen out of reach."""
    (tmp_path / "sitecustomize.py").write_text(NUMPY_ALONE)
    command = [MPIEXEC, "-n", str(processes), sys.executable, "-m", "mpi4py", *what]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def _trained(processes: int, tmp_path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each process, the loss of every epoch and the last parameters."""
    _ran(processes, tmp_path, "-c", TRAINED.format(folder=tmp_path, processes=processes))
    files = [np.load(tmp_path / f"{processes}_{rank}.npz") for rank in range(processes)]
    return [(file["losses"], file["weights"]) for file in files]


@pytest.mark.parametrize("processes", [2, 3])  # 3: of 32 rows not all have as many
def test_the_losses_are_those_of_one_process(processes: int, tmp_path: Path) -> None:
    ((losses, weights),) = _trained(1, tmp_path)
    assert losses[-1] < 0.5 * losses[0]
    for theirs, moved in _trained(processes, tmp_path):
        np.testing.assert_allclose(theirs, losses, rtol=0, atol=1e-12)
        np.testing.assert_allclose(moved, weights, rtol=0, atol=1e-12)


def test_as_the_readme_runs_it(tmp_path: Path) -> None:
    alone, together = (_ran(n, tmp_path, SCRIPT, "2") for n in (1, 2))
    assert alone == together
    assert alone.startswith("loss ")
    assert alone.count("\n") == 1


def test_more_processes_than_rows_are_refused(tmp_path: Path) -> None:
    code = "import runpy, types; train = runpy.run_path('examples/train/parallel.py')['train']\n"
    code += "train(types.SimpleNamespace(size=33, rank=0))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == "33 processes for 32 rows a batch: start 32 at most\n"
    assert done.returncode == 1
