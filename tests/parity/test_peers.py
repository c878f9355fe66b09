"""What `benchmarks.peers` measures of other libraries is the step that bpgen's module does."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peers import jax_steps, sklearn_steps, torch_steps
from benchmarks.peers.__main__ import same
from benchmarks.peers.packed import packed
from benchmarks.speed import inputs_of, steps_of

STEPS = {"torch": torch_steps.step, "jax": jax_steps.step, "sklearn": sklearn_steps.step}


@pytest.mark.parametrize("name", ["toy", "small", "block", "lstm", "conv"])
def test_each_has_the_loss_and_the_gradients(name: str) -> None:
    params, given = inputs_of(name)
    known = steps_of(name)["plain"]()
    steps = {who: step(name, packed(params), given) for who, step in STEPS.items()}
    assert {who for who, step in steps.items() if step is None} <= {"sklearn"}
    for who, step in steps.items():
        if step is not None:
            same(known, step(), who)


@pytest.mark.parametrize("wrong", ["loss", "W1", "b2"])
def test_another_number_is_refused(wrong: str) -> None:
    loss, grads = steps_of("small")["plain"]()
    off = {name: array * (1 + 1e-3 * (name == wrong)) for name, array in grads.items()}
    with pytest.raises(SystemExit, match=f"who: {wrong} is "):
        same((loss, grads), (loss * (1 + 1e-3 * (wrong == "loss")), off), "who")
    same((loss, grads), (loss, {n: np.asarray(g) for n, g in grads.items()}), "who")
