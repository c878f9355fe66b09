"""A larger network drawn in blocks: a card for each layer, with the tensors that it computes and
its parameters; equal blocks and the steps of a recurrence once, in a frame.
"""

from __future__ import annotations

from bpgen.html.graph import Graph
from bpgen.html.groups import CELL, EDGE, LINE, SMALL, Card, grouped
from bpgen.html.shapes import Drawing, joined, points
from bpgen.ir import Loop
from bpgen.render.writer import Writer

_LETTER = 9.6  # of a word
_APART, _BELOW = 30.0, 34.0  # between cards
_NUMBER = 15.0  # the height of a number below a card
_FRAME, _LANE = 15.0, 17.0  # around a loop; between edges that pass over cards


def cards(graph: Graph, writer: Writer, numbered: bool = False) -> Drawing:
    """The drawing of any network; where it is `numbered`, with room for how large what a card
    leaves is, and its gradient.
    """
    found = grouped(graph)
    for card in found:
        words = (n for n in card.tensors if writer.symbols[n].word)
        card.cell = max(CELL, *(_LETTER * len(n) + 12 for n in words), 0)
    return _Cards(graph, writer, found, 2 * _NUMBER * numbered).drawing()


class _Cards:
    """Places cards, frames and edges."""

    def __init__(self, graph: Graph, writer: Writer, found: list[Card], numbers: float) -> None:
        self.graph, self.writer, self.cards = graph, writer, found
        self.numbers = numbers  # the height of those below a card
        self.made = Drawing("cards")
        self.adjoint = graph.derivation.adjoint
        self.lanes: list[list[tuple[float, float]]] = []

    def drawing(self) -> Drawing:
        self._place()
        loops = list(dict.fromkeys(c.loop for c in self.cards if c.loop))
        self.top = min(c.y - c.height / 2 for c in self.cards) - (34 if loops else 16)
        bottom = max(c.y + c.height / 2 for c in self.cards) + (_FRAME + 22 if loops else 0) + 26
        bottom += self.numbers
        for loop in loops:
            self._frame(loop)
        for k, card in enumerate(self.cards):
            for j in card.before:
                self._edge(j, k)
        for k, card in enumerate(self.cards):
            self._card(k, card)
        over = self.top - len(self.lanes) * _LANE - 12
        right = max(c.x + c.width for c in self.cards)
        self.made.box = (-20, over, right + 40, bottom - over)
        return self.made

    def _place(self) -> None:
        """Columns from left to right; what stands at one depth, one below the other."""
        x = 0.0
        loop: Loop | None = None
        for depth in range(max(c.depth for c in self.cards) + 1):
            here = [c for c in self.cards if c.depth == depth]
            if not here:
                continue
            inside = next((c.loop for c in here if c.loop), None)
            x += 0 if inside == loop else 2 * _FRAME
            loop = inside
            wide = max(c.width for c in here)
            middle = [c for c in here if c.role != "target"] or here
            below = _BELOW + self.numbers
            y = -(sum(c.height for c in middle) + below * (len(middle) - 1)) / 2
            for card in sorted(here, key=lambda c: c not in middle):  # targets hang below
                card.x, card.y = x + (wide - card.width) / 2, y + card.height / 2
                y += card.height + below
            x += wide + _APART

    def _frame(self, loop: Loop) -> None:
        mine = [c for c in self.cards if c.loop == loop]
        left, right = min(c.x for c in mine) - _FRAME, max(c.x + c.width for c in mine) + _FRAME
        high = min(c.y - c.height / 2 for c in mine) - _FRAME
        low = max(c.y + c.height / 2 for c in mine) + _FRAME + 14 + self.numbers
        size = loop.index.size
        last = size - 1 if isinstance(size, int) else f"{size} − 1"
        said = f"× {size}" if loop.block else f"{loop.index.name} = 0, …, {last}"
        self.made.add(
            "rect", class_="frame", x=left, y=high, width=right - left, height=low - high, rx=14
        )
        self.made.text((left + right) / 2, low + 18, said, class_="times")

    # edges

    def _edge(self, source: int, to: int) -> None:
        one, other = self.cards[source], self.cards[to]
        key = f"e{source}-{to}"
        depths = sorted((one.depth, other.depth))
        between = any(depths[0] < c.depth < depths[1] for c in self.cards)
        path = self._over(one, other) if between else self._beside(one, other)
        self.made.path(path, id=key, class_="edge")
        for name in other.tensors:
            equation = self.graph.told[self.graph.place[name]]
            for read in set(self.graph.reads(equation)) & set(one.tensors):
                self.made.ways.setdefault(name, []).append(key)
                self.made.leave.setdefault(read, []).append(key)

    def _beside(self, one: Card, other: Card) -> str:
        """From the side of a card to that of its neighbour, or to the card above or below it."""
        if one.depth == other.depth:
            x, up = one.x + one.width / 2, one.y > other.y
            upper, lower = (other, one) if up else (one, other)
            high = upper.y + upper.height / 2 + (18 if self._sizes(upper) else 0) + self.numbers
            ends = (lower.y - lower.height / 2, high)
            return points("M", x, ends[not up], "L", x, ends[up])
        if one.x < other.x:
            x1, x2 = one.x + one.width, other.x
        else:
            x1, x2 = one.x, other.x + other.width
        middle = (x1 + x2) / 2
        return points("M", x1, one.y, "C", middle, one.y, middle, other.y, x2, other.y)

    def _over(self, one: Card, other: Card) -> str:
        """Over the cards between, in a lane that is free there."""
        x1, x2 = one.x + one.width * 0.62, other.x + other.width * 0.38
        left, right = sorted((x1, x2))
        free = (all(right < a or left > b for a, b in lane) for lane in self.lanes)
        k = next((k for k, is_free in enumerate(free) if is_free), len(self.lanes))
        if k == len(self.lanes):
            self.lanes.append([])
        self.lanes[k].append((left, right))
        y, turn = self.top - k * _LANE, 12 if x1 < x2 else -12
        low1, low2 = one.y - one.height / 2, other.y - other.height / 2
        rise = points("M", x1, low1, "L", x1, y + 12, "Q", x1, y, x1 + turn, y)
        return f"{rise} {points('L', x2 - turn, y, 'Q', x2, y, x2, y + 12, 'L', x2, low2)}"

    # cards

    def _card(self, k: int, card: Card) -> None:
        top = card.y - card.height / 2
        role = "loss" if self.graph.network.sample_loss in card.tensors else card.role
        self.made.add(
            "rect",
            id=f"k{k}",
            class_=f"card {role}",
            x=round(card.x, 1),
            y=round(top, 1),
            width=round(card.width, 1),
            height=round(card.height, 1),
            rx=10,
        )
        inset = (card.width - card.columns * card.cell) / 2
        for j, name in enumerate(card.tensors):
            column, row = divmod(j, card.rows)
            x, y = card.x + inset + column * card.cell, top + EDGE + row * LINE
            self._cell(f"c{k}-{j}", name, x, y, card.cell)
        y = top + EDGE + card.rows * LINE + SMALL * 0.7
        for j, name in enumerate(card.params):
            row, column = divmod(j, card.fitting)
            across = card.width / min(card.fitting, max(len(card.params), 1))
            x = card.x + (column + 0.5) * across
            self._param(f"p{k}-{j}", name, x, y + row * SMALL)
        self.made.text(
            card.x + card.width / 2, top + card.height + 15, self._sizes(card), class_="size"
        )
        if self.numbers:
            self._numbers(k, card)

    def _numbers(self, k: int, card: Card) -> None:
        """Room for how large what the card leaves is, and below it its gradient."""
        x, y = card.x + card.width / 2, card.y + card.height / 2 + 15 + _NUMBER
        name = card.tensors[-1]
        self.made.sizes[name], self.made.slope_sizes[name] = f"m{k}", f"n{k}"
        self.made.text(x, y, "", id=f"m{k}", class_="value")
        self.made.text(x, y + _NUMBER, "", id=f"n{k}", class_="slope")

    def _sizes(self, card: Card) -> str:
        """64 × 96, of what a card leaves."""
        info = self.graph.network.tensors[card.tensors[-1]]
        return " × ".join(str(s) for s in info.sample_shape[info.block :])

    def _cell(self, key: str, name: str, x: float, y: float, wide: float) -> None:
        also = joined(filter(None, [name, self.adjoint.get(name, "")]))
        self.made.add(
            "rect",
            id=key,
            class_="cell",
            x=round(x + 2, 1),
            y=round(y + 2, 1),
            width=wide - 4,
            height=LINE - 4,
            rx=7,
            data_t=name,
            data_also=also,
        )
        label = self.writer.tensor(name).text
        self.made.text(x + wide / 2, y + LINE / 2 + 5, label, class_="name", data_t=name)
        self.made.parts.setdefault(name, []).append(key)

    def _param(self, key: str, name: str, x: float, y: float) -> None:
        also = joined(filter(None, [name, self.adjoint.get(name, "")]))
        label = self.writer.tensor(name).text
        self.made.text(x, y, label, id=key, class_="param", data_t=name, data_also=also)
        self.made.parts.setdefault(name, []).append(key)
