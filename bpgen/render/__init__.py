"""Derivation -> the text of a document."""

from __future__ import annotations

from typing import Literal

from bpgen.record import Derivation

Format = Literal["latex", "tex", "markdown", "text"]
Notation = Literal["matrix", "index", "components"]


def render(derivation: Derivation, *, fmt: Format, notation: Notation = "matrix") -> str:
    """The derivation as a document.

    `latex` is a body for a document with amsmath and amssymb, `tex` a document that pdflatex compiles, `markdown`
    headings and formulas for KaTeX, `text` Unicode for a terminal. Raises NetError where `components` would fill
    more than a page or two.
    """
    from bpgen.render.dialect import LATEX, TEXT
    from bpgen.render.document import document
    from bpgen.render.formats import FORMATS

    return FORMATS[fmt](document(derivation, TEXT if fmt == "text" else LATEX, notation))
