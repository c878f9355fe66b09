"""The numbers of a lesson that are norms, values and losses, measured again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from math import log10, prod

import numpy as np

from bpgen.check.lesson.ground import length
from bpgen.check.lesson.reading import Reader, Table
from bpgen.check.page.tokens import Unreadable

False_ = Iterator[tuple[str, str]]
_RULE = re.compile(r"\\rule\{([0-9.]+)em\}\{0\.6em\}")
_WHOLE_BAR, _POWERS, _MARK = 7.0, 6.0, 0.35  # of a bar: its length, what it spans, its unit
_FAR = 100.0  # times the parameters of an edge case


# the size of the error


def sizes(table: Table, reader: Reader) -> False_:
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
    """What is computed of it; which entry is the largest is not."""
    own = (e for e in reader.ground.network if e.terms[0].reduce != "first")
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


# values and losses


def steps(table: Table, reader: Reader) -> False_:
    """The loss after one step and after ten, of some lengths."""
    for rate, one, ten, _ in table.rows:
        (value,) = _values(rate)
        losses = [*islice(reader.ground.descent(value), 11)]
        wrong = (reader.differs(c, losses[k], losses[0]) for c, k in ((one, 1), (ten, 10)))
        yield f"{rate}: {one}, {ten}", next(filter(None, wrong), "")


def _values(cell: str) -> list[float]:
    found = re.findall(r"(-?[0-9.]+)(?: \\cdot 10\^\{(-?[0-9]+)\})?", cell)
    return [float(f"{a}e{b or 0}") for a, b in found]


def again(table: Table, reader: Reader) -> False_:
    """Values before and after the step."""
    ground = reader.ground
    after = ground.evaluated(ground.moved(ground.slopes, ground.rate))
    for cell, one, other in table.rows:
        name = reader.tensor(cell)
        pairs = ((one, ground.values), (other, after))
        wrong = (reader.differs(c, ground.shown(name, v[name])) for c, v in pairs)
        yield cell, next(filter(None, wrong), "")


def loss_told(line: str, reader: Reader, after: bool) -> str:
    """The loss in the sentence above a table."""
    ground = reader.ground
    found = re.search(r"(?:Before any|After a right) step (\$[^$]+\$) is (\$[^$]*\$)[.;]", line)
    if found is None:
        return "it is not read"
    if reader.tensor(found[1]) != ground.loss:
        return "this is not the loss"
    return reader.differs(found[2], [*islice(ground.descent(ground.rate), 2)][after])


# edge cases

_RIGHT = re.compile(r"(\$[^$]+\$) is (\$[^$]+\$): already right")
_ALREADY = re.compile(
    r"(\$[^$]+\$) is (\$[^$]*\$|no number), the largest gradient (\$[^$]*\$|no number)"
)
_LARGEST = re.compile(
    r"the largest gradient is (\$[^$]*\$|no number), and was (\$[^$]*\$|no number)"
)


def edges(table: Table, reader: Reader) -> False_:
    """Losses and largest gradients where something is special."""
    ground = reader.ground
    value, slopes = ground.at({})
    usual = _most(slopes)
    for where, what, _ in table.rows:
        if found := _RIGHT.match(where):
            target, output = (reader.tensor(found[k]) for k in (1, 2))
            loss, slopes = ground.at({target: ground.values[output]})
            told = _told(_ALREADY, what)
            if reader.tensor(told[0]) != ground.loss:
                raise Unreadable(what)
            pairs = ((told[1], loss, value), (told[2], _most(slopes), usual))
        elif where == f"every parameter {_FAR:.0f} times as large":
            told = _told(_LARGEST, what)
            far = ground.at({n: _FAR * ground.point[n] for n in ground.params})[1]
            pairs = ((told[0], _most(far), usual), (told[1], usual, usual))
        elif where.startswith("at the kink of "):
            continue
        else:
            raise Unreadable(where)
        wrong = (reader.differs(*pair) for pair in pairs)
        yield where, next(filter(None, wrong), "")


def _told(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return found.groups()


def _most(slopes: dict[str, np.ndarray]) -> float:
    return max((float(np.max(np.abs(g), initial=0.0)) for g in slopes.values()), default=0.0)


# what the functions are here


def here(table: Table, reader: Reader) -> False_:
    """A function's argument, its value and its derivative."""
    ground = reader.ground
    for cell, argument, value, slope in table.rows:
        one, _, other = cell.partition(" of ")
        name, read = reader.tensor(one), reader.tensor(other)
        (equation,) = (e for e in ground.network if e.name == name)
        local = ground.local(equation, ground.values[read])
        wrong = (
            reader.differs(argument, ground.shown(read, ground.values[read])),
            reader.differs(value, ground.shown(name, ground.values[name])),
            reader.differs(slope, ground.shown(read, local)),
        )
        yield cell, next(filter(None, wrong), "")


