"""Pages with the numbers of an example."""

from __future__ import annotations

from bpgen.check.page.world import World
from bpgen.emit import emitted
from bpgen.render import render
from bpgen.worked import Example, Worked, worked
from tests.conftest import of_example
from tests.published import PUBLISHED, given

CHAIN = "from bpgen import *\nx, y = input(), target()\nw = param()\na = tanh(w * x)\nL = loss((a - y)**2)\n"


def example(name: str, held: tuple[str, ...] = ()) -> Example:
    return Example(given(name), PUBLISHED[name].get("learning_rate", 0.1), held)


def of_published(name: str, held: tuple[str, ...] = ()) -> Worked:
    """The numbers of a published example."""
    derivation = of_example(name)
    return worked(derivation, emitted(derivation), example(name, held))


def page_of(name: str, held: tuple[str, ...] = (), digits: int = 8) -> str:
    """Its page for the terminal, with them."""
    derivation = of_example(name)
    numbers = of_published(name, held)
    return render(derivation, fmt="text", steps="short", worked=numbers, digits=digits)


def page_and_world(name: str) -> tuple[str, World]:
    """Its page in LaTeX, and the values at which that is proved."""
    derivation = of_example(name)
    numbers = of_published(name)
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    return page, World.at(derivation.network, numbers.point.lengths, numbers.point.values)


def spaces(page: str) -> str:
    """A page without the numbers of its equations."""
    return "\n".join(line.split("  (")[0].rstrip() for line in page.splitlines()) + "\n"
