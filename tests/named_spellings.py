"""Networks in which a safe spelling is hidden by the names of intermediates, what they compute, and
where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import mp, mpf


@dataclass(frozen=True)
class Case:
    """A network of one input x, what it computes, and where: points for float64, which float32 is
    asked at a tenth of. `relative`: the gradient keeps its digits, however small it is.
    """

    net: str
    true: Callable[..., mpf]
    points: tuple[Any, ...]
    target: Any = None
    relative: bool = False


def sigmoid(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-z))


def log_sum(z: list[mpf]) -> mpf:
    return mp.log(mp.fsum(map(mp.exp, z)))


def _cross_entropy(z: list[mpf]) -> mpf:
    return log_sum(z) - z[1]


def _binary(z: list[mpf]) -> mpf:
    return mp.log(1 + mp.exp(-z[0])) + mp.log(1 + mp.exp(z[1]))


def _jensen_shannon(z: list[mpf]) -> mpf:
    p, q = ([mp.exp(v - log_sum(part)) for v in part] for part in (z[:2], z[2:]))
    total = mpf(0)
    for a, b in zip(p, q, strict=True):
        m = (a + b) / 2
        total += (a * mp.log(a / m) + b * mp.log(b / m)) / 2
    return total


def _tanh(z: list[mpf]) -> mpf:
    return mp.tanh(z[0])


LOGITS = ([900.0, 500.0, -300.0], [-300.0, 900.0, 899.0], [1.0, -2.0, 0.5])
BOTH_ENDS = ([800.0, -800.0], [-800.0, 800.0], [0.5, -3.0])
FAR = ([1000.0], [-1000.0], [0.25])
SHORT = ([40.0], [-40.0], [700.0], [0.25])
LABEL, ONE_HOT, TWO = np.array([1]), np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0]])
ONE = np.array([[1.0]])
OF_THREE = "x, y = input(3), label(3)\n"
OF_TWO = "x, y = input(2), target(2)\n"

CASES = {
    "exp, its sum, and the label": Case(
        OF_THREE + "e = exp(x)\np = e/sum(e)\nL = loss(-log(p[y]))", _cross_entropy, LOGITS, LABEL
    ),
    "each step by a name": Case(
        OF_THREE + "e = exp(x)\nS = sum(e)\np = e/S\nc = tensor(p[y])\nL = loss(-log(c))",
        _cross_entropy,
        LOGITS,
        LABEL,
    ),
    "the largest taken out by hand": Case(
        OF_THREE + "e = exp(x - max(x))\np = e/sum(e)\nL = loss(-log(p[y]))",
        _cross_entropy,
        LOGITS,
        LABEL,
    ),
    "the largest taken out by names": Case(
        OF_THREE + "m = max(x)\nd = x - m\ne = exp(d)\nS = sum(e)\np = e/S\nL = loss(-log(p[y]))",
        _cross_entropy,
        LOGITS,
        LABEL,
    ),
    "the label's probability by a name": Case(
        OF_THREE + "p = softmax(x)\nc = tensor(p[y])\nL = loss(-log(c))",
        _cross_entropy,
        LOGITS,
        LABEL,
    ),
    "one hot": Case(
        "x, y = input(3), one_hot(3)\ne = exp(x)\np = e/sum(e)\nL = loss(-sum(y*log(p)))",
        _cross_entropy,
        LOGITS,
        ONE_HOT,
    ),
    "log of the sum": Case(
        "x = input(3)\ne = exp(x)\nS = sum(e)\ns = log(S)\noutput(s)", log_sum, LOGITS
    ),
    "the mean of exponentials": Case(
        "x = input(3)\nL = loss(log(mean(exp(x))))", lambda z: log_sum(z) - mp.log(3), LOGITS[:2]
    ),
    "the mean of exponentials, by names": Case(
        "x = input(3)\nd = x - max(x)\ne = exp(d)\nm = mean(e)\nL = loss(log(m) + max(x))",
        lambda z: log_sum(z) - mp.log(3),
        LOGITS[:2],
    ),
    "1 and a sum of exponentials": Case(
        "x = input(3)\nL = loss(log(1 + sum(exp(x))))", lambda z: log_sum([mpf(0), *z]), LOGITS
    ),
    "a sum of exponentials, and one of them again": Case(
        "x = input(3)\nL = loss(log(sum(exp(x)) + 2*exp(x[0])))",
        lambda z: mp.log(mp.fsum(map(mp.exp, z)) + 2 * mp.exp(z[0])),
        LOGITS,
    ),
    "one of several over 1 and their sum": Case(
        "x = input(3)\ne = exp(x)\nS = sum(e)\np = e/(1 + S)\nh = tensor(p[1])\noutput(h)",
        lambda z: mp.exp(z[1]) / (1 + mp.fsum(map(mp.exp, z))),
        LOGITS,
    ),
    "a softmax of three, on one line": Case(
        "x = input(3)\na, b, c = exp(x[0]), exp(x[1]), exp(x[2])\ns = a + b + c\n"
        "p, q, r = tensor(a/s), tensor(b/s), tensor(c/s)\nL = loss(3*p - q + r**2)",
        lambda z: (
            3 * mp.exp(z[0] - log_sum(z))
            - mp.exp(z[1] - log_sum(z))
            + mp.exp(z[2] - log_sum(z)) ** 2
        ),
        LOGITS,
    ),
    "a log-sum-exp less the logits by their weights": Case(
        "x, y = input(3), one_hot(3)\ns = logsumexp(x)\nL = loss(s - sum(y*x))",
        _cross_entropy,
        (*LOGITS, [1e4, 1e4 + 1, 1e4 + 2], [10.0, 30.0, -1.0]),
        ONE_HOT,
    ),
    "the log of a sum of exponentials, less the logits by their weights": Case(
        "x, y = input(3), one_hot(3)\nL = loss(log(sum(exp(x))) - sum(y*x))",
        _cross_entropy,
        (*LOGITS, [1e4, 1e4 + 1, 1e4 + 2], [10.0, 30.0, -1.0]),
        ONE_HOT,
    ),
    "log of 1 less exp of a softplus, on one line": Case(
        "x = input(1)\na = log(1 - exp(-softplus(x)))\nL = loss(sum(a))",
        lambda z: mp.log(sigmoid(z[0])),
        ([800.0], [-800.0], [40.0], [-40.0], [0.5]),
        relative=True,
    ),
    "two sums of exponentials": Case(
        "x = input(3)\nL = loss(log(sum(exp(x)) + sum(exp(2*x))/5))",
        lambda z: mp.log(mp.fsum(map(mp.exp, z)) + mp.fsum(mp.exp(2 * v) for v in z) / 5),
        LOGITS,
    ),
    "three exponentials": Case(
        "x = input(3)\na, b, c = exp(x[0]), exp(x[1]), exp(x[2])\ns = a + b + c\nt = b/s\n"
        "p = tensor(t)\nL = loss(-log(p))",
        _cross_entropy,
        LOGITS,
    ),
    "the complement by a name": Case(
        OF_TWO + "a = sigmoid(x)\nb = 1 - a\nL = loss(-sum(y*log(a) + (1 - y)*log(b)))",
        _binary,
        BOTH_ENDS,
        TWO,
    ),
    "each logarithm by a name": Case(
        OF_TWO + "a = sigmoid(x)\nb = 1 - a\nu, v = log(a), log(b)\n"
        "L = loss(-sum(y*u + (1 - y)*v))",
        _binary,
        BOTH_ENDS,
        TWO,
    ),
    "1/(1 + e), then cross-entropy": Case(
        OF_TWO + "e = exp(-x)\na = 1/(1 + e)\nL = loss(-sum(y*log(a) + (1 - y)*log(1 - a)))",
        _binary,
        BOTH_ENDS,
        TWO,
    ),
    "1/(1 + e)": Case(
        "x = input(1)\ne = exp(-x)\na = 1/(1 + e)\noutput(a)",
        lambda z: sigmoid(z[0]),
        ([1000.0], [-600.0], [0.25]),
        relative=True,
    ),
    "x/(1 + e)": Case(
        "x = input(1)\ne = exp(-x)\nh = x/(1 + e)\noutput(h)", lambda z: z[0] * sigmoid(z[0]), FAR
    ),
    "a probability that is half of 1 and a tanh": Case(
        OF_TWO + "a = tanh(x)\np = (1 + a)/2\nL = loss(-sum(y*log(p) + (1 - y)*log(1 - p)))",
        lambda z: _binary([2 * v for v in z]),
        BOTH_ENDS,
        TWO,
    ),
    "a probability that is half of 1 and an erf": Case(
        OF_TWO + "a = erf(x)\np = (1 + a)/2\nL = loss(-sum(y*log(p) + (1 - y)*log(1 - p)))",
        lambda z: -mp.log(mp.erfc(-z[0]) / 2) - mp.log(mp.erfc(z[1]) / 2),
        ([-7.0, 7.0], [-5.0, 2.0], [0.5, -0.5]),
        TWO,
    ),
    "a tanh taken from 1, by a name": Case(
        "x, y = input(1), target(1)\na = tanh(x)\nb = 1 - a\nL = loss(-sum(y*log(b)))",
        lambda z: mp.log(1 + mp.exp(2 * z[0])) - mp.log(2),
        FAR[:2],
        ONE,
    ),
    "log(1 - a**2), a tanh, and a weight": Case(
        "x, y = input(1), target(1)\na = tanh(x)\nb = 1 - a**2\nL = loss(-sum(y*log(b)))",
        lambda z: 2 * mp.log(mp.cosh(z[0])),
        FAR,
        ONE,
    ),
    "the logarithm of odds, and a weight": Case(
        "x, y = input(1), target(1)\na = sigmoid(x)\no = a/(1 - a)\nL = loss(sum(y*log(o)))",
        lambda z: z[0],
        SHORT[:3],
        ONE,
    ),
    "tanh of two exponentials": Case(
        "x = input(1)\na = exp(x)\nb = exp(-x)\nt = (a - b)/(a + b)\noutput(t)", _tanh, FAR
    ),
    "a quotient of exponentials": Case(
        "x = input(2)\na, b = tensor(exp(x[0])), tensor(exp(x[1]))\nr = a/b\noutput(r)",
        lambda z: mp.exp(z[0] - z[1]),
        ([1000.0, 999.0], [-1000.0, -1002.0]),
        relative=True,
    ),
    "a quotient of exponentials, on one line": Case(
        "x = input(2)\nr = tensor(exp(x[0])/exp(x[1]))\noutput(r)",
        lambda z: mp.exp(z[0] - z[1]),
        ([1000.0, 999.0], [-1000.0, -1002.0]),
        relative=True,
    ),
    "1 less a sigmoid": Case(
        "x = input(1)\nb = 1 - sigmoid(x)\noutput(b)", lambda z: sigmoid(-z[0]), SHORT
    ),
    "the root of a sigmoid": Case(
        "x = input(1)\na = sigmoid(x)\nb = sqrt(a)\noutput(b)",
        lambda z: mp.sqrt(sigmoid(z[0])),
        ([-800.0], [0.5], [30.0]),
    ),
    "log(1 - a**2), a tanh": Case(
        "x = input(1)\na = tanh(x)\nb = 1 - a**2\nL = loss(-sum(log(b)))",
        lambda z: 2 * mp.log(mp.cosh(z[0])),
        FAR,
    ),
    "log of a ratio of two softmaxes": Case(
        "x = input(3)\np, q = softmax(x), softmax(x**2/900)\nr = p/q\nu = log(r)\n"
        "L = loss(sum(p*u))\noutput(p)",
        lambda z: mp.fsum(
            mp.exp(v - log_sum(z))
            * (v - log_sum(z) - v**2 / 900 + log_sum([w**2 / 900 for w in z]))
            for v in z
        ),
        ([900.0, 500.0, -300.0],),
    ),
    "log of a cosh, by names": Case(
        "x = input(1)\ne, f = exp(x), exp(-x)\nc = (e + f)/2\nu = log(c)\noutput(u)",
        lambda z: mp.log(mp.cosh(z[0])),
        ([1000.0], [-1000.0], [2.5]),
    ),
    "1 - t with t = 2a - 1": Case(
        "x = input(1)\na = sigmoid(x)\nt = 2*a - 1\nL = loss(-sum(log(1 - t)))",
        lambda z: -mp.log(2 * sigmoid(-z[0])),
        ([30.0], [-30.0], [700.0]),
    ),
    "log of 1 less an exponential, by names": Case(
        "x = input(1)\ne = exp(-x)\nf = 1 - e\nu = log(f)\noutput(u)",
        lambda z: mp.log(1 - mp.exp(-z[0])),
        ([40.0], [1e-20], [0.5], [0.75]),
        relative=True,
    ),
    "halves of exponentials": Case(
        "x = input(1)\na = (exp(x) - exp(-x))/2\nb = (exp(x) + exp(-x))/2\nt = a/b\noutput(t)",
        _tanh,
        FAR,
    ),
    "focal loss": Case(
        "x = input(1)\np = sigmoid(x)\nL = loss(-sum((1 - p)**2*log(p)))",
        lambda z: -(sigmoid(-z[0]) ** 2) * mp.log(sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        relative=True,
    ),
    "focal loss of two classes": Case(
        "x, y = input(1), target(1)\np = sigmoid(x)\nq = 1 - p\n"
        "L = loss(-sum(y*q**2*log(p) + (1 - y)*p**2*log(q)))",
        lambda z: -(sigmoid(-z[0]) ** 2) * mp.log(sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        np.ones((1, 1)),
    ),
    "focal loss of two classes, with 1 - p in its place": Case(
        "x, y = input(1), target(1)\np = sigmoid(x)\n"
        "L = loss(-sum(y*(1 - p)**2*log(p) + (1 - y)*p**2*log(1 - p)))",
        lambda z: -(sigmoid(-z[0]) ** 2) * mp.log(sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        np.ones((1, 1)),
    ),
    "focal loss of two classes with an exponent of 0.5": Case(
        "x, y = input(1), target(1)\np = sigmoid(x)\n"
        "L = loss(-sum(y*(1 - p)**0.5*log(p) + (1 - y)*p**0.5*log(1 - p)))",
        lambda z: -mp.sqrt(sigmoid(-z[0])) * mp.log(sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        np.ones((1, 1)),
    ),
    "focal loss of several classes": Case(
        OF_THREE + "p = softmax(x)\nL = loss(-((1 - p[y])**2*log(p[y])))",
        lambda z: (1 - mp.exp(z[1] - log_sum(z))) ** 2 * _cross_entropy(z),
        LOGITS,
        LABEL,
    ),
    "focal loss with an exponent of 1.5": Case(
        "x = input(1)\np = sigmoid(x)\nL = loss(-sum((1 - p)**1.5*log(p)))",
        lambda z: -(sigmoid(-z[0]) ** mpf(1.5)) * mp.log(sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        relative=True,
    ),
    "Jensen-Shannon": Case(
        'i = indices("i", size=2)\nx = input(4)\na = tensor(x[i], i)\nb = tensor(x[i + 2], i)\np, q = softmax(a), softmax(b)\n'
        "m = (p + q)/2\nL = loss(sum(p*log(p/m) + q*log(q/m))/2)",
        _jensen_shannon,
        ([800.0, -800.0, -800.0, 800.0], [-800.0, 800.0, 800.0, -800.0]),
    ),
}
