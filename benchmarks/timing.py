"""Whole commands timed against each other within one run: the median of interleaved rounds, as
ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

PYTHON = sys.executable
# Modules are compiled once, as where packages are installed: bpgen's like those it is held to.
_COMPILED = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def once(command: Sequence[str]) -> float:
    """Seconds of one run of a command that must succeed; what it says is told where it does not."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=_COMPILED)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return seconds


def ratio(
    command: Sequence[str], reference: Sequence[str], rounds: int = 11
) -> tuple[float, float, float]:
    """The median seconds of both, and the median of the ratios of neighbouring runs."""
    for warm in (command, reference):
        once(warm)
    pairs = [(once(command), once(reference)) for _ in range(rounds)]
    mine, other = (statistics.median(p[k] for p in pairs) for k in (0, 1))
    return mine, other, statistics.median(a / b for a, b in pairs)


def report(title: str, found: tuple[float, float, float], bar: float) -> None:
    mine, other, times = found
    verdict = "within" if times <= bar else "OVER"
    print(f"{title:34} {mine:6.3f} s  against {other:6.3f} s  x{times:.2f}  ({verdict} {bar})")
