"""Networks beside their values as numpy has them: what was wrong of each, in the module, on its
page or to the check, is in its name; and what was refused though the mathematics is plain.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest

from tests.by_hand import Case, agrees
from tests.few import one_in


def _log_softmax(z: Any) -> Any:
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def _scattered(size: int, k: Any, v: Any) -> Any:
    """What is added at places that labels say, sample by sample."""
    found = np.zeros((len(k), size, *v.shape[2:]))
    for sample, labels in enumerate(k):
        for j, label in enumerate(labels):
            found[sample, label] += v[sample, j]
    return found


def _steps(step: Any, x: Any, *start: Any) -> Any:
    """The last of what each step leaves, of all steps."""
    states, found = start, []
    for k in range(x.shape[1]):
        states = step(x[:, k], *states)
        found.append(states[-1])
    return np.stack(found, 1)


def _of_entries(x: Any, w: Any) -> Any:
    def step(x: Any, h: Any) -> Any:
        a = x[:, 0] + w * h
        return (np.tanh(x[:, 1] * a - h) + a,)

    return _steps(step, x, np.zeros(len(x)))


def _crossed(x: Any, w: Any, v: Any) -> Any:
    a, b, found = np.zeros(len(x)), np.zeros(len(x)), []
    for k in range(x.shape[1]):
        a, b = np.tanh(w * b + x[:, k]), np.tanh(v * a)
        found.append((a, b))
    return tuple(np.stack(each, 1) for each in zip(*found, strict=True))


def _blocks(x: Any, W: Any, b: Any = 0) -> Any:
    layers = zip(W, b if np.ndim(b) else np.zeros(len(W)), strict=True)
    return reduce(lambda h, layer: np.tanh(h @ layer[0].T + layer[1]), layers, x)


def _of_batch(x: Any, w: Any) -> Any:
    s = x @ w
    return np.mean(np.exp(s) / np.exp(s).sum() * s)


def _shuffled(x: Any) -> Any:
    return x.reshape(-1, 2, 2, 2, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(-1, 2, 4, 4)


def _over_kept(x: Any, y: Any, w: Any) -> Any:
    kept = np.where(y == 1, 0, w[y] ** 2)
    return (
        -np.sum(kept * np.take_along_axis(_log_softmax(x), y[..., None], -1)[..., 0]) / kept.sum()
    )


def _against_the_labels_of_all(x: Any, y: Any, W: Any) -> Any:
    z = x @ W.T
    return np.mean(np.log(np.exp(z[:, y]).sum(1)) - z[np.arange(len(y)), y])


CASES = (
    Case(
        "n = samples()\nx, c = input(), input()\nL = loss(x**2*tensor(max(c[n], n)))",
        lambda x, c: np.mean(x**2 * c.max()),
        "the largest of a batch, and which sample it is of",
    ),
    Case(
        "n, m = samples(), samples()\nx, w = input(3), param(3)\ns = dot(w, x)\n"
        "p = tensor(exp(s[n])/sum(exp(s[m]), m), n)\nL = loss(p*s)",
        _of_batch,
        "a softmax over the samples of a batch",
    ),
    Case(
        'j, d = indices("j d")\nx, k = input(4, 2), input(4, below=3)\nW = param(3, 2)\n'
        "u = zeros(3, 2)\nu[k[j], d] = x[j, d]*W[k[j], d]\noutput(u)",
        lambda x, k, W: _scattered(3, k, x * W[k]),
        "scattered and gathered by one label, which several places may have, a tensor called k",
    ),
    Case(
        'j = indices("j")\nx, k = input(4), input(4, below=3)\nw = param()\ny = zeros(3)\n'
        "y[k[j]] = x[j]*w\noutput(y)",
        lambda x, k, w: _scattered(3, k, x * w),
        "one factor of all that is scattered by labels",
    ),
    Case(
        't = indices("t")\nx, w = input("T", 2), param()\nh, a = recurrent("T"), recurrent("T", 2)\n'
        "h[t] = tanh(a[t, 1]) + a[t, 0]\na[t, 1] = x[t, 1]*a[t, 0] - h[t - 1]\n"
        "a[t, 0] = x[t, 0] + w*h[t - 1]\noutput(h)",
        _of_entries,
        "an entry of a step that is made of another, declared the other way round",
    ),
    Case(
        't = indices("t")\nx, w, v = input("T"), param(), param()\na, b = recurrent("T"), recurrent("T")\n'
        "a[t] = tanh(w*b[t - 1] + x[t])\nb[t] = tanh(v*a[t - 1])\noutput(a, b)",
        _crossed,
        "two recurrences that read each other's step before",
    ),
    Case(
        "x, y = input(3), label(3)\ndef block(h):\n    W, b = param(3, 3), param(3)\n"
        "    return tanh(W@h + b)\nz = repeat(4, block, x)\n"
        "L = loss(categorical_cross_entropy_with_logits(z, y))",
        lambda x, y, W, b: -np.mean(_log_softmax(_blocks(x, W, b))[np.arange(len(y)), y]),
        "a label after equal blocks that leave what has no name",
    ),
    Case(
        "x, y = input(3), label(3)\ndef block(h):\n    return dense(h, 3, tanh)\n"
        "z = repeat(12, block, x)\nL = loss(categorical_cross_entropy_with_logits(z, y))",
        lambda x, y, W1, b1: -np.mean(_log_softmax(_blocks(x, W1, b1))[np.arange(len(y)), y]),
        "a label after twelve dense layers",
    ),
    Case(
        'k = indices("k")\nu, m, y = input(below=4), input(below=5), target()\n'
        "P, Q = param(4, 2), param(5, 2)\nL = loss((sum(P[u, k]*Q[m, k], k) - y)**2)",
        lambda u, m, y, P, Q: np.mean(((P[u] * Q[m]).sum(1) - y) ** 2),
        "one formula with the target in it",
    ),
    Case(
        "x, w = input(1, 2, 2), param(4)\noutput(w*reshape(transpose(x, 1, 2, 0), 4))",
        lambda x, w: w * x.reshape(-1, 4),
        "an axis of one inside a merge",
    ),
    Case(
        "x = input(3)\ndef block(h):\n    W = param(3, 3)\n    return tanh(W@h)\n"
        "z = repeat(3, block, x)\nL = loss((z[1] - x[0])**2)",
        lambda x, W: np.mean((_blocks(x, W)[:, 1] - x[:, 0]) ** 2),
        "entry 1 of z after equal blocks that have a z1",
    ),
    Case(
        'c, p, q = indices("c p q", size=2)\nr, s = indices("r s", size=2)\nx = input(8, 2, 2)\n'
        "y = zeros(2, 4, 4)\ny[c, 2*p + r, 2*q + s] = x[4*c + 2*r + s, p, q]\noutput(y)",
        _shuffled,
        "channels to places: three indices along one axis",
    ),
    Case(
        "x, w = input(2, 2, 2), param()\nr = reverse(x)\noutput(w*reshape(r, 8))",
        lambda x, w: w * x[:, ::-1].reshape(-1, 8),
        "a merge of axes of which one is reversed",
    ),
    Case(
        'p, q, r = indices("p q r", size=2)\nx, w = input(2, 2), param(2)\ny = zeros(6)\n'
        "y[p + 2*q + r] = x[p, q]*w[r]\noutput(y)",
        lambda x, w: sum(
            x[:, p, q, None] * w[r] * (np.arange(6) == p + 2 * q + r)
            for p, q, r in np.ndindex(2, 2, 2)
        ),
        "three indices that slide along one axis",
    ),
    Case(
        "x, y, w = input(3, 4), label(4, 3), param(4)\n"
        "L = loss(categorical_cross_entropy_with_logits(x, y, weight=w**2, ignore=1))",
        _over_kept,
        "weights by labels, which are no numbers to compute with",
    ),
    Case(
        "n, m = samples(), samples()\nx, y, W = input(3), label(3), param(3, 3)\nz = W@x\n"
        "L = loss(log(sum(exp(z[n, y[m]]), m)) - z[n, y[n]])",
        _against_the_labels_of_all,
        "a loss that names its sample, and the labels of all others",
    ),
    Case(
        "x, w = input(3), param(3)\no = zeros(3)\noutput(tanh(w*x + o))",
        lambda x, w: np.tanh(w * x),
        "zeros that nobody wrote in",
    ),
    Case(
        'i, j = indices("i j")\nx = input(3, 4)\nM = zeros(3, 4)\nM[i, j] = at_most(j, i)\n'
        "output(x*M)",
        lambda x: np.tril(x),
        "a mask written at every place by its indices alone",
    ),
)


@pytest.mark.parametrize("case", one_in(6, CASES), ids=lambda case: case.name)
def test_as_written_by_hand(case: Case) -> None:
    agrees(case)
