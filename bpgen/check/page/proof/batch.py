"""What becomes of gradients over a batch, held to the network: of a parameter the mean of those of
the samples, or their sum; a delta carries the factor 1/N.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bpgen.check.page.drawing import drawn
from bpgen.check.page.proof.page import SAMPLES, Page, symbol_of
from bpgen.check.page.reading import Reading
from bpgen.check.page.world import along_batch, of_sample

_SHARE = {"mean": 1 / SAMPLES, "sum": 1.0}
_PARTIAL = re.compile(r"\\t?frac\{\\partial \S+?\}\{\\partial (.*)\}$")


def of_parameters(found: re.Match[str], page: Page) -> str:
    """Of N samples, the gradient of a parameter is the mean of theirs: along any direction."""
    reading, *alone = _batch(page)
    rng = np.random.default_rng(page.seed)
    params = (t.name for t in page.network.role("param"))
    steps = {name: rng.normal(size=reading.world.values[name].shape) for name in params}
    told = _SHARE[found["made"]] * sum(one.along(steps) for one in alone)
    return "" if np.isclose(reading.along(steps), told) else f"it is not the {found['made']}"


def carries(found: re.Match[str], page: Page) -> str:
    """delta_n carries the factor 1/N: it is so many times that of its sample alone."""
    partial = _PARTIAL.match(found["delta"])
    _, name, is_gradient = symbol_of(partial[1] if partial else found["delta"], page.whole)
    info = page.network.tensors[name]
    if is_gradient == bool(partial) or not info.batched:
        return "it is not the gradient of what is of a sample"
    reading, *alone = _batch(page)
    step = np.random.default_rng(page.seed).normal(size=reading.world.values[name].shape)
    for n, one in enumerate(alone):
        together = reading.along({name: np.where(along_batch(info, step) == n, step, 0)})
        if not np.isclose(together, one.along({name: of_sample(info, step, n)}) / SAMPLES):
            return "it does not"
    return ""


def _batch(page: Page) -> Iterator[Reading]:
    """Some samples together, and each by itself."""
    world, top = drawn(page.network, SAMPLES, page.seed), page.network.loss or ""
    for each in (world, *map(world.of_sample, range(SAMPLES))):
        yield replace(page.whole, world=each, top=top, gradients={})
