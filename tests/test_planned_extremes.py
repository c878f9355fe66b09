"""Planned modules where numbers are as large, as small or as little numbers as they can be: what they
compute is what the plain ones do, in values and in gradients.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emit
from bpgen.load import declared_by
from tests.conftest import module_of
from tests.few import one_in

SIZE = 3
OF_ONE = (  # functions of one vector
    *("softmax(x)", "log_softmax(x)", "log(sum(exp(x)))", "sigmoid(x)", "log(sigmoid(x))"),
    *("log(1 - sigmoid(x))", "softplus(x)", "tanh(x)", "silu(x)", "gelu(x)", 'gelu(x, "tanh")'),
    *("elu(x)", "relu(x)", "leaky_relu(x)", "hard_tanh(x)", "x ** 3 + x ** 4 + 1 / x + x ** 0.5"),
    *("layer_norm(x)", "rms_norm(x)", "sqrt(sum(x ** 2))", "x / sqrt(sum(x ** 2))", "max(x)"),
)
OF_TWO = ("softmax(masked(u, x))", "x * u / (1 + u ** 2)", "dot(x, u)")
LOSSES = (  # of an input and a target
    ("label(3)", "categorical_cross_entropy_with_logits(x, y)"),
    ("one_hot(3)", "categorical_cross_entropy_with_logits(x, y)"),
    ("label(3)", "categorical_cross_entropy(x, y)"),
    ("one_hot(3)", "categorical_cross_entropy(softmax(x), y)"),
    ("target(3)", "binary_cross_entropy(x, y)"),
    ("target(3)", "binary_cross_entropy_with_logits(x, y)"),
    ("target(3)", "huber(x, y)"),
)
NETS = (
    *(f"x = input(3)\noutput({f})" for f in OF_ONE),
    *(f"x, u = input(3), input(3)\noutput({f})" for f in OF_TWO),
    *(f"x = input(3)\ny = {y}\nloss({f})" for y, f in LOSSES),
    *(f"u, w = input(3), param(3)\nx = w * u\ny = {y}\nloss({f})" for y, f in LOSSES[:2]),
)
EXTREMES = [np.inf, -np.inf, np.nan, 1e300, -1e300, 1e-300, 800.0, -800.0, 0.0, -0.0, 1.0, -2.5]
VECTORS = st.lists(st.sampled_from(EXTREMES), min_size=SIZE, max_size=SIZE)


@cache
def modules(net: str) -> tuple[ModuleType, ModuleType]:
    network = declared_by(f"from bpgen import *\n{net}\n")
    return module_of(emit(network)), module_of(emit(network, FAST))


def results(module: ModuleType, inputs: list[Any], targets: list[Any], **memory: Any) -> Any:
    """Outputs, gradients and the loss of one sample."""
    params = {n: np.full(shape, 1.5, inputs[0].dtype) for n, shape in module.SHAPES.items()}
    found = {}
    with np.errstate(all="ignore"):
        output, cache = module.forward(params, *inputs, **memory)
        found["output"] = np.copy(output)
        rest = targets or [np.full_like(output, 2)]
        grads = module.backward(params, cache, *rest, inputs=True, **memory)
        found |= {f"d{name}": np.copy(g) for name, g in grads.items()}
        if targets:  # of a workspace, they write where the cache is
            found["loss"] = module.loss(params, *inputs, *targets, **memory)
            found["value"], grads = module.loss_and_grad(params, *inputs, *targets, **memory)
            found |= {f"d{name}, together": np.copy(g) for name, g in grads.items()}
    return found


@pytest.mark.parametrize("net", one_in(13, [*NETS]))
@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.lists(VECTORS, min_size=2, max_size=2), dtype=st.sampled_from(["f8", "f4"]))
def test_extreme_numbers(net: str, rows: list[list[float]], dtype: str) -> None:
    plain, fast = modules(net)
    with np.errstate(over="ignore"):
        vectors = [np.array([row]).astype(dtype) for row in rows]
    inputs, targets = vectors[: len(plain.INPUTS)], []
    if hasattr(plain, "loss"):
        targets = [np.array([2]) if plain.INTEGERS else np.eye(SIZE, dtype=dtype)[[1]]]
    one = results(plain, inputs, targets)
    other = results(fast, inputs, targets, workspace=fast.workspace(1, dtype=np.dtype(dtype)))
    rounding = 20 * float(np.finfo(dtype).eps)
    for name, meant in one.items():
        # Of a label's share less one the plain module has the digits that 1 has.
        atol = rounding if targets and plain.INTEGERS and name.startswith("d") else 0
        assert np.allclose(other[name], meant, rtol=rounding, atol=atol, equal_nan=True), name


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_two_exponentials_made_of_one_are_the_same_numbers(dtype: str) -> None:
    net = "x = input(3)\noutput(sigmoid(x))"
    plain, fast = modules(net)
    numbers = [*EXTREMES, 1e-30, -1e-30, 87.5, -87.5, -745.0, *np.linspace(-9, 9, 99)]
    with np.errstate(all="ignore"):
        z = np.array(numbers, dtype)
        out, way = np.empty_like(z), np.empty_like(z)
        fast.sigmoid_into(z, out, way)
        assert np.array_equal(out, plain.sigmoid(z), equal_nan=True)
    text = emit(declared_by(f"from bpgen import *\n{net}\n"), FAST)
    assert text.partition("def sigmoid_into")[2].partition("\ndef ")[0].count("np.exp(") == 1


POOLS = (  # w has a gradient that is asked for together with the loss
    "x, w, y = input(2, 4, 4), param(2, 4, 4), target(2, 2, 2)\n"
    "L = loss(sum(max_pool2d(relu(w * x), 2) * y))",
    "x, w, y = input(2, 4, 4), param(2, 4, 4), target(2, 2, 2)\n"
    "L = loss(sum(relu(max_pool2d(w * x, 2)) * y))",
    "x, w, y = input(2, 6), param(2, 6), target(2, 2)\n"
    "L = loss(sum(max_pool1d(leaky_relu(w * x), 4, stride=2) * y))",
)


@pytest.mark.parametrize("net", POOLS)
def test_windows_that_hold_nan(net: str) -> None:
    plain, fast = modules(net)
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, (5, *plain.INPUTS["x"])).astype(float)
    x[rng.random(x.shape) < 0.15] = np.nan
    targets = [rng.normal(size=(5, *plain.TARGETS["y"]))]
    meant = results(plain, [x], targets)
    assert np.isnan(meant["output"]).any() and not np.isnan(meant["output"]).all()
    other = results(fast, [x], targets, workspace=fast.workspace(5))
    for name in meant:
        assert np.allclose(other[name], meant[name], rtol=1e-13, atol=0, equal_nan=True), name


@pytest.mark.parametrize("call", ["softmax", "log_softmax"])
def test_a_row_of_minus_infinities_alone(call: str) -> None:
    _, fast = modules(f"x = input(3)\noutput({call}(x))")
    with np.errstate(all="raise"):
        output, cache = fast.forward({}, np.full((1, 3), -np.inf))
        grads = fast.backward({}, cache, np.ones((1, 3)), inputs=True)
    assert np.all(output == (0 if call == "softmax" else -np.inf))
    assert np.all(grads["x"] == (0 if call == "softmax" else 1))


def test_the_places_of_windows_hide_no_input() -> None:
    """u and v are also the letters of what a maximum runs through."""
    net = (
        "from bpgen import *\nx, u, v = input(1, 4, 4), input(4), input(4)\nw = param(4)\n"
        "output(w * u * flatten(max_pool2d(x, 2)) + v)\n"
    )
    assert difference(emit(declared_by(net), FAST), declared_by(net)) is None
