"""Textbook spelling in, exact numbers out: four spellings, the loss and the gradient of each, in
two precisions.
"""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from tests.conftest import emitted

HEAD = "from bpgen import *\nz = input(3)\n"
BINARY = "y = target(3)\n{a}\nL = loss(sum(-(y*log(a) + (1-y)*log(1-a))))\n"

# name -> net.py, target: every spelling that a textbook would print
SPELLINGS = {
    "sigmoid, then cross-entropy": (BINARY.format(a="a = sigmoid(z)"), "binary"),
    "1/(1+exp(-z)), then cross-entropy": (BINARY.format(a="a = 1/(1+exp(-z))"), "binary"),
    "exp(z)/(1+exp(z)), then cross-entropy": (BINARY.format(a="a = exp(z)/(1+exp(z))"), "binary"),
    "softmax, then -log p[y]": ("y = label(3)\np = softmax(z)\nL = loss(-log(p[y]))\n", "label"),
    "softmax, then -sum y log p": (
        "y = one_hot(3)\nL = loss(-sum(y*log(softmax(z))))\n",
        "one-hot",
    ),
    "exp(z)/sum(exp(z)), then -sum y log p": (
        "y = target(3)\np = exp(z)/sum(exp(z))\nL = loss(-sum(y*log(p)))\n",
        "one-hot",
    ),
    "log(1+exp(z))": ("L = loss(sum(log(1+exp(z))))\n", "none"),
    "log(sum(exp(z)))": ("L = loss(log(sum(exp(z))))\n", "none"),
}

# The four of the published table, by the first spelling of each.
TABLE = (
    "sigmoid, then cross-entropy",
    "softmax, then -log p[y]",
    "log(1+exp(z))",
    "log(sum(exp(z)))",
)


def sigmoid(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-z))


def exact(kind: str, name: str, z: list[mpf]) -> tuple[mpf, list[mpf]]:
    """The loss and its gradient with 1,000 digits."""
    if kind == "binary":
        y = [0, 1, 1]
        loss = sum(
            -(t * mp.log(sigmoid(v)) + (1 - t) * mp.log(1 - sigmoid(v)))
            for t, v in zip(y, z, strict=True)
        )
        return loss, [sigmoid(v) - t for t, v in zip(y, z, strict=True)]
    total = sum(mp.exp(v) for v in z)
    if kind in ("label", "one-hot"):
        return mp.log(total) - z[1], [
            mp.exp(v) / total - t for t, v in zip([0, 1, 0], z, strict=True)
        ]
    if name == "log(sum(exp(z)))":
        return mp.log(total), [mp.exp(v) / total for v in z]
    return sum(mp.log(1 + mp.exp(v)) for v in z), [sigmoid(v) for v in z]


TARGETS = {
    "binary": [np.array([[0.0, 1.0, 1.0]])],
    "label": [np.array([1])],
    "one-hot": [np.array([[0.0, 1.0, 0.0]])],
    "none": [],
}


def passes(name: str, dtype: type, size: float) -> tuple[bool, bool]:
    """Whether the loss, and the gradient, are exact and finite with every floating-point error
    raised.
    """
    body, kind = SPELLINGS[name]
    m = emitted(HEAD + body)
    z = np.array([[size, -size, 5]], dtype)
    targets = [t if t.dtype.kind == "i" else t.astype(dtype) for t in TARGETS[kind]]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        loss = m.loss({}, z, *targets)
        gradient = m.backward({}, m.forward({}, z)[1], *targets, inputs=True)["z"][0]
    with mp.workdps(1000):
        true_loss, true_gradient = exact(kind, name, [mpf(float(v)) for v in z[0]])
        eps = float(np.finfo(dtype).eps)
        right = abs(loss - true_loss) <= 4 * eps * abs(true_loss)
        # a - y is kept as textbooks write it: exact to one unit roundoff of 1
        near = all(
            abs(mpf(float(g)) - t) <= eps for g, t in zip(gradient, true_gradient, strict=True)
        )
    return bool(right), bool(near and gradient.dtype == dtype)


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize(("dtype", "size"), [(np.float64, 800), (np.float32, 80)])
def test_spelling(name: str, dtype: type, size: float) -> None:
    assert passes(name, dtype, size) == (True, True)


def test_score(capsys: pytest.CaptureFixture[str]) -> None:
    score = sum(sum(passes(name, np.float64, 800)) for name in TABLE)
    with capsys.disabled():
        print(f"\ntextbook spelling: {score} of 8")
    assert score == 8


def test_both_classes_at_both_ends() -> None:
    """The loss of a sure and right answer is 0, of a sure and wrong one the logit."""
    m = emitted(HEAD + SPELLINGS["sigmoid, then cross-entropy"][0])
    z = np.array([[800.0, 800.0, -800.0], [-800.0, -800.0, 800.0]])
    y = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
    assert m.loss({}, z, y) == pytest.approx((1600 + 800) / 2)
    assert m.backward({}, m.forward({}, z)[1], y, inputs=True)["z"] * 2 == pytest.approx(
        np.array([[0, 1, -1], [-1, 0, 0]])
    )
