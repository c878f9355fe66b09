"""`python -m guide.picture`: the README's picture, `guide/picture.png`: the page of the toy network
at a step of its backward pass, and beside it the module, whose line is lit.

It is the page that `bpgen derive -f html` writes, shown by Chromium and laid out in two columns.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bpgen.derive import derive
from bpgen.html import page
from bpgen.load import with_example
from bpgen.worked import at_example

ROOT = Path(__file__).resolve().parents[1]
NET = ROOT / "examples" / "toy_2_2_1.py"
PICTURE = ROOT / "guide" / "picture.png"
STEP = 11  # delta1
WIDTH, HEIGHT, SCALE = 1160, 620, 1.5
BESIDE = """
  body { max-width: none; padding: 16px; }
  header, footer, article { display: none !important; }
  main { display: grid; grid-template: auto auto 1fr / 544px 572px; height: 588px; }
  main { column-gap: 12px; }
  .now-and-code { display: contents; }
  .stage, .transport, .now { grid-column: 1; }
  .stage { padding: 12px 0; }
  .js .transport { margin: 4px 0; }
  .code { grid-column: 2; grid-row: 1 / span 3; }
  .js .code pre { height: 552px; margin-bottom: 0; padding: 0; overflow: hidden; }
  .code pre { font-size: 11.7px; line-height: 18px; }
  .ln { min-height: 18px; }
"""
AT_BACKWARD = """() => {
    const pre = document.querySelector(".code pre");
    const lines = [...pre.querySelectorAll(".ln")];
    const first = lines.find((line) => line.textContent.startsWith("def backward"));
    pre.scrollTop = first.offsetTop;
}"""


def draw(file: Path = PICTURE) -> None:
    """Write the picture to a file."""
    from playwright.sync_api import sync_playwright

    network, example = with_example(str(NET))
    derivation = derive(network)
    text = page(derivation, worked=at_example(derivation, example, None))
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(text, encoding="utf-8")
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            reduced_motion="reduce",
        )
        tab.goto(f"{source.as_uri()}#step={STEP}")
        tab.add_style_tag(content=BESIDE)
        tab.evaluate("document.fonts.ready")
        tab.wait_for_timeout(600)  # what is lit takes its colour in a quarter of a second
        tab.evaluate(AT_BACKWARD)
        tab.screenshot(path=file)
        browser.close()


if __name__ == "__main__":
    draw()
    print(PICTURE.relative_to(ROOT))
