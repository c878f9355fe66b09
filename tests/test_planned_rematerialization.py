"""What backward computes again is not kept: how much is saved, and that it is the same numbers."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen.check.whole import check_module
from bpgen.emit import FAST, emit, emitted
from bpgen.ir import Network, length
from bpgen.load import declared_by
from bpgen.plans import plan
from tests.conftest import derived, module_of
from tests.few import one_in

HEAD = "from bpgen import *\n"
NORMED = f"""{HEAD}
x, ct = input(16), target(16)
L = loss(sum(dense(layer_norm(x), 16) * ct))
"""
BLOCKS = f"""{HEAD}
x, ct = input(16), target(16)
def block(h):
    return h + dense(layer_norm(h), 16)
L = loss(sum(repeat(3, block, x) * ct))
"""
GATED = f"""{HEAD}
x, ct = input(16), target(16)
z = dense(x, 16)
a = z * tanh(z)
o = dense(a, 16)
L = loss(sum(o * ct))
"""
OF_A_FUNCTION = f"""{HEAD}
x, ct = input(16), target(16)
z = dense(x, 16)
a = exp(z)
L = loss(sum(dense(a, 16) * ct) + sum(dense(a * z, 16) * ct))
"""
SMALL = NORMED.replace("16", "15")
NAMED = {"of layers": NORMED, "of blocks": BLOCKS, "gated": GATED, "exp": OF_A_FUNCTION}


@cache
def planned(net: str) -> str:
    return emitted(derived(net), FAST)


def cached(net: str, batch: int = 3) -> tuple[ModuleType, dict[str, Any], dict[str, Any], Any]:
    """A planned module, what it keeps, its gradients, and those of the plain module."""
    module, plain = module_of(planned(net)), module_of(emitted(derived(net)))
    rng = np.random.default_rng(0)
    params = module.init(0)
    given, targets = rng.normal(size=(2, batch, *module.INPUTS["x"]))
    _, kept = module.forward(params, given)
    grads = module.backward(params, kept, targets, inputs=True)
    _, whole = plain.forward(params, given)
    return module, kept, grads, plain.backward(params, whole, targets, inputs=True)


@pytest.mark.parametrize(
    ("net", "again", "kept"),
    one_in(
        2,
        [
            (NORMED, {"xhat1", "y1"}, {"x", "mu1", "v1"}),
            (BLOCKS, {"y1[0]", "y1[2]"}, {"v1[0]", "xhat1[0]", "xhat1[2]"}),
            (OF_A_FUNCTION, set(), {"z", "a"}),
            (SMALL, set(), {"xhat1", "y1"}),
        ],
    ),
)
def test_what_is_simple_arithmetic_of_what_is_kept_is_not(
    net: str, again: set[str], kept: set[str]
) -> None:
    _, found, *_ = cached(net)
    assert not again & {*found}
    assert kept <= {*found}


@pytest.mark.parametrize("net", NAMED.values(), ids=NAMED)
def test_gradients_are_those_of_the_plain_module(net: str) -> None:
    _, _, ours, theirs = cached(net)
    assert ours.keys() == theirs.keys()
    for name, gradient in ours.items():
        assert np.allclose(gradient, theirs[name], rtol=1e-12, atol=1e-13), name


def test_it_is_said_and_stands_before_what_reads_it() -> None:
    _, backward = planned(NORMED).split("def backward")
    lines = backward.splitlines()
    again = next(
        k for k, line in enumerate(lines) if line.endswith(" g1[i] xhat1[n,i] + b1[i], again")
    )
    assert [line.strip() for line in lines[again + 1 : again + 5]] == [
        "y1[...] = g1",
        "y1 *= xhat1",
        "t3[...] = b1",
        "y1 += t3",
    ]
    assert "y1" in lines[again + 6] and "dW2" in lines[again + 6]


def test_a_layer_norm_keeps_two_numbers_a_row_and_no_row() -> None:
    told = plan(declared_by(NORMED))
    assert told.kept == 2 * 4 * length("N")


@cache
def of(net: str) -> tuple[str, Network]:
    return emit(declared_by(net), FAST), declared_by(net)


WRONG = (
    (NORMED, "    y1 += t3\n", "", "W2"),
    (NORMED, "np.subtract(x, xhat1, xhat1)", "np.subtract(x, 0, xhat1)", "g1"),
    (BLOCKS, "    y1 += t2\n", "", "W2"),
)


@pytest.mark.parametrize(("net", "right", "wrong", "named"), one_in(3, [*WRONG]))
def test_a_backward_that_computes_it_wrongly_is_refused_by_name(
    net: str, right: str, wrong: str, named: str
) -> None:
    source, network = of(net)
    place = source.rindex(right)
    assert place > source.index("def backward(" if net == NORMED else "def _block_backward(")
    report = check_module(source[:place] + wrong + source[place + len(right) :], network)
    assert not report.ok
    assert any(line.startswith(f"{named}: ") for line in report.failures)
