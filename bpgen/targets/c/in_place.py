"""Gradient descent that keeps no gradients: a parameter moves as soon as its gradient is there and
nothing reads either any more. Gradients that live at different times lie in the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Node


@dataclass(frozen=True)
class Span:
    """Of a gradient: the statement that begins it, and the last that speaks of it or reads the
    parameter, after which that moves.
    """

    parameter: str
    gradient: str
    first: int
    last: int

    def meets(self, other: Span) -> bool:
        """Whether both live at a time."""
        return self.first <= other.last and other.first <= self.last


def spans(
    body: Sequence[Node],
    gradients: Mapping[str, str],
    aliases: Mapping[str, Expr],
    within: Mapping[str, Iterable[str]],
) -> list[Span]:
    """One for each gradient of a parameter, in the order in which they begin; `within` are the
    parameters that a function reads which is called.
    """
    spoken = [{*_roots(_names(node, within), aliases)} for node in body]

    def span(parameter: str, gradient: str) -> Span:
        at = [k for k, names in enumerate(spoken) if gradient in names]
        read = [k for k, names in enumerate(spoken) if parameter in names]
        return Span(parameter, gradient, at[0], max([*at, *read]))

    return sorted((span(p, g) for p, g in gradients.items()), key=lambda s: s.first)


def places(every: Iterable[Span], sizes: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Where each gradient begins in memory: at the first place where none lies that lives at the
    same time. How much memory that is. `sizes` are those of parameters.
    """
    found: dict[Span, int] = {}
    for span in every:
        others = sorted((at, at + sizes[s.parameter]) for s, at in found.items() if s.meets(span))
        place = 0
        for start, end in others:
            if place + sizes[span.parameter] > start:
                place = max(place, end)
        found[span] = place
    room = max((at + sizes[s.parameter] for s, at in found.items()), default=0)
    return {s.gradient: at for s, at in found.items()}, room


def _names(node: Node, within: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The arrays that a statement speaks of, and those that a function reads which it calls."""
    if isinstance(node, program.Pack):
        return
    for n in node.walk():
        if isinstance(n, program.Read | program.Assign):
            yield n.name
        elif isinstance(n, program.Call):
            yield from (*n.names, *n.arguments, *within.get(n.function, ()))


def _roots(names: Iterable[str], aliases: Mapping[str, Expr]) -> Iterator[str]:
    """These, and the arrays at which they only look."""
    for name in names:
        yield name
        if name in aliases:
            yield from _roots(_names(aliases[name], {}), aliases)
