"""Numbers of formulas in C: whole ones of any size are read as the doubles that they are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bpgen.compiled import difference
from bpgen.compiled.library import COMPILERS, FLAGS, compiler
from bpgen.emit import files_of
from tests.conftest import declared, derived
from tests.few import one_in
from tests.nets_in_c import HEAD

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

LARGE = {
    "a factor": "x, w = input(), param()\nL = loss(1e20 * w * x)\n",
    "a negative start": "x, w, t = input(5), param(), indices('t')\ns = recurrent(5)\ns[-1] = -1e30\n"
    "s[t] = log(exp(s[t - 1]) + exp(x[t] * w))\nL = loss(last(s))\n",
    "above a bar, and below": "x, w = input(), param()\n"
    "L = loss(1e20 / (3 + w * w) + x * w / 10**21 + x / 3e20)\n",
    "given to functions": "x, w = input(), param()\n"
    "L = loss(maximum(w * x, -3e30) + exp(minimum(w, -2e20)))\n",
    "what no float holds exactly": "x, w = input(), param()\n"
    "L = loss(16777217 * w * x + 2147483647 * w * w + 3e9 * x * x * w)\n",
}
IN_C = {
    2**24: "16777216 * w[0]",
    2**24 + 1: "R(16777217.0) * w[0]",
    3 * 10**9: "R(3000000000.0) * w[0]",
    2**63: "R(9.223372036854776e+18) * w[0]",
    10**20: "R(1e+20) * w[0]",
}


@pytest.mark.parametrize("kind", one_in(5, [*LARGE]))
def test_a_large_number_is_what_its_equations_say(kind: str) -> None:
    net = HEAD + LARGE[kind]
    assert difference(files_of(derived(net), "c"), declared(net)) is None


@pytest.mark.parametrize("kind", one_in(5, [*LARGE]))
def test_no_compiler_warns_of_it(kind: str, tmp_path: Path) -> None:
    """In neither precision: clang warns of whole numbers that change where they become floats."""
    for end, text in files_of(derived(HEAD + LARGE[kind]), "c").items():
        (tmp_path / f"net{end}").write_text(text)
    for by in filter(shutil.which, (*COMPILERS, "arm-none-eabi-gcc")):
        for double in ([], ["-DNET_DOUBLE"]):
            line = [by, *FLAGS, *double, "-c", "net.c", "-o", "net.o"]
            done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, ""), line


@pytest.mark.parametrize("number", one_in(2, [*IN_C]))
def test_its_digits_are_those_of_the_double(number: int) -> None:
    net = f"{HEAD}x, w = input(), param()\nL = loss({number} * w * x)\n"
    assert f"= {IN_C[number]} * x[n];" in files_of(derived(net), "c")[".c"]
    for digits in re.findall(r"R\((.*?)\)", IN_C[number]):
        assert float(digits) == float(number)
