"""Whether a page tells all that there is: of every equation of the network and of every gradient
that is not 0 an equation with a number, at all of its places; why each gradient is what it is; and,
where all is summed up, each gradient that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from bpgen.check.page import formula as f
from bpgen.check.page.names import Names
from bpgen.check.page.proof.numbered import Row, Told
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.proof.rows import Rows
from bpgen.check.page.proof.sentences.alike import pairs
from bpgen.check.page.proof.zeros import untold
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import children
from bpgen.ir import Network

_GIVEN = ("param", "input")  # whose gradients are asked for
_ALIKE = re.compile(r"^In the same way: (.*)\.$", re.M)
_FULL, _WHY, _SUMMARY = "Forward pass", "Derivation", "Summary"


def missing(page: Page, told: Sequence[Row], rows: Rows) -> list[FalseLine]:
    """What is not told."""
    known = {row.told for row in told if row.tag}
    found = [_said(s, "is not told") for s in _subjects(page, known) if s not in known]
    if any(group.section == _FULL for group in page.groups):
        summed = {row.told for row in told if row.group.section == _SUMMARY}
        found += [_said(s, "is not summed up") for s in _asked(page, known) if s not in summed]
    else:
        found += [_said(s, "has no reason") for s in _unreasoned(page, told)]
    return [*found, *(_said(s, "is told in part") for s in _in_part(told, rows))]


def _said(subject: tuple[bool, str], what: str) -> FalseLine:
    gradient, name = subject
    return FalseLine(f"the gradient with respect to {name}" if gradient else name, what)


# each value and gradient


def _subjects(page: Page, known: set[Told]) -> Iterator[tuple[bool, str]]:
    """The values, and the gradients of what they are computed from and of what hands it on; which
    of several is the largest is known by no name.
    """
    network, top = page.network, page.sample.top
    within = page.sample.world.within
    for equation in network.equations:
        if all(t.reduce != "first" for t in equation.terms) and equation.name not in within:
            yield False, equation.name
    tops = (top, network.loss, network.sample_loss, *within)
    for name in _learnt(network):
        told = (True, name) in known
        if name not in tops and (told or page.sample.gradient(top, name).any()):
            yield True, name


def _learnt(network: Network) -> list[str]:
    """Parameters and inputs, and what is computed from them."""
    tensors = network.tensors.values()
    found = {t.name for t in tensors if t.role in _GIVEN and t.bound is None}
    for equation in network.equations:
        if any(e.name in found for e in equation.reads()):
            found.add(equation.name)
    return [t.name for t in tensors if t.name in found]


def _asked(page: Page, known: set[Told]) -> Iterator[tuple[bool, str]]:
    roles = {t.name: t.role for t in page.network.tensors.values()}
    yield from (s for s in known if s is not None and s[0] and roles[s[1]] in _GIVEN)


# why


def _unreasoned(page: Page, told: Sequence[Row]) -> Iterator[tuple[bool, str]]:
    """Gradients of which nothing says why: but for those that are handed on as they are."""
    reasoned = {row.told for row in told if row.group.section == _WHY}
    reasoned |= {row.told for row in told if row.tag in _alike(page.latex, told, reasoned)}
    for row in told:
        if row.told is None or not row.told[0] or not row.tag or row.told in reasoned:
            continue
        if row.reading is page.sample and _reads_values(row):
            yield row.told


def _alike(latex: str, told: Iterable[Row], reasoned: set[Told]) -> set[str]:
    """The numbers that are said to be found as another is, of which it is said."""
    of = {row.tag: row.told for row in told}
    found: set[str] = set()
    for line in _ALIKE.findall(latex):
        found |= {one for one, other in pairs(line) if of.get(other) in reasoned}
    return found


def _reads_values(row: Row) -> bool:
    """Whether a gradient is more than others, handed on."""
    return _has_values(row.reading.parse(row.statement.parts[-1]), row.reading.names)


def _has_values(node: f.Node, names: Names) -> bool:
    if isinstance(node, f.Symbol) and (known := names.find(node)) is not None:
        return known[0] is names.tensors
    return not isinstance(node, f.Derivative) and any(
        _has_values(child, names) for child in children(node)
    )


# every place


def _in_part(told: Sequence[Row], rows: Rows) -> Iterator[tuple[bool, str]]:
    """What is told at some of its places, of the others nothing."""
    own: dict[tuple[Told, str], list[Row]] = {}
    for row in told:
        if row.group.section != _WHY:
            own.setdefault((row.told, row.group.section), []).append(row)
    for (subject, _), every in own.items():
        mine = [row.statement for row in every]
        if subject is None or not subject[1] or any(s.elsewhere for s in mine):
            continue
        with suppress(Unreadable, IndexError):  # and so a line is false
            if untold(mine, every[0].reading, rows).any():
                yield subject
