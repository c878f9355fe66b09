"""The norm of the step before, from a start at 0: its gradient there is 0, as PyTorch's is; all of
it is proved, by the exact check and on the page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bpgen.check.exact import exact
from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.render import render
from tests.conftest import module_of

STEP = "t, i, j = indices('t i j')\nx = input('T', 2)\nW = param(2, 2)\nh = recurrent('T', 2)\n"
NORM = "sqrt(sum(h[t-1, j]**2, j))"


def _norm(h: Any) -> Any:
    return torch.linalg.vector_norm(h, dim=-1, keepdim=True)


# What is added to W h[t-1] + x[t], here and there.
ADDED: dict[str, tuple[str, Callable[[Any, Any, Any], Any]]] = {
    "a norm": (NORM, lambda h, W, x: _norm(h)),
    "times an input": (f"{NORM}*x[t, 0]", lambda h, W, x: _norm(h) * x[:, :1]),
    "within an exponential": (f"exp(-{NORM})", lambda h, W, x: torch.exp(-_norm(h))),
    "within a logarithm": (f"log(1 + {NORM})", lambda h, W, x: torch.log(1 + _norm(h))),
    "divided by": (f"h[t-1, i]/(1 + {NORM})", lambda h, W, x: h / (1 + _norm(h))),
    "of two": (
        "sqrt(h[t-1, 0]**2 + h[t-1, 1]**2)",
        lambda h, W, x: _norm(h),
    ),
    "of products": (
        "W[0, 0]*sqrt(sum((W[0, j]*h[t-1, j])**2, j))",
        lambda h, W, x: W[0, 0] * _norm(W[0] * h),
    ),
    "absolute values": ("sum(abs(h[t-1, j]), j)", lambda h, W, x: h.abs().sum(-1, keepdim=True)),
    "the larger of 0": ("sum(relu(h[t-1, j]), j)", lambda h, W, x: h.relu().sum(-1, keepdim=True)),
}


def _net(added: str) -> str:
    step = f"h[t, i] = tanh(x[t, i] + sum(W[i, j]*h[t-1, j], j) + {added})\n"
    return f"from bpgen import *\n{STEP}{step}output(h)\n"


@pytest.mark.parametrize("name", ADDED)
def test_the_gradient_is_pytorchs(name: str) -> None:
    added, theirs = ADDED[name]
    module, rng = module_of(emit(declared_by(_net(added)))), np.random.default_rng(0)
    x, W, seed = (rng.normal(size=s) for s in ((3, 4, 2), (2, 2), (3, 4, 2)))
    output, cache = module.forward({"W": W}, x)
    grads = module.backward({"W": W}, cache, seed, inputs=True)
    a, V = (torch.tensor(v, requires_grad=True) for v in (x, W))
    steps = [torch.zeros(3, 2, dtype=torch.float64)]
    for t in range(4):
        h = steps[-1]
        steps.append(torch.tanh(a[:, t] + h @ V.T + theirs(h, V, a[:, t])))
    told = torch.stack(steps[1:], 1)
    told.backward(torch.tensor(seed))
    np.testing.assert_allclose(output, told.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(grads["x"], a.grad.numpy(), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(grads["W"], V.grad.numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ADDED)
def test_all_of_it_is_proved(name: str) -> None:
    network = declared_by(_net(ADDED[name][0]))
    small = shrunk(network)
    rows = exact(emit(small), small)
    assert all(row.ok for row in rows), rows
    page = render(derive(small), fmt="latex")
    assert prove_page(page, small, (0,)).false == ()


def test_a_false_slope_of_a_norm_is_refused() -> None:
    """That the slope is 0 where the norm is says nothing of what it is elsewhere."""
    small = shrunk(declared_by(_net(ADDED["of products"][0])))
    page = render(derive(small), fmt="latex")
    wrong = page.replace(r"{2 \sqrt{u", r"{3 \sqrt{u")
    assert wrong != page
    assert len(prove_page(wrong, small, (0,)).false) >= 2
