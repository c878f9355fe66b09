"""Planned modules of repeated blocks: what a block adds up, measures and leaves."""

from __future__ import annotations

import pytest

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emitted
from tests.conftest import declared, derived

NET = """from bpgen import *
j, p, m = indices("j", size=2), indices("p", size=2), samples()
def block(h):
    w = param({shape})
    return tensor(tanh(h[j] + {added}), j)
r = repeat(3, block, input(2))
L = loss(sum(sin(r[j]), j))
"""
BLOCKS = {
    "a number beside what has fewer axes": ("2, 2", "sum(h[j] * (2 * w[j, p]), p)"),
    "a parameter of one number": ("", "h[j] * w"),
    "one number of all samples": ("", "w * sum(h[m, p], m, p)"),
    "rows of all samples": ("2, 2", "sum(h[m, p] * h[m, 0] * h[1 - p] * w[p, 1 - j], m, p)"),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_is_what_its_equations_say(name: str) -> None:
    shape, added = BLOCKS[name]
    net = NET.format(shape=shape, added=added)
    assert difference(emitted(derived(net), FAST), declared(net)) is None


def test_a_number_is_not_transposed() -> None:
    shape, added = BLOCKS["one number of all samples"]
    text = emitted(derived(NET.format(shape=shape, added=added)), FAST)
    assert "    t1[...] = t.sum() * w\n" in text
