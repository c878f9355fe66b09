"""Every function at hard numbers, by bpgen's module and by PyTorch.

    python -m benchmarks.hard_numbers
    python -m benchmarks.hard_numbers -v        # and each point at which ours is not right

Of each function the points whose value or derivative is worse than 16 units in the last place, and
those that are nan or infinite (or make numpy warn) where the answer is finite.
"""

from __future__ import annotations

import click
import numpy as np

from tests.hard_numbers import KNOWN, NAIVE, Row, counted, ours, points, theirs


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Each point of ours that is not right.")
def main(verbose: bool) -> None:
    """Print the table."""
    totals = np.zeros(4, int)
    print(f"{'worse than 16 ulp / nan or inf':>60}  {'bpgen':>10} {'PyTorch':>10}")
    for title, rows in (("functions", KNOWN), ("as people spell them", NAIVE)):
        print(title)
        for row in rows:
            for dtype in (np.float64, np.float32):
                totals += printed(row, dtype, verbose)
    a, b, c, d = totals
    print(f"{'together':>60}  {a:>5d}/{b:<4d} {c:>5d}/{d:<4d}")


def printed(row: Row, dtype: type, verbose: bool) -> np.ndarray:
    z = points(row, dtype)
    mine = counted(row, dtype, ours(row, z))
    other = counted(row, dtype, theirs(row, z))
    name = row.call.replace("{0}", "z").replace("{}", "z")
    figures = f"{mine.worse:>5d}/{mine.broken:<4d} {other.worse:>5d}/{other.broken:<4d}"
    print(f"{name:>50} {dtype.__name__:>9}  {figures}", flush=True)
    if verbose:
        for line in mine.at:
            print("    ", line)
    return np.array([mine.worse, mine.broken, other.worse, other.broken])


if __name__ == "__main__":
    main()
