"""The sentence on what a step of descent did, read back: from which loss to which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

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
    yield found[0], _difference(found, *_losses(reading, float(number.values[0]), held))


def _losses(reading: Reading, rate: float, held: set[str]) -> tuple[float, float]:
    """The loss where the page is, and a step further."""
    world, loss = reading.world, reading.world.network.loss or ""
    given = {n: v for n, v in world.values.items() if world.network.tensors[n].role != "value"}
    for t in world.network.role("param"):
        if t.name not in held:
            slope = np.real(reading.gradient(loss, t.name)).reshape(world.values[t.name].shape)
            given[t.name] = given[t.name] - rate * slope
    moved = World.at(world.network, world.lengths, given)
    before, after = (float(np.real(w.values[loss]).item()) for w in (world, moved))
    return before, after


def _difference(found: re.Match[str], before: float, after: float) -> str:
    if found["same"] is not None:
        return _off(found["same"], before) or _off(found["same"], after)
    if (found["verdict"] == "it helped") != (after < before):
        return f"{before:.12g} goes to {after:.12g}"
    return _off(found["before"], before) or _off(found["after"], after)


def _off(text: str, value: float) -> str:
    (number,) = printed(rf"\approx {text}")
    return number.difference(value)
