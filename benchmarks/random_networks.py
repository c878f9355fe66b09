"""10,000 random networks, and what must hold of every one.

    python -m benchmarks.random_networks
    python -m benchmarks.random_networks -n 200 --first 17

Prints how often each operation, option and property was reached, and the seeds; whatever fails is
printed as a net.py, and the exit code is 1. Needs PyTorch (`pip install -e '.[parity]'`) and
pdflatex.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from itertools import count
from pathlib import Path

import click

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each core has a process of its own

EACH = 50  # networks of one seed
RECORD = Path(__file__).with_suffix(".txt")


def crc(text: str) -> int:
    """The same number in every process."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def of_seed(number: int) -> tuple[Counter[str], set[int], str]:
    """How often what was reached, the networks by their hashes, and the failure if there is one."""
    import torch
    from hypothesis import given, seed, settings

    from tests.networks.examine import UNSHRUNK, examine, subjects
    from tests.networks.run import Subject

    torch.set_num_threads(1)
    reached: Counter[str] = Counter()
    seen: set[int] = set()

    @seed(number)
    @settings(UNSHRUNK, max_examples=EACH, database=None)
    @given(subjects())
    def networks(subject: Subject) -> None:
        asked = examine(subject)
        if crc(subject.source) not in seen:
            seen.add(crc(subject.source))
            reached.update({*(f"property: {a}" for a in asked), *subject.graph.reached})

    try:
        networks()
    except AssertionError as failure:
        return reached, seen, f"seed {number}: {failure}"
    return reached, seen, ""


@click.command()
@click.option("-n", "--networks", default=10_000, show_default=True)
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--write", is_flag=True, help=f"Write the figures down in {RECORD.name}.")
def main(networks: int, first: int, write: bool) -> None:
    """Examine random networks until there are so many different ones."""
    reached: Counter[str] = Counter()
    seen: set[int] = set()
    failures, seeds = [], count(first)
    last = first
    with ProcessPoolExecutor() as pool:
        running = {pool.submit(of_seed, next(seeds)) for _ in range(os.cpu_count() or 1)}
        while running:
            done = next(as_completed(running))
            running.remove(done)
            some, networks_of_seed, failure = done.result()
            reached += some
            seen |= networks_of_seed
            if failure:
                failures.append(failure)
                print(failure, flush=True)
            print(f"\r{len(seen)} networks, {len(failures)} failures", end="", file=sys.stderr)
            if len(seen) < networks:
                last = next(seeds)
                running.add(pool.submit(of_seed, last))
    text = report(reached, len(seen), f"seeds {first} to {last}, {EACH} each", len(failures))
    print(text)
    if write:
        RECORD.write_text(text)
    sys.exit(bool(failures))


def report(reached: Counter[str], networks: int, seeds: str, failures: int) -> str:
    lines = [f"{networks} different networks, {failures} failing; {seeds}", ""]
    lines += [f"{often:6d}  {what}" for what, often in sorted(reached.items())]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
