"""`python -m benchmarks.page`: of the page for the browser of each example, its size, the seconds
to make it, and those until Chromium shows it: from the address to the first formulas set.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from bpgen.derive import derive
from bpgen.html import page
from bpgen.load import load
from bpgen.worked.drawn import at_drawn

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ROUNDS = 3
SET = (
    "() => document.querySelector('.now .katex') && document.querySelector('.sheet .katex') && true"
)


def main() -> None:
    from playwright.sync_api import sync_playwright

    print(f"{'':20}{'KB':>8}{'made s':>9}{'opens s':>9}")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        path = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for net in sorted(EXAMPLES.glob("*.py")):
            derivation = derive(load(net))
            start = time.perf_counter()
            text = page(derivation, worked=at_drawn(derivation), drawn=True)
            made = time.perf_counter() - start
            file = Path(folder) / f"{net.stem}.html"
            file.write_text(text, encoding="utf-8")
            rounds = []
            for _ in range(ROUNDS):
                tab = browser.new_page()
                start = time.perf_counter()
                tab.goto(f"{file.as_uri()}#step=1")
                while not tab.evaluate(SET):
                    pass
                rounds.append(time.perf_counter() - start)
                tab.close()
            size = len(text.encode()) / 1000
            print(f"{net.stem:20}{size:8.0f}{made:9.2f}{min(rounds):9.2f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
