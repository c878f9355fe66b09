"""What a page says of itself before its equations: which symbols are of what, of how many samples
it tells, and what is called by a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from bpgen.check.page.drawing import drawn
from bpgen.check.page.formula import Symbol
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Names, stand_below
from bpgen.check.page.reading import Reading
from bpgen.check.page.statements import Group, groups
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import describe
from bpgen.check.page.unknown import told
from bpgen.check.page.world import World
from bpgen.ir import Network

SAMPLES = 2  # of the batch
_EXACT, _ROUNDED = 1e-8, 1e-4
_BATCH = "Over the batch"
_NOTHING = "Where a mask keeps nothing, a softmax is 0, and no gradient passes."
MEET = "Samples meet in these equations"
OF_EACH = "Deltas are of the loss of each sample, of the batch as well."
_ARE_GRADIENTS = re.compile(
    r"(\$[^$.]*?\$(?:, \$[^$]*?\$)*) (?:is|are) the gradients? with respect to (\$.*?\$)\.$", re.M
)
_FROM_ONE = re.compile(r"Indices(, and labels with them,)? count from 1\.")
_OF = re.compile(r"\\t?frac\{\\partial (\S+?)\}\{\\partial")
_IN_PARENTHESES = re.compile(r"\^\{\((\d+|\\?[a-z]+(?:[+-]\d+)?)\)(\\top)?\}")


@dataclass(frozen=True)
class Page:
    """A page and how it is read: `sample` for what is told of one sample, if it tells of one,
    `whole` for the batch.
    """

    latex: str
    seed: int
    groups: tuple[Group, ...]
    sample: Reading
    whole: Reading

    @staticmethod
    def of(
        latex: str, network: Network, seed: int, samples: int = SAMPLES, at: World | None = None
    ) -> Page:
        """At random values, or at those of an example."""
        latex, unknown = told(latex)
        latex, below = _layers(latex, network)
        names = Names.of(network, below, latex)
        base = 1 if _FROM_ONE.search(latex) else 0
        across = MEET in latex
        nothing = _NOTHING in latex
        world = at or drawn(network, samples if across else 1, seed, nothing)
        sample = Reading(world, names, "", not across, base, unknown=unknown)
        top = network.sample_loss if OF_EACH in latex else network.loss
        whole = Reading(world, names, top or "", False, base, unknown=unknown)
        found = tuple(groups(latex))
        if at is None and any(g.section == _BATCH for g in found):
            whole.world = drawn(network, samples, seed, nothing)
        sample.top = _top(latex, sample)
        page = Page(latex, seed, found, sample, whole)
        for tensor, symbol in page._called():
            _call(names, tensor, symbol)
        return page

    @property
    def network(self) -> Network:
        return self.sample.world.network

    @cached_property
    def together(self) -> World:
        """Some samples of a batch."""
        return drawn(self.network, SAMPLES, self.seed, self.sample.world.nothing)

    @cached_property
    def alone(self) -> tuple[World, ...]:
        """Each of them by itself."""
        return tuple(map(self.together.of_sample, range(SAMPLES)))

    @property
    def tolerance(self) -> float:
        return _ROUNDED if "rounded to six digits" in self.latex else _EXACT

    def reading(self, group: Group) -> Reading:
        return self.whole if group.section == _BATCH else self.sample

    def _called(self) -> Iterator[tuple[str, str]]:
        """Tensors, and what their gradients are called."""
        yield from (group.called for group in self.groups if group.called is not None)
        for sentence in _ARE_GRADIENTS.finditer(self.latex):
            deltas, tensors = (re.findall(r"\$(.*?)\$", part) for part in sentence.groups())
            yield from zip(tensors, deltas, strict=True)


def symbol_of(text: str, reading: Reading) -> tuple[Symbol, str, bool]:
    """A symbol, the tensor that it is of, and whether it is of its gradient."""
    symbol = reading.parser(tokens(text)).symbol()
    known = reading.names.find(symbol)
    if known is None:
        raise Unreadable(f"{describe(symbol)} is nothing on this page")
    return symbol, known[1], known[0] is reading.names.gradients


def tensor_of(reading: Reading, text: str) -> str:
    """The tensor that a symbol in a sentence is of."""
    with suppress(Unreadable, ValueError):
        known = reading.names.find(reading.parser(tokens(text)).symbol())
        return known[1] if known else ""
    return ""


def _layers(latex: str, network: Network) -> tuple[str, bool]:
    """Whether layers stand below, as in z_1. What is z^(1) where there are no blocks is read as
    z^[1].
    """
    if not any(t.block for t in network.tensors.values()):
        latex = _IN_PARENTHESES.sub(r"^{[\1]\2}", latex)
    return latex, stand_below(latex, network)


def _top(latex: str, reading: Reading) -> str:
    """The scalar that the backward section differentiates."""
    found = _OF.search(latex.partition(rf"\section{{{_BATCH}}}")[0])
    if found is None:
        return reading.world.network.loss or ""
    known = reading.names.find(reading.parse(tokens(found[1])))
    return known[1] if known else ""


def _call(names: Names, tensor: str, symbol: str) -> None:
    of, called = (Parser(tokens(t), names.is_tensor).symbol() for t in (tensor, symbol))
    known = names.find(of)
    if known is not None:
        names.call(called, known[1])
