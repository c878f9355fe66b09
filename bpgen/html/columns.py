"""The columns of a small network: tensors of the same units, from the inputs to the loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpgen.html.graph import Graph, Link
from bpgen.ir import Equation, TensorInfo, elements

DOWN = 128.0  # from unit to unit
_WIDEST, _MOST = 6, 36  # units in a column, and all
_NARROW = 172.0  # between columns; where edges bear weights, these must stand apart:
_ACROSS = {1: 180.0, 2: 204.0, 3: 268.0, 4: 310.0, 5: 330.0, 6: 330.0}


@dataclass
class Column:
    """Tensors of the same units: z, and a = sigmoid(z). The last is what others read."""

    tensors: list[str]
    size: int
    depth: int
    vector: bool
    role: str = "value"
    under: int = 0  # so many units of another column stand above
    place: dict[int, tuple[float, float]] = field(default_factory=dict)


def columns_of(graph: Graph) -> list[Column] | None:
    """The columns from left to right; None where there are too many units, or no such columns."""
    tensors = graph.network.tensors
    given = dict.fromkeys(n for e in graph.told for n in graph.reads(e) if n not in graph.place)
    if not all(_is_vector(tensors[n]) for n in (*given, *graph.place)):
        return None
    of = {n: Column([n], _size(tensors[n]), 0, bool(tensors[n].sample_shape)) for n in given}
    for name, column in of.items():
        column.role = tensors[name].role
    for equation in graph.told:
        name, beside = equation.name, _beside(equation, of)
        if beside is None:
            before = (of[n].depth for n in graph.reads(equation) if of[n].role != "target")
            vector = bool(tensors[name].sample_shape)
            depth = 1 + max(before, default=-1)
            of[name] = Column([name], _size(tensors[name]), depth, vector)
        else:
            beside.tensors.append(name)
            of[name] = beside
    found = list({id(column): column for column in of.values()}.values())
    if sum(c.size for c in found) > _MOST or any(c.size > _WIDEST for c in found):
        return None
    _set_apart(found, {n: of[e.name] for e in graph.told[::-1] for n in graph.reads(e)})
    return found


def _is_vector(info: TensorInfo) -> bool:
    """Whether it is a number, or a vector of known length, of each sample; or one number of all."""
    shape = info.sample_shape
    plain = not info.block and info.carried is None and info.role not in ("state", "noise")
    known = all(isinstance(size, int) for size in shape)
    return plain and known and len(shape) < 2 and (info.batched or not shape)


def _size(info: TensorInfo) -> int:
    return next((size for size in info.sample_shape if isinstance(size, int)), 1)


def _set_apart(columns: list[Column], reader: dict[str, Column]) -> None:
    """One column beside the other; targets right of what reads them, under what stands there."""
    values = sorted((c for c in columns if c.role != "target"), key=lambda c: c.depth)
    for k, column in enumerate(values):
        column.depth = k
    tall: dict[int, int] = {c.depth: c.size for c in values}
    for column in (c for c in columns if c.role == "target"):
        column.depth = reader[column.tensors[0]].depth + 1
        column.under = tall.get(column.depth, 0)
        tall[column.depth] = column.under + column.size


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


def placed(columns: list[Column], links: Iterable[Link], of: dict[str, Column]) -> dict[int, float]:
    """Where each column stands, by its depth; every unit of it is given its place."""
    weighed = {of[link.to].depth for link in links if link.weight}
    size: dict[int, int] = {}
    for column in columns:
        size[column.depth] = max(size.get(column.depth, 0), column.size)
    across = {0: 0.0}
    for depth in range(1, max(size) + 1):
        crowded = max(size[depth - 1], size[depth])
        across[depth] = across[depth - 1] + (_ACROSS[crowded] if depth in weighed else _NARROW)
    for column in columns:
        above = column.under or column.size
        for k in range(column.size):
            row = k - (above - 1) / 2 + column.under
            column.place[k] = across[column.depth], row * DOWN
    return across
