"""Equations of gradients are equations: derived again, they give the products of the Hessian with a
vector. A loop's adjoint runs the other way, and that of a reversed loop forwards.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.ir import Equation, Network, TensorInfo, Term, element
from bpgen.load import declared_by
from bpgen.record import Derivation
from tests.conftest import module_of
from tests.few import few

HEAD = "from bpgen import *\n"
LAST = "L = loss(squared_error(last(h), target(3)))\n"
NETS = {
    "layers": "h = dense(dense(input(2), 4, tanh), 3, softplus)\n"
    "L = loss(squared_error(h, target(3)))\n",
    "softmax": "h = dense(input(2), 3)\nL = loss(categorical_cross_entropy_with_logits(h, label(3)))\n",
    "a recurrence": 't, i, j = indices("t i j")\n'
    'x, W, U, h0 = input("T", 2), param(3, 2), param(3, 3), param(3)\n'
    'h = recurrent("T", 3)\nh[-1, i] = h0[i]\n'
    "h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))\n" + LAST,
    "a loss at each step": 'h = rnn(input("T", 2), 3)\nL = loss(squared_error(h, target("T", 3)))\n',
    "an LSTM": 'h = lstm(input("T", 2), 3, start=param(3))\n' + LAST,
    "a GRU": 'h = gru(input("T", 2), 3)\n' + LAST,
    "from its end": 'h = reverse(rnn(reverse(input("T", 2)), 3))\n'
    'L = loss(squared_error(h, target("T", 3)))\n',
    "blocks": "h = repeat(3, lambda h: dense(h, 3, tanh), input(3))\n"
    "L = loss(squared_error(dense(h, 2), target(2)))\n",
    "one over another": 'h = rnn(gru(input("T", 2), 2), 3)\n' + LAST,
}


def of_gradients(derivation: Derivation) -> Network:
    """The network whose loss is the sum of each gradient of a parameter times a vector, told by the
    equations of both passes.
    """
    network = derivation.network
    given = {t.name: replace(t, role="input") for t in network.role("target")}
    tensors = {**network.tensors, **given}
    steps = [s for s in derivation.steps if not s.inlined]
    for s in steps:
        of = network.tensors[s.of]
        tensors[s.equation.name] = TensorInfo(
            s.equation.name, of.indices, "value", carried=of.carried, block=of.block
        )
    terms = []
    for p in network.role("param"):
        tensors[f"v_{p.name}"] = TensorInfo(f"v_{p.name}", p.indices, "param")
        factors = (element(name, p.indices) for name in (f"v_{p.name}", derivation.adjoint[p.name]))
        terms.append(Term(np.prod([*factors]), p.indices))
    tensors["S"] = TensorInfo("S", (), "value")
    equations = (*network, *(s.equation for s in steps), Equation("S", (), tuple(terms)))
    starts = {**network.inits, **{f"v_{p.name}": "normal" for p in network.role("param")}}
    return Network("second", tensors, equations, network.outputs, "S", inits=starts)


def without_blocks(network: Network) -> Network:
    """The network whose blocks are the steps of a loop like any other."""
    tensors = {name: replace(t, block=False) for name, t in network.tensors.items()}
    loops = ((e, e.loop and replace(e.loop, block=False)) for e in network)
    return replace(
        network, tensors=tensors, equations=tuple(replace(e, loop=loop) for e, loop in loops)
    )


def _drawn(module: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Inputs and targets of three samples, of four steps."""
    sizes = {**module.INPUTS, **module.TARGETS}
    shapes = {n: (3, *(4 if s == "T" else s for s in of)) for n, of in sizes.items()}
    return {
        n: rng.integers(module.INTEGERS[n], size=s) if n in module.INTEGERS else rng.normal(size=s)
        for n, s in shapes.items()
    }


@pytest.mark.parametrize("name", few(NETS, "a recurrence".__eq__))
def test_gradients_of_gradients(name: str) -> None:
    derivation = derive(declared_by(HEAD + NETS[name]))
    first = module_of(emitted(derivation))
    second = module_of(emitted(derive(without_blocks(of_gradients(derivation)))))
    rng = np.random.default_rng(0)
    given = _drawn(first, rng)
    every = {n: rng.normal(size=s) for n, s in second.SHAPES.items()}
    params = {n: every[n] for n in first.SHAPES}

    def product(params: dict[str, Any]) -> float:
        _, grads = first.loss_and_grad(params, *given.values())
        return sum(float(np.sum(every[f"v_{n}"] * g)) for n, g in grads.items())

    value, grads = second.loss_and_grad(every, *(given[n] for n in second.INPUTS))
    assert value == pytest.approx(product(params), rel=1e-12)
    for n, array in params.items():
        for at in np.ndindex(array.shape):
            step = np.zeros_like(array)
            step[at] = 1e-5
            ends = [product({**params, n: array + s * step}) for s in (1, -1)]
            slope = (ends[0] - ends[1]) / 2e-5
            assert grads[n][at] == pytest.approx(slope, rel=1e-6, abs=1e-6), (n, at)


@pytest.mark.slow  # half a second
def test_blocks_from_last_to_first_are_refused_as_blocks() -> None:
    second = derive(of_gradients(derive(declared_by(HEAD + NETS["blocks"]))))
    with pytest.raises(NetError, match="the blocks of dh go from the last to the first"):
        emitted(second)
