"""The `bpgen` command as a process of its own, which `python -m bpgen` is, too."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn

if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False):
    # Beside a net.py there may be a random.py, or an nt.py, which Python looks for on every system:
    # the folder's modules are found where a net.py is run, as they are for the command.
    sys.path.pop(0)


def run() -> None:
    """A short life of many small objects, hardly one of them garbage: Python looks for it only
    where there are very many, and not once more at the end. Matrices are small, too: threads would
    wait for each other.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(500_000, 50, 50)
    atexit.register(gc.freeze)
    _replace_closed_streams()
    _program()(prog_name="bpgen")


def _program() -> Callable[..., NoReturn]:
    try:
        from bpgen.cli import main
    except (ImportError, AttributeError) as error:
        from bpgen import shadows

        if (hidden := shadows.told(error)) is None:
            raise
        print(f"bpgen: {hidden}", file=sys.stderr)
        sys.exit(2)
    return main


def _replace_closed_streams() -> None:
    """Those that the shell closed, as `>&-` does, are None in Python: nobody reads these."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nobody = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, as long as the process
            setattr(sys, name, nobody)


if __name__ == "__main__":
    run()
