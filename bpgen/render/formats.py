"""A document as text: LaTeX, Markdown or the terminal."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from itertools import groupby
from textwrap import wrap

from bpgen.render import escape
from bpgen.render.displays import COLUMN, PAGE, Run, height, in_columns, latex_rows
from bpgen.render.latex_tables import latex_table
from bpgen.render.lines import text_rows
from bpgen.render.page import Block, Document, Row, Section
from bpgen.render.style import Numbering, Style
from bpgen.render.tables import markdown_table, text_table
from bpgen.render.text import HELD
from bpgen.render.typed import typed
from bpgen.templating import template

_PAGEFUL = 55  # lines that fit a page
_LETTERS = 90  # of a line of words, with their formulas
_BOXFUL = 32  # lines of an article's page, in a frame
_BOX = 20.0  # points of a frame, and of what keeps it off
_SAVED = 0.4  # of the height, by a second column
_NARROW = 300.0  # points of a line in which formulas leave gaps between words: its end is ragged
_SPREAD, _RAGGED = r"\emergencystretch=5em", r"\rightskip=0pt plus 4em\emergencystretch=5em"


def _latex_section(
    section: Section, style: Style, numbering: Numbering, width: float, columns: bool
) -> dict[str, object]:
    """`width` is of a line, in points; `columns` says whether short ones may stand in two."""
    blocks = section.blocks
    if section.boxed:
        blocks = tuple(part for b in blocks for part in _boxes(b, width - _BOX))
    runs = _runs(blocks, columns and section.columns > 1)
    narrow = [n for n, _ in runs]
    shown = [
        {
            "heading": b.heading,
            "lines": latex_rows(b.rows, None, width - _BOX)
            if section.boxed
            else latex_rows(b.rows, numbering, COLUMN if narrow[k] else width, narrow[k]),
            "remarks": b.remarks,
            "lead": b.lead,
            "table": latex_table(b.table, width) if b.table else (),
            **dict(zip(("type_size", "code"), typed(b.code, width), strict=True)),
            "opens": narrow[k] and not (k and narrow[k - 1]),
            "closes": narrow[k] and not any(narrow[k + 1 : k + 2]),
        }
        for k, (_, b) in enumerate(runs)
    ]
    return {
        "title": section.title if style.sections else "",
        "intro": section.intro,
        "blocks": shown,
        "boxed": section.boxed,
        "display": "align" if style.counter else "align*",
    }


def _boxes(block: Block, width: float) -> list[Block]:
    """A block in parts that fit a page: a frame is not broken, nor are an equation's rows."""
    found: list[tuple[Row, ...]] = [()]
    for _, rows in groupby(block.rows, key=lambda row: row.of):
        equation = tuple(rows)
        if found[-1] and height(found[-1] + equation, width) > _BOXFUL:
            found.append(())
        found[-1] += equation
    return [replace(block, rows=rows) for rows in found]


def _runs(blocks: Sequence[Block], columns: bool) -> list[tuple[bool, Block]]:
    """The blocks, each cut where it changes between one column and two."""
    rows = [b.rows for b in blocks]
    cut = in_columns(rows) if columns else [[(False, r)] for r in rows]
    return [run for b, runs in zip(blocks, cut, strict=True) for run in _cut(b, runs)]


def _cut(block: Block, runs: Sequence[Run]) -> list[tuple[bool, Block]]:
    """A block in parts: the words before it with the first, those after it with the last."""
    parts = [replace(block, rows=rows) for _, rows in runs]
    parts[1:] = [replace(b, heading="", lead="") for b in parts[1:]]
    parts[:-1] = [replace(b, remarks=(), table=None, code=()) for b in parts[:-1]]
    return [(narrow, part) for (narrow, _), part in zip(runs, parts, strict=True)]


def latex(document: Document, style: Style, numbering: Numbering) -> str:
    """The body of a LaTeX document (amsmath, amssymb)."""
    return _body(document, style, numbering, style.measure)


