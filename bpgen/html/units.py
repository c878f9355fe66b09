"""A small network drawn unit by unit: a column for each layer, weights on the edges."""

from __future__ import annotations

from math import hypot

from bpgen.html.columns import DOWN, Column, columns_of, placed
from bpgen.html.graph import Graph, Link
from bpgen.html.shapes import Drawing, joined, points
from bpgen.render.writer import Writer

_EDGES = 70  # that can be told apart
_RADIUS, _ONE = 31, 15  # of a unit, and of what is always 1
# How far along its edge a bias stands, by how many units the unit that is always 1 leads to.
_OF_BIAS = {1: 0.3, 2: 0.26, 3: 0.22}
_CROWDED = 3  # units that edges lead to; of more, none bears its weight


def units(graph: Graph, writer: Writer) -> Drawing | None:
    """The drawing, or None where the network is too large for it, or of another kind."""
    columns = columns_of(graph)
    links = _links(graph) if columns else None
    if columns is None or links is None or len(links) > _EDGES:
        return None
    depth = {name: c.depth for c in columns for name in c.tensors}
    weighed = (link for link in links if link.weight and link.source)
    if any(depth[link.to] > depth[link.source] + 1 for link in weighed):
        return None  # weights that lead past a column
    return _Units(graph, writer, columns, links).drawing()


def _links(graph: Graph) -> list[Link] | None:
    found: list[Link] = []
    for equation in graph.told:
        links = graph.links(equation)
        if links is None:
            return None
        found += links
    return found


class _Units:
    """Places units and edges."""

    def __init__(
        self, graph: Graph, writer: Writer, columns: list[Column], links: list[Link]
    ) -> None:
        self.graph, self.writer, self.links = graph, writer, links
        self.columns = sorted(columns, key=lambda c: c.depth)
        self.of = {name: c for c in columns for name in c.tensors}
        self.made = Drawing("units")
        self.tall = max(c.size for c in columns)
        self.across = placed(self.columns, links, self.of)

    def drawing(self) -> Drawing:
        biased = {self.of[link.to].depth for link in self.links if not link.source}
        rise = (0.82 if self.tall < 3 else 1.05) if biased else 0
        top = -((self.tall - 1) / 2 + rise) * DOWN
        self._edges(top)
        for depth in sorted(biased):
            self._one(depth, top)
        for column in self.columns:
            for k in range(column.size):
                self._unit(column, k)
        lowest = max(y for c in self.columns for _, y in c.place.values())
        left, bottom = -_RADIUS - 66, lowest + _RADIUS + 40
        over = top - (_ONE + 16 if biased else _RADIUS + 34)
        width = max(self.across.values()) - left + _RADIUS + 34
        self.made.box = (left, over, width, bottom - over)
        return self.made

    # edges

    def _edges(self, top: float) -> None:
        seen: set[tuple[object, ...]] = set()
        for k, link in enumerate(self.links):
            ends = self._ends(link, top)
            if ends is None or ends in seen:
                continue
            seen.add(ends)
            self._edge(f"e{k}", link, ends)
            if link.weight and self.of[link.to].size <= _CROWDED:
                self._weight(f"e{k}", link, ends)

    def _ends(self, link: Link, top: float) -> tuple[float, float, float, float] | None:
        """The middles of the two units that it joins; none within a column."""
        column = self.of[link.to]
        x2, y2 = column.place[link.into[0] if link.into else 0]
        if not link.source:
            return self.across[column.depth - 1], top, x2, y2
        source = self.of[link.source]
        return None if source is column else (*source.place[link.at[0] if link.at else 0], x2, y2)

    def _edge(self, key: str, link: Link, ends: tuple[float, float, float, float]) -> None:
        """A line from rim to rim."""
        x1, y1, x2, y2 = ends
        far = hypot(x2 - x1, y2 - y1)
        out, into = (_RADIUS if link.source else _ONE) / far, (_RADIUS + 2) / far
        dx, dy = x2 - x1, y2 - y1
        line = ("M", x1 + out * dx, y1 + out * dy, "L", x2 - into * dx, y2 - into * dy)
        gradient = self.graph.derivation.adjoint.get(link.weight, "")
        kind = "edge" if link.source else "edge bias"
        self.made.path(points(*line), id=key, class_=kind, data_t=link.weight, data_also=gradient)
        self.made.ways.setdefault(link.to, []).append(key)
        self.made.leave.setdefault(link.source, []).append(key)
        if link.weight:
            self.made.parts.setdefault(link.weight, []).append(key)

    def _weight(self, key: str, link: Link, ends: tuple[float, float, float, float]) -> None:
        """A weight and its gradient, where no other edge's stand."""
        size = self.of[link.to].size
        share = 1 / (size + 1) if link.source else _OF_BIAS.get(size, 0.18)
        x1, y1, x2, y2 = ends
        x, y, name = x1 + share * (x2 - x1), y1 + share * (y2 - y1), link.weight
        label = self.writer.tensor(name, tuple(str(i + 1) for i in link.entry)).text
        self.made.text(x, y - 4, label, class_="weight name", data_t=name)
        self.made.text(x, y - 4, "", id=f"v{key}", class_="weight value", data_t=name)
        self.made.text(x, y + 11, "", id=f"g{key}", class_="slope")
        self.made.entries.setdefault(name, []).append(link.entry)
        self.made.values.setdefault(name, []).append(f"v{key}")
        self.made.slopes.setdefault(name, []).append(f"g{key}")

    # units

    def _one(self, depth: int, top: float) -> None:
        """The unit that is always 1: its weights are the biases."""
        x = self.across[depth - 1]
        self.made.add("circle", cx=x, cy=top, r=_ONE, class_="one")
        self.made.text(x, top + 5, "1", class_="value one-value")

    def _unit(self, column: Column, k: int) -> None:
        x, y = column.place[k]
        key = f"u{self.columns.index(column)}-{k}"
        adjoint = self.graph.derivation.adjoint
        also = [*column.tensors, *(adjoint[n] for n in column.tensors if n in adjoint)]
        role = "loss" if column.role == "value" and column is self._last else column.role
        self.made.add(
            "circle",
            id=key,
            class_=f"unit {role}",
            cx=round(x, 1),
            cy=round(y, 1),
            r=_RADIUS,
            data_t=column.tensors[-1],
            data_also=joined(also),
        )
        subscript = (str(k + 1),) if column.vector else ()
        named = [(n, self.writer.tensor(n, subscript).text) for n in column.tensors]
        self.made.text(x, y - _RADIUS - 11, named[-1][1], id=f"n{key}", class_="name")
        self.made.text(x, y + 5, "", id=f"v{key}", class_="value")
        beside = "slope of-unit" if column.depth else "slope of-unit left"
        right = 0 if column.depth else _RADIUS + 4
        self.made.text(x + right, y + _RADIUS + 19, "", id=f"g{key}", class_=beside)
        for name, markup in named:
            self.made.parts.setdefault(name, []).append(key)
            self.made.values.setdefault(name, []).append(f"v{key}")
            self.made.slopes.setdefault(name, []).append(f"g{key}")
            self.made.labels.setdefault(name, []).append((f"n{key}", markup))
            if name in adjoint:
                of_slope = self.writer.tensor(adjoint[name], subscript).text
                self.made.labels.setdefault(adjoint[name], []).append((f"g{key}", of_slope))

    @property
    def _last(self) -> Column:
        return max((c for c in self.columns if c.role == "value"), key=lambda c: c.depth)
