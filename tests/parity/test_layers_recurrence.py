"""Recurrences over any number of steps, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from tests.parity.harness import Case, Shape, agree, parametrized

SHAPES = (
    {"N": 1, "T": 1, "d": 3, "h": 2},
    {"N": 3, "T": 5, "d": 1, "h": 4},
    {"N": 2, "T": 7, "d": 4, "h": 3},
)


def run(t: Any, word: str, number: int = 1, x: Any = None, start: Any = None, c: Any = None) -> Any:
    """PyTorch's own layer with our parameters; its two biases are our one, but for the GRU's last
    third.
    """
    W, U = (getattr(t, f"{name}{number}") for name in "WU")
    b, d = (getattr(t, f"{name}{number}", None) for name in "bd")
    x, width = t.x if x is None else x, U.shape[1]
    other = torch.zeros(U.shape[0], dtype=x.dtype)
    if d is not None:
        other = torch.cat([other[: 2 * width], d])
    zero = torch.zeros(1, len(x), width, dtype=x.dtype)
    start, c = (zero if s is None else s.expand(len(x), width)[None] for s in (start, c))
    weights = [W, U] if b is None else [W, U, b, other]
    options = (b is not None, 1, 0.0, False, False, True)
    if word == "lstm":
        return torch.lstm(x, (start, c), weights, *options)[0]
    return (torch.rnn_tanh if word == "rnn" else torch.gru)(x, start, weights, *options)[0]


def of(call: str, function: Any, made: str = "") -> Case:
    net = f"x = input('T', $d)\n{made}\ny = {call}\noutput(y)"
    return Case(f"{made} {call}", net, function, SHAPES)


def each(word: str) -> tuple[Case, ...]:
    def both(t: Any) -> torch.Tensor:
        back = run(t, word, 2, t.x.flip(1)).flip(1)
        return torch.cat([run(t, word), back], 2)

    return (
        of(f"{word}(x, $h)", lambda t: run(t, word)),
        of(f"{word}(x, $h, bias=False)", lambda t: run(t, word)),
        of(f"last({word}(x, $h))", lambda t: run(t, word)[:, -1]),
        of(f"{word}(x, $h, start)", lambda t: run(t, word, start=t.start), "start = param($h)"),
        of(f"{word}(x, $h, start)", lambda t: run(t, word, start=t.start), "start = input($h)"),
        of(f"bidirectional({word}, x, $h)", both),
        of(f"{word}({word}(x, $h), $h)", lambda t: run(t, word, 2, run(t, word))),
    )


@parametrized(
    *each("rnn"),
    *each("gru"),
    *each("lstm"),
    of(
        "lstm(x, $h, s, c)",
        lambda t: run(t, "lstm", start=t.s, c=t.c),
        "s, c = input($h), param($h)",
    ),
)
def test_recurrence(case: Case, shape: Shape) -> None:
    agree(case, shape)


def stacked(word: str, depth: int) -> Case:
    """PyTorch's own layer of several, each on what the one before it makes."""
    function = {"lstm": torch.lstm, "rnn": torch.rnn_tanh, "gru": torch.gru}[word]

    def layers(t: Any) -> torch.Tensor:
        weights = []
        for k in range(1, depth + 1):
            W, U, b = (getattr(t, f"{name}{k}") for name in "WUb")
            other = torch.zeros(len(b), dtype=b.dtype)
            if word == "gru":
                other = torch.cat([other[: 2 * U.shape[1]], getattr(t, f"d{k}")])
            weights += [W, U, b, other]
        zero = torch.zeros(depth, len(t.x), t.x.shape[2], dtype=t.x.dtype)
        start = (zero, zero) if word == "lstm" else zero
        return function(t.x, start, weights, True, depth, 0.0, False, False, True)[0]

    return of(f"repeat({depth}, lambda h: {word}(h, $d), x)", layers)


@parametrized(*(stacked(word, depth) for word in ("rnn", "gru", "lstm") for depth in (2, 3)))
def test_stacked_by_repeat(case: Case, shape: Shape) -> None:
    agree(case, shape)


@parametrized(
    Case(
        "many to one",
        "x, y = input('T', below=6), label(3)\ne = embedding(x, 6, $d)\n"
        "L = loss(categorical_cross_entropy_with_logits(dense(last(lstm(e, $h)), 3), y))",
        lambda t: F.cross_entropy(
            run(t, "lstm", 2, F.embedding(t.x, t.E1))[:, -1] @ t.W3.T + t.b3, t.y
        ),
        SHAPES,
    ),
    Case(
        "many to many",
        "x, y = input('T', $d), target('T', 2)\na = dense(gru(x, $h), 2)\n"
        "L = loss(mean((a - y) ** 2))",
        lambda t: F.mse_loss(run(t, "gru") @ t.W2.T + t.b2, t.y),
        SHAPES,
    ),
)
def test_in_a_network(case: Case, shape: Shape) -> None:
    agree(case, shape)
