"""Learning in steps, read back: how each parameter begins, the numbers of the equations on the way
there and back, and the rule of each parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from bpgen.check.lesson.ground import Ground
from bpgen.check.lesson.reading import Reader, Table
from bpgen.check.page.layers import numbers_of
from bpgen.check.page.tokens import Unreadable

_STEPS = ["1. begin", "2. forward", "3. backward", "4. update", "5. again"]
_NAME = r"\$[^$]*\$"
_BEGINS = re.compile(rf"({_NAME}(?:, {_NAME})*) (at .*?)(?:, (?=\$)|$)")
_VARIANCES = {
    "at random, of variance 1 over the number of inputs": "normal",
    "at random, of variance 2 over the number of inputs": "he",
}
_RULE = re.compile(
    r"\$(?P<new>[^$]*) \\leftarrow (?P<old>[^$]*) - (?P<eta>\S+)(?: \\,)?"
    r" (?P<slope>\\frac\{\\partial [^$]*)\$"
)
_FORWARD = re.compile(r"with samples of (?P<data>.*): \((\d+)\) to \((\d+)\)")
_BACKWARD = re.compile(r"with the values that forward left: \((\d+)\) to \((\d+)\)")
_UPDATE = "every parameter, when all gradients are there: "
_AGAIN = re.compile(rf"from forward on, until ({_NAME}) of other samples falls no further")


def steps(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Each of the five, in order."""
    if [row[0] for row in table.rows] != _STEPS:
        raise Unreadable("other steps")
    begin, forward, backward, update, again = (said for _, said in table.rows)
    there, back, on = (
        _full(pattern, text)
        for pattern, text in ((_FORWARD, forward), (_BACKWARD, backward), (_AGAIN, again))
    )
    yield begin, _begins(begin, reader)
    yield forward, _data(there["data"], reader) or _range(there.groups()[1:], reader, False)
    yield backward, _range(back.groups(), reader, True)
    yield update, _rules(update, reader)
    yield again, "" if reader.tensor(on[1]) == reader.ground.loss else "this is not the loss"


def _full(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return found


def _begins(text: str, reader: Reader) -> str:
    """W at random, of variance 1 over the number of inputs, b at 0."""
    told = {
        reader.tensor(name): how
        for names, how in _BEGINS.findall(text)
        for name in re.findall(_NAME, names)
    }
    if {*told} != {*reader.ground.params}:
        return "other parameters begin"
    inits = reader.ground.network.inits
    wrong = (n for n, how in told.items() if not _is_so(how, inits.get(n, "")))
    return next((f"{n} begins as {inits.get(n)}" for n in wrong), "")


def _is_so(how: str, init: str | float) -> bool:
    """Whether it is so that a parameter begins."""
    if how in _VARIANCES:
        return init == _VARIANCES[how]
    spread = how.removeprefix("at random, of standard deviation ")
    if spread != how:
        return not isinstance(init, str) and f"{float(init):.3g}" == spread
    known = {"zeros": 0.0, "ones": 1.0}
    return float(how.removeprefix("at ")) == float(known.get(str(init), init))


def _data(names: str, reader: Reader) -> str:
    """What is given of each sample."""
    network = reader.ground.network
    told = [reader.tensor(n) for n in re.findall(_NAME, names)]
    given = {t.name for role in ("input", "state", "target") for t in network.role(role)}
    return "" if {*told} == given else f"given are {', '.join(sorted(given))}"


def _range(told: tuple[str, ...], reader: Reader, back: bool) -> str:
    """(1) to (5): from the first to the last number of a value, or of a gradient; of the loss, or
    of that of a sample, is none.
    """
    ground = reader.ground
    tops = {ground.loss, ground.network.sample_loss if back else ground.loss}
    numbers = sorted({*_numbers(reader, tops, back)})
    true = (numbers[0], numbers[-1]) if numbers else ()
    return "" if tuple(map(int, told)) == true or not numbers else f"they are {true}"


def _numbers(reader: Reader, tops: set[str | None], back: bool) -> Iterator[int]:
    for group in reader.groups:
        for row in (s for s in group.statements if s.kind == "main" and s.tag):
            left = row.parts[0]
            told = None  # of which entry gives a largest value, and of a rule for layers
            with suppress(Unreadable, ValueError):
                told = reader.told(left)
            gradient, name = told or (r"\partial" in left, "")
            if gradient == back and name not in tops:
                yield from (int(n.rstrip("ab")) for n in numbers_of(row.tag))


def _rules(text: str, reader: Reader) -> str:
    """W <- W - eta dL/dW, of each parameter, or of the first and so every other."""
    if not text.startswith(_UPDATE):
        raise Unreadable(text)
    told = []
    for rule in _RULE.finditer(text):
        new, old = (reader.tensor(f"${rule[k]}$") for k in ("new", "old"))
        if not new == old == reader.slope(f"${rule['slope']}$"):
            return f"{rule[0]} is no step of descent"
        told.append(new)
    return _whose(told, text.endswith(", and so every other"), reader.ground)


def _whose(told: list[str], others: bool, ground: Ground) -> str:
    if others:
        return "" if len(told) == 1 and {*told} < {*ground.params} else "of which others?"
    return "" if {*told} == {*ground.params} else "a parameter has no rule"
