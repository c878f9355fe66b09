"""Derivation -> the text of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpgen.once import once
from bpgen.record import Derivation

if TYPE_CHECKING:
    from bpgen.render.document import Further
    from bpgen.render.style import Style
    from bpgen.worked import Worked


def render(
    derivation: Derivation,
    *,
    fmt: str,
    notation: str = "matrix",
    steps: str = "all",
    style: Style | None = None,
    worked: Worked | None = None,
    digits: int | None = None,
    lesson: Further | None = None,
    rules: bool = True,
) -> str:
    """The derivation as a document.

    `fmt` is one of `formats.FORMATS`, each of which says what it makes. `notation` is `matrix`,
    `index` or `components`; raises NetError where components would fill more than a page or two.
    `steps` is `all`, or `short`: without the value of each factor, and with `rules` for what is
    equal in every layer. `style` says how layers are written, how wide text is, and how LaTeX
    stands in a paper. The numbers of a worked example, rounded to so many significant digits, stand
    beside the equations that they are of. A `lesson` is what adds sections to a page:
    `bpgen.lesson.sections`.
    """
    from bpgen.render.document import document
    from bpgen.render.formats import FORMATS
    from bpgen.render.latex import LATEX
    from bpgen.render.numerals import DIGITS
    from bpgen.render.style import Numbering, Style, labels, referring
    from bpgen.render.text import TEXT

    style = style or Style()
    labelled = labels(derivation, style)
    dialect = TEXT if fmt == "text" else LATEX
    if style.counter and fmt in ("latex", "tex"):
        dialect = referring(dialect, labelled)
    asked = (dialect, notation, steps, worked, digits or DIGITS, lesson, style.layers, rules)
    kept = _documents(derivation)
    others = (id(dialect), id(worked), id(lesson))  # the same as long as they are kept
    key = (*others, notation, steps, digits, style.layers, rules)
    if key not in kept:
        kept[key] = (document(derivation, *asked), dialect, worked, lesson)
    made = kept[key][0]
    return FORMATS[fmt](made, style, Numbering(labelled, style.counter))


@once
def _documents(derivation: Derivation) -> dict[Any, Any]:
    """Those made of it, by what was asked; with each, what is asked by its id, so that it lives."""
    return {}
