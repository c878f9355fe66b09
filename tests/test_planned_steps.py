"""What a planned loop over steps does once before it, and where what it computes in a step is."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.check.module import Subject
from bpgen.emit import FAST, emitted
from bpgen.load import declared_by
from tests.conftest import declared, derived, module_of

HEAD = "from bpgen import *\n"
LSTM = f'{HEAD}x, ct = input("T", 3), target(2)\nL = loss(sum(last(lstm(x, 2)) * ct))\n'
GRU = LSTM.replace("lstm", "gru")


@cache
def planned(net: str) -> str:
    return emitted(derived(net), FAST)


def loop_of(net: str, name: str) -> tuple[list[str], list[str]]:
    """The statements of a function up to its loop, and those in it, without comments."""
    whole = planned(net).split(f"\ndef {name}(")[1].split("\ndef ")[0]
    lines = [line for line in whole.splitlines() if not line.strip().startswith("#")]
    start = next(k for k, line in enumerate(lines) if line.startswith("    for "))
    inner = [line for line in lines[start + 1 :] if line.startswith("        ")]
    return [line.strip() for line in lines[:start]], [line.strip() for line in inner]


@pytest.mark.parametrize("net", [LSTM, GRU], ids=["lstm", "gru"])
def test_a_matrix_is_turned_once_before_the_steps_that_multiply_by_it(net: str) -> None:
    before, within = loop_of(net, "forward")
    assert any(line.endswith("[...] = U1.T") for line in before)
    assert not any(".T" in line for line in within)


def test_one_that_stands_as_its_product_reads_it_is_not_copied() -> None:
    before, within = loop_of(LSTM, "backward")
    assert not any("U1" in line for line in before if "[...] =" in line)
    assert any("U1" in line for line in within)


def test_what_is_for_a_part_of_an_array_is_written_there_once_in_a_step() -> None:
    _, within = loop_of(LSTM, "backward")
    parts = [line for line in within if "delta1[:, t, " in line]
    assert len(parts) == 4  # one for each gate
    assert all(line.startswith("np.multiply(") for line in parts)


def test_memory_that_a_function_needs_on_the_way_is_the_next_ones_too() -> None:
    _, within = loop_of(LSTM, "forward")
    calls = [line for line in within if line.startswith("sigmoid_into")]
    assert len({line.split(", ")[-1] for line in calls}) == 1 < len(calls)


@pytest.mark.parametrize("net", [LSTM, GRU], ids=["lstm", "gru"])
def test_gradients_are_those_of_the_plain_module(net: str) -> None:
    module, plain = module_of(planned(net)), module_of(emitted(derived(net)))
    rng = np.random.default_rng(0)
    params, given = module.init(0), (rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 2)))
    memory = module.workspace(4, 5)
    for _ in range(2):  # what the first call left is written over
        value, grads = module.loss_and_grad(params, *given, workspace=memory)
        meant, theirs = plain.loss_and_grad(params, *given)
        assert abs(value - meant) < 1e-14
        assert all(np.allclose(grads[n], theirs[n], rtol=1e-12, atol=1e-15) for n in theirs)


def test_a_vector_that_is_multiplied_into_a_part_of_an_array_is_no_matrix() -> None:
    net = f"""{HEAD}
x = input(2)
p, j = indices("p j", size=2)
def block(h):
    A = param(2, 2)
    return tensor(tanh(max(h[0] * A[p, 0] * h[1], p) + h[j]), j)
L = loss(sum(repeat(3, block, x)))
"""
    assert difference(planned(net), declared_by(net)) is None


@pytest.mark.parametrize("net", [LSTM, GRU], ids=["lstm", "gru"])
def test_what_a_product_leaves_for_the_steps_stands_step_by_step(net: str) -> None:
    """Each step reads one stretch of it: its product writes its rows in that order."""
    module = module_of(planned(net))
    memory = module.workspace(N=2, T=5)
    arrays = {id(a): a for of in memory.values() for a in of if a.ndim == 3}
    wide = [a for a in arrays.values() if a.shape[-1] == module.SHAPES["W1"][0]]
    assert wide
    assert all(a[:, 1].flags.c_contiguous for a in wide)


def test_all_but_the_first_step_or_the_last_is_no_copy() -> None:
    """The product that sums over steps reads the states before them where they are."""
    whole = planned(LSTM).split("\ndef backward(")[1].split("\ndef ")[0]
    assert "h1[:, :-1].transpose(1, 0, 2).reshape(-1, 2)" in whole
    assert "[...] = h1" not in whole


def test_zeros_stand_only_where_no_step_comes() -> None:
    """What is the first to come to a place is stored there, and the others are added to it."""
    before, within = loop_of(LSTM, "forward")
    zeros = [line for line in before if line.endswith(".fill(0)")]
    assert zeros == ["c1[:, 0].fill(0)", "h1[:, 0].fill(0)"]
    before, within = loop_of(LSTM, "backward")
    assert [line for line in before if line.endswith(".fill(0)")] == ["dc1[:, -1].fill(0)"]
    assert [line.split(" += ")[0] for line in within if " += " in line] == ["dc1[:, t + 1]"]


PAIR = f"""{HEAD}x, y, t = input(3), target(3), indices("t")
a, b, g, h = param(), param(), recurrent(3), recurrent(3)
h[t] = tanh(a * h[t - 1] + b * g[t - 1] + x[t])
g[t] = h[t] * g[t - 1] + h[t - 1]
L = loss(squared_error(g, y))
"""


def no_number(shape: Any, dtype: Any = float) -> np.ndarray:
    """What memory may hold before anything is written there."""
    dtype = np.dtype(dtype)
    return np.full(shape, np.nan if dtype.kind == "f" else 1, dtype)


@pytest.mark.parametrize("net", [LSTM, GRU, PAIR], ids=["lstm", "gru", "pair"])
def test_nothing_is_read_that_was_not_written(net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = module_of(planned(net)), module_of(emitted(derived(net)))
    subject = Subject(planned(net), declared(net), long=(3,))
    given = [a for of in subject.draw(np.random.default_rng(0), 2).groups() for a in of.values()]
    params, arrays = fast.init(0), given[len(fast.SHAPES) :]
    sizes = {"N": 2, "T": 3}
    with monkeypatch.context() as patch:
        patch.setattr(np, "empty", no_number)
        names = [n for n in inspect.signature(fast.workspace).parameters if n in sizes]
        memory = fast.workspace(**{n: sizes[n] for n in names})
    value, grads = fast.loss_and_grad(params, *arrays, workspace=memory)
    meant, expected = plain.loss_and_grad(params, *arrays)
    assert value == pytest.approx(meant, rel=1e-12)
    for name, gradient in expected.items():
        np.testing.assert_allclose(grads[name], gradient, rtol=1e-11, atol=1e-13)
