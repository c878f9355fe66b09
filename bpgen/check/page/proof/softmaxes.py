"""Log-sum-exps that only softmaxes hold: net.py has no name for them, and a page that says of each
where it speaks of it need not tell them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from bpgen.check.page import formula as f
from bpgen.check.page.proof.numbered import Told
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import symbols_of


def within_softmaxes(page: Page, known: set[Told]) -> Iterator[str]:
    """The log-sum-exps that a page need not tell: net.py has no name for them, no equation with a
    number is theirs, and wherever the page speaks of one it says what it is.
    """
    tensors = page.network.tensors
    found = {
        e.name
        for e in page.network.equations
        if e.terms[0].reduce == "logsumexp" and tensors[e.name].nameless
    } - {subject[1] for subject in known if subject is not None}
    for group in page.groups if found else ():
        spoken, defined = set[str](), set[str]()
        for statement in group.statements:
            spoken |= {*_spoken(statement, page.reading(group))}
            defined |= {*_defined(statement, page.reading(group))}
        found -= spoken - defined
    yield from found


def _spoken(statement: Statement, reading: Reading) -> Iterator[str]:
    """The tensors that are read in a line."""
    for part in statement.parts:
        with suppress(Unreadable):  # and so a line is false
            for symbol in symbols_of(reading.parse(part)):
                if (known := reading.names.find(symbol)) is not None:
                    yield known[1]


def _defined(statement: Statement, reading: Reading) -> Iterator[str]:
    """The tensor that a reason tells: since s = log(sum_i exp(z_i))."""
    if statement.kind == "since" and len(statement.parts) == 2:
        with suppress(Unreadable):
            left, right = map(reading.parse, statement.parts)
            known = reading.names.find(left) if isinstance(left, f.Symbol) else None
            if known is not None and known[1] not in _names(right, reading):
                yield known[1]


def _names(node: f.Node, reading: Reading) -> set[str]:
    every = map(reading.names.find, symbols_of(node))
    return {known[1] for known in every if known is not None}
