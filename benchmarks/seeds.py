"""Random networks by their seeds, examined until there are so many different ones.

What a seed found is kept in build/: interrupted, the same command goes on where it was, as long as
the code is the same. Whatever fails is printed as a net.py.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any

import click

from benchmarks.kept import Kept

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each core has a process of its own

EACH = 50  # networks of one seed
Verdict = tuple[str, list[str]]  # what became of a network, and what it reaches
Found = dict[str, Verdict]  # by net.py


def failing(what: object) -> str:
    """The verdict on what must not be."""
    return f"FAILS {what}"


def drawn(number: int, networks: Any, verdict: Callable[[Any], Verdict]) -> Found:
    """The verdicts on the networks of a seed."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    found: Found = {}

    @seed(number)
    @settings(
        max_examples=EACH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(networks)
    def each(network: Any) -> None:
        if network.source not in found:
            found[network.source] = verdict(network)

    each()
    return found


@dataclass(frozen=True)
class Run:
    """What is asked of the networks of a seed, and the code that the answers are of. `summary` says
    in a few words what came out, by how often each verdict was.
    """

    of_seed: Callable[[int], Found]
    kept: Kept
    summary: Callable[[Counter[str]], str]

    def __call__(self, number: int) -> Found:
        found = self.kept.get(number)
        if found is None:
            found = self.of_seed(number)
            self.kept.put(number, found)
        return {source: (verdict, reached) for source, (verdict, reached) in found.items()}


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
            if verdict.startswith(failing("")):
                self.failures.append(f"seed {number}: {verdict}")
                print(self.failures[-1], flush=True)
            else:
                self.verdicts[verdict] += 1
                self.reached.update(reached)
        self.seen |= found.keys()
        done = f"\r{len(self.seen)} networks, {len(self.failures)} failures, seed {number}"
        print(done, end="", file=sys.stderr)

    def report(self, summary: str) -> str:
        lines = [
            f"{len(self.seen)} different networks, {len(self.failures)} failing, {summary};"
            f" seeds {self.seeds[0]} to {self.seeds[-1]}, {EACH} each",
            "",
            *(f"{often:6d}  {what}" for what, often in self.verdicts.most_common()),
            "",
            *(f"{often:6d}  {what}" for what, often in sorted(self.reached.items())),
        ]
        return "\n".join([*lines, ""])


def examined(run: Run, seeds: Iterable[int], networks: int, processes: int) -> Tally:
    """Seed after seed, until there are so many different networks."""
    tally = Tally()
    with ProcessPoolExecutor(processes) as pool:
        waiting = iter(seeds)
        running: list[tuple[int, Future[Found]]] = []
        while len(tally.seen) < networks:
            ahead = islice(waiting, 2 * processes - len(running))
            running += [(n, pool.submit(run, n)) for n in ahead]
            if not running:
                break
            number, future = running.pop(0)
            tally.add(number, future.result())
        pool.shutdown(cancel_futures=True)
    return tally


def command(run: Run, most: int, record: Path, about: str) -> click.Command:
    """The command line of a run, that writes its figures down in `record`."""

    @click.command(help=about)
    @click.option("-n", "--networks", default=most, show_default=True)
    @click.option("--from", "first", default=0, show_default=True, help="The first seed.")
    @click.option("--to", "last", type=int, help="The last seed, if not that which makes so many.")
    @click.option("-j", "--processes", default=os.cpu_count() or 1, show_default=True)
    @click.option("--write", is_flag=True, help=f"Write the figures down in {record.name}.")
    def main(networks: int, first: int, last: int | None, processes: int, write: bool) -> None:
        seeds = count(first) if last is None else range(first, last + 1)
        tally = examined(run, seeds, networks, processes)
        report = tally.report(run.summary(tally.verdicts))
        print(report)
        if write:
            record.write_text(report)
        sys.exit(bool(tally.failures))

    return main
