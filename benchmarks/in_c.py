"""1,000 random networks, of layers and of raw index equations, in C and in numpy: at a point of
each the same loss, outputs and gradients, in double precision to 1e-12 and in single to 1e-5.

    python -m benchmarks.in_c --write
    python -m benchmarks.in_c --from 36 --to 40

Prints how many are the same, and why networks were refused; the exit code is 1 if one differs. A
compiler of C is needed; each seed is compiled by one call of it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.kept import Kept
from benchmarks.seeds import Found, Run, command, drawn, failing


def of_seed(number: int) -> Found:
    """Of an odd number raw equations, of an even one layers."""
    from tests.in_c import verdicts
    from tests.networks.examine import subjects
    from tests.networks.raw.draw import raws

    networks = raws() if number % 2 else subjects()
    found = drawn(number, networks, lambda n: ("", sorted(getattr(n, "graph", n).reached)))
    said = verdicts(found)
    return {
        source: (said[source] if isinstance(said[source], str) else failing(said[source]), reached)
        for source, (_, reached) in found.items()
    }


def summary(verdicts: Counter[str]) -> str:
    refused = sum(n for verdict, n in verdicts.items() if verdict.startswith("refused"))
    return f"{verdicts.total() - refused} compared, {refused} refused"


RUN = Run(of_seed, Kept.of("in_c", "bpgen", "templates", "tests/networks"), summary)
ABOUT = "Compare the C of random networks with numpy until there are so many different ones."
main = command(RUN, 1_000, Path(__file__).with_suffix(".txt"), ABOUT)

if __name__ == "__main__":
    main()
