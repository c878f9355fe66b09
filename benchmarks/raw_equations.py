"""5,000 random networks of raw index equations: each is refused before it is emitted, in the user's
words, or is what its equations say, entry by entry, with gradients by complex steps, and so is each
line of its page and each comment of its module.

    python -m benchmarks.raw_equations --write
    python -m benchmarks.raw_equations --from 36 --to 40

Prints how often each kind of access, sum and statement was reached, and why networks were refused;
the exit code is 1 if one fails.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.kept import Kept
from benchmarks.seeds import Found, Run, Verdict, command, drawn, failing


def of_seed(number: int) -> Found:
    from tests.networks.raw.draw import raws

    return drawn(number, raws(), verdict)


def verdict(raw: Any) -> Verdict:
    from tests.networks.raw.examine import examine

    try:
        return examine(raw), sorted(raw.reached)
    except AssertionError as failure:
        return failing(failure), sorted(raw.reached)


def summary(verdicts: Counter[str]) -> str:
    from tests.networks.raw.examine import WRITTEN

    refused = verdicts.total() - verdicts[WRITTEN]
    return f"{refused} refused ({100 * refused / verdicts.total():.1f} %)"


_CODE = ("bpgen", "templates", "tests/networks/raw", "tests/comments.py")
RUN = Run(of_seed, Kept.of("raw_equations", *_CODE), summary)
ABOUT = "Examine random networks of raw equations until there are so many different ones."
main = command(RUN, 5_000, Path(__file__).with_suffix(".txt"), ABOUT)

if __name__ == "__main__":
    main()
