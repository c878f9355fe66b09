"""2,000 random networks, of layers and of raw index equations, planned: each is what its equations
say, entry by entry, with a workspace and without.

    python -m benchmarks.planned --write
    python -m benchmarks.planned --from 36 --to 40

Prints how many are right, and why networks were refused; the exit code is 1 if one is wrong.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.kept import Kept
from benchmarks.seeds import Found, Run, Verdict, command, drawn, failing

RIGHT = "is what its equations say"


def of_seed(number: int) -> Found:
    """Of an odd number raw equations, of an even one layers."""
    from tests.networks.examine import subjects
    from tests.networks.raw.draw import raws

    return drawn(number, raws() if number % 2 else subjects(), verdict)


def verdict(network: Any) -> Verdict:
    from bpgen.errors import NetError
    from tests.networks.raw.examine import reason

    reached = sorted(getattr(network, "graph", network).reached)
    try:
        wrong = _wrong(network.source)
    except NetError as error:
        return f"refused: {reason(error)}", reached
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    return (failing(f"{wrong}\n{network.source}") if wrong else RIGHT), reached


def _wrong(source: str) -> str | None:
    """What a planned module says that its equations do not, or only without a workspace."""
    import numpy as np

    from bpgen.check.agreement import difference
    from bpgen.check.module import Subject
    from bpgen.check.promises import within_workspace
    from bpgen.derive import derive
    from bpgen.emit import FAST, emitted
    from bpgen.load import declared_by

    network = declared_by(source)
    planned = emitted(derive(network), FAST)
    if (found := difference(planned, network)) is not None:
        return str(found)
    subject = Subject(planned, network)
    with np.errstate(all="ignore"):
        point = subject.draw(np.random.default_rng(0), 2)
        return next(map(str, within_workspace(subject, point)), None)


def summary(verdicts: Counter[str]) -> str:
    return f"{verdicts[RIGHT]} right, {verdicts.total() - verdicts[RIGHT]} refused"


RUN = Run(of_seed, Kept.of("planned", "bpgen", "templates", "tests/networks"), summary)
ABOUT = "Examine random planned networks until there are so many different ones."
main = command(RUN, 2_000, Path(__file__).with_suffix(".txt"), ABOUT)

if __name__ == "__main__":
    main()
