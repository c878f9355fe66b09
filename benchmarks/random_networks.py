"""10,000 random networks, and what must hold of every one: a quarter at random, then aimed at what
was reached least, until one in a hundred reaches each operation and option.

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
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import click

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each core has a process of its own

EACH = 50  # networks of one seed
SHARE = 100  # one network in so many reaches whatever there is
NOT_ASKED = "refused, rightly, or beyond float64"
TRIES = 20  # seeds that aim at one row before it is given up
RECORD = Path(__file__).with_suffix(".txt")

Found = dict[int, set[str]]  # what each network reached, by the hash of its net.py


def crc(text: str) -> int:
    """The same number in every process."""
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def of_seed(number: int, aim: str) -> tuple[Found, str]:
    """The networks, and the failure if there is one. With an aim, all of them reach it."""
    import torch
    from hypothesis import given, seed, settings
    from hypothesis.errors import Unsatisfiable

    from tests.networks.examine import UNSHRUNK, examine, subjects
    from tests.networks.run import Subject

    torch.set_num_threads(1)
    found: Found = {}

    @seed(number)
    @settings(UNSHRUNK, max_examples=EACH, database=None)
    @given(subjects(aim=aim))
    def networks(subject: Subject) -> None:
        asked = examine(subject)
        reached = {*(f"property: {a}" for a in asked), *subject.graph.reached}
        found.setdefault(crc(subject.source), reached if asked else {NOT_ASKED})

    try:
        networks()
    except Unsatisfiable:  # no network was drawn that reaches it: another seed may
        pass
    except AssertionError as failure:
        return found, f"seed {number} {aim}: {failure}"
    return found, ""


@dataclass
class Tally:
    """What was examined so far."""

    seen: set[int] = field(default_factory=set)
    reached: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    aims: dict[int, str] = field(default_factory=dict)  # of each seed; "" is none

    def add(self, found: Found, failure: str) -> None:
        for network in found.keys() - self.seen:
            self.reached.update(found[network])
        self.seen |= found.keys()
        if failure:
            self.failures.append(failure)
            print(failure, flush=True)
        print(
            f"\r{len(self.seen)} networks, {len(self.failures)} failures", end="", file=sys.stderr
        )

    def aim(self, networks: int, running: set[str]) -> str | None:
        """What another seed aims at: nothing in the first quarter, then what was reached least.
        None when that is enough, and there are so many networks.
        """
        if len(self.seen) < networks // 4:
            return ""
        tried = Counter(self.aims.values())
        short = [
            (often, row)
            for row, often in self.reached.items()
            if often < networks // SHARE and row not in running and tried[row] < TRIES
            if row != NOT_ASKED and not row.startswith("property")  # no network is made for these
        ]
        enough = None if len(self.seen) >= networks else ""
        return min(short)[1] if short else enough

    def report(self) -> str:
        lines = [
            f"{len(self.seen)} different networks, {len(self.failures)} failing; "
            f"seeds {min(self.aims)} to {max(self.aims)}, {EACH} each",
            "",
            *(f"{often:6d}  {what}" for what, often in sorted(self.reached.items())),
            "",
            "The seeds that aimed at what was reached least; the others at nothing:",
            "",
            *(f"{seed:6d}  {aim}" for seed, aim in self.aims.items() if aim),
        ]
        return "\n".join([*lines, ""])


def examined(tally: Tally, networks: int, first: int) -> Tally:
    """The tally when nothing is left to aim at."""
    running: dict[Future[tuple[Found, str]], str] = {}
    with ProcessPoolExecutor() as pool:
        while True:
            while len(running) < (os.cpu_count() or 1):
                aim = tally.aim(networks, {*running.values()})
                if aim is None:
                    break
                seed = first + len(tally.aims)
                tally.aims[seed] = aim
                running[pool.submit(of_seed, seed, aim)] = aim
            if not running:
                return tally
            done = next(as_completed(running))
            del running[done]
            tally.add(*done.result())


@click.command()
@click.option("-n", "--networks", default=10_000, show_default=True)
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--write", is_flag=True, help=f"Write the figures down in {RECORD.name}.")
def main(networks: int, first: int, write: bool) -> None:
    """Examine random networks until there are so many different ones, and one in a hundred reaches
    each operation and option.
    """
    tally = examined(Tally(), networks, first)
    print(tally.report())
    if write:
        RECORD.write_text(tally.report())
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
