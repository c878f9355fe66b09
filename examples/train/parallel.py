"""Train the digits on several processes: each takes a part of the rows of every batch, and one
Allreduce of the flat gradient a step adds up what they found.

    pip install -e '.[mpi]'
    mpiexec -n 2 python -m mpi4py examples/train/parallel.py

The loss is a mean over the samples of a batch: where each process weighs its gradient by its share
of them, the sum is the gradient of all rows, and all processes take the same step. Alone (`python
examples/train/parallel.py`) one process takes every row.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train.digits import accuracy, data
from examples.train.progress import progress
from generated.fast import digits

EPOCHS, BATCH, RATE = 60, 32, 0.3


def train(
    comm: MPI.Intracomm, epochs: int = EPOCHS, seed: int = 0
) -> tuple[np.ndarray, list[float]]:
    """The trained parameters in the order of `pack`, and the mean loss of each epoch: the same in
    every process.
    """
    if comm.size > BATCH:
        raise SystemExit(f"{comm.size} processes for {BATCH} rows a batch: start {BATCH} at most")
    x, y, x_held, y_held = data()
    rng = np.random.default_rng(seed)  # draws the same in every process
    weights = digits.pack(digits.init(rng))
    params = digits.unpack(weights)  # views: they move with the weights
    own = np.array_split(np.arange(BATCH), comm.size)[comm.rank]  # of each batch
    share = len(own) / BATCH
    memory = digits.workspace(len(own))
    (gradient,) = memory["flat"]
    losses = []
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        batches = order[: len(x) // BATCH * BATCH].reshape(-1, BATCH)
        total = 0.0
        for rows in batches[:, own]:
            loss, _ = digits.loss_and_grad(params, x[rows], y[rows], workspace=memory)
            gradient *= share
            comm.Allreduce(MPI.IN_PLACE, gradient)
            weights -= RATE * gradient
            total += share * loss
        losses.append(comm.allreduce(total) / len(batches))
        if comm.rank == 0:
            progress(epoch + 1, epochs, losses[-1], accuracy=accuracy(params, x_held, y_held))
    return weights, losses


if __name__ == "__main__":
    trained, losses = train(MPI.COMM_WORLD, *map(int, sys.argv[1:2]))
    if MPI.COMM_WORLD.rank == 0:
        reached = accuracy(digits.unpack(trained), *data()[2:])
        print(f"loss {losses[-1]:.12f}, held-out accuracy {reached:.4f}")
