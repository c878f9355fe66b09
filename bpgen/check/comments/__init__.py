"""The comments of an emitted module read back: both sides of each, evaluated at random values, with
the written-out network's gradients as the meaning of every adjoint.

Nothing is asked of which one of equal ones is the first. What is added up is asked for together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpgen.check.comments.judge import Judge
from bpgen.check.comments.told import beside, told
from bpgen.check.comments.values import Unread, Values
from bpgen.check.page.proof.report import FalseLine, ReadBack
from bpgen.ir import Network

_NO_EQUATION = re.compile(r"step by step|is the first largest|^first_")


def prove_comments(module: str, page: str, network: Network, seed: int = 0) -> ReadBack:
    """Each comment of a network's module, beside its page, which is LaTeX."""
    found = [*judged(module, page, network, seed)]
    false = tuple(line for _, line in found if line is not None)
    return ReadBack(len(found) - len(false), len(found), false)


def judged(
    module: str, page: str, network: Network, seed: int = 0
) -> Iterator[tuple[str, FalseLine | None]]:
    """Each comment, and what is false of it or cannot be read."""
    judge = Judge(Values.drawn(network, page, seed))
    every = [line for line in told(module) if not _NO_EQUATION.search(line.text)]
    counted = {line: judge.counted(line.text) for line in every}
    wholes = [line for line in every if not counted[line]]
    sums = {line.name for line in wholes if " += " in line.text}
    for line, letter in counted.items():
        try:
            if letter:
                wrong = judge.share(line.text, line.name, letter, beside(line, wholes))
            elif line.name in sums:
                wrong = judge.added(line.name, beside(line, wholes))
            else:
                wrong = judge.wrong(line.text)
            yield line.text, FalseLine(line.text, wrong) if wrong else None
        except Unread as why:
            yield line.text, FalseLine(line.text, str(why), unread=True)
