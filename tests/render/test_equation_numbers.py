"""An equation has one number: on the page of every format and notation, in reading order, and in
the comments of the module.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpgen.render import render
from bpgen.render.style import Style, label, labels
from tests.conftest import ROOT, of_example

QUICK = ("toy_2_2_1", "shared_weights", "two_heads", "gate", "softmax_mlp")
EXAMPLES = [
    pytest.param(p, id=p.stem, marks=[pytest.mark.slow] * (p.stem not in QUICK))
    for p in sorted((ROOT / "examples").glob("*.py"))
]
_WORDS = ("to", "evaluated", "where")
_OF_COMMENT = re.compile(r"^\s*# \((\d+)\) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_numbers_of_the_module_are_those_of_the_page(example: Path) -> None:
    derivation = of_example(example.stem)
    module = (ROOT / "generated" / example.name).read_text()
    page = render(derivation, fmt="latex", steps="short")
    prefix = f"eq:{derivation.network.name}:"
    printed = dict(re.findall(r"\\tag\{(\d+)[a-z]?\} \\label\{eq:\w+:(\w+)", page))
    told = [(n, name) for n, name in _OF_COMMENT.findall(module) if name not in _WORDS]
    assert len(told) > 2
    assert {(n, name): printed.get(n) for n, name in told} == {(n, name): name for n, name in told}
    known = labels(derivation, Style())
    assert {n: label(int(n), known) for n in printed} == {n: prefix + v for n, v in printed.items()}


@pytest.mark.parametrize("example", EXAMPLES)
def test_numbers_are_the_same_and_in_reading_order_everywhere(example: Path) -> None:
    derivation = of_example(example.stem)
    read = {}
    for fmt in ("latex", "tex", "markdown", "text"):
        for notation in ("matrix", "index"):
            page = render(derivation, fmt=fmt, notation=notation, steps="short")
            shown = r"  \((\d+)[ab]?\)$" if fmt == "text" else r"\\tag\{(\d+)[ab]?\}"
            read[fmt, notation] = [int(n) for n in re.findall(shown, page, re.MULTILINE)]
    (numbers,) = {tuple(n) for n in read.values()}
    once = list(dict.fromkeys(numbers))  # a loss with penalties is shown again of the batch
    assert len(once) > 4
    if not any(f.equation.loop and f.equation.loop.block for f in derivation.forward):
        assert once == sorted(once)
