"""Derivation -> the text of a document."""

from __future__ import annotations

from bpgen.record import Derivation


def render(derivation: Derivation, *, fmt: str, notation: str = "matrix") -> str:
    """The derivation as a document.

    `fmt`: `latex` is a body for a document with amsmath and amssymb, `tex` a document that pdflatex
    compiles, `markdown` headings and formulas for KaTeX, `text` Unicode for a terminal. `notation`
    is `matrix`, `index` or `components`; raises NetError where components would fill more than a
    page or two.
    """
    from bpgen.render.dialect import LATEX, TEXT
    from bpgen.render.document import document
    from bpgen.render.formats import FORMATS

    return FORMATS[fmt](document(derivation, TEXT if fmt == "text" else LATEX, notation))
