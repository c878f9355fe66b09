"""pdflatex compiles every example without a warning."""

import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import load
from bpgen.render import render

_EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


def _log(source: str, folder: Path) -> str:
    (folder / "net.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "net.tex"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    return (folder / "net.log").read_text(encoding="latin-1")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX on this machine")
@pytest.mark.parametrize(
    ("path", "notation"), list(product(_EXAMPLES, ("matrix", "index", "components"))), ids=str
)
def test_compiles_without_a_warning(path: Path, notation: str, tmp_path: Path) -> None:
    try:
        source = render(derive(load(str(path))), fmt="tex", notation=notation)
    except NetError as refusal:
        assert "too large" in refusal.fact
        return
    log = _log(source, tmp_path)
    assert "Output written" in log
    assert not [
        line
        for line in log.splitlines()
        if "Warning" in line or "Overfull" in line or line.startswith("!")
    ]
