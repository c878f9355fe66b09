"""KaTeX reads every formula of every example's page, and of every network that is hard to print, in
all notations, with its errors and its warnings on: in a browser without a window.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from html import unescape
from pathlib import Path

import pytest

from bpgen.errors import NetError
from bpgen.lesson import sections
from bpgen.record import Derivation
from bpgen.render import render
from tests.conftest import EXAMPLES, ROOT, derived, drawn, of_example
from tests.render.nets import NETS

KATEX = ROOT / "bpgen" / "html" / "assets" / "katex" / "katex.min.js"
pytestmark = pytest.mark.slow

NOTATIONS = ("matrix", "index", "components")
PIECE = 10_000  # formulas of a run of the browser
PAGE = """<pre id="bad"></pre><script>{katex}</script><script>
const bad = [];
for (const [tex, displayMode] of {formulas}) {{
  try {{ katex.renderToString(tex, {{displayMode, throwOnError: true, strict: "error"}}); }}
  catch (error) {{ bad.push([tex, error.message]); }}
}}
document.getElementById("bad").textContent = JSON.stringify(bad);
</script>
"""
SHOWN = re.compile(r"\$\$(.*?)\$\$|\$([^$]+)\$", re.DOTALL)
Formula = tuple[str, bool]  # and whether it is displayed


def formulas(derivation: Derivation, notation: str) -> set[Formula]:
    """Those of the page as sites and notebooks show it, brief and in full."""
    found: set[Formula] = set()
    for steps in ("short", "all"):
        try:
            page = render(derivation, fmt="markdown", notation=notation, steps=steps)
        except NetError:  # too large to write out
            continue
        found |= {(m[1] or m[2], bool(m[1])) for m in SHOWN.finditer(page)}
    return found


def complaints(of: Iterable[Formula], folder: Path) -> list[list[str]]:
    """The formulas that KaTeX does not take, each with what it says."""
    text = json.dumps(list(of)).replace("</", "<\\/")
    page = folder / "page.html"
    page.write_text(PAGE.format(katex=KATEX.read_text("utf-8"), formulas=text), encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={folder / 'profile'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = re.search(r'<pre id="bad">(.*?)</pre>', done.stdout, re.DOTALL)
    assert said is not None, "the page did not run to its end"
    found: list[list[str]] = json.loads(unescape(said[1]))
    return found


@pytest.mark.long
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_formula(notation: str, tmp_path: Path) -> None:
    sources = [*(path.read_text("utf-8") for path in EXAMPLES), *NETS.values()]
    every = sorted(set().union(*(formulas(derived(s), notation) for s in sources)))
    assert len(every) > 1000
    for start in range(0, len(every), PIECE):
        assert complaints(every[start : start + PIECE], tmp_path) == []


@pytest.mark.long
def test_every_formula_of_a_lesson(tmp_path: Path) -> None:
    """Its tables and its bars, with numbers where there are any."""
    every: set[Formula] = set()
    for path in EXAMPLES:
        page = render(
            of_example(path.stem),
            fmt="markdown",
            steps="short",
            worked=drawn(path.stem),
            lesson=sections,
        )
        every |= {(m[1] or m[2], bool(m[1])) for m in SHOWN.finditer(page)}
    assert any(r"\rule" in formula for formula, _ in every)
    assert complaints(sorted(every), tmp_path) == []


WRONG = [r"\frac{a}", r"\delta_{1", r"\unheard", "x_a_b", "größe"]


def test_what_katex_does_not_take_is_found(tmp_path: Path) -> None:
    found = complaints([("z = W x", False), *((wrong, True) for wrong in WRONG)], tmp_path)
    assert [formula for formula, _ in found] == WRONG
