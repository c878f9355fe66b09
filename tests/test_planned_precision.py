"""Of what precision planned modules compute: that of all that is multiplied, or they refuse it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import EXAMPLES, module_of, written
from tests.planned import arguments, memory_for, planned, results


def test_single_precision_stays_single() -> None:
    net = next(p for p in EXAMPLES if p.stem == "lstm").read_text()
    module = module_of(planned(net))
    given = arguments(net, module, dtype=np.float32)
    found = results(module, given, workspace=memory_for(module, dtype=np.float32))
    assert {np.asarray(a).dtype for n, a in found.items() if n[0] in "do"} == {np.dtype("float32")}


WITH_TARGETS = (
    'x = input("T", below=9)\ny = target(2)\nz = dense(last(embedding(x, 9, 4)), 2)\n',
    "x, y = input(3), target(2)\nz = dense(dense(x, 4, tanh), 2)\n",
)


@pytest.mark.parametrize("lines", WITH_TARGETS)
def test_a_target_of_wider_numbers_makes_no_memory_wider(lines: str) -> None:
    """numpy's dot and take write into nothing wider than what they read."""
    net = f"from bpgen import *\n{lines}L = loss(squared_error(z, y))\n"
    module = module_of(planned(net))
    params, inputs, (y,) = arguments(net, module, dtype=np.float32)
    narrow, wide = (module.loss_and_grad(params, *inputs, a) for a in (y, y.astype(np.float64)))
    for name, gradient in wide[1].items():
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, narrow[1][name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("lines", ["A = param(3, 3)\nr = A @ t - x", "r = sum(t) * x"])
def test_a_target_that_is_multiplied_has_the_precision_of_all_or_is_refused(lines: str) -> None:
    net = f"from bpgen import *\nx, t = input(3), target(3)\n{lines}\nL = loss(sum(r**2))\n"
    plain, module = module_of(written(net)), module_of(planned(net))
    params, (x,), (t,) = arguments(net, module, dtype=np.float32)
    wide = t.astype(np.float64)
    assert module.loss_and_grad(params, x, t)[0] == pytest.approx(
        plain.loss(params, x, t), rel=1e-5
    )
    with pytest.raises(TypeError, match="workspace holds float32, and these arguments are float64"):
        module.loss_and_grad(params, x, wide, workspace=memory_for(module, dtype=np.float32))
    value, _ = module.loss_and_grad(params, x, wide)
    assert value == pytest.approx(plain.loss(params, x, wide), rel=1e-5)


USED_ALONE = (
    "x, u, y = input(below=5), input(4), target(4)\nz = embedding(x, 5, 4) * u\n",
    "x, y = input(3), target(3)\nW = param(3, 3)\nz = W @ W @ x\n",
)


@pytest.mark.parametrize("lines", USED_ALONE)
def test_parameters_that_are_used_alone_have_the_precision_of_all(lines: str) -> None:
    """As numpy's dot and take need it; wider ones than the inputs do."""
    net = f"from bpgen import *\n{lines}L = loss(squared_error(z, y))\n"
    module = module_of(planned(net))
    narrow, (*inputs, x), (y,) = arguments(net, module, dtype=np.float32)
    name, wide = next(iter(narrow)), {n: a.astype(np.float64) for n, a in narrow.items()}
    said = f"params: {name} holds float32, and these arguments are float64: give all in one"
    with pytest.raises(TypeError, match=said):
        module.loss_and_grad(narrow, *inputs, x.astype(np.float64), y)
    _, grads = module.loss_and_grad(wide, *inputs, x, y)
    assert {g.dtype for g in grads.values()} == {np.dtype(np.float64)}


def test_parameters_or_inputs_have_the_precision_of_all_where_they_are_multiplied() -> None:
    """As numpy's dot needs it; where the others are wider, or of complex numbers, all is well."""
    net = (
        "from bpgen import *\nx, u = input(3), input(2)\nW, b = param(2, 3), param(2)\n"
        "L = loss(sum((W @ x + b) * u))\n"
    )
    module = module_of(planned(net))
    params, (x, u), _ = arguments(net, module, dtype=np.float32)
    said = "params: W holds float32, inputs float32, and others float64: give all in one"
    mixed = params | {"b": params["b"].astype(np.float64)}
    for given in ((mixed, x, u), (params, x, u.astype(np.float64))):
        with pytest.raises(TypeError, match=said):
            module.loss_and_grad(*given)
    wide = {n: a.astype(np.float64) for n, a in params.items()}
    value, _ = module.loss_and_grad(wide, x, u)
    inputs = x.astype(np.float64), u.astype(np.float64)
    assert module.loss_and_grad(mixed, *inputs)[0] == pytest.approx(value, rel=1e-5)
    beside = x.astype(np.complex64), u.astype(np.complex64)
    assert module.loss_and_grad(wide, *beside)[0] == pytest.approx(value, rel=1e-5)


def test_a_parameter_that_is_one_number_may_be_a_float() -> None:
    net = (
        "from bpgen import *\nx, w, b = input(2), param(2), param()\nL = loss((dot(w, x) + b) ** 2)"
    )
    plain, fast = module_of(written(net)), module_of(planned(net))
    params, x = {"w": np.array([3.0, 4.0]), "b": 0.5}, np.array([[2.0, 1.0]])
    (value, grads), (also, alike) = (m.loss_and_grad(params, x) for m in (plain, fast))
    assert value == pytest.approx(also)
    assert grads["b"] == alike["b"] and np.allclose(grads["w"], alike["w"])
