"""The size of the error: norms, their bars, their ratios, and what these make of the layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from math import log10, prod

import numpy as np

from bpgen.check.lesson.reading import Reader, Table
from bpgen.check.page.tokens import Unreadable

_RULE = re.compile(r"\\rule\{([0-9.]+)em\}\{0\.6em\}")
_WHOLE_BAR, _POWERS, _MARK = 7.0, 6.0, 0.35  # of a bar: its length, what it spans, its unit


def sizes(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Each norm, its bar, and how many times another's it is."""
    ground, found = reader.ground, []
    for row in table.rows:
        found.append((reader.tensor(row[0]), row))
    largest = max(ground.norm(n) for n, _ in found)
    for name, (cell, size, bar, times, _) in found:
        norm = ground.norm(name)
        said = reader.differs(size, norm) or _bar(bar, norm, largest)
        if times and not said:
            said = _factor(reader, name, times)
        yield f"{cell}: {size}", said


def _bar(cell: str, norm: float, largest: float) -> str:
    if not norm:
        return "" if cell == "0" else "a bar of nothing"
    found = _RULE.search(cell)
    if found is None:
        raise Unreadable(f"no bar: {cell}")
    meant = _WHOLE_BAR * max(1 + log10(norm / largest) / _POWERS, 0)
    off = abs(float(found[1]) - max(meant, _MARK))
    return f"a bar of {meant:.2f}" if off > _MARK / 2 + 0.006 else ""


def _factor(reader: Reader, name: str, times: str) -> str:
    """It is of what reads it, of which there is one."""
    ground = reader.ground
    readers = _readers(reader, name)
    if len(readers) != 1:
        return "it comes back by several ways"
    return reader.differs(times, ground.norm(name) / ground.norm(readers[0]))


_PRODUCT = re.compile(r"From (\$[^$]+\$) to (\$[^$]+\$): \$([^$]*)\$ is (\$[^$]*\$)\.")
_LAYER = re.compile(r"A layer multiplies it by (\$[^$]*\$); layers like it by (.*)\.$")
_AFTER = re.compile(r"(\$[^$]*\$) after (\d+)")
_FATE = re.compile(
    r"It (vanishes|explodes): (?:it is )?(\$[^$]*\$) (of it is left|times as large)\."
)
_UNITS = re.compile(
    r"(\d+) of the (\d+) (units|values) of (\$[^$]+\$) (pass nothing on|are saturated)"
)


def fate(line: str, reader: Reader, table: Table) -> str:
    """What a sentence below the sizes says."""
    ground = reader.ground
    if found := _PRODUCT.match(line):
        one, other = (ground.norm(reader.tensor(found[k])) for k in (1, 2))
        told = [f"${t}$" for t in found[3].split(r" \times ")]
        if told != [row[3] for row in _chain(table, reader)[1:]]:
            return "these are not the factors of the table"
        return reader.differs(found[4], other / one)
    if found := _LAYER.match(line):
        each = _each(table, reader)
        after = _AFTER.findall(found[2])
        wrong = [reader.differs(cell, each ** int(d)) for cell, d in after]
        return next(filter(None, [reader.differs(found[1], each), *wrong]), "")
    if found := _FATE.match(line):
        return reader.differs(found[2], _each(table, reader, whole=True))
    if found := _UNITS.match(line):
        return _units(found, reader)
    words = _WORDS.sub("", line)
    return "" if not re.search(r"\d", words) else "it is not read"


_WORDS = re.compile(
    r"of variance 2|whose derivative is (?:1|never 0)|half of the units are 0|less than \d+"
)


def _chain(table: Table, reader: Reader) -> list[tuple[str, ...]]:
    """The last rows of which each is of what reads it, and that is the row before."""
    rows = [*table.rows]
    names = [reader.tensor(row[0]) for row in rows]
    alone = [_readers(reader, n) == [before] for before, n in pairwise(names)]
    begin = max((k for k, ok in enumerate(alone, 1) if not (ok and rows[k][3])), default=0)
    return rows[begin:]


def _readers(reader: Reader, name: str) -> list[str]:
    """What is computed of it on the way to the loss; which entry is the largest is not."""
    ground = reader.ground
    own = (e for e in ground.network if e.terms[0].reduce != "first" and e.name in ground.heard)
    return [e.name for e in own if any(r.name == name for r in e.reads())]


def _each(table: Table, reader: Reader, whole: bool = False) -> float:
    """The factor of a layer: of all that stand between two functions, their product."""
    rows, ground = _chain(table, reader), reader.ground
    norms = [ground.norm(reader.tensor(row[0])) for row in rows]
    factors = [b / a for a, b in pairwise(norms)]
    ends = [k for k, row in enumerate(rows[1:], 1) if row[4].startswith("the derivative of")]
    if ends:
        layers = [prod(factors[a:b]) for a, b in pairwise([0, *ends])]
        layers = layers[1:] if ends[0] == 1 else layers
    else:
        layers = factors
    if not layers:
        raise Unreadable("there are no layers that follow one another")
    total = prod(layers)
    return total if whole else total ** (1 / len(layers))


def _units(found: re.Match[str], reader: Reader) -> str:
    """How many values of a function have a derivative of 0, or next to none."""
    ground = reader.ground
    name = reader.tensor(found[4])
    (equation,) = (e for e in ground.network if e.name == name)
    (read,) = {e.name for e in equation.reads()}
    local = ground.local(equation, ground.values[read])
    count = (local == 0) if found[5] == "pass nothing on" else (local != 0) & (np.abs(local) < 0.01)
    if found[3] == "units" and ground.network.tensors[name].batched:
        count = np.all(count, axis=0)
    have = (int(np.sum(count)), int(np.size(count)))
    told = (int(found[1]), int(found[2]))
    return "" if have == told else f"{have[0]} of {have[1]}"
