"""Gradient descent in C that keeps no gradients. `difference` asks of every network that it moves
parameters as `descend` does, bit by bit; see `test_c` for which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import bpgen.targets.c.descent
from bpgen.compiled import difference
from bpgen.compiled.library import compiler, library
from bpgen.emit import files, files_of
from bpgen.program import grammar as program
from bpgen.targets.c.in_place import Span, places, spans
from tests.conftest import declared, derived
from tests.nets_in_c import HEAD, NETS

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")


def _texts(net: str) -> dict[str, str]:
    return dict(files_of(derived(HEAD + net), "c"))


def _descent(net: str) -> str:
    return _texts(net)[".c"].partition("#ifdef NET_DESCEND\n")[2].partition("#endif")[0]


def test_a_parameter_waits_until_nothing_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not is found."""
    net = NETS["dense"]
    found = difference(_made_with("spans", _hasty, net, monkeypatch), declared(HEAD + net))
    assert found is not None and found.what == "net_backward_descend", found


def _hasty(*arguments: Any) -> list[Span]:
    """Each moves where its gradient begins."""
    return [replace(s, last=s.first) for s in spans(*arguments)]


@pytest.mark.slow
def test_gradients_of_one_time_lie_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    net = NETS["dense"]
    texts = _made_with("places", _in_one_place, net, monkeypatch)
    found = difference(texts, declared(HEAD + net))
    assert found is not None and found.what == "net_backward_descend", found


def _in_one_place(every: list[Span], sizes: dict[str, int]) -> tuple[dict[str, int], int]:
    return {s.gradient: 0 for s in every}, max(sizes.values())


def _made_with(
    name: str, changed: Callable[..., Any], net: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """What is written by another rule; a network of its own, for texts are kept."""
    monkeypatch.setattr(bpgen.targets.c.descent, name, changed)
    return dict(files(declared(HEAD + net + f"# by other {name}\n"), "c"))


def test_what_lives_at_different_times_shares_its_place() -> None:
    every = [
        Span("A", "dA", 0, 3),
        Span("B", "dB", 1, 1),
        Span("C", "dC", 2, 4),
        Span("D", "dD", 4, 5),
    ]
    sizes = {"A": 5, "B": 2, "C": 3, "D": 5}
    assert places(every, sizes) == ({"dA": 0, "dB": 5, "dC": 5, "dD": 0}, 8)
    assert places(every[:3], sizes) == ({"dA": 0, "dB": 5, "dC": 5}, 8)
    assert places([], {}) == ({}, 0)


@pytest.mark.slow
def test_its_memory_is_that_of_the_largest_gradient() -> None:
    """Of layer after layer, and what is said of it is so."""
    deep = "x, y = input(9), target(9)\nh = x\nfor k in range(6):\n    h = dense(h, 9, tanh)\nL = loss(squared_error(h, y))\n"
    texts = _texts(deep)
    compiled = library(texts, {}, np.float32)
    sizes = compiled.sizes
    said = f"keeps no gradients: {sizes['params'] + sizes['cache'] + sizes['work']} bytes to train."
    assert said in texts[".h"]
    assert "net_real scratch[90];" in texts[".h"]  # of a matrix that waits, and of its bias
    assert sizes["params"] == 4 * 540


@pytest.mark.slow
def test_a_parameter_of_several_layers_moves_once() -> None:
    net = "x, W = input(3), param(3, 3)\noutput(W @ tanh(W @ tanh(W @ x)))\n"
    assert difference(_texts(net), declared(HEAD + net)) is None
    assert _descent(net).count("add(params->W, -rate, dW, 3 * 3);") == 1


def test_a_parameter_that_a_block_reads_waits_for_the_blocks() -> None:
    """Of a block that reads one whose gradient is there before."""
    body = program.Assign("dW", program.NOTHING), program.Call(("dh",), "_block_backward", ("dh",))
    (span,) = spans(body, {"W": "dW"}, {}, {"_block_backward": ["W"]})
    assert (span.first, span.last) == (0, 1)
    (span,) = spans(body, {"W": "dW"}, {}, {})
    assert span.last == 0


DEEP = (
    "x, y, W = input(9), target(9), param(9, 9)\n"
    "h = repeat(6, lambda h: W @ h + dense(h, 9, tanh), x)\nL = loss(squared_error(h, y))\n"
)


def test_a_block_moves_its_own_when_it_is_its_turn() -> None:
    """Others, for which every block has something, are moved when all of them are through."""
    of_block, of_all = _descent(DEEP).split("net_backward_descend")
    assert "add(params->W1 + 81 * l, -rate, dW1, 9 * 9);" in of_block
    assert "add(params->W, -rate, dW, 9 * 9);" in of_all


@pytest.mark.slow
def test_blocks_move_parameters_as_descend_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert difference(_texts(DEEP), declared(HEAD + DEEP)) is None
    found = difference(_made_with("spans", _hasty, DEEP, monkeypatch), declared(HEAD + DEEP))
    assert found is not None and found.what == "net_backward_descend", found


@pytest.mark.slow
def test_of_blocks_the_gradients_of_one_take_memory() -> None:
    texts = _texts(DEEP)
    sizes = library(texts, {}, np.float32).sizes
    said = f"keeps no gradients: {sizes['params'] + sizes['cache'] + sizes['work']} bytes to train."
    assert said in texts[".h"]
    assert "net_real scratch[90];" in texts[".h"]  # of six blocks of 90 parameters each
