"""The mistakes that people make, as a table: each is a change of an expression, which undoes it in
the claim, or makes it in the line that is true.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bpgen.check.claims import changes as c
from bpgen.check.claims.trees import addends, factors, product, total

Spelled = Callable[[ast.expr], str]  # an expression in the notation of the claim
Parts = Callable[[ast.expr], list[ast.expr]]


@dataclass(frozen=True)
class Mistake:
    """What is said of it, the changes that undo it, and where they leave something out, of which
    parts.
    """

    kind: str
    changes: c.Changes
    parts: Parts | None = None

    def said(self, wrong: ast.expr, right: ast.expr, spelled: Spelled = ast.unparse) -> str:
        """The mistake, where one expression stands for another."""
        if self.parts is not None:
            mine, true = self.parts(wrong), self.parts(right)
            missing, extra = _left(true, mine), _left(mine, true)
            if bool(missing) != bool(extra):
                how = "is missing" if missing else "is too much"
                whole = _JOINED[self.parts](missing or extra)
                return f"{self.kind}: {spelled(whole)} {how}"
        return f"{self.kind}: {spelled(right)} belongs where {spelled(wrong)} stands"


def _left(some: list[ast.expr], others: list[ast.expr]) -> list[ast.expr]:
    """What is left of some where the others are taken away."""
    counted = Counter(map(ast.unparse, others))
    rest = []
    for one in some:
        counted[ast.unparse(one)] -= 1
        if counted[ast.unparse(one)] < 0:
            rest.append(one)
    return rest


_JOINED: dict[Parts, Callable[[list[ast.expr]], ast.expr]] = {addends: total, factors: product}

# In the order in which they are likely.
TABLE = (
    Mistake("weights after their update", c.at_each(c.update)),
    Mistake("a transpose", c.at_each(c.transpose)),
    Mistake("a diagonal", c.diagonal),
    Mistake("an index", c.at_each(c.index)),
    Mistake("a sign", c.at_each(c.sign)),
    Mistake("the activation for its derivative", c.at_each(c.activation)),
    Mistake("the derivative of the activation", c.slope, factors),
    Mistake(
        "before or after the activation",
        c.named(lambda a, b, around: b in around.partners.get(a, ())),
    ),
    Mistake("another gradient", c.named(lambda a, b, around: around.is_gradient(a))),
    Mistake("the order of a product", c.at_each(c.order)),
    Mistake("the kind of product", c.at_each(c.kind)),
    Mistake("the bias", c.at_each(c.without(c.is_bias)), addends),
    Mistake("the penalty", c.at_each(c.without(c.is_penalty)), addends),
    Mistake("a term", c.at_each(c.without(lambda node, around: True)), addends),
    Mistake("a power", c.at_each(c.power)),
    Mistake("a factor", c.at_each(c.factor), factors),
    Mistake("a mean or a sum", c.at_each(c.mean)),
    Mistake("another tensor", c.named(lambda a, b, around: not around.is_gradient(a))),
)
