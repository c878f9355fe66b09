"""The examples of `examples/device`, trained on a Cortex-M4F that qemu models: numpy's losses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen.compiled.noise import uniform
from bpgen.emit import emit, files
from bpgen.load import load
from tests.conftest import ROOT, module_of

DEVICE = ROOT / "examples" / "device"
COMPILER, NAMES, BOARD = "arm-none-eabi-gcc", "arm-none-eabi-nm", "qemu-system-arm"
FLAGS = (
    *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    *("-Os", "-DBPGEN_SMALL", "-ffunction-sections", "-fstack-usage"),
    *("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"),
)
LINKED = (
    *("-Wl,--gc-sections", "-nostartfiles", "-u", "_printf_float"),
    *("--specs=nano.specs", "--specs=rdimon.specs", "-lm"),
)
STEPS = 50

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which(COMPILER) and shutil.which(BOARD)), reason=f"no {COMPILER}, no {BOARD}"
    ),
]


def _on_the_board(net: Path, batch: int, main: str, folder: Path) -> list[float]:
    """The numbers that a program prints there."""
    for end, text in files(load(net), "c").items():
        (folder / f"{net.stem}{end}").write_text(text)
    macro, unit, image = net.stem.upper(), folder / "net.o", folder / "image.elf"
    told = [f"-D{macro}_N={batch}", f"-D{macro}_ADAM", "-I", folder]
    _said([COMPILER, *FLAGS, *told, "-c", folder / f"{net.stem}.c", "-o", unit])
    units = [DEVICE / "board.c", DEVICE / main, unit]
    _said([COMPILER, *FLAGS, *told, "-T", DEVICE / "board.ld", *units, *LINKED, "-o", image])
    board = [BOARD, "-M", "mps2-an386", "-nographic", "-semihosting", "-icount", "shift=0"]
    return [float(line) for line in _said([*board, "-kernel", image]).split()]


def _said(command: Sequence[object]) -> str:
    """What a command prints."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _own_code(folder: Path) -> int:
    """The bytes in the image of the functions that net.c defines, and of the numbers they read."""
    own = {
        line.split()[-1] for line in _said([NAMES, "--defined-only", folder / "net.o"]).splitlines()
    }
    sized = _said([NAMES, "--print-size", folder / "image.elf"]).splitlines()
    there = [fields for fields in map(str.split, sized) if len(fields) == 4 and fields[3] in own]
    assert {fields[2] for fields in there} <= {"t", "T"}  # functions: no memory of its own
    return sum(int(size, 16) for _, size, *_ in there)


def _stack(folder: Path) -> int:
    """The bytes of stack that loss_and_grad takes, with those of what it calls in net.c."""
    lines = (folder / "net.su").read_text().splitlines()
    taken = {line.split()[0].split(":")[-1]: int(line.split()[1]) for line in lines}
    outer = taken.pop("classifier_loss_and_grad")
    return outer + max(taken.values())


def _flat(module: Any, numbers: Any) -> dict[str, Any]:
    """Parameters, filled in the order of their names."""
    given = iter(numbers)
    return {
        n: np.array([next(given) for _ in range(int(np.prod(module.SHAPES[n])))]).reshape(
            module.SHAPES[n]
        )
        for n in sorted(module.SHAPES)
    }


def test_the_classifier_by_adam(tmp_path: Path) -> None:
    net = DEVICE / "classifier.py"
    found = _on_the_board(net, 8, "train_classifier.c", tmp_path)
    module = module_of(emit(load(net)))
    draws: Iterator[float] = (u - 0.5 for u in uniform(1))
    params = _flat(module, draws)
    mean, square = ({n: np.zeros_like(a) for n, a in params.items()} for _ in range(2))
    losses = []
    for t in range(1, STEPS + 1):
        x = np.array([next(draws) for _ in range(8 * 16)]).reshape(8, 16)
        y = 2 * (x[:, 0] > 0) + (x[:, 1] > 0)
        loss, grads = module.loss_and_grad(params, x, y)
        losses.append(loss)
        for n, g in grads.items():
            mean[n] = 0.9 * mean[n] + 0.1 * g
            square[n] = 0.999 * square[n] + 0.001 * g**2
            m, v = mean[n] / (1 - 0.9**t), square[n] / (1 - 0.999**t)
            params[n] = params[n] - 0.01 * m / (np.sqrt(v) + 1e-8)
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:10])
    np.testing.assert_allclose(found, losses, rtol=1e-5)


def test_the_toy_by_descent(tmp_path: Path) -> None:
    net = ROOT / "examples" / "toy_2_2_1.py"
    found = _on_the_board(net, 4, "train_toy.c", tmp_path)
    module = module_of(emit(load(net)))
    params = _flat(module, (k % 5 / 4 - 0.5 for k in range(100)))
    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    losses = []
    for _ in range(STEPS):
        loss, grads = module.loss_and_grad(params, x, y)
        losses.append(loss)
        params = {n: a - 0.5 * grads[n] for n, a in params.items()}
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(found, losses, rtol=1e-5)


def test_what_the_classifier_costs(tmp_path: Path) -> None:
    """Of one sample, with gradient descent. By hand it is 2,612 instructions, and between
    parameters and gradients there are 16 numbers: both hidden and output units and their deltas.
    """
    net = DEVICE / "classifier.py"
    memory, instructions, step = _on_the_board(net, 1, "cost_classifier.c", tmp_path)
    parameters = 4 * (8 * 16 + 8 + 4 * 8 + 4)
    assert memory <= 1.1 * (2 * parameters + 4 * 16)
    assert _own_code(tmp_path) <= 1536
    assert _stack(tmp_path) <= 256
    assert instructions <= 1.5 * 2_612
    assert step <= 8 * parameters / 4
