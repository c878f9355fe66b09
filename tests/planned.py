"""Planned modules, and all that one computes."""

from __future__ import annotations

import inspect
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.check.module import Subject
from bpgen.emit import FAST, emitted
from tests.conftest import EXAMPLES, declared, derived

TOY = next(p for p in EXAMPLES if p.stem == "toy_2_2_1").read_text()
N, T = 5, 4  # samples, and a length known at run time
ROUNDING = 1e-12


@cache
def planned(net: str) -> str:
    return emitted(derived(net), FAST)


def arguments(net: str, module: ModuleType, batch: int = N, dtype: Any = np.float64) -> Any:
    """Parameters, inputs, and the targets, or what outputs receive."""
    subject = Subject(planned(net), declared(net), long=(T,))
    point = subject.draw(np.random.default_rng(0), batch)
    given = [{k: typed(a, dtype) for k, a in group.items()} for group in point.groups()]
    return given[0], [*given[1].values()], [*given[2].values()]


def typed(array: Any, dtype: Any) -> Any:
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


def memory_for(module: ModuleType, batch: int = N, dtype: Any = np.float64) -> Any:
    names = [n for n in inspect.signature(module.workspace).parameters if n != "dtype"]
    return module.workspace(*(batch if n == "N" else T for n in names), dtype=dtype)


def results(module: ModuleType, given: Any, **more: Any) -> dict[str, Any]:
    """All that a module computes of these arguments, by name; copies, for memory is written over."""
    params, inputs, rest = given
    found: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        outputs, cache = module.forward(params, *inputs, **more)
        for k, output in enumerate(outputs if isinstance(outputs, tuple) else (outputs,)):
            found[f"output {k}"] = np.copy(output)
        grads = module.backward(params, cache, *rest, inputs=True, **more)
        found |= {f"d {name}": np.copy(g) for name, g in grads.items()}
        if hasattr(module, "loss"):
            found["loss"] = module.loss(params, *inputs, *rest, **more)
            value, grads = module.loss_and_grad(params, *inputs, *rest, **more)
            found["value"] = value
            found |= {f"dd {name}": np.copy(g) for name, g in grads.items()}
    return found


def near(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, a in one.items():
        b = other[name]
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype, name
        finite = np.asarray(a)[np.isfinite(a)]
        scale = max(1.0, float(np.max(np.abs(finite), initial=0)))
        assert np.allclose(a, b, rtol=ROUNDING, atol=ROUNDING * scale, equal_nan=True), name


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, a in one.items():
        assert np.asarray(a).tobytes() == np.asarray(other[name]).tobytes(), name
