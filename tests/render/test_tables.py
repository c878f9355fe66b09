"""Tables of LaTeX, in the width of their page."""

from __future__ import annotations

import re

import pytest

from bpgen.check.lesson.reading import tables
from bpgen.check.page.tokens import Unreadable
from bpgen.render.latex_tables import latex_table
from bpgen.render.page import Table

_WORDS = "what is done with it, in so many words that they are no line"
_VECTOR = "$(0.07447, -0.03535, 0.6334, -0.6085, 0.4138)$"
TABLES = {
    "short": Table(("a", "b"), (("$x$", "one"), ("$y$", "two"))),
    "words": Table(("step", "what is done"), (("1", _WORDS), ("2", _WORDS * 3))),
    "vectors": Table(("", "before", "after"), (("$z$", _VECTOR, _VECTOR),)),
    "many": Table(("of",) * 6, (("$12 N - 6$", "parameters", "forward", _WORDS, "$4 N$", "x"),)),
}


@pytest.mark.parametrize("width", [200.0, 253.0, 345.0, 468.0])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_no_wider_than_its_page(name: str, width: float) -> None:
    lines = latex_table(TABLES[name], width)
    (spec,) = re.findall(r"\{@\{\}(.*)@\{\}\}$", lines[1])
    broken = [float(x) for x in re.findall(r"p\{([\d.]+)\\linewidth\}", spec)]
    columns = len(re.sub(r"p\{[^}]*\}", "p", spec))
    assert columns == len(TABLES[name].heads)
    tight = re.search(r"\\tabcolsep=([\d.]+)pt", lines[0])
    between = 2 * float(tight[1]) if tight else 12.0
    assert sum(broken) * width + between * (columns - 1) <= width
    assert bool(broken) == (name != "short" and (name, width) != ("vectors", 468.0))


def test_what_fits_is_left_as_it_is() -> None:
    assert latex_table(TABLES["short"], 345.0)[:2] == [
        r"{\renewcommand{\arraystretch}{1.25}",
        r"\noindent\begin{tabular}{@{}ll@{}}",
    ]


def test_type_is_made_smaller_before_vectors_are_broken() -> None:
    first = [latex_table(TABLES["vectors"], width)[0] for width in (468.0, 400.0, 300.0)]
    assert [r"\mathcode" in f for f in first] == [False, False, True]
    assert [r"\small" in f for f in first] == [False, True, False]


@pytest.mark.parametrize("name", TABLES)
def test_a_reader_reads_the_same_at_each_width(name: str) -> None:
    read = [tables("\n".join(latex_table(TABLES[name], w))) for w in (200.0, 345.0, 468.0)]
    assert read[0] == read[1] == read[2] and len(read[0]) == 1


LONG = Table(("layer", "what"), tuple((f"${k}$", f"row {k}") for k in range(40)))


def test_a_page_may_end_within_a_long_table() -> None:
    """Each part is of a few lines, and its columns are as wide as those of the others."""
    lines = latex_table(LONG, 345.0)
    parts = "\n".join(lines).split(r"\begin{tabular}")[1:]
    assert len(parts) == 5
    assert len({re.findall(r"\\omit.*", part)[0] for part in parts}) == 1
    assert lines.count(r"\hline") == 1
    assert r"\end{tabular}\par\nointerlineskip" in lines and lines[-1] == r"\end{tabular}\par}"


def test_a_reader_reads_all_of_a_long_table() -> None:
    (found,) = tables("\n".join(latex_table(LONG, 345.0)))
    assert (found.heads, found.rows) == (LONG.heads, LONG.rows)


def test_a_part_without_headings_is_no_table() -> None:
    lines = latex_table(LONG, 345.0)
    with pytest.raises(Unreadable, match="without headings"):
        tables("\n".join(line for line in lines if line != r"\hline"))
