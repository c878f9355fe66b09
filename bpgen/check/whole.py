"""bpgen check: is what `bpgen emit` wrote the gradient of the network? By numbers, exactly, and
with a self-test.

The check never uses what derived or emitted the module: it asks the module's own objective for
numeric derivatives, and writes the network out in scalars, which the chain rule differentiates one
elementary operation at a time. Exactly means: equal as functions, of which it is sure but for a
chance below 2^-64 (see `exact`).
"""

from __future__ import annotations

from dataclasses import replace

from bpgen.check import exact, numbers, selftest
from bpgen.check.exact import ExactRow
from bpgen.check.form import form
from bpgen.check.module import Subject
from bpgen.check.numbers import NumberRow, Ruler
from bpgen.check.promises import Finding
from bpgen.check.report import Report, TensorRow
from bpgen.check.sides import Beyond, one_sided
from bpgen.check.ties import tied
from bpgen.check.undefined import undefined
from bpgen.ir import Network
from bpgen.progress import say

__all__ = ["Report", "check_module"]

ALONE = "checked by numbers only: give the net.py to have the module proved exactly"
TWO = "asked of two samples and more: of one, its values or gradients are no numbers"
LARGEST = (
    "a max is proved where no two of its values are equal; of equal ones the first takes the"
    " gradient, by convention"
)
SHRUNK = (
    "proved exactly and self-tested at smaller sizes: the same equations and the same code, with"
    " shorter axes"
)
SHRUNK_OTHERWISE = (
    "proved exactly at smaller sizes: the same equations with shorter axes, for which the code is"
    " written in another way"
)


def check_module(
    source: str,
    network: Network | None,
    *,
    seed: int = 0,
    exact_source: tuple[str, Network] | None = None,
) -> Report:
    """Check the text of an emitted module against the network it was emitted from.

    Without a network the exact part is left out, and the report says so. `exact_source` is the
    module and the network of the same form at smaller sizes, for the exact part of a network too
    large to write out.
    """
    try:
        subject = Subject(source, network)
    except Exception as error:
        return _broken(f"the module cannot be run: {type(error).__name__}: {error}")
    ruler = Ruler(subject, seed)
    found = numbers.numbers(subject, seed, ruler)
    target = exact_source or ((source, network) if network is not None else None)
    proved = {row.name: row for row in exact.exact(*target, seed)} if target is not None else None
    found = replace(found, rows=tuple(_known(row, proved or {}) for row in found.rows))
    rows = [TensorRow(row.name, row, _exactly(row.name, proved)) for row in found.rows]
    beyond = _beyond(ruler, exact_source, seed, found.ok)
    fewer = _at_smaller(exact_source, seed) if numbers.large(subject) else ()
    found = replace(found, findings=(*found.findings, *beyond.wrong, *fewer))
    rows += [
        TensorRow(name, None, row)
        for name, row in (proved or {}).items()
        if name not in {r.name for r in found.rows}
    ]
    notes = [*undefined(subject, seed), *beyond.unseen, *_not_asked(subject)]
    tested = None
    if found.ok:  # breaking what is broken shows nothing
        further = beyond.points
        if exact_source is not None and form(exact_source[0]) == form(source):
            notes += [SHRUNK]
            subject = Subject(*exact_source)
            ruler = Ruler(subject, seed)
        elif exact_source is not None:
            notes += [SHRUNK_OTHERWISE]
            further = []  # they are of the smaller sizes
        tested = selftest.selftest(subject, ruler, further=further)
    notes += [LARGEST] * (target is not None and found.ok and _has_max(target[1]))
    return Report(found.findings, tuple(rows), tested, "\n".join(notes))


def _known(row: NumberRow, proved: dict[str, ExactRow]) -> NumberRow:
    """What numbers cannot tell from rounding is 0 where that is proved."""
    exactly = proved.get(row.name)
    if row.unsettled and exactly is not None and exactly.ok and exactly.nothing:
        return replace(row, verdict="zero")
    return row


def _at_smaller(smaller: tuple[str, Network] | None, seed: int) -> tuple[Finding, ...]:
    """What is wrong by numbers at smaller sizes, where as many are asked for as of any module."""
    if smaller is None:
        return ()
    try:
        found = numbers.numbers(Subject(*smaller), seed)
    except Exception as error:
        return (Finding("", f"at smaller sizes it raises {type(error).__name__}: {error}"),)
    wrong = (Finding(r.name, f"at smaller sizes: {r.verdict}") for r in found.rows if not r.ok)
    return (*found.findings, *wrong)


def _not_asked(subject: Subject) -> list[str]:
    """What was not asked: of one sample, of a module without its net.py."""
    return [*[TWO] * (subject.fewest > 1), *[ALONE] * (subject.network is None)]


def _beyond(ruler: Ruler, smaller: tuple[str, Network] | None, seed: int, right: bool) -> Beyond:
    """What is found where one side of a condition was missing and, of what is `right` elsewhere,
    where values are equal; of a large network, of a smaller one of its form.
    """
    if smaller is not None:
        ruler = Ruler(Subject(*smaller), seed)
    network = ruler.subject.network
    if network is None:
        return Beyond()
    say("both sides of every condition")
    try:
        found = one_sided(ruler.subject, network, ruler.asked(), seed)
        if right and not found.wrong:
            found.wrong.extend(tied(ruler.subject, network, seed))
        return found
    except Exception:  # what raises is told among the broken promises
        return Beyond()


def _has_max(network: Network) -> bool:
    return any(t.reduce == "max" for e in network for t in e.terms)


def _exactly(name: str, proved: dict[str, ExactRow] | None) -> ExactRow | None:
    if proved is None:
        return None
    return proved.get(
        name, ExactRow(name, 0, 1, "not proved: the written-out network has no such tensor")
    )


def _broken(fact: str) -> Report:
    return Report((Finding("", fact),), (), None)
