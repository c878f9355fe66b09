"""The table of functions: a derivative is that of its definition, and its figures are its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.lesson.reading import Reader, Table, math
from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.grammar import Parser
from bpgen.check.page.reading import Definition, Reading
from bpgen.check.page.tokens import tokens
from bpgen.check.page.tree import letter_of
from bpgen.check.page.world import World

_GRIDS = np.linspace(-12, 12, 97), np.linspace(-40, 40, 161)
_SHAPES = (0.01, 0.5, 1.0)  # values of a parameter s
_CLOSE, _STEEP = 1e-8, 100.0
_DIGITS = 0.006  # of a figure of three digits: by which part of it it may be off


@dataclass(frozen=True)
class Told:
    """A function as a row tells it."""

    call: f.Call
    body: f.Node
    slope: f.Node


def rows(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """What is false of each row."""
    world = World(reader.ground.network, reader.ground.lengths)
    reading = Reading(world, reader.names, "", True, 0)
    told = [_told(row) for row in table.rows]
    for one in (t for t in (*_above(reader.latex), *told) if t.body != t.call):
        names = tuple(str(letter_of(a)) for a in one.call.arguments)
        reading.functions[one.call.name] = Definition(names, one.body)
    for row, one in zip(table.rows, told, strict=True):
        shapes = _SHAPES if len(one.call.arguments) > 1 else (1.0,)
        wrong = (_wrong(one, row, reading, s) for s in shapes)
        yield row[1], next(filter(None, wrong), "")


def _above(latex: str) -> Iterator[Told]:
    """The functions that the page explains."""
    line = re.search(r"^Here (.*)\.$", latex, re.MULTILINE)
    for text in re.findall(r"\$([^$]*)\$", line[1]) if line else ():
        call, *body = (_node(f"${part}$") for part in text.split(" = ", 1))
        if body and isinstance(call, f.Call) and not call.at:
            yield Told(call, body[0], body[0])


def _told(row: tuple[str, ...]) -> Told:
    call, _, body = row[1].partition(" is ")
    return Told(_node(call), _node(body or call), _node(row[2]))


def _node(cell: str) -> Any:
    return Parser(tokens(math(cell)), lambda _: False).whole()


def _wrong(told: Told, row: tuple[str, ...], reading: Reading, shape: float) -> str:
    """What is false where the parameter, if there is one, has this value."""
    with np.errstate(all="ignore"):
        inside = _GRIDS[0][_GRIDS[0] != 0]
        slope = _at(told.slope, inside, reading, shape)
        stepped = np.imag(_at(told.body, inside + 1j * STEP, reading, shape)) / STEP
        defined = np.isfinite(slope) & np.isfinite(stepped)
        scale = np.maximum(np.abs(stepped), 1)
        if np.any(np.abs(slope - stepped)[defined] > _CLOSE * scale[defined]):
            return "this is not its derivative"
        tops = [np.nan_to_num(_at(told.slope, z, reading, shape), nan=np.inf) for z in _GRIDS]
        at_0 = float(np.real(_at(told.slope, np.zeros(1), reading, shape)[0]))
    near, far = (float(np.max(np.real(t))) for t in tops)
    return _bound(row[3], near, far) or _at_0(row[4], at_0, shape)


def _at(node: f.Node, z: Any, reading: Reading, shape: float) -> Any:
    each = np.reshape(z, (-1, 1, 1)) + 0j  # a number for each
    constants = {"z": each, "s": np.full_like(each, shape)}
    found = np.asarray(Scope(reading, {}, constants=constants).value(node))
    return np.broadcast_to(found, each.shape).ravel()


def _bound(cell: str, near: float, far: float) -> str:
    bounded = far <= min(1.01 * near, _STEEP)
    if cell == "no bound":
        return "it has a bound" if bounded else ""
    number = cell.removesuffix(", s up to 1")
    if not number:
        return ""
    return "" if bounded and _same(float(number), near) else f"it is at most {near:.3g}"


def _at_0(cell: str, value: float, shape: float) -> str:
    if not cell:
        return ""
    meant = shape if cell == "s" else float(cell)
    return "" if _same(meant, value) else f"it is {value:.3g} at 0"


def _same(printed: float, value: float) -> bool:
    return abs(printed - value) <= _DIGITS * abs(value) + 1e-12
