"""pdflatex compiles every example, and every network that is hard to print, without a warning: one
document for each notation, a page for each network.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bpgen.commands.pdf import compiled
from bpgen.errors import NetError
from bpgen.lesson import sections
from bpgen.render import render
from bpgen.render.style import Style, measure
from bpgen.render.widths import measured
from tests.conftest import derived, drawn, of_example
from tests.render.nets import NETS

_EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
_TITLE = (
    '"""Über das σ–Netz: “∂L/∂W” → ε, naïve façade of Łódź, 漢字, 50 % & $x_1$ \\\\input{x} …"""\n'
)
_WIDE = (
    "from bpgen import *\nx = input(3)\nt = target(3)\n"
    "W, alpha_first, beta_second = param(3, 3), param(3), param(3)\nz = W @ x\n"
    "a = (alpha_first * tanh(z) + beta_second * sigmoid(z) + exp(-z**2)) * (1 + alpha_first**2)"
    " * (1 + beta_second**2) * cos(z + alpha_first + beta_second) * sin(alpha_first * z)\n"
    "L = loss(half_squared_error(a, t) + 0.01 * l2() + 0.1 * l1(W) + 0.3 * sum(alpha_first**2)"
    " + 0.2 * sum(beta_second**4))\n"
)
_FOCAL = (
    "from bpgen import *\nx, y = input(3), target()\nw, b = param(3), param()\n"
    "p = sigmoid(dot(w, x) + b)\n"
    "L = loss(-(y*(1 - p)**2*log(p) + (1 - y)*p**2*log(1 - p)))\n"
)
_NETS = {
    **{path.stem: path.read_text() for path in _EXAMPLES},
    **NETS,
    "title": _TITLE + NETS["product"],
    "wide": _WIDE,
    "focal": _FOCAL,
}


_START, _END = "\\begin{document}", "\\end{document}"
_PAGE = "@@ page "
_FORMULAS = (
    r"\frac{1}{\sqrt{v_{i} + 10^{-5}}} \, \left(\frac{\partial \ell}{\partial \hat{x}_{ij}} - a^{\top}\right)",
    r"\textstyle \sum_{i,j} W^{[2]}_{ij} \odot \tanh(z) + \mathbf{1}[i = y_{t}] \, \mathrm{logp}_{t}",
    r"\sum_{\substack{t,u \\ x_{t}=u}} \begin{cases}s & \text{if } u\le t \\ 0 & \text{otherwise}\end{cases}",
)


def _document(pages: Mapping[str, str]) -> str:
    """One document of many: the log says where the page of each begins."""
    preamble = next(iter(pages.values())).split(_START)[0]
    bodies = (
        f"\\typeout{{{_PAGE}{name}}}\n{text.split(_START)[1].split(_END)[0]}\n\\clearpage"
        for name, text in pages.items()
    )
    return "\n".join([preamble, _START, *bodies, _END])


def _log(source: str, folder: Path) -> list[str]:
    (folder / "net.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode"]
    for mode in (["-draftmode"], []):  # the second knows the labels of the first
        line = [*command, *mode, "net.tex"]
        subprocess.run(line, cwd=folder, capture_output=True, check=False, timeout=300)
    return (folder / "net.log").read_text(encoding="latin-1").splitlines()


def _complaints(log: Iterable[str]) -> list[str]:
    """Each warning and error under the name of its page."""
    found, page = [], ""
    for line in log:
        page = line.removeprefix(_PAGE) if line.startswith(_PAGE) else page
        wrong = "Warning" in line or "Overfull" in line or line.startswith("!")
        if wrong:
            found.append(f"{page}: {line}")
    return found


def _pages(
    notation: str, steps: str = "short", fmt: str = "tex", **style: Any
) -> Mapping[str, str]:
    pages = {}
    for name, net in _NETS.items():
        try:
            derivation = derived(net)
            pages[name] = render(
                derivation,
                fmt=fmt,
                notation=notation,
                steps=steps,
                style=Style(prefix=name.replace(" ", "-"), **style),
            )
        except NetError as refusal:
            assert "too large" in refusal.fact or "only at run time" in refusal.fact
    return pages


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("notation", ["matrix", "index", "components"])
@pytest.mark.parametrize("steps", ["short", "all"])
def test_compiles_without_a_warning(notation: str, steps: str, tmp_path: Path) -> None:
    pages = _pages(notation, steps)
    assert len(pages) > len(_NETS) // 2
    assert len({text.split(_START)[0] for text in pages.values()}) == 1  # it compiles alone, too
    log = _log(_document(pages), tmp_path)
    assert any("Output written" in line for line in log)
    assert {line.removeprefix(_PAGE) for line in log if line.startswith(_PAGE)} == {*pages}
    assert _complaints(log) == []


@pytest.mark.long
@pytest.mark.slow
def test_as_a_part_of_a_paper(tmp_path: Path) -> None:
    """Numbered by its counter, without sections: every reference is found."""
    log = _log(_document(_pages("matrix", sections=False, counter=True)), tmp_path)
    assert _complaints(log) == []


_ARTICLE = "\\documentclass{article}\n\\usepackage{amsmath, amssymb}\n"
_COLUMN = _ARTICLE + "\\usepackage[textwidth=3.5in]{geometry}\n"


def _bodies_in(preamble: str, bodies: Mapping[str, str], folder: Path) -> set[str]:
    """Those that TeX complains of."""
    pages = {name: f"{preamble}{_START}{body}{_END}" for name, body in bodies.items()}
    log = _log(_document(pages), folder)
    assert any("Output written" in line for line in log)
    return {complaint.split(":")[0] for complaint in _complaints(log)}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    ("notation", "steps"), [("matrix", "short"), ("index", "all"), ("components", "short")]
)
def test_a_body_is_no_wider_than_a_plain_article(notation: str, steps: str, tmp_path: Path) -> None:
    """Without a geometry of its own, nor a page that is too high."""
    assert _bodies_in(_ARTICLE, _pages(notation, steps, "latex"), tmp_path) == set()


@pytest.mark.long
@pytest.mark.slow
def test_a_body_is_as_wide_as_is_asked(tmp_path: Path) -> None:
    bodies = _pages("matrix", fmt="latex", measure=measure("3.5in"))
    assert _bodies_in(_COLUMN, bodies, tmp_path) == set()


@pytest.mark.slow
@pytest.mark.parametrize("example", ["toy_2_2_1", "lstm", "gpt"])
def test_words_of_a_narrow_column_stand_close(example: str, tmp_path: Path) -> None:
    style = Style(measure=measure("3.5in"))
    body = render(derived(_NETS[example]), fmt="latex", steps="short", style=style)
    log = _log("\n".join([_COLUMN, _START, body, _END]), tmp_path)
    assert not [line for line in log if line.startswith("Underfull")]


@pytest.mark.slow
@pytest.mark.parametrize(("example", "most"), [("toy_2_2_1", 1), ("lstm", 2), ("gpt", 4)])
def test_pages(example: str, most: int, tmp_path: Path) -> None:
    page = render(derived(_NETS[example]), fmt="tex", steps="short")
    (line,) = (line for line in _log(page, tmp_path) if line.startswith("Output written"))
    assert int(re.search(r"\((\d+) page", line)[1]) <= most  # type: ignore[index]


@pytest.mark.slow
def test_a_formula_is_as_wide_as_it_is_measured(tmp_path: Path) -> None:
    """Within a tenth, or the space of an operator."""
    pages = (render(derived(_NETS[n]), fmt="latex") for n in ("toy_2_2_1", "lstm"))
    rows = [line.split(" &")[0] for page in pages for line in page.splitlines() if " &= " in line]
    formulas = [*dict.fromkeys(rows), *_FORMULAS]
    boxes = "\n".join(
        rf"\setbox0\hbox{{$\displaystyle {f}$}}\typeout{{{_PAGE}\the\wd0}}" for f in formulas
    )
    preamble = render(derived(_NETS["toy_2_2_1"]), fmt="tex").split(_START)[0]
    log = _log("\n".join([preamble, _START, boxes, _END]), tmp_path)
    widths = [float(x[len(_PAGE) :].removesuffix("pt")) for x in log if x.startswith(_PAGE)]
    assert len(widths) == len(formulas)
    far = [
        (f, w) for f, w in zip(formulas, widths, strict=True) if abs(measured(f) - w) > 5 + w / 10
    ]
    assert far == []


@pytest.mark.long
@pytest.mark.slow
def test_lessons_compile_without_a_warning(tmp_path: Path) -> None:
    """Their tables are no wider than the page, their listings no longer than a line."""
    assert _complaints(_log(_document(_lessons("tex")), tmp_path)) == []


@pytest.mark.long
@pytest.mark.slow
def test_a_lesson_is_no_wider_than_a_plain_article(tmp_path: Path) -> None:
    assert _bodies_in(_ARTICLE, _lessons("latex"), tmp_path) == set()


@pytest.mark.slow
def test_a_lesson_is_as_wide_as_is_asked(tmp_path: Path) -> None:
    """Its tables, whatever stands in them, its listings, and matrices of numbers."""
    bodies = _lessons("latex", measure=measure("3.5in"))
    assert _bodies_in(_COLUMN, bodies, tmp_path) == set()


def _lessons(fmt: str, **style: Any) -> Mapping[str, str]:
    pages = {}
    for path in _EXAMPLES:
        derivation = of_example(path.stem)
        pages[path.stem] = render(
            derivation,
            fmt=fmt,
            steps="short",
            style=Style(prefix=path.stem, **style),
            worked=drawn(path.stem),
            lesson=sections,
        )
    return pages


@pytest.mark.slow
def test_as_pdf() -> None:
    assert compiled(render(derived(NETS["product"]), fmt="tex")).startswith(b"%PDF")


@pytest.mark.slow
def test_a_page_that_does_not_compile_is_named(tmp_path: Path) -> None:
    derivation = derived(NETS["product"])
    names = ("right", "wrong", "wide", "last")
    pages = {n: render(derivation, fmt="tex", style=Style(prefix=n)) for n in names}
    begin = "\\begin{align*}"
    pages["wrong"] = pages["wrong"].replace(begin, begin + "\\undefined", 1)
    pages["wide"] = pages["wide"].replace(begin, begin + "x + " * 200, 1)
    found = {c.split(":")[0] for c in _complaints(_log(_document(pages), tmp_path))}
    assert found == {"wrong", "wide"}
