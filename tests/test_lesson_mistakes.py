"""What the classic mistakes make of a recurrence, of blocks and of layers alike, by hand in numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes import section
from bpgen.lesson.mistakes.paths import forward, gradients_by
from bpgen.lesson.mistakes.table import TABLE
from tests.conftest import derived
from tests.few import few, one_in
from tests.test_lesson_sections import _lesson

BEGIN = "from bpgen import *\n"
RNN = f"""{BEGIN}t, i, j = indices("t i j")
x, y = input("T", 2), target(2)
W, U, b, h0 = param(3, 2), param(3, 3), param(3), param(3, init="normal")
V = param(2, 3)
h = recurrent("T", 3)
h[-1, i] = h0[i]
h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j) + b[i])
z = V @ last(h)
L = loss(half_squared_error(z, y))
"""
BLOCKS = f"""{BEGIN}x, y = input(3), target(3)
a = repeat(4, lambda h: h + dense(h, 3, tanh), x)
L = loss(half_squared_error(a, y))
"""
ALIKE = f"""{BEGIN}x, y = input(3), target(3)
W1, W2, W3 = param(3, 3), param(3, 3), param(3, 3)
a1 = tanh(W1 @ x)
a2 = tanh(W2 @ a1)
z = W3 @ a2
L = loss(half_squared_error(z, y))
"""
LSTMS = f"""{BEGIN}x, y = input("T", 2), label(3)
z = dense(last(bidirectional(lstm, x, 2)), 3)
L = loss(categorical_cross_entropy_with_logits(z, y))
"""
ATTENTION = f"""{BEGIN}x, y = input(3, 4), label(3)
def block(x):
    h = x + multi_head_attention(layer_norm(x), heads=2, causal=True)
    return h + dense(dense(layer_norm(h), 8, gelu), 4)
