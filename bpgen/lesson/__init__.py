"""What a teacher adds to a derivation, computed from it and from its module: sections that a page
has at its end where it is asked for them.

Each section is one function of a `Lesson`, which gives nothing where it has nothing to say of this
network. Those that speak of numbers are left out where there are none: where a width is a letter,
where there is no loss, and of networks that are too large to be evaluated entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bpgen.lesson import (
    activations,
    again,
    batches,
    bias,
    code,
    cost,
    edges,
    graph,
    mistakes,
    product,
    rates,
    signs,
    sizes,
    training,
)
from bpgen.lesson.lesson import Lesson
from bpgen.render.equations import Equations
from bpgen.render.page import Section
from bpgen.worked.example import DEFAULT_RATE

_SECTIONS: tuple[Callable[[Lesson], Section | None], ...] = (
    graph.section,
    product.section,
    signs.section,
    activations.section,
    sizes.section,
    bias.section,
    training.section,
    rates.section,
    again.section,
    batches.section,
    edges.section,
    mistakes.section,
    cost.section,
    code.section,
)


def sections(page: Equations) -> tuple[Section, ...]:
    """The sections that a lesson on the network of a page has, in their order."""
    rate = page.numerals.worked.rate if page.numerals is not None else DEFAULT_RATE
    lesson = Lesson(page.derivation, page.writer, page.view, page.beside, rate)
    found = [*filter(None, (section(lesson) for section in _SECTIONS))]
    if lesson.worked is None and page.derivation.network.loss is not None:
        found.append(Section("What is left out", (_WITHOUT,)))
    return tuple(replace(section, added=True) for section in found)


_WITHOUT = (
    "Signs, sizes, steps, edge cases and mistakes are told in numbers, and there are none: a width"
    " is a letter, a function is a name alone, something is drawn in forward, the example has"
    " several samples of which one is told, something has no value at numbers that bpgen draws, as"
    " what divides by a parameter that begins as 0, or the network is large. An example in net.py"
    " gives numbers to these two, and a smaller network of the same layers has them."
)
