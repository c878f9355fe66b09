"""What the rules for layers call by another name, which counts the layers: a^[0] is x."""

from __future__ import annotations

import re

from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.tokens import Unreadable, tokens

_TOLD = re.compile(r"^In the rules for \$\S+\$, (.*)\.$", re.M)
_IS = re.compile(r"\$([^$]*)\$ is \$([^$]*)\$")


def read(page: Page, judge: Judge) -> None:
    """From here on, a symbol is what the page says; unless it is something else."""
    parser, names = page.sample.parser, page.sample.names
    for told in _TOLD.finditer(page.latex):
        for said in _IS.finditer(told[1]):
            try:
                reason = names.call_also(*(parser(tokens(s)).symbol() for s in said.groups()))
            except (Unreadable, ValueError) as error:
                reason = str(error)
            if reason:
                judge.say([FalseLine(said[0], reason, True)], 1)