# signs

_GOES = re.compile(r"(\d+) (grows?|falls?|stays?)")
_ALONE = {
    "it grows": -1,
    "it falls": 1,
    "it stays": 0,
    "all grow": -1,
    "all fall": 1,
    "all stay": 0,
}


def signs(table: Table, reader: Reader) -> False_:
    """How many entries of each parameter grow and fall, and the numbers beside them."""
    ground = reader.ground
    for cell, said, goes in table.rows:
        name = reader.tensor(cell)
        slope = ground.slopes[name]
        if ground.is_noise(name) and said.endswith("zero") and goes in ("it stays", "all stay"):
            continue
        yield cell, _signed(said, name, reader) or _moves(goes, slope, name in ground.held)


def _signed(said: str, tensor: str, reader: Reader) -> str:
    slope = reader.ground.slopes[tensor]
    words = {"negative": slope < 0, "positive": slope > 0, "zero": slope == 0}
    word = re.sub(r"^.*, ", "", said)
    if word in words:
        if not np.all(words[word]):
            return f"it is not {word}"
    elif word != "of both signs" or (np.all(slope <= 0) and np.all(slope >= 0)):
        return "its sign is another"
    numbers = said.removesuffix(word).removesuffix(", ")
    if not numbers:
        return ""
    if found := re.fullmatch(
        r"(\$.*\$) times a factor: \$(?:=|\\approx) (.*) \\times (.*)\$", numbers
    ):
        name = reader.slope(found[1])
        factors = (
            t.removeprefix(r"\left(").removesuffix(r"\right)").strip("()")
            for t in found.groups()[1:]
        )
        meant = (reader.ground.slopes[name], reader.ground.between(tensor, name))
        wrong = (reader.differs(t, np.ravel(m)[0]) for t, m in zip(factors, meant, strict=True))
        return next(filter(None, wrong), "")
    return reader.differs(numbers, slope)


def _moves(goes: str, slope: np.ndarray, held: bool) -> str:
    if held:
        return "" if goes == "it is held as it is" else "it is held"
    have = {"grow": int(np.sum(slope < 0)), "fall": int(np.sum(slope > 0))}
    have["stay"] = slope.size - sum(have.values())
    if goes in _ALONE:
        told = {{-1: "grow", 1: "fall", 0: "stay"}[_ALONE[goes]]: slope.size}
    else:
        told = {word.removesuffix("s"): int(n) for n, word in _GOES.findall(goes)}
    return "" if {k: v for k, v in have.items() if v} == told else f"{have}"


_ASKS = re.compile(
    r"(\$.+?\$) is (\$[^$]*\$): (\$[^$]+\$) is too (small|large), and a (larger|smaller) one makes"
    r" .* smaller\."
)
_RIGHT_ALREADY = re.compile(r"(\$.+?\$) is 0: (\$[^$]+\$) is right\.")
_LARGER = re.compile(
    r"(\$.+?\$) is (\$[^$]*\$): where (\$[^$]+\$) is \$0\.001\$ larger, (\$[^$]+\$) is larger by"
    r" about (\$[^$]*\$)\."
)


def error(line: str, reader: Reader) -> str:
    """What a sentence above the signs says of a gradient that is one number."""
    ground = reader.ground
    if found := _ASKS.match(line):
        slope = ground.slopes[reader.slope(found[1])]
        small = found[4] == "small" and found[5] == "larger"
        if small != bool(np.all(slope < 0)):
            return "it is the other way round"
        return reader.differs(found[2], slope)
    if found := _LARGER.match(line):
        slope = ground.slopes[reader.slope(found[1])]
        return reader.differs(found[2], slope) or reader.differs(found[5], slope / 1000)
    if found := _RIGHT_ALREADY.match(line):
        return "" if length(ground.slopes[reader.slope(found[1])]) == 0 else "it is not 0"
    return "it is not read"
