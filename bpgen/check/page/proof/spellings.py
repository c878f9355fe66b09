"""Other spellings of equations, of which the page says that it differentiates them."""

from __future__ import annotations

from dataclasses import replace

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.elements import is_start
from bpgen.check.page.proof.left_sides import spelled
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import Array, Values, World
from bpgen.ir import BATCH, Element, Network


def read(page: Page) -> None:
    for group in page.groups:
        for statement in group.statements:
            if statement.kind == "differentiated":
                _told(statement, page.sample, page.whole)


def _told(statement: Statement, sample: Reading, whole: Reading) -> None:
    """From here on, an equation is what the page says that it differentiates."""
    try:
        left, right = map(sample.parse, statement.parts)
    except (Unreadable, ValueError):
        return  # and so the line is false
    known = sample.names.find(left)
    if known is None:
        return
    first = is_start(Scope(sample), left, known[1])

    def told(world: World, values: Values) -> Array:
        reading = replace(sample, world=world, gradients={})
        return spelled(left, right, known[1], reading, values, first)

    of_one_sample = sample.sample and _of_all_samples(sample.world.network, known[1])
    for reading in (sample, whole):
        if not of_one_sample or reading.world.lengths[BATCH] == 1:
            reading.world.told[known[1], first] = told


def _of_all_samples(network: Network, name: str) -> bool:
    """Whether what has no entry for each sample is made of what has, and so is told of one."""
    read = (
        network.tensors[element.name].batched
        for equation in network.equations
        if equation.name == name
        for term in equation.terms
        for element in term.body.atoms(Element)
    )
    return not network.tensors[name].batched and any(read)
