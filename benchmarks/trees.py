"""`python -m benchmarks.trees OTHER`: the processor seconds of derive and emit in this tree, beside
those of another tree of bpgen, such as an older commit's, in turns.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

import click

from benchmarks.commands import GPT, THREE_LAYERS
from benchmarks.timing import PYTHON

HERE = Path(__file__).resolve().parents[1]


def seconds(tree: Path, *arguments: str) -> float:
    """Of a command that must succeed: those of the processor, which others on the machine change
    less than the clock's.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = {**os.environ, "PYTHONPATH": str(tree)}
    run = [PYTHON, "-m", "bpgen", *arguments]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL, cwd=tree, env=own)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@click.command()
@click.argument("other", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=7, show_default=True)
def main(other: Path, rounds: int) -> None:
    """Print the median of each, and of the ratios of neighbouring runs."""
    with tempfile.TemporaryDirectory() as folder:
        net = Path(folder) / "three.py"
        net.write_text(THREE_LAYERS)
        for path in (net, GPT):
            for command in (["derive"], ["emit", "-o", f"{folder}/out.py", "--force"]):
                given = [*command[:1], str(path), *command[1:]]
                pairs = [(seconds(HERE, *given), seconds(other, *given)) for _ in range(rounds)]
                mine, its = (statistics.median(p[k] for p in pairs) for k in (0, 1))
                times = statistics.median(a / b for a, b in pairs)
                print(f"{command[0]:7} {path.stem:6} {mine:6.2f} s, {its:6.2f} s  x{times:.2f}")


if __name__ == "__main__":
    main()
