"""pdflatex compiles every example, and every network that is hard to print, without a warning."""

import subprocess
from itertools import product
from pathlib import Path

import pytest

from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.render import render
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
_NETS = {
    **{path.stem: path.read_text() for path in _EXAMPLES},
    **NETS,
    "title": _TITLE + NETS["product"],
    "wide": _WIDE,
}


def _log(source: str, folder: Path) -> str:
    (folder / "net.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "net.tex"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    return (folder / "net.log").read_text(encoding="latin-1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "notation"), list(product(_NETS, ("matrix", "index", "components"))), ids=str
)
def test_compiles_without_a_warning(name: str, notation: str, tmp_path: Path) -> None:
    try:
        source = render(derive(declared_by(_NETS[name])), fmt="tex", notation=notation)
    except NetError as refusal:
        assert "too large" in refusal.fact or "only at run time" in refusal.fact
        return
    log = _log(source, tmp_path)
    assert "Output written" in log
    assert not [
        line
        for line in log.splitlines()
        if "Warning" in line or "Overfull" in line or line.startswith("!")
    ]
