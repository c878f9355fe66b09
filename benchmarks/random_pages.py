"""The pages of 2,000 random networks, short and in full, read back: each of their lines holds.

    python -m benchmarks.random_pages --write
    python -m benchmarks.random_pages --from 36 --to 40

Prints how many pages are proved, of whatever length, and how many networks are refused; a line that
is false, or that cannot be read, is a failure, and the exit code is 1.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.kept import Kept
from benchmarks.seeds import Found, Run, Verdict, command, drawn, failing

PROVED, REFUSED = "every line of its pages holds", "refused before there is a page"


def of_seed(number: int) -> Found:
    from tests.networks.examine import subjects

    return drawn(number, subjects(), verdict)


def verdict(subject: Any) -> Verdict:
    try:
        return _verdict(subject), sorted(subject.graph.reached)
    except Exception as error:
        told = (
            f"{error}" if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        )
        said = f"{told}\nseed {subject.seed}, {subject.batch} samples\n{subject.source}"
        return failing(said), sorted(subject.graph.reached)


def _verdict(subject: Any) -> str:
    from bpgen.errors import NetError
    from tests.networks.written import false_lines, paged

    try:
        made = paged(subject.source)
    except NetError:
        return REFUSED
    false = [*false_lines(made, subject.seed)]
    kind = "not read" if all(line.unread for line in false) else "false"
    assert not false, "\n".join([f"{kind}:", *map(str, false)])
    return PROVED


def summary(verdicts: Counter[str]) -> str:
    return f"{verdicts[PROVED]} proved, {verdicts[REFUSED]} refused"


RUN = Run(of_seed, Kept.of("random_pages", "bpgen", "templates", "tests/networks"), summary)
ABOUT = "Prove the pages of random networks until there are so many different ones."
main = command(RUN, 2_000, Path(__file__).with_suffix(".txt"), ABOUT)

if __name__ == "__main__":
    main()
