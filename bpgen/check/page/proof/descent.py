"""The sentence on what a step of descent did, read back: from which loss to which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bpgen.check.page.proof.numerals import printed
from bpgen.check.page.reading import Reading
from bpgen.check.page.world import World

_SECTION = r"\section{A step of descent}"
_GOES = re.compile(
    r"^\$(?P<loss>\S+)\$ (?:goes from \$(?P<before>[^$]*)\$ to \$(?P<after>[^$]*)\$:"
    r" (?P<verdict>it helped|it did not help: the step is too long)"
    r"|stays \$(?P<same>[^$]*)\$: there is nothing to learn here)\.$",
    re.MULTILINE,
)
_MOVES = re.compile(r"^\$([^$]+)\$ goes from \$([^$]*)\$ to \$([^$]*)\$\.$", re.MULTILINE)
_ERROR = re.compile(
    r"\$\\tfrac\{\\partial (\S+?)\}\{\\partial (\S+)\}\$ is (negative|positive):"
    r" \$([^$]+)\$ is too (small|large)\."
)
_RATE = re.compile(r"^(?:.*\. )?The step is \$\S+ = ([^$]*)\$ long\.", re.MULTILINE)
_HELD = re.compile(r"^(.*) (?:is held as it is|are held as they are)\.$", re.MULTILINE)
Called = Callable[[str], str]  # the tensor that a symbol is of; "" of none


def told(latex: str, reading: Reading, called: Called) -> Iterator[tuple[str, str]]:
    """The sentence, and what is false of it, "" where it holds; none on a page without a step."""
    if _SECTION not in latex:
        return
    found, rate = _GOES.search(latex), _RATE.search(latex)
    if found is None or rate is None:
        yield "a step of descent", "what it did is not told"
        return
    (number,) = printed(f"= {rate[1]}")
    held = {called(s) for line in _HELD.findall(latex) for s in re.findall(r"\$([^$]*)\$", line)}
    if called(found["loss"]) != reading.world.network.loss:
        yield found[0], "this is not the loss"
        return
    here, moved = _worlds(reading, float(number.values[0]), held)
    both = [float(np.real(w.values[reading.world.network.loss]).item()) for w in (here, moved)]
    yield found[0], _difference(found, *both)
    section = latex[latex.index(_SECTION) :]
    for line in _MOVES.finditer(section):
        name, *numbers = called(line[1]), line[2], line[3]
        wrong = (_off(n, w.values[name]) for n, w in zip(numbers, (here, moved), strict=True))
        yield line[0], next(filter(None, wrong), "") if name else "what is it of?"
    for line in _ERROR.finditer(section):
        yield line[0], _wrong_sign(line, reading, called)


def _wrong_sign(found: re.Match[str], reading: Reading, called: Called) -> str:
    """dL/da is negative: a is too small."""
    loss, name, output = (called(found[k]) for k in (1, 2, 4))
    if loss != reading.world.network.loss or not name or output != name:
        return "this is not the gradient of the loss by that"
    sign = float(np.real(reading.gradient(loss, name)).item())
    said = {("negative", "small"): -1, ("positive", "large"): 1}.get((found[3], found[5]), 0)
    return "" if said * sign > 0 else f"the gradient is {sign:.12g}"


def _worlds(reading: Reading, rate: float, held: set[str]) -> tuple[World, World]:
    """The values where the page is, and a step further."""
    world, loss = reading.world, reading.world.network.loss or ""
    given = {n: v for n, v in world.values.items() if world.network.tensors[n].role != "value"}
    for t in world.network.role("param"):
        if t.name not in held:
            slope = np.real(reading.gradient(loss, t.name)).reshape(world.values[t.name].shape)
            given[t.name] = given[t.name] - rate * slope
    return world, World.at(world.network, world.lengths, given)


def _difference(found: re.Match[str], before: float, after: float) -> str:
    if found["same"] is not None:
        return _off(found["same"], before) or _off(found["same"], after)
    if (found["verdict"] == "it helped") != (after < before):
        return f"{before:.12g} goes to {after:.12g}"
    return _off(found["before"], before) or _off(found["after"], after)


def _off(text: str, value: Any) -> str:
    (number,) = printed(rf"\approx {text}")
    return number.difference(value)
