"""5,000 random networks of raw index equations: each is refused before it is emitted, in the user's
words, or is what its equations say, entry by entry, with gradients by complex steps, and so is each
line of its page.

    python -m benchmarks.raw_equations --write
    python -m benchmarks.raw_equations --from 36 --to 40

Prints how often each kind of access, sum and statement was reached, and why networks were refused;
whatever fails is printed as a net.py, and the exit code is 1. What a seed found is kept in build/:
interrupted, the same command goes on where it was, as long as the code is the same.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import click

from benchmarks.kept import Kept

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each core has a process of its own

EACH = 50  # networks of one seed
RECORD = Path(__file__).with_suffix(".txt")
Found = dict[str, tuple[str, list[str]]]  # by net.py: what became of it, what it reaches


def of_seed(number: int, kept: Kept) -> Found:
    """The networks of a seed; of those that fail, what is wrong."""
    found = kept.get(number)
    if found is None:
        found = _examined(number)
        kept.put(number, found)
    return {source: (verdict, reached) for source, (verdict, reached) in found.items()}


def _examined(number: int) -> Found:
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
        found[raw.source] = verdict, sorted(raw.reached)

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
        done = f"\r{len(self.seen)} networks, {len(self.failures)} failures, seed {number}"
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


def examined(seeds: Iterable[int], kept: Kept, networks: int, processes: int) -> Tally:
    """Seed after seed, until there are so many different networks."""
    tally = Tally()
    with ProcessPoolExecutor(processes) as pool:
        waiting = iter(seeds)
        running: list[tuple[int, Future[Found]]] = []
        while len(tally.seen) < networks:
            ahead = islice(waiting, 2 * processes - len(running))
            running += [(n, pool.submit(of_seed, n, kept)) for n in ahead]
            if not running:
                break
            number, future = running.pop(0)
            tally.add(number, future.result())
        pool.shutdown(cancel_futures=True)
    return tally


@click.command()
@click.option("-n", "--networks", default=5_000, show_default=True)
@click.option("--from", "first", default=0, show_default=True, help="The first seed.")
@click.option("--to", "last", type=int, help="The last seed, if not that which makes so many.")
@click.option("-j", "--processes", default=os.cpu_count() or 1, show_default=True)
@click.option("--write", is_flag=True, help=f"Write the figures down in {RECORD.name}.")
def main(networks: int, first: int, last: int | None, processes: int, write: bool) -> None:
    """Examine random networks of raw equations until there are so many different ones."""
    kept = Kept.of("raw_equations", "bpgen", "templates", "tests/networks/raw")
    seeds = count(first) if last is None else range(first, last + 1)
    tally = examined(seeds, kept, networks, processes)
    print(tally.report())
    if write:
        RECORD.write_text(tally.report())
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
