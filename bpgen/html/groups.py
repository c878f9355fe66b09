"""The layers of a network: which tensors are computed together, and how far from the inputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from bpgen.html.graph import Graph
from bpgen.ir import Equation, Loop
from bpgen.render.names import parse

CELL, LINE, SMALL = 46.0, 34.0, 22.0  # a tensor's cell, and the line of the parameters
EDGE = 9.0  # inside a card


@dataclass
class Card:
    tensors: list[str]
    loop: Loop | None
    role: str = "value"
    params: list[str] = field(default_factory=list)
    cell: float = CELL  # how wide one is
    before: dict[int, None] = field(default_factory=dict)  # the cards that it is computed from
    depth: int = 0
    x: float = 0.0  # its left, and the middle of its height
    y: float = 0.0

    @property
    def columns(self) -> int:
        return 1 if len(self.tensors) < 4 else 2 if len(self.tensors) < 9 else 3

    @property
    def rows(self) -> int:
        return -(-len(self.tensors) // self.columns)

    @property
    def width(self) -> float:
        return max(self.columns * self.cell, min(len(self.params), self.fitting) * 31) + 2 * EDGE

    @property
    def height(self) -> float:
        lines = -(-len(self.params) // self.fitting)
        return self.rows * LINE + lines * SMALL + 2 * EDGE

    @property
    def fitting(self) -> int:
        """How many parameters stand in a line."""
        return max(2, self.columns * 2 - 1)


def grouped(graph: Graph) -> list[Card]:
    """Inputs and targets, each by itself, and the equations of each layer together."""
    read = dict.fromkeys(n for e in graph.told for n in graph.reads(e))
    made = {e.name for e in graph.told}
    found = [Card([n], None, graph.network.tensors[n].role) for n in read if n not in made]
    of = {card.tensors[0]: k for k, card in enumerate(found)}
    for equation in graph.told:
        k = _card(equation, graph, found, of)
        if k is None:
            k = len(found)
            found.append(Card([], equation.loop))
        of[equation.name] = k
        found[k].tensors.append(equation.name)
        found[k].params += [p for p in graph.own(equation) if p not in found[k].params]
    for equation in graph.told:
        card = found[of[equation.name]]
        others = (of[n] for n in graph.reads(equation) if of[n] != of[equation.name])
        card.before.update(dict.fromkeys(others))
    _deepened(found)
    return found


def _card(equation: Equation, graph: Graph, found: list[Card], of: dict[str, int]) -> int | None:
    """The card that an equation belongs to: that of its layer, or of all that it is computed from;
    a product with weights begins a card, and the loss has its own.
    """
    last = len(found) - 1
    network = graph.network
    if equation.name in (network.loss, network.sample_loss) or last < 0:
        return None
    layer = parse(equation.name).layer
    same = found[last].tensors and parse(found[last].tensors[0]).layer == layer
    if layer and same and found[last].loop == equation.loop and found[last].role == "value":
        return last
    sources = {of[n] for n in graph.reads(equation)}
    if len(sources) != 1 or graph.weighs(equation):
        return None
    (source,) = sources
    card = found[source]
    return source if card.role == "value" and card.loop == equation.loop else None


def _deepened(found: list[Card]) -> None:
    """How far right each card stands: beyond all that it is computed from."""
    for card in found:
        before = (found[k] for k in card.before if found[k].role != "target")
        card.depth = 1 + max((c.depth for c in before), default=-1)
    last = max(c.depth for c in found)
    for k, card in enumerate(found):
        readers = [c.depth for c in found if k in c.before]
        if card.role == "target":  # beside the loss, or below it where something follows
            card.depth = min(readers) + (min(readers) == last)
        elif card.role != "value":  # an input stands just before what first reads it
            card.depth = max(min(readers) - 1, 0)
