"""In which format a page is told, by what is asked for and by the name of its file."""

from __future__ import annotations

from pathlib import Path

from bpgen.errors import NetError

LATEX = ("latex", "tex", "pdf")  # that have labels and sections
_SUFFIXES = {
    "": "latex",
    ".tex": "tex",
    ".md": "markdown",
    ".txt": "text",
    ".pdf": "pdf",
    ".html": "html",
}
FORMATS = tuple(_SUFFIXES.values())
_SUFFIX = {**{fmt: suffix for suffix, fmt in _SUFFIXES.items()}, "latex": ".tex"}
_OPENED = ("pdf", "html")  # by a program that goes by the suffix


def format_of(asked: str | None, output: str | None, paper: bool) -> str:
    """What is asked for, or what the suffix of the file says: .tex is a document, or the body that
    goes into a paper.
    """
    suffix = Path(output or "").suffix
    said = _SUFFIXES.get(suffix, asked) if suffix else asked
    if asked and asked != said and {asked, said} & {*_OPENED}:
        fact = f"{output} is no name for {asked}"
        raise NetError(fact, f"end it in {_SUFFIX[asked]}, or leave out -f {asked}")
    if asked:
        return asked
    if suffix not in _SUFFIXES:
        known = ", ".join(filter(None, _SUFFIXES))
        raise NetError(
            f"{output}: no format is called {suffix}", f"end it in {known}, or give --format"
        )
    return "latex" if paper and suffix == ".tex" else _SUFFIXES[suffix]
