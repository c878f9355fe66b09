"""`python -m benchmarks.checks`: how long `bpgen check` takes on each example, and until it first
says something where people watch.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.timing import PYTHON

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
BARS = {"toy_2_2_1": 2.0, "gpt": 25.0}  # seconds on a quiet machine of two cores
BAR = 5.0  # the same, of every other example
FIRST = 1.0  # until the first sign of life


def timed(net: Path) -> tuple[float, float]:
    """Seconds until the first character on a terminal, and until the end of a check that passes."""
    seen, terminal = pty.openpty()
    command = [PYTHON, "-m", "bpgen", "check", str(net)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        os.read(seen, 1)
        first = time.perf_counter() - start
        try:
            while os.read(seen, 4096):
                pass
        except OSError:  # how Linux tells that the other end is closed
            os.close(seen)
    if process.returncode:
        sys.exit(f"{net}: the check fails")
    return first, time.perf_counter() - start


def main() -> None:
    print(f"{'example':24} {'first':>6} {'all':>7}")
    for net in sorted(EXAMPLES.glob("*.py")):
        first, whole = timed(net)
        bar = BARS.get(net.stem, BAR)
        verdict = "within" if whole <= bar and first <= FIRST else "OVER"
        print(f"{net.stem:24} {first:4.2f} s {whole:5.2f} s  ({verdict} {FIRST:g}, {bar:g})")


if __name__ == "__main__":
    main()
