"""The examples of `examples/device`, trained on a Cortex-M4F that qemu models: numpy's losses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen.compiled.noise import uniform
from bpgen.emit import emit, files
from bpgen.load import load
from tests.conftest import ROOT, module_of

DEVICE = ROOT / "examples" / "device"
COMPILER, BOARD = "arm-none-eabi-gcc", "qemu-system-arm"
FLAGS = (
    *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-Os"),
    *("-ffunction-sections", "-Wl,--gc-sections", "-nostartfiles", "-u", "_printf_float"),
    *("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"),
    *("--specs=nano.specs", "--specs=rdimon.specs"),
)
STEPS = 50

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which(COMPILER) and shutil.which(BOARD)), reason=f"no {COMPILER}, no {BOARD}"
    ),
]


def _on_the_board(net: Path, batch: int, main: str, folder: Path) -> list[float]:
    """The losses that a program prints there."""
    for end, text in files(load(net), "c").items():
        (folder / f"{net.stem}{end}").write_text(text)
    macro, image = net.stem.upper(), folder / "image.elf"
    units = [DEVICE / "board.c", DEVICE / main, folder / f"{net.stem}.c"]
    told = [f"-D{macro}_N={batch}", f"-D{macro}_ADAM", "-T", DEVICE / "board.ld", "-I", folder]
    line = [COMPILER, *FLAGS, *told, *units, "-lm", "-o", image]
    made = subprocess.run([*map(str, line)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    board = [BOARD, "-M", "mps2-an386", "-nographic", "-semihosting", "-kernel", str(image)]
    ran = subprocess.run(board, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return [float(line) for line in ran.stdout.split()]


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
