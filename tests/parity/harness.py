"""One network twice, in bpgen's words and in PyTorch's: the same loss, the same outputs and the
same gradients, of every parameter and every input.

    @parametrized(
        Case(
            "dense",
            "x, y = input($d), target($k)\\nW, b = param($k, $d), param($k)\\n"
            "L = loss(squared_error(tanh(W @ x + b), y))",
            lambda t: ((torch.tanh(t.x @ t.W.T + t.b) - t.y) ** 2).sum() / len(t.x),
        ),
    )
    def test_layers(case: Case, shape: Shape) -> None:
        agree(case, shape)

The net.py is a template, filled with the numbers of each shape. What PyTorch is to compute is a
function of a namespace that holds parameters, inputs and targets under the names they have in
net.py, as float64 tensors (int64 where they are integers) with the batch first. It returns the loss
of the batch, or the loss and then the outputs; of a network without a loss, the output or a tuple of
them, whose gradients are then compared for random upstream gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bpgen.ir import BATCH, Network, TensorInfo
from tests.conftest import declared, emitted

Shape = Mapping[str, int]  # of net.py's $names and of lengths known at run time; N is the batch
Draw = Callable[[np.random.Generator, tuple[int, ...]], Any]
Arrays = dict[str, Any]

SHAPES: tuple[Shape, ...] = (
    {"N": 1, "d": 3, "k": 5},
    {"N": 4, "d": 2, "k": 3},
    {"N": 7, "d": 5, "k": 4},
)
TOLERANCE = 1e-10  # of the tensor's largest entry
POWER = 1e-6  # gradients that are all smaller compare nothing


@dataclass(frozen=True)
class Case:
    """One network. `draws` says how a parameter, input or target is drawn where the default (normal
    numbers, positive ones that sum to 1, whole numbers below the bound) would not do.
    """

    name: str
    net: str
    torch: Callable[[Any], Any]
    shapes: tuple[Shape, ...] = SHAPES
    draws: Mapping[str, Draw] = field(default_factory=dict)
    # Parameters on which nothing depends: their gradients are 0 but for rounding.
    idle: tuple[str, ...] = ()

    def source(self, shape: Shape) -> str:
        return "from bpgen import *\n" + Template(self.net).substitute(shape) + "\n"


def parametrized(*cases: Case) -> pytest.MarkDecorator:
    """Every case at each of its shapes, as the arguments `case` and `shape` of a test."""
    return pytest.mark.parametrize(
        ("case", "shape"),
        [
            pytest.param(
                case, shape, id=f"{case.name}-{'-'.join(f'{k}{v}' for k, v in shape.items())}"
            )
            for case in cases
            for shape in case.shapes
        ],
    )


def agree(case: Case, shape: Shape, seed: int = 0) -> None:
    """Assert that bpgen and PyTorch compute the same loss, outputs and gradients."""
    source = case.source(shape)
    network, module = declared(source), emitted(source)
    rng = np.random.default_rng(seed)
    given = _drawn(case, shape, network, module, rng)
    ours, grads = _bpgen(network, module, given, rng)
    slopes = _torch(case, network, given, ours)
    assert max(np.max(np.abs(s), initial=0) for s in slopes.values()) > POWER, (
        "the gradients compare nothing"
    )
    assert grads.keys() == slopes.keys()
    largest = max(np.max(np.abs(s), initial=0) for s in slopes.values())
    for name, slope in slopes.items():
        # What is exactly 0 here may be what rounding leaves there: attention over a single place.
        zero = not np.any(grads[name]) and np.max(np.abs(slope), initial=0) < 1e-14 * largest
        _same(f"d{name}", grads[name], slope, largest if zero or name in case.idle else None)


def _same(name: str, our: Any, their: Any, scale: float | None = None) -> None:
    assert np.shape(our) == np.shape(their), f"{name}: {np.shape(our)}, not {np.shape(their)}"
    error = np.max(np.abs(our - their), initial=0)
    scale = np.max(np.abs(their), initial=0) if scale is None else scale
    assert error <= TOLERANCE * scale, f"{name}: wrong by {error:.2e} of {scale:.2e}"


def _drawn(
    case: Case, shape: Shape, network: Network, module: ModuleType, rng: np.random.Generator
) -> Arrays:
    """Parameters, inputs and targets by name; no parameter is constant."""
    given = {name: a + 0.3 * rng.standard_normal(a.shape) for name, a in module.init(rng).items()}
    for info in (*network.role("input"), *network.role("state"), *network.role("target")):
        given[info.name] = _value(info, rng, _sizes(info, shape))
    for name, draw in case.draws.items():
        given[name] = np.asarray(draw(rng, given[name].shape))
    return given


def _sizes(info: TensorInfo, shape: Shape) -> tuple[int, ...]:
    named = (shape[s] if isinstance(s, str) else int(s or 0) for s in info.sample_shape)
    return ((shape[BATCH],) if info.batched else ()) + tuple(named)


def _value(info: TensorInfo, rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    if info.bound is not None:
        return rng.integers(0, info.bound, sizes)
    if info.sums_to_one:
        return rng.dirichlet(np.ones(sizes[-1]), sizes[:-1])
    return rng.standard_normal(sizes)


def _differentiable(network: Network) -> list[str]:
    infos = (*network.role("param"), *network.role("input"))
    return [info.name for info in infos if info.bound is None]


def _bpgen(
    network: Network, module: ModuleType, given: Arrays, rng: np.random.Generator
) -> tuple[Arrays, Arrays]:
    """Values and gradients by the emitted module, where whatever numpy warns of is an error; an
    underflow to 0 is none. Of a network without a loss, the upstream gradients are drawn here, and
    stand among the values.
    """
    params, inputs, states, targets = (
        {info.name: given[info.name] for info in network.role(role)}
        for role in ("param", "input", "state", "target")
    )
    inputs |= states
    with np.errstate(all="raise", under="ignore"):
        output, cache = module.forward(params, *inputs.values())
        outputs = dict(
            zip(network.outputs, output if network.outputs[1:] else [output], strict=True)
        )
        if network.loss:
            values = {"loss": module.loss(params, *inputs.values(), *targets.values())} | outputs
            return values, module.backward(params, cache, *targets.values(), inputs=True)
        seeds = {f"seed {o}": rng.standard_normal(a.shape) for o, a in outputs.items()}
        return outputs | seeds, module.backward(params, cache, *seeds.values(), inputs=True)


def _torch(case: Case, network: Network, given: Arrays, ours: Arrays) -> Arrays:
    """The gradients by PyTorch, once the values are those of ours."""
    tensors = {name: torch.tensor(a) for name, a in given.items()}
    wrt = {name: tensors[name].requires_grad_() for name in _differentiable(network)}
    made = case.torch(SimpleNamespace(**tensors))
    names = [*(["loss"] if network.loss else []), *network.outputs]
    values = dict(zip(names, made if isinstance(made, tuple) else (made,), strict=False))
    assert network.loss or values.keys() == set(network.outputs)
    for name, value in values.items():
        _same(name, ours[name], value.detach().numpy())
    roots = [values["loss"]] if network.loss else list(values.values())
    seeds = None if network.loss else [torch.tensor(ours[f"seed {o}"]) for o in network.outputs]
    slopes = torch.autograd.grad(roots, [*wrt.values()], seeds, materialize_grads=True)
    return {name: s.numpy() for name, s in zip(wrt, slopes, strict=True)}
