"""The numbers of a worked example: those of what they stand beside, at its values."""

from __future__ import annotations

from functools import partial

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.letters import free, letter_axes
from bpgen.check.page.proof import definitions, descent, spellings
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.numerals import printed
from bpgen.check.page.proof.page import Page, tensor_of
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import Array


def verdicts(page: Page) -> list[FalseLine | None]:
    judge = Judge(page.tolerance)
    definitions.read(page, judge)
    spellings.read(page)
    found = judge.verdicts
    for group in page.groups:
        for statement in (s for s in group.statements if s.kind == "numbers"):
            found += _beside(statement, page.sample)
    for line, reason in descent.told(page.latex, page.sample, partial(tensor_of, page.sample)):
        found.append(FalseLine(line, reason) if reason else None)
    return found


def _beside(statement: Statement, reading: Reading) -> list[FalseLine | None]:
    try:
        wrong = [*_differences(statement, reading)]
    except (Unreadable, ValueError, KeyError, IndexError, StopIteration) as error:
        return [FalseLine(statement.line, str(error) or "no such product", True)]
    return [FalseLine(statement.line, w) if w else None for w in wrong]


def _differences(statement: Statement, reading: Reading) -> list[str]:
    """The numbers beside an equation are those of its left side; or of the factors of a chain rule,
    each.
    """
    numbers = printed(statement.numbers)
    sides = [reading.parse(part) for part in statement.parts]
    if numbers[1:]:
        products = [n.factors for n in sides if isinstance(n, f.Product)]
        sides = [*next(n for n in products if len(n) == len(numbers))]
    told = zip(sides, numbers, strict=False)
    return [number.difference(_everywhere(node, reading)) for node, number in told]


def _everywhere(node: f.Node, reading: Reading) -> Array:
    """A formula at all values of its letters, of which the first is the first axis."""
    scope = Scope(reading)
    sizes = {name: _size(name, node, scope) for name in dict.fromkeys(free(scope, node))}
    return scope.counted(dict(reversed(sizes.items()))).value(node)


def _size(name: str, node: f.Node, scope: Scope) -> int:
    for shifted in (False, True):
        found = [s for n, s in letter_axes(scope, node, shifted) if n == name]
        if found:
            return min(found)
    raise Unreadable(f"nothing says what {name} runs over")
