"""Numbers of planned modules: a product of two vectors is written into memory, as other arrays are."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.emit import FAST, emitted
from bpgen.ir import Index, element
from bpgen.planning.memory.liveness import Liveness
from bpgen.program.grammar import Assign, Contract, Map, Number, Read, Store
from tests.conftest import derived, module_of

HEAD = "from bpgen import *\nx, t = input(3), target(3)\n"
WRITTEN = f"{HEAD}L = loss(sum((x - t)**2))\n"
OF_THE_CALLER = f"{HEAD}w = param(3)\nL = loss(sum(w * x) + 0.1 * sum(w * w) / 2)\n"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_of_two_vectors_is_written(dtype: type) -> None:
    text = emitted(derived(WRITTEN), FAST)
    assert (
        text.count(".dot(shares, L)\n    value: float = L.item()\n") == 2
    )  # in _loss, in the step
    module, plain = module_of(text), module_of(emitted(derived(WRITTEN)))
    x, t = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(dtype)
    meant = pytest.approx(plain.loss({}, x, t), rel=10 * float(np.finfo(dtype).eps))
    memory = module.workspace(4, dtype=dtype)
    for workspace in (None, memory, memory):
        assert module.loss_and_grad({}, x, t, workspace=workspace)[0] == meant


def test_a_number_of_which_the_caller_is_given_one_lives_until_then() -> None:
    axes = (Index("n", "N"),)
    vector = Read("v", axes)
    body = [
        Store(Read("L", ()), Contract((vector, vector), axes, ()), False),
        Store(
            Read("M", ()), Map(element("c", ()), ((element("c", ()), Read("c", ())),), ()), False
        ),
        Assign("value", Number("L")),
    ]
    lives = Liveness({"L", "M", "v"})
    lives.scan(body)
    assert (lives.last["L"], lives.last["M"]) == (2, 1)


ONE_ENTRY = """from bpgen import *
m, i, k = samples(), indices("i", size=3), indices("k", size=2)
x, t = input(3), input(3)
h = recurrent(2)
v = tensor(sum(x[m, i] * t[m, i], m), i)
h[-1] = sum(softplus(v[i]), i)
h[k] = tanh(h[k - 1])
L = loss(mean(h[k], k))
"""


def test_one_entry_of_an_array_is_a_number_and_none_to_write_in() -> None:
    module, plain = (module_of(emitted(derived(ONE_ENTRY), *fast)) for fast in ((FAST,), ()))
    x, t = np.random.default_rng(0).normal(size=(2, 4, 3))
    assert module.loss_and_grad({}, x, t)[0] == pytest.approx(plain.loss({}, x, t), rel=1e-14)