z = dense(last(repeat(3, block, x)), 3)
L = loss(categorical_cross_entropy_with_logits(z, y))
"""


def _of(net: str) -> Lesson:
    return _lesson(derived(net))


def _made(net: str, done: str) -> tuple[Lesson, dict[str, np.ndarray]]:
    lesson = _of(net)
    (mistake,) = (m for m in TABLE if m.done.startswith(done))
    made = mistake.made(lesson)
    assert made is not None
    return lesson, dict(made)


@pytest.mark.parametrize(
    "net", few((RNN, BLOCKS, ALIKE, LSTMS, ATTENTION), lambda n: n not in (LSTMS, ATTENTION))
)
def test_without_a_mistake_the_paths_give_the_gradients(net: str) -> None:
    lesson = _of(net)
    found = gradients_by(lesson, values=forward(lesson)) or {}
    assert {t.name for t in lesson.params} == found.keys()
    for name, gradient in found.items():
        assert gradient == pytest.approx(lesson.worked.slopes[name], rel=1e-9, abs=1e-12)  # type: ignore[union-attr]


Back = Callable[[dict[str, np.ndarray], np.ndarray], dict[str, np.ndarray]]


def _through_time(
    done: str, values: dict[str, np.ndarray], states: np.ndarray
) -> dict[str, np.ndarray]:
    """Backpropagation through time as a loop over steps, with one thing done wrongly."""
    W, U, V, x = (values[n] for n in ("W", "U", "V", "x"))
    x, h = x[0], states[0]  # h[k] is that of step k - 1
    error = (V @ h[-1] - values["y"][0])[:, None]
    grads = {"V": error @ h[-1:], "W": 0 * W, "U": 0 * U, "b": np.zeros(3)}
    dh = V.T @ error[:, 0]
    for t in reversed(range(len(x))):
        delta = dh * (1 - h[t + 1] ** 2)
        beside = h[t + 1] if done == "the state of its own step" else h[t]
        share = {"W": np.outer(delta, x[t]), "U": np.outer(delta, beside), "b": delta}
        for n, g in share.items():
            if done == "of the steps of time":
                grads[n] = g
            elif not (done == "the loop back" and t == 0):
                grads[n] = grads[n] + g
        turned = U if done == "square weights" else U.T
        dh = 0 * dh if done == "no error goes" else turned @ delta
    return {**grads, "h0": dh}


@pytest.mark.parametrize(
    "done",
    [
        "of the steps of time",
        "the loop back",
        "no error goes",
        "the state of its own step",
        "square weights",
    ],
)
def test_on_the_way_back_through_time(done: str) -> None:
    lesson, made = _made(RNN, done)
    values = dict(lesson.worked.values)  # type: ignore[union-attr]
    meant = _through_time(done, values, forward(lesson)["h"])
    right = _through_time("", values, forward(lesson)["h"])
    assert made.keys() == meant.keys()
    for name in made:
        assert made[name] == pytest.approx(meant[name], rel=1e-12), name
    assert any(not np.allclose(meant[n], right[n]) for n in meant)


def _through_blocks(done: str, lesson: Lesson) -> dict[str, np.ndarray]:
    """The gradients of the residual blocks by a loop over them, with one thing done wrongly."""
    values = forward(lesson)
    W, b, h = values["W1"], values["b1"], values["x"][0]
    states = [h]
    for k in range(4):
        states.append(states[-1] + np.tanh(W[k] @ states[-1] + b[k]))
    dW, db, dh = 0 * W, 0 * b, states[-1] - values["y"][0]
    for k in reversed(range(4)):
        delta = dh * (1 - np.tanh(W[k] @ states[k] + b[k]) ** 2)
        dW[k], db[k] = np.outer(delta, states[k]), delta
        back = {"square weights": W[k], "on the way back": W[max(k - 1, 0)].T}.get(done, W[k].T)
        dh = back @ delta + (0 if done == "what is read" else dh)
    return {"W1": dW, "b1": db}


@pytest.mark.parametrize("done", ["square weights", "on the way back", "what is read"])
def test_in_blocks(done: str) -> None:
    lesson, made = _made(BLOCKS, done)
    right, meant = _through_blocks("", lesson), _through_blocks(done, lesson)
    for name in ("W1", "b1"):
        assert right[name] == pytest.approx(lesson.worked.slopes[name], rel=1e-12)  # type: ignore[union-attr]
        assert made[name] == pytest.approx(meant[name], rel=1e-12), name
        assert not np.allclose(made[name], right[name])


@pytest.mark.parametrize("done", ["square weights", "on the way back"])
def test_in_layers_alike(done: str) -> None:
    lesson, made = _made(ALIKE, done)
    values = forward(lesson)
    W1, W2, W3 = (values[n] for n in ("W1", "W2", "W3"))
    a1, a2, error = (values[n][0] for n in ("a1", "a2", "z"))
    error = error - values["y"][0]
    three, two = (W3, W2) if done == "square weights" else (W2.T, W1.T)
    delta2 = three @ error * (1 - a2**2)
    delta1 = two @ delta2 * (1 - a1**2)
    for name, meant in (("W3", np.outer(error, a2)), ("W2", np.outer(delta2, a1))):
        assert made[name] == pytest.approx(meant, rel=1e-12)
    assert made["W1"] == pytest.approx(np.outer(delta1, values["x"][0]), rel=1e-12)


def test_a_mistake_that_cannot_be_made_is_not_told() -> None:
    told = {m.done for m in TABLE if m.made(_of(ALIKE)) is None}
    assert told == {
        "left out of the forward pass",
        "what is read at several places keeps one gradient, not the sum",
        "of the steps of time one gradient is kept, not their sum",
        "the loop back through time ends a step too early",
        "no error goes from a step to the one before it",
        "the state of its own step beside an error, not of the one before",
    }


@pytest.mark.parametrize(
    ("net", "rows"), one_in(2, [(RNN, 10), (BLOCKS, 7), (LSTMS, 9), (ATTENTION, 8)])
)
def test_recurrences_and_blocks_have_the_table(net: str, rows: int) -> None:
    made = section(_of(net))
    assert made is not None
    table = made.blocks[0].table
    assert table is not None
    assert len(table.rows) == rows
    assert len({row[0] for row in table.rows}) == rows
