"""Each word by itself: its module's gradients are its differences (`_self_check`)."""

from __future__ import annotations

import pytest

from tests.conftest import emitted
from tests.few import one_in
from tests.proofs.words import LAYER, LOSSES

HEAD = "from bpgen import *\n"
LAYERS = {
    "conv1d": "x = input(2, 5)\noutput(conv1d(x, 2, 3, stride=2, padding=1))",
    "conv2d": "x = input(2, 4, 4)\noutput(conv2d(x, 2, 3, groups=2, dilation=1, bias=False))",
    "conv_transpose1d": "x = input(2, 3)\noutput(conv_transpose1d(x, 3, 2, tanh, stride=2))",
    "conv_transpose2d": "x = input(2, 2, 2)\noutput(conv_transpose2d(x, 2, 2, padding=1, stride=2))",
    "max_pool1d": "x = input(2, 4)\noutput(max_pool1d(x, 3, padding=1))",
    "avg_pool1d": "x = input(2, 4)\noutput(avg_pool1d(x, 2))",
    "avg_pool2d": "x = input(2, 4, 4)\noutput(avg_pool2d(x, 3, stride=1, padding=1))",
    "global_avg_pool": "x = input(2, 3, 3)\noutput(global_avg_pool(x), global_max_pool(x))",
    "group_norm": "x = input(4, 3)\noutput(group_norm(x, 2))",
    "rms_norm": "x = input(4)\noutput(rms_norm(x))",
    "batch_norm": "x = input(2, 3)\noutput(batch_norm(x))",
    "gru": 'x = input("T", 2)\noutput(last(gru(x, 2)))',
    "bidirectional": 'x = input("T", 2)\noutput(bidirectional(rnn, x, 2))',
    "dropout": "x = input(3)\noutput(dropout(dense(x, 3, tanh), 0.5))",
    "positions": "x = input(3, 2)\noutput(positions(x) * x)",
}


@pytest.mark.parametrize("word", one_in(2, [*LAYERS]))
def test_a_layer(word: str) -> None:
    assert emitted(f"{HEAD}{LAYERS[word]}\n")._self_check()


@pytest.mark.parametrize(("loss", "target", "more"), one_in(5, LOSSES))
def test_a_loss(loss: str, target: str, more: str) -> None:
    assert emitted(f"{LAYER.format(target)}{more}\nL = loss({loss})\n")._self_check()
