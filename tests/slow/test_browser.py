"""The page in a real browser: Chromium, driven through its own protocol. It opens from a file."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpgen.html import page
from bpgen.html.sheets import NOTATIONS, sheets
from bpgen.load import load
from bpgen.worked.drawn import at_drawn
from tests.conftest import EXAMPLES, ROOT, of_example
from tests.html.test_page import page_of, walk_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

PARSES = """(formulas) => formulas.flatMap((tex) => {
    const strict = (code) => code === "htmlExtension" ? "ignore" : "error";
    try { katex.renderToString(tex, {throwOnError: true, strict, trust: true}); return []; }
    catch (error) { return [`${tex}: ${error.message}`]; }
})"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield found
        found.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser, whose pages are closed behind each test: open ones go on to move."""
    yield chromium
    for context in chromium.contexts:
        context.close()


class Opened:
    """A page opened from its file, with whatever it asked for and said."""

    def __init__(self, browser: Browser, file: Path, step: int = 0, **how: Any) -> None:
        self.context = browser.new_context(**how)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.said.append(m.text))
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.goto(f"{file.as_uri()}#step={step}")

    def lit(self, within: str) -> set[str]:
        found: list[str] = self.page.eval_on_selector_all(
            f"{within} .lit", "all => all.map((e) => e.id || e.textContent.trim())"
        )
        return set(found)

    def step(self) -> int:
        return int(self.page.evaluate("document.documentElement.dataset.step"))


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "toy.html"
    file.write_text(page_of("toy_2_2_1"), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "gpt.html"
    file.write_text(page_of("gpt"), encoding="utf-8")
    return file


@pytest.mark.parametrize("name", ["toy", "gpt"])
def test_it_asks_for_nothing_and_complains_of_nothing(browser, name, request):
    file = request.getfixturevalue(name)
    opened = Opened(browser, file)
    for key in ("End", "Home", "ArrowRight"):
        opened.page.keyboard.press(key)
    opened.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    opened.page.wait_for_timeout(300)
    asked = [url for url in opened.requests if not url.startswith("data:font/woff2")]
    assert asked == [f"{file.as_uri()}#step=0"] or asked == [file.as_uri()]
    assert opened.said == []


def test_steps_by_click_and_by_key(browser, toy):
    opened = Opened(browser, toy)
    last = len(walk_of("toy_2_2_1")["stops"]) - 1
    assert opened.step() == 0
    for key, step in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last)):
        opened.page.keyboard.press(key)
        assert opened.step() == step
    opened.page.keyboard.press("Home")
    opened.page.click("[data-go=on]")
    opened.page.click("[data-go=on]")
    assert opened.step() == 2 and opened.page.url.endswith("#step=2")
    opened.page.click(".line a:nth-child(9)")
    assert opened.step() == 8
    opened.page.click(".sheet.matrix a.tag:text-is('(11)')")
    assert opened.step() == 11


def test_it_plays_to_the_end_and_stops_at_a_key(browser, toy):
    opened = Opened(browser, toy, 18)
    opened.page.keyboard.press("Space")
    opened.page.wait_for_selector("html[data-step='20']:not(.playing)", timeout=9000)
    opened.page.click("[data-go=play]")
    assert opened.step() == 0
    opened.page.keyboard.press("ArrowLeft")
    assert opened.page.evaluate("document.documentElement.className") == "js"


def test_a_swipe_is_a_step(browser, toy):
    opened = Opened(browser, toy, 3, has_touch=True, viewport={"width": 1100, "height": 800})
    swipe = """([from, to]) => {
        const stage = document.querySelector(".stage");
        const touch = (x) => new Touch({identifier: 1, target: stage, clientX: x, clientY: 9});
        for (const [kind, x] of [["touchstart", from], ["touchend", to]])
            stage.dispatchEvent(new TouchEvent(kind, {changedTouches: [touch(x)]}));
    }"""
    opened.page.evaluate(swipe, [300, 100])
    assert opened.step() == 4
    opened.page.evaluate(swipe, [100, 300])
    assert opened.step() == 3


def test_the_right_parts_are_lit(browser, toy):
    """(1) z1, forward: the hidden units, all that leads into them, its line. (7) delta2, backward:
    the output unit and the edge to the loss. (12) dW1: the first weights.
    """
    opened = Opened(browser, toy, 1)
    edges = "all => all.map((e) => e.dataset.t).sort().join(' ')"
    assert {k for k in opened.lit(".stage") if k[0] == "u"} == {"u1-0", "u1-1"}
    lit = opened.page.eval_on_selector_all(".edge.lit", edges)
    assert lit == "W1 W1 W1 W1 b1 b1"
    assert "z1 = x @ W1.T + b1" in opened.lit(".code")
    opened.page.goto(f"{toy.as_uri()}#step=7")
    assert {k for k in opened.lit(".stage") if k[0] == "u"} == {"u2-0"}
    assert "delta2 = (a2 - y) * a2 * (1 - a2) / N" in opened.lit(".code")
    assert opened.page.evaluate("document.documentElement.dataset.way") == "backward"
    assert "δ" in opened.page.inner_text(".now .rows")
    assert "−0.043152538" in (opened.page.text_content("#gu2-0") or "")
    assert opened.page.text_content("#gu1-0") == ""  # not yet
    opened.page.goto(f"{toy.as_uri()}#step=12")
    lit = opened.page.eval_on_selector_all(".edge.lit", edges)
    assert lit == "W1 W1 W1 W1"
    assert "dW1 = delta1.T @ x" in opened.lit(".code")


def test_what_stands_in_the_drawing_is_what_the_walk_says(browser, toy):
    """At the last step, every text; the numbers behind them are compared with the module's in the
    tests of the page.
    """
    walk = walk_of("toy_2_2_1")
    opened = Opened(browser, toy, len(walk["stops"]) - 1)
    for key, said in walk["slots"].items():
        exact = opened.page.evaluate(f"document.getElementById({key!r}).dataset.exact ?? ''")
        assert exact == said[-1][2], key
    assert opened.page.text_content("#vu2-0") == "0.76552844"
    assert "it helped" in opened.page.inner_text(".now .rows")


def test_a_step_is_the_same_however_it_is_reached(browser, toy):
    straight = Opened(browser, toy, 9)
    walked = Opened(browser, toy, 20)
    for _ in range(11):
        walked.page.keyboard.press("ArrowLeft")
    for opened in (straight, walked):
        opened.page.wait_for_timeout(600)
    inside = "document.querySelector('.stage').outerHTML + document.querySelector('.now').outerHTML"
    assert straight.page.evaluate(inside) == walked.page.evaluate(inside)


def test_a_symbol_shows_its_definition_its_place_and_its_code(browser, toy):
    opened = Opened(browser, toy, 7)
    opened.page.hover(".now [data-t=a2]")
    hot = opened.page.eval_on_selector_all(
        ".hot", "all => all.map((e) => e.id || e.dataset.def || e.tagName)"
    )
    assert "u2-0" in hot and "a2" in hot and "I" in hot
    opened.page.mouse.move(2, 2)
    assert opened.page.locator(".hot").count() == 0


def test_notations_and_numbers_are_switches(browser, toy):
    opened = Opened(browser, toy, 8)
    shown = "all => all.filter((e) => e.offsetParent).map((e) => e.classList[1])"
    for notation in NOTATIONS:
        opened.page.click(f"label[for=as-{notation}]")
        assert opened.page.eval_on_selector_all(".sheet", shown) == [notation]
    assert opened.page.locator(".now .row").count() > 2  # entry by entry
    opened.page.keyboard.press("ArrowLeft")  # is the walk's, wherever one clicked
    assert opened.step() == 7 and opened.page.is_checked("#as-components")
    opened.page.click("label[for=numbers]")
    assert not opened.page.is_visible("#vu1-0") and not opened.page.is_visible(".numbers")


def test_without_scripts_it_is_still_the_page(browser, toy):
    opened = Opened(browser, toy, java_script_enabled=False)
    text = opened.page.inner_text("main")
    for told in (
        "Summary",
        "Derivation",
        "A step of descent",
        "δ^[2] = (a^[2] − y) ⊙ a^[2]",
        "it helped",
    ):
        assert told in " ".join(text.split())
    assert opened.page.text_content("#vu2-0") == "0.76203329"
    assert not opened.page.is_visible(".transport")
    opened.page.click("label[for=as-index]")
    assert opened.page.is_visible(".sheet.index") and not opened.page.is_visible(".sheet.matrix")


def test_on_a_narrow_screen_nothing_is_wider(browser, toy):
    opened = Opened(browser, toy, 12, viewport={"width": 380, "height": 800})
    opened.page.wait_for_timeout(300)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 380


def test_printed_every_formula_is_set(browser, gpt):
    opened = Opened(browser, gpt)
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print")
    assert opened.page.locator(".m:not([data-set])").count() == 0
    assert opened.page.locator(".katex-error").count() == 0


def test_gpt_opens_at_once(browser, gpt):
    """benchmarks/page.py says how quickly; this is a bound for a busy machine."""
    began = time.perf_counter()
    opened = Opened(browser, gpt, 60)
    assert opened.step() == 60 and opened.lit(".code")
    assert time.perf_counter() - began < 10


def test_the_fonts_that_formulas_use_are_in_the_page(browser, toy):
    opened = Opened(browser, toy, 8)
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.wait_for_timeout(300)
    used = opened.page.evaluate(
        """() => [...new Set([...document.querySelectorAll('.katex *')]
            .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((e) => getComputedStyle(e).fontFamily.split(',')[0]))]"""
    )
    inlined = opened.page.evaluate("[...document.fonts].map((f) => f.family)")
    assert used and set(used) <= set(inlined)


@pytest.mark.parametrize("name", ["linear_chain", "multilabel", "toy_2_2_1"])
def test_a_lessons_formulas_are_katexs(browser, toy, name):
    derivation = of_example(name)
    worked = at_drawn(derivation)
    told = sheets(derivation, "short", worked, 4, "matrix", lesson=True)
    formulas = [said.tex for sheet in told for said in sheet.formulas if said.tex]
    assert Opened(browser, toy).page.evaluate(PARSES, formulas) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_has_a_page_and_every_formula_is_katexs(browser, tmp_path, path):
    """All notations, and with every factor, too."""
    file, derivation = tmp_path / "page.html", of_example(path.stem)
    file.write_text(page(derivation), encoding="utf-8")
    opened = Opened(browser, file)
    for key in ("ArrowRight", "ArrowRight", "End"):
        opened.page.keyboard.press(key)
    assert opened.said == [] and opened.lit(".stage")
    formulas = opened.page.eval_on_selector_all(".m", "all => all.map((e) => e.dataset.tex)")
    in_full = sheets(derivation, "all", None, 4, "matrix")
    formulas += [said.tex for sheet in in_full for said in sheet.formulas if said.tex]
    assert len(formulas) > 30
    assert opened.page.evaluate(PARSES, list(dict.fromkeys(formulas))) == []
    assert opened.page.evaluate(PARSES, [r"\nothing"]) != []


def test_in_a_notebooks_frame_it_walks(browser, tmp_path):
    file = tmp_path / "notebook.html"
    frame = load(ROOT / "examples" / "linear_chain.py")._repr_html_()
    file.write_text(f"<!doctype html><meta charset='utf-8'>{frame}", encoding="utf-8")
    opened = Opened(browser, file)
    inside = opened.page.frames[1]
    inside.wait_for_selector("html[data-step='0']")
    inside.click("[data-go=on]")
    inside.wait_for_selector("html[data-step='1']")
    inside.click(".line a:nth-child(6)")
    inside.wait_for_selector("html[data-step='5']")
    assert "Backward" in inside.inner_text(".now") and opened.said == []
