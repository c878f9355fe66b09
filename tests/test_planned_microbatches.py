"""A step in blocks of the batch: the numbers of the whole, and only where samples are apart."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks.speed import NETS
from bpgen.check.agreement import difference
from bpgen.emit import FAST, emit
from bpgen.load import declared_by
from bpgen.planning import microbatches
from bpgen.planning.microbatches import are_independent
from tests.conftest import module_of
from tests.few import few, one_in

HEAD = "from bpgen import *\n"
CLASSES = "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
CONV = (
    f"{HEAD}x, y = input(2, 9, 8), label(3)\n"
    "h = max_pool2d(relu(conv2d(relu(conv2d(x, 3, 2)), 4, 3)), 2)\n"
    f"z = dense(flatten(h), 3)\n{CLASSES}"
)
NAMES = (  # what a step calls its own
    f"{HEAD}part, weight = input(1, 6, 6), target(4)\nown, part1 = conv2d(part, 32, 3), param(4, 512)\n"
    "memory = part1 @ flatten(own)\nL = loss(squared_error(memory, weight) + 0.1 * sum(part1 * part1))\n"
)

PAIRED = (  # the second input has as many samples as the first
    f"{HEAD}x, k, u = input(2, 9, 8), input(below=3), input(3)\ny = label(3)\n"
    "h = max_pool2d(relu(conv2d(relu(conv2d(x, 3, 2)), 4, 3)), 2)\n"
    f"z = dense(flatten(h), 3) + embedding(k, 3, 3) * u\n{CLASSES}"
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that a few samples of small networks fill."""
    monkeypatch.setattr(microbatches, "CACHE", 3000)


@cache
def planned(net: str) -> str:
    """The module of a network that is planned for one size of the cache in all tests."""
    return emit(declared_by(net), FAST)


def _given(module: ModuleType, n: int) -> list[Any]:
    rng = np.random.default_rng(n)
    shapes = {**module.INPUTS, **module.TARGETS}.items()
    bound = module.INTEGERS
    return [
        rng.integers(bound[k], size=(n, *s)) if k in bound else rng.normal(size=(n, *s))
        for k, s in shapes
    ]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("net", few([CONV, NAMES, PAIRED], CONV.__eq__))
@pytest.mark.parametrize("n", one_in(4, [5, 1, 2, 4]))
def test_blocks_add_up_to_the_batch(net: str, n: int) -> None:
    plain, fast = module_of(emit(declared_by(net))), module_of(planned(net))
    assert "BLOCK" in vars(fast)
    params, given = plain.init(0), _given(plain, n)
    value, grads = plain.loss_and_grad(params, *given)
    for samples in (1, 2, 3, 7):
        vars(fast)["BLOCK"] = samples
        workspace = fast.workspace(n)
        for memory in (None, workspace, workspace):
            found, ours = fast.loss_and_grad(params, *given, workspace=memory)
            assert isinstance(found, float) and found == pytest.approx(value, rel=1e-13)
            assert all(np.allclose(ours[k], grads[k], rtol=1e-12, atol=1e-14) for k in grads)
        assert np.array_equal(fast.pack(ours), workspace["flat"][0])


@pytest.mark.usefixtures("small")
def test_threads_with_memory_of_their_own_add_up_to_the_batch() -> None:
    """What two find at once is, bit by bit, what is found one after the other."""
    module = module_of(planned(CONV))
    params, given = module.init(0), _given(module, 40)
    rows = [slice(0, 20), slice(20, 40)]

    def found(memory: Any, part: slice) -> np.ndarray:
        own = [array[part] for array in given]
        losses = [module.loss_and_grad(params, *own, workspace=memory)[0] for _ in range(5)]
        return np.append(memory["flat"][0], losses)

    with ThreadPoolExecutor(2) as pool:
        together = [*pool.map(found, [module.workspace(20) for _ in rows], rows)]
    apart = [found(module.workspace(20), part) for part in rows]
    assert np.array_equal(together, apart)
    _, grads = module.loss_and_grad(params, *given)
    mean = sum(together)[: module.SIZE] / 2
    assert np.allclose(mean, module.pack(grads), rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("small")
def test_is_what_its_equations_say() -> None:
    assert difference(planned(CONV), declared_by(CONV)) is None


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("own *= weight", "own *= 1"),
        ("flat += own", "flat[...] = own"),
        ("value += weight *", "value = weight *"),
        ("weight = len(x[part]) / N", "weight = BLOCK / N"),
        ("range(0, N, BLOCK)", "range(0, N - 1, BLOCK)"),
    ],
)
def test_blocks_that_do_not_add_up_are_found(right: str, wrong: str) -> None:
    text = planned(CONV)
    assert text.count(right) == 1
    assert difference(text.replace(right, wrong), declared_by(CONV)) is not None


APART = {
    "a penalty": f"{HEAD}x, y = input(4), target(2)\nW = param(2, 4)\n"
    "L = loss(squared_error(W @ x, y) + 0.1 * sum(W * W))\n",
    "layer norm": f"{HEAD}x, y = input(4), target(2)\nL = loss(squared_error(dense(layer_norm(x), 2), y))\n",
}
TOGETHER = {
    "batch norm": f"{HEAD}x, y = input(4), target(4)\nL = loss(squared_error(batch_norm(dense(x, 4)), y))\n",
    "noise": f"{HEAD}x, y = input(4), target(2)\nL = loss(squared_error(dense(dropout(x, 0.5), 2), y))\n",
    "a length known at run time": f'{HEAD}x, y = input("T", 4), target("T", 2)\n'
    "L = loss(squared_error(dense(x, 2), y))\n",
}


@pytest.mark.parametrize("name", [*APART, *TOGETHER])
def test_samples_are_apart_or_meet(name: str) -> None:
    assert are_independent(declared_by({**APART, **TOGETHER}[name])) == (name in APART)


@pytest.mark.parametrize(
    "name", few([n for n in NETS if n != "wide"], lambda n: n in ("toy", "conv"))
)
def test_only_windows_are_gone_through_in_blocks(name: str) -> None:
    """Dense networks, attention and recurrences are as fast, or faster, all at once."""
    assert ("BLOCK = " in planned(HEAD + NETS[name][0])) == (name == "conv")


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_memory_for_another_batch_is_refused_and_none_grows() -> None:
    module = module_of(planned(CONV))
    params, peaks = module.init(0), []
    with pytest.raises(ValueError, match="workspace is for N = 4, not 5"):
        module.loss_and_grad(params, *_given(module, 5), workspace=module.workspace(4))
    with pytest.raises(ValueError, match=r"y needs shape \(5,\), not \(4,\)"):
        module.loss_and_grad(params, _given(module, 5)[0], _given(module, 4)[1])
    for n in (2000, 4000):  # of one number a sample, 16 kB
        given, workspace = _given(module, n), module.workspace(n)
        for _ in range(2):
            tracemalloc.start()
            module.loss_and_grad(params, *given, workspace=workspace, checked=False)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 8000
