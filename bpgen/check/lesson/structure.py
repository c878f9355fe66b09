"""What a lesson tells of which equation reads what: the network as a graph, and biases beside
weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import sympy as sp

from bpgen.check.lesson.ground import Ground, biases
from bpgen.check.lesson.reading import Reader, Table
from bpgen.ir import Element, Equation

_ARROW, _BEGINS, _ONE = r" \to ", "it begins here", "$1$"


def graph(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """Each node: what it reads, through which weights, and from where its error comes."""
    ground = reader.ground
    for cell, reads, weights, error, back in table.rows:
        name = reader.tensor(cell)
        equation = _equations(ground)[name]
        params = {n for n in _read(equation) if n in ground.params}
        wrong = (
            _differ(_named(weights, reader), params),
            _of_reads(_named(reads, reader), equation, params | ground.within, reader),
            _of_error(name, error, back, reader),
        )
        yield cell, next(filter(None, wrong), "")


def _of_reads(told: set[str], equation: Equation, others: set[str], reader: Reader) -> str:
    """What is false of what a node reads; a textbook's spelling may read something else."""
    wrong = _differ(told, _read(equation) - others)
    return wrong and _differ(told, reader.spoken(equation.name) - others) and wrong


def _of_error(name: str, error: str, back: str, reader: Reader) -> str:
    """What is false of the error of a node, and of where it comes back from."""
    ground = reader.ground
    if back == _BEGINS:
        tops = (ground.loss, ground.network.sample_loss)
        return "" if name in tops and error == _ONE else "it begins at the loss"
    if not back:
        return "its error is not told" if error else ""
    if error != _ONE and reader.slope(error) != name:
        return "this is not its error"
    heard = {n for n in _readers(name, ground) if n in ground.heard}
    return _differ(_named(back, reader), heard)


def forward_chain(found: re.Match[str], reader: Reader) -> str:
    """x to z to a to the loss: each reads the one before."""
    return _chain([reader.tensor(f"${s}$") for s in found[1].split(_ARROW)], reader)


def backward_chain(found: re.Match[str], reader: Reader) -> str:
    """The loss to the gradient by a to that by z: each is read by the one before."""
    top, *slopes = found[1].split(_ARROW)
    names = [reader.tensor(f"${top}$"), *(reader.slope(f"${s}$") for s in slopes)]
    return _chain(names[::-1], reader)


def _chain(names: list[str], reader: Reader) -> str:
    ground = reader.ground
    if names[-1] not in (ground.loss, ground.network.sample_loss):
        return "it ends at the loss"
    pairs = ((b, a) for a, b in pairwise(names) if a not in _read(_equations(ground)[b]))
    return next((f"{b} does not read {a}" for b, a in pairs), "")


def beside(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """A layer, a weight and its input, a bias and 1: what it adds up."""
    ground = reader.ground
    for layer, weight, read, bias, one in table.rows:
        name, w, x, b = map(reader.tensor, (layer, weight, read, bias))
        products = [
            {e.name for e in part.atoms(Element)}
            for t in _equations(ground)[name].terms
            for part in sp.Add.make_args(t.body)
            if isinstance(part, sp.Mul)
        ]
        wrong = (
            "" if {w, x} in products else f"{w} and {x} are not multiplied there",
            "" if b in biases(ground) and b in _read(_equations(ground)[name]) else "it is no bias",
            "" if one == _ONE else "its input is 1",
        )
        yield layer, next(filter(None, wrong), "")


def _equations(ground: Ground) -> dict[str, Equation]:
    return {e.name: e for e in ground.network}


def _read(equation: Equation) -> set[str]:
    return {e.name for e in equation.reads()}


def _readers(name: str, ground: Ground) -> set[str]:
    """What reads a tensor; what has no equation on the page is a part of what reads that."""
    found = {e.name for e in ground.network if name in _read(e)}
    parts = found & ground.within
    return (found - parts).union(*(_readers(n, ground) for n in parts))


def _named(cell: str, reader: Reader) -> set[str]:
    return {reader.tensor(s) for s in re.findall(r"\$[^$]*\$", cell)}


def _differ(told: set[str], true: set[str]) -> str:
    return "" if told == true else f"these are {', '.join(sorted(true)) or 'none'}"
