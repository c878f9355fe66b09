"""The sentences of a lesson: each is read by the reader of its section, or here, or is one of those
that say what a section is for. Any other counts as false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from bpgen.check.lesson.mistakes import TABLE, without_effect
from bpgen.check.lesson.reading import Reader
from bpgen.check.lesson.structure import backward_chain, forward_chain
from bpgen.check.page.tokens import Unreadable
from bpgen.functions import row
from bpgen.ir import Element

Judged = Callable[[re.Match[str], Reader], str]
_NAME = r"(\$[^$]+\$)"
_SIGNS = {"above": 1, "below": -1, "at": 0}


def unread(title: str, lines: list[str], reader: Reader) -> Iterator[tuple[str, str]]:
    """What is false of the lines that the reader of a section has left."""
    for line in lines:
        if line in _PURPOSES.get(title, ()):
            continue
        found = next(
            (
                (m, judged)
                for pattern, judged in _SENTENCES.get(title, ())
                if (m := pattern.fullmatch(line))
            ),
            None,
        )
        if found is None:
            raise Unreadable(line)
        yield line, found[1](found[0], reader)


def _branch(found: re.Match[str], reader: Reader) -> str:
    """z is below 0: the branch whose derivative is 0."""
    name = reader.tensor(found[1])
    value = reader.ground.shown(name, reader.ground.values[name])
    if value.size != 1 or np.sign(value.item()) != _SIGNS[found[2]]:
        return f"it is {value}"
    slopes = [reader.ground.shown(name, slope) for slope in _kinked(name, reader)]
    wrong = [reader.differs(found[3], slope.item()) for slope in slopes]
    return "" if "" in wrong else next(iter(wrong), "it has no branches")


def _above(found: re.Match[str], reader: Reader) -> str:
    """z is above 0 at 2 of 3 entries."""
    name = reader.tensor(found[1])
    value = reader.ground.of_steps(name, reader.ground.values[name])
    if not any(True for _ in _kinked(name, reader)):
        return "it has no branches"
    true = int(np.sum(value > 0)), value.size
    return "" if (int(found[2]), int(found[3])) == true else f"at {true[0]} of {true[1]}"


def _kinked(name: str, reader: Reader) -> Iterator[np.ndarray]:
    """The derivatives of the functions of a tensor that have kinks."""
    for equation in reader.ground.network:
        body = equation.terms[0].body
        known = row(body)
        of = body.args[0] if equation.pointwise() and known is not None and body.args else None
        if known is not None and known.kink and isinstance(of, Element) and of.name == name:
            yield reader.ground.local(equation, reader.ground.values[name])


def _silent(found: re.Match[str], reader: Reader) -> str:
    """Without effect at these numbers: the bias; a term."""
    for kind in found[1].split("; "):
        if not any(without_effect(told, reader.ground) for told in TABLE if told.startswith(kind)):
            return f"{kind} has an effect"
    return ""


_GRAPH = r"\$([^$]*)\$\."
_SENTENCES: dict[str, tuple[tuple[re.Pattern[str], Judged], ...]] = {
    "Functions and their derivatives": (
        (
            re.compile(rf"{_NAME} is (above|below|at) 0: the branch whose derivative is {_NAME}\."),
            _branch,
        ),
        (re.compile(rf"{_NAME} is above 0 at (\d+) of (\d+) entries\."), _above),
    ),
    "Classic mistakes": ((re.compile(r"Without effect at these numbers: (.*)\."), _silent),),
    "The network as a graph": (
        (re.compile(f"Forward: {_GRAPH}"), forward_chain),
        (re.compile(f"Backward: {_GRAPH}"), backward_chain),
    ),
}

# What each section is for: it tells nothing of this network.
_PURPOSES: dict[str, tuple[str, ...]] = {
    "A bias is a weight whose input is 1": (
        "A bias stands in its sum as a weight would whose input is 1 in every sample: the gradient"
        " of either is the error of its layer times its input.",
    ),
    "Batch, stochastic, mini-batch": (
        "Of $M$ samples to learn from, a step may take all, one, or $B$: $N$ of the module is that"
        " number.",
    ),
    "Forward again": ("The forward pass with the parameters after the step.",),
    "One product": (
        "Where one way leads from the loss to a parameter, its steps are one product of factors.",
    ),
    "The same in numpy": (
        "What the module computes, line by line, of arrays whose rows are samples.",
    ),
    "The size of the error": (
        "The length of each gradient, from the loss backwards. Bars go by powers of ten: 6 of them"
        " are a whole one.",
    ),
    "What a pass costs": (
        "Counted from the equations: a product, a sum or a quotient for each value of its indices;"
        " values of functions by themselves; kept are the numbers that backward reads.",
    ),
    "What is left out": (
        "Signs, sizes, steps, edge cases and mistakes are told in numbers, and there are none: a"
        " width is a letter, a function is a name alone, something is drawn in forward, the example"
        " has several samples of which one is told, something has no value at numbers that bpgen"
        " draws, as what divides by a parameter that begins as 0, or the network is large. An"
        " example in net.py gives numbers to these two, and a smaller network of the same layers"
        " has them.",
    ),
}
