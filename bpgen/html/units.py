"""A small network drawn unit by unit: a column for each layer, weights on the edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot

from bpgen.html.graph import Graph, Link
from bpgen.html.shapes import Drawing, points, spoken
from bpgen.ir import Equation, elements
from bpgen.render.writer import Writer

_WIDEST, _MOST, _EDGES = 6, 36, 70  # units in a column, units, and edges that can be told apart
_RADIUS, _ONE = 29, 15
_ACROSS, _DOWN = 204.0, 126.0
_LABELLED = 40  # edges; of more, none bears its weight


@dataclass
class Column:
    """Tensors of the same units: z, and a = sigmoid(z). The last is what others read."""

    tensors: list[str]
    size: int
    depth: int
    vector: bool
    role: str = "value"
    place: dict[int, tuple[float, float]] = field(default_factory=dict)


def units(graph: Graph, writer: Writer) -> Drawing | None:
    """The drawing, or None where the network is too large for it, or of another kind."""
    columns = _columns(graph)
    links = _links(graph) if columns else None
    if columns is None or links is None or len(links) > _EDGES:
        return None
    return _Units(graph, writer, columns, links).drawing()


def _columns(graph: Graph) -> list[Column] | None:
    network = graph.network
    read = {n for e in graph.told for n in graph.reads(e)}
    made = {e.name for e in graph.told}
    found: list[Column] = []
    of: dict[str, Column] = {}
    for name in [
        *(n for n in network.tensors if n in read and n not in made),
        *map(_name, graph.told),
    ]:
        info = network.tensors[name]
        shape = info.sample_shape
        plain = info.batched and len(shape) < 2 and not info.block and info.carried is None
        if not plain or info.role in ("state", "noise") or any(isinstance(s, str) for s in shape):
            return None
        size = int(shape[0]) if shape else 1
        equation = graph.told[graph.place[name]] if name in graph.place else None
        beside = _beside(equation, of) if equation else None
        if beside is not None:
            beside.tensors.append(name)
            of[name] = beside
            continue
        before = [of[n] for n in graph.reads(equation)] if equation else []
        depth = 1 + max((c.depth for c in before if c.role != "target"), default=-1)
        column = Column([name], size, depth, bool(shape), info.role)
        found.append(column)
        of[name] = column
    if sum(c.size for c in found) > _MOST or any(c.size > _WIDEST for c in found):
        return None
    _set_apart(found)
    return found


def _name(equation: Equation) -> str:
    return equation.name


def _beside(equation: Equation, of: dict[str, Column]) -> Column | None:
    """The column whose units it goes on with: it is computed entry by entry from theirs alone."""
    if not equation.pointwise():
        return None
    read = elements(equation.terms[0].body)
    columns = {id(of[e.name]): of[e.name] for e in read if e.name in of}
    same = all(e.indices == equation.indices and e.name in of for e in read)
    if len(columns) != 1 or not same or not read:
        return None
    (column,) = columns.values()
    return column if column.role == "value" else None


def _set_apart(columns: list[Column]) -> None:
    """Targets stand right of all, beyond the loss; of two columns at one depth, the later right."""
    values = sorted((c for c in columns if c.role != "target"), key=lambda c: c.depth)
    for k, column in enumerate(values):
        column.depth = k if column.role == "value" or k == 0 else column.depth
    taken: set[int] = set()
    for column in [*values, *(c for c in columns if c.role == "target")]:
        if column.role == "target":
            column.depth = max(taken) + 1
        while column.depth in taken:
            column.depth += 1
        taken.add(column.depth)


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

    def drawing(self) -> Drawing:
        for column in self.columns:
            for k in range(column.size):
                x = column.depth * _ACROSS
                column.place[k] = x, (k - (column.size - 1) / 2) * _DOWN
        biased = {self.of[link.to].depth for link in self.links if not link.source}
        top = -((self.tall - 1) / 2) * _DOWN - (_DOWN * 0.82 if biased else 0)
        self._edges(top)
        for depth in sorted(biased):
            self._one(depth, top)
        for column in self.columns:
            for k in range(column.size):
                self._unit(column, k)
        left, bottom = -_RADIUS - 34, ((self.tall - 1) / 2) * _DOWN + _RADIUS + 40
        over = top - (_ONE + 16 if biased else _RADIUS + 34)
        width = max(c.depth for c in self.columns) * _ACROSS + 2 * (_RADIUS + 34)
        self.made.box = (left, over, width, bottom - over)
        return self.made

    # edges

    def _edges(self, top: float) -> None:
        seen: set[tuple[object, ...]] = set()
        labelled = sum(1 for link in self.links if link.weight) <= _LABELLED
        for k, link in enumerate(self.links):
            ends = self._ends(link, top)
            if ends is None or ends in seen:
                continue
            seen.add(ends)
            self._edge(f"e{k}", link, ends, labelled)

    def _ends(self, link: Link, top: float) -> tuple[float, float, float, float] | None:
        """From the rim of one unit to that of another."""
        column = self.of[link.to]
        x2, y2 = column.place[link.into[0] if link.into else 0]
        if link.source:
            source = self.of[link.source]
            if source is column:
                return None
            x1, y1 = source.place[link.at[0] if link.at else 0]
            radius = _RADIUS
        else:
            x1, y1, radius = (column.depth - 1) * _ACROSS, top, _ONE
        far = hypot(x2 - x1, y2 - y1)
        dx, dy = (x2 - x1) / far, (y2 - y1) / far
        return x1 + dx * radius, y1 + dy * radius, x2 - dx * (_RADIUS + 2), y2 - dy * (_RADIUS + 2)

    def _edge(
        self, key: str, link: Link, ends: tuple[float, float, float, float], labelled: bool
    ) -> None:
        x1, y1, x2, y2 = ends
        gradients = [self.graph.derivation.adjoint.get(link.weight, "")]
        self.made.path(
            points("M", x1, y1, "L", x2, y2),
            id=key,
            class_="edge" if link.source else "edge bias",
            data_t=link.weight,
            data_also=spoken(filter(None, gradients)),
        )
        self.made.ways.setdefault(link.to, []).append(key)
        self.made.leave.setdefault(link.source, []).append(key)
        if not link.weight or not labelled:
            return
        share = 1 / (self.of[link.to].size + 1) if link.source else 0.2
        x, y = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
        entry = tuple(str(i + 1) for i in link.entry)
        label = self.writer.tensor(link.weight, entry).text
        self.made.text(x, y - 4, label, class_="weight name", data_t=link.weight)
        self.made.text(x, y - 4, "", id=f"v{key}", class_="weight value", data_t=link.weight)
        self.made.text(x, y + 11, "", id=f"g{key}", class_="slope")
        self.made.entries.setdefault(link.weight, []).append(link.entry)
        self.made.values.setdefault(link.weight, []).append(f"v{key}")
        self.made.slopes.setdefault(link.weight, []).append(f"g{key}")
        self.made.parts.setdefault(link.weight, []).append(key)

    # units

    def _one(self, depth: int, top: float) -> None:
        """The unit that is always 1: its weights are the biases."""
        x = (depth - 1) * _ACROSS
        self.made.add("circle", cx=x, cy=top, r=_ONE, class_="one")
        self.made.text(x, top + 5, "1", class_="value")

    def _unit(self, column: Column, k: int) -> None:
        x, y = column.place[k]
        key = f"u{column.depth}-{k}"
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
            data_also=spoken(also),
        )
        subscript = (str(k + 1),) if column.vector else ()
        named = [(n, self.writer.tensor(n, subscript).text) for n in column.tensors]
        self.made.text(x, y - _RADIUS - 11, named[-1][1], id=f"n{key}", class_="name")
        self.made.text(x, y + 5, "", id=f"v{key}", class_="value")
        self.made.text(x - 17, y + _RADIUS + 19, "", id=f"s{key}", class_="slope symbol")
        self.made.text(x - 12, y + _RADIUS + 19, "", id=f"g{key}", class_="slope number")
        for name, markup in named:
            self.made.parts.setdefault(name, []).append(key)
            self.made.values.setdefault(name, []).append(f"v{key}")
            self.made.slopes.setdefault(name, []).append(f"g{key}")
            self.made.labels.setdefault(name, []).append((f"n{key}", markup))
            if name in adjoint:
                of_slope = self.writer.tensor(adjoint[name], subscript).text
                self.made.labels.setdefault(adjoint[name], []).append((f"s{key}", of_slope))

    @property
    def _last(self) -> Column:
        return max((c for c in self.columns if c.role == "value"), key=lambda c: c.depth)
