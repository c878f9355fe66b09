"""A derivation as a document, brief or in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bpgen.ir import Network
from bpgen.record import Derivation
from bpgen.render import components
from bpgen.render.brief import Brief
from bpgen.render.dialect import Dialect
from bpgen.render.equations import Equations
from bpgen.render.full import Full
from bpgen.render.layers import rules as rules_of
from bpgen.render.legend import legend
from bpgen.render.numerals import DIGITS, Numerals
from bpgen.render.outline import Outline
from bpgen.render.page import Document, Section
from bpgen.render.writer import Writer
from bpgen.worked import Worked


def _in_letters(derivation: Derivation) -> bool:
    """Whether there are as many equal layers as a letter says, 1 to L as in a course."""
    loops = (f.equation.loop for f in derivation.forward)
    return any(
        loop is not None and loop.block and isinstance(loop.index.size, str) for loop in loops
    )


Further = Callable[[Equations], tuple[Section, ...]]  # sections at the end of a page
STEPS = {"short": Brief, "all": Full}


def document(
    derivation: Derivation,
    dialect: Dialect,
    notation: str,
    steps: str = "all",
    worked: Worked | None = None,
    digits: int = DIGITS,
    lesson: Further | None = None,
    layers: str = "brackets",
    rules: bool = False,
) -> Document:
    """The sections of a document. The legend is written last: it explains what was printed. With
    `rules`, short steps tell equal layers once. A `lesson` adds its sections.
    """
    first = 1 if notation == "components" or _in_letters(derivation) else 0
    writer = Writer.of(derivation, dialect, first, layers)
    tensors = derivation.network.tensors
    numerals = None if worked is None else Numerals(worked, dialect, tensors, digits)
    page = STEPS[steps](Outline.of(derivation, writer), writer, notation, numerals=numerals)
    if notation == "components":
        components.check_size(derivation, page.view)
    if rules and isinstance(page, Brief):
        page = replace(page, rules=rules_of(page))
    begins, *rest = page.sections()
    if lesson is not None:
        rest += lesson(page)
    explained = legend(derivation.network, writer, notation == "components")
    begins = replace(begins, intro=(*page.across(), *explained, *begins.intro))
    return Document(title(derivation.network), (), (begins, *rest))


def title(network: Network) -> str:
    """What net.py says that it is, as a heading, which has no full stop; else its name."""
    said = network.title
    return (said.removesuffix(".") if not said.endswith("..") else said) or network.name
