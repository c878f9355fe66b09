"""5,000 random networks of raw index equations: each is refused before it is emitted, in the user's
words, or is what its equations say, entry by entry, with gradients by complex steps.

    python -m benchmarks.raw_equations
    python -m benchmarks.raw_equations -n 200 --first 17

Prints how often each kind of access, sum and statement was reached, and why networks were refused;
whatever fails is printed as a net.py, and the exit code is 1.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import click

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each core has a process of its own

EACH = 50  # networks of one seed
RECORD = Path(__file__).with_suffix(".txt")
Found = dict[str, tuple[str, frozenset[str]]]  # by net.py: what became of it, what it reaches


def of_seed(number: int) -> Found:
    """The networks of a seed; of those that fail, what is wrong."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from tests.networks.raw.draw import Raw, raws
    from tests.networks.raw.examine import examine

    found: Found = {}

    @seed(number)
    @settings(
        max_examples=EACH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(raws())
    def networks(raw: Raw) -> None:
        try:
            verdict = examine(raw)
        except AssertionError as failure:
            verdict = f"FAILS {failure}"
        found[raw.source] = verdict, raw.reached

    networks()
    return found


@dataclass
class Tally:
    """What was examined so far."""

    seen: set[str] = field(default_factory=set)
    verdicts: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def add(self, number: int, found: Found) -> None:
        self.seeds.append(number)
        for source in found.keys() - self.seen:
            verdict, reached = found[source]
            if verdict.startswith("FAILS"):
                self.failures.append(f"seed {number}: {verdict}")
                print(self.failures[-1], flush=True)
            else:
                self.verdicts[verdict] += 1
                self.reached.update(reached)
        self.seen |= found.keys()
        done = f"\r{len(self.seen)} networks, {len(self.failures)} failures"
        print(done, end="", file=sys.stderr)

    def report(self) -> str:
        from tests.networks.raw.examine import WRITTEN

        total = len(self.seen)
        refused = sum(often for verdict, often in self.verdicts.items() if verdict != WRITTEN)
        lines = [
            f"{total} different networks, {len(self.failures)} failing, {refused} refused"
            f" ({100 * refused / total:.1f} %); seeds {self.seeds[0]} to {self.seeds[-1]},"
            f" {EACH} each",
            "",
            *(f"{often:6d}  {what}" for what, often in self.verdicts.most_common()),
            "",
            *(f"{often:6d}  {what}" for what, often in sorted(self.reached.items())),
        ]
        return "\n".join([*lines, ""])


def examined(networks: int, first: int) -> Tally:
    """Seed after seed, until there are so many different networks."""
    tally = Tally()
    with ProcessPoolExecutor() as pool:
        for numbers in _batches(first, os.cpu_count() or 1):
            for number, found in zip(numbers, pool.map(of_seed, numbers), strict=True):
                tally.add(number, found)
            if len(tally.seen) >= networks:
                return tally
    raise AssertionError("seeds have no end")


def _batches(first: int, each: int) -> Iterator[range]:
    for k in count():
        yield range(first + k * each, first + (k + 1) * each)


@click.command()
@click.option("-n", "--networks", default=5_000, show_default=True)
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--write", is_flag=True, help=f"Write the figures down in {RECORD.name}.")
def main(networks: int, first: int, write: bool) -> None:
    """Examine random networks of raw equations until there are so many different ones."""
    tally = examined(networks, first)
    print(tally.report())
    if write:
        RECORD.write_text(tally.report())
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
