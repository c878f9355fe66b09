"""What becomes of gradients over a batch, held to the network: of a parameter the mean of those of
the samples, or their sum; a delta carries the factor 1/N.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bpgen.check.page.proof.judge import Judge, Sides
from bpgen.check.page.proof.numbered import rows_of
from bpgen.check.page.proof.page import SAMPLES, Page, symbol_of
from bpgen.check.page.reading import Reading
from bpgen.check.page.world import Array, along_batch, of_sample
from bpgen.ir import Element, Network, is_batch

_SHARE = {"mean": 1 / SAMPLES, "sum": 1.0}
_PARTIAL = re.compile(r"\\t?frac\{\\partial \S+?\}\{\\partial (.*)\}$")


def of_parameters(found: re.Match[str], page: Page) -> str:
    """Of N samples, the gradient of a parameter is the mean of theirs: along any direction."""
    params = [t.name for t in page.network.role("param")]
    total = found.groupdict().get("total")
    if total and not _is_penalised(page.network):
        return "there is no penalty"
    told = (row for row in rows_of(page) if row.told == (False, page.network.loss))
    if total and {row.tag for row in told} != {total}:
        return "this is not the number of the loss"

    def sides(reading: Reading) -> list[Array]:
        steps = {name: _normal(page, reading.world.values[name]) for name in params}
        alone = np.stack([one.along(steps) for one in _alone(reading, page)])
        return [reading.along(steps), _SHARE[found["made"]] * alone.sum(0)]

    return _judged(page, found[0], sides)


def summed(found: re.Match[str], page: Page) -> str:
    """The gradient of a parameter is the sum over the samples, over the letter that tells them
    apart.
    """
    said = re.search(r"The subscript \$([^$]*)\$ is the sample", page.latex)
    if said is None or said[1] != found["letter"]:
        return "over what is the sum?"
    return of_parameters(found, page)


def carries(found: re.Match[str], page: Page) -> str:
    """delta_n, the gradient of the loss, carries the factor 1/N: it is so many times that of its
    sample alone.
    """
    if symbol_of(found["loss"], page.whole)[1] != page.network.loss:
        return "this is not what is differentiated"
    partial = _PARTIAL.match(found["delta"])
    _, name, is_gradient = symbol_of(partial[1] if partial else found["delta"], page.whole)
    info = page.network.tensors[name]
    if is_gradient == bool(partial) or not info.batched:
        return "it is not the gradient of what is of a sample"

    def sides(reading: Reading) -> list[Array]:
        step = _normal(page, reading.world.values[name])
        of = along_batch(info, step)
        together = [reading.along({name: np.where(of == n, step, 0)}) for n in range(SAMPLES)]
        steps = ({name: of_sample(info, step, n)} for n in range(SAMPLES))
        alone = [one.along(s) for one, s in zip(_alone(reading, page), steps, strict=True)]
        return [np.stack(together), np.stack(alone) / SAMPLES]

    return _judged(page, found[0], sides)


def _judged(page: Page, line: str, sides: Sides) -> str:
    """What is false of a line, of some samples together."""
    top = page.network.loss or ""
    reading = replace(page.whole, world=page.together, top=top, gradients={})
    wrong = Judge(page.tolerance).wrong(line, sides, 1, reading)
    return wrong[0].reason if wrong else ""


def _alone(reading: Reading, page: Page) -> Iterator[Reading]:
    """Each sample by itself; in numbers as long as those of all."""
    known = reading.world is page.together
    for n in range(SAMPLES):
        world = page.alone[n] if known else reading.world.of_sample(n)
        yield replace(reading, world=world, gradients={})


def _is_penalised(network: Network) -> bool:
    """Whether tensors make a part of the loss that is of no sample."""
    terms = [t for e in network.equations if e.name == network.loss for t in e.terms]
    return any(not any(map(is_batch, t.over)) and t.body.has(Element) for t in terms)


def _normal(page: Page, like: Array) -> Array:
    return np.random.default_rng(page.seed).normal(size=like.shape)