def _body(
    document: Document,
    style: Style,
    numbering: Numbering,
    width: float,
    columned: Container[Section] = (),
) -> str:
    """Lines of so many points; where sections are `columned`, multicol."""
    sections = [
        _latex_section(s, style, numbering, width, s in columned) for s in document.sections
    ]
    spaces = _RAGGED if width < _NARROW else _SPREAD
    return template("derivation.latex.jinja").render(sections=sections, spaces=spaces)


def tex(document: Document, style: Style, numbering: Numbering) -> str:
    """A document that pdflatex compiles."""
    return template("derivation.tex.jinja").render(
        title=escape.latex(document.title),
        body=_body(document, style, numbering, PAGE, _columned(document)),
    )


def _columned(document: Document) -> list[Section]:
    """The sections in two columns: none where all fit a page, the first where that is enough."""
    height = sum(map(_height, document.sections))
    found = [s for s in document.sections if s.columns > 1]
    if not found or height <= _PAGEFUL:
        return []
    return found[:1] if height - _SAVED * _height(found[0]) <= _PAGEFUL else found


def _height(section: Section) -> float:
    """About how many lines of text a section is high, in one column."""
    lines = sum(height(b.rows) for b in section.blocks)
    words = [*section.intro, *(w for b in section.blocks for w in (b.lead, *b.remarks))]
    return 2 + lines + len(section.blocks) + sum(map(len, words)) / _LETTERS


def markdown(document: Document, _style: Style, _numbering: Numbering) -> str:
    """Headings and display formulas; nothing that KaTeX does not know."""
    safe = escape.mathematics_of_markdown
    sections = []
    for section in document.sections:
        blocks = [
            {
                "heading": safe(b.heading),
                "displays": _displays(b),
                "remarks": [*map(safe, b.remarks)],
                "lead": safe(b.lead),
                "table": [*map(safe, markdown_table(b.table))] if b.table else (),
                "code": b.code,
            }
            for b in section.blocks
        ]
        sections.append(
            {
                "title": section.title,
                "intro": [*map(safe, section.intro)],
                "blocks": blocks,
                "boxed": section.boxed,
            }
        )
    return template("derivation.md.jinja").render(
        title=escape.markdown(document.title), sections=sections
    )


def _displays(block: Block) -> list[dict[str, object]]:
    """The rows of a block in runs that end at a number: KaTeX numbers a display once."""
    runs: list[list[Row]] = [[]]
    for row in block.rows:
        if row.begins and any(r.tag is not None for r in runs[-1]):
            runs.append([])
        runs[-1].append(row)
    found: list[dict[str, object]] = []
    for run in filter(None, runs):
        tags = [r.tag for r in run if r.tag is not None]
        found.append(
            {"lines": latex_rows(tuple(run), None), "tag": rf"\tag{{{tags[0]}}}" if tags else ""}
        )
    return found


def text(document: Document, style: Style, _numbering: Numbering) -> str:
    """Unicode for a terminal."""
    sections = []
    for section in document.sections:
        blocks = [
            {
                "heading": b.heading,
                "lines": text_rows(b.rows, style.width),
                "remarks": [line for r in b.remarks for line in _paragraph(r, style.width - 2)],
                "lead": _paragraph(b.lead, style.width),
                "table": text_table(b.table, style.width - 2) if b.table else (),
                "code": b.code,
            }
            for b in section.blocks
        ]
        rule = "─" * len(section.title)
        intro = [line for sentence in section.intro for line in _paragraph(sentence, style.width)]
        sections.append({"title": section.title, "rule": rule, "intro": intro, "blocks": blocks})
    title = escape.plain(document.title)
    made = template("derivation.txt.jinja").render(
        title=title, rule="═" * len(title), sections=sections
    )
    return made.replace(HELD, " ")


def _paragraph(sentence: str, width: int) -> list[str]:
    """A sentence or two in lines of the terminal; a definition is not broken at its hyphens."""
    return wrap(sentence, width, break_long_words=False, break_on_hyphens=False)


FORMATS = {"latex": latex, "tex": tex, "markdown": markdown, "text": text}
