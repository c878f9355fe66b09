"""A line that tells whoever watches how training goes."""

from __future__ import annotations

import sys


def progress(epoch: int, epochs: int, loss: float, **held_out: float) -> None:
    """Rewrite the line on a terminal, end it with the last epoch; write nothing into a pipe."""
    if not sys.stderr.isatty():
        return
    figures = "".join(f"  held-out {name} {value:.4f}" for name, value in held_out.items())
    line = f"\repoch {epoch:{len(str(epochs))}} of {epochs}  loss {loss:.4f}{figures}"
    # \033[K clears what a longer line before this one left behind.
    print(line, end="\033[K" if epoch < epochs else "\033[K\n", file=sys.stderr, flush=True)
