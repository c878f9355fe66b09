"""A safe spelling is found whatever its intermediates are called: value and gradient of each by
mpmath with 1,500 digits, in two precisions, every numpy warning an error; and the page says which
spelling is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from bpgen.check.exact import exact
from bpgen.derive import derive
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import declared, derived, emitted, written
from tests.few import one_in

DIGITS = 1500


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


def _sigmoid(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-z))


def _log_sum(z: list[mpf]) -> mpf:
    return mp.log(mp.fsum(map(mp.exp, z)))


def _cross_entropy(z: list[mpf]) -> mpf:
    return _log_sum(z) - z[1]


def _binary(z: list[mpf]) -> mpf:
    return mp.log(1 + mp.exp(-z[0])) + mp.log(1 + mp.exp(z[1]))


def _jensen_shannon(z: list[mpf]) -> mpf:
    p, q = ([mp.exp(v - _log_sum(part)) for v in part] for part in (z[:2], z[2:]))
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
        "x = input(3)\ne = exp(x)\nS = sum(e)\ns = log(S)\noutput(s)", _log_sum, LOGITS
    ),
    "the mean of exponentials": Case(
        "x = input(3)\nL = loss(log(mean(exp(x))))", lambda z: _log_sum(z) - mp.log(3), LOGITS[:2]
    ),
    "the mean of exponentials, by names": Case(
        "x = input(3)\nd = x - max(x)\ne = exp(d)\nm = mean(e)\nL = loss(log(m) + max(x))",
        lambda z: _log_sum(z) - mp.log(3),
        LOGITS[:2],
    ),
    "1 and a sum of exponentials": Case(
        "x = input(3)\nL = loss(log(1 + sum(exp(x))))", lambda z: _log_sum([mpf(0), *z]), LOGITS
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
            3 * mp.exp(z[0] - _log_sum(z))
            - mp.exp(z[1] - _log_sum(z))
            + mp.exp(z[2] - _log_sum(z)) ** 2
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
        lambda z: mp.log(_sigmoid(z[0])),
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
        lambda z: _sigmoid(z[0]),
        ([1000.0], [-600.0], [0.25]),
        relative=True,
    ),
    "x/(1 + e)": Case(
        "x = input(1)\ne = exp(-x)\nh = x/(1 + e)\noutput(h)", lambda z: z[0] * _sigmoid(z[0]), FAR
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
        "x = input(1)\nb = 1 - sigmoid(x)\noutput(b)", lambda z: _sigmoid(-z[0]), SHORT
    ),
    "the root of a sigmoid": Case(
        "x = input(1)\na = sigmoid(x)\nb = sqrt(a)\noutput(b)",
        lambda z: mp.sqrt(_sigmoid(z[0])),
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
            mp.exp(v - _log_sum(z))
            * (v - _log_sum(z) - v**2 / 900 + _log_sum([w**2 / 900 for w in z]))
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
        lambda z: -mp.log(2 * _sigmoid(-z[0])),
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
        lambda z: -(_sigmoid(-z[0]) ** 2) * mp.log(_sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        relative=True,
    ),
    "focal loss of two classes": Case(
        "x, y = input(1), target(1)\np = sigmoid(x)\nq = 1 - p\n"
        "L = loss(-sum(y*q**2*log(p) + (1 - y)*p**2*log(q)))",
        lambda z: -(_sigmoid(-z[0]) ** 2) * mp.log(_sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        np.ones((1, 1)),
    ),
    "focal loss of two classes, with 1 - p in its place": Case(
        "x, y = input(1), target(1)\np = sigmoid(x)\n"
        "L = loss(-sum(y*(1 - p)**2*log(p) + (1 - y)*p**2*log(1 - p)))",
        lambda z: -(_sigmoid(-z[0]) ** 2) * mp.log(_sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        np.ones((1, 1)),
    ),
    "focal loss of two classes with an exponent of 0.5": Case(
        "x, y = input(1), target(1)\np = sigmoid(x)\n"
        "L = loss(-sum(y*(1 - p)**0.5*log(p) + (1 - y)*p**0.5*log(1 - p)))",
        lambda z: -mp.sqrt(_sigmoid(-z[0])) * mp.log(_sigmoid(z[0])),
        ([40.0], [-40.0], [0.25]),
        np.ones((1, 1)),
    ),
    "focal loss of several classes": Case(
        OF_THREE + "p = softmax(x)\nL = loss(-((1 - p[y])**2*log(p[y])))",
        lambda z: (1 - mp.exp(z[1] - _log_sum(z))) ** 2 * _cross_entropy(z),
        LOGITS,
        LABEL,
    ),
    "focal loss with an exponent of 1.5": Case(
        "x = input(1)\np = sigmoid(x)\nL = loss(-sum((1 - p)**1.5*log(p)))",
        lambda z: -(_sigmoid(-z[0]) ** mpf(1.5)) * mp.log(_sigmoid(z[0])),
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
ON_ONE_LINE = {
    "log(exp(1) + exp(x))": lambda z: mp.log(mp.e + mp.exp(z)),
    "log(exp(x + 1) + exp(1))": lambda z: mp.log(mp.exp(z + 1) + mp.e),
    "log(2 + exp(x) + exp(2*x))": lambda z: mp.log(2 + mp.exp(z) + mp.exp(2 * z)),
    "exp(x)/(1 + exp(x) + exp(2*x))": lambda z: 1 / (1 + mp.exp(z) + mp.exp(-z)),
    "1/(3 + exp(x) + exp(-x))": lambda z: 1 / (3 + mp.exp(z) + mp.exp(-z)),
    "1/sqrt(1 + exp(x))": lambda z: 1 / mp.sqrt(1 + mp.exp(z)),
    "log(1 - exp(-x**2))": lambda z: mp.log(1 - mp.exp(-(z**2))),
    "(exp(x)/2 - exp(-x)/2)/(exp(x)/2 + exp(-x)/2)": mp.tanh,
    "log((1 + exp(x))**2)": lambda z: 2 * mp.log(1 + mp.exp(z)),
    "log((1 + exp(x))*(2 + exp(-x)))": lambda z: mp.log(1 + mp.exp(z)) + mp.log(2 + mp.exp(-z)),
    "sqrt(sigmoid(x))": lambda z: mp.sqrt(_sigmoid(z)),
}


def ran(case: Case, x: Any) -> tuple[Any, Any]:
    """The loss, or the sum of the outputs, and its gradient."""
    m = emitted(f"from bpgen import *\n{case.net}\n")
    targets = [] if case.target is None else [case.target]
    targets = [t.astype(x.dtype) if t.dtype.kind == "f" else t for t in targets]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = m.forward({}, x)
        loss = m.loss({}, x, *targets) if hasattr(m, "loss") else output.sum()
        seeds = targets if hasattr(m, "loss") else [np.ones_like(output)]
        return loss, m.backward({}, cache, *seeds, inputs=True)["x"][0]


def right(case: Case, point: Any, dtype: type) -> None:
    x = np.array([point], dtype)
    loss, slopes = ran(case, x)
    eps, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    with mp.workdps(DIGITS):
        z = [mpf(float(v)) for v in x[0]]
        value = case.true(z)
        # An argument of exp is rounded: so many roundings of the value as it is large.
        size = 4 + max(abs(float(v)) for v in point)
        assert abs(loss - value) <= size * eps * abs(value) + tiny
        for k, slope in enumerate(slopes):
            h = mpf(10) ** -300
            true = (case.true([v + h * (j == k) for j, v in enumerate(z)]) - value) / h
            allowed = size * eps * abs(true) + tiny
            assert abs(mpf(float(slope)) - true) <= max(allowed, 0 if case.relative else 2 * eps)
    assert slopes.dtype == dtype


@pytest.mark.parametrize("name", one_in(9, [*CASES]))
def test_through_names(name: str) -> None:
    case = CASES[name]
    for point in case.points:
        right(case, point, np.float64)
        right(case, [v / 10 for v in point], np.float32)


@pytest.mark.parametrize("spelled", ON_ONE_LINE)
def test_on_one_line(spelled: str) -> None:
    case = Case(
        f"x = input(1)\na = {spelled}\noutput(a)",
        lambda z: ON_ONE_LINE[spelled](z[0]),
        ([1000.0], [-1000.0], [0.25]),
    )
    for point in case.points:
        right(case, point, np.float64)
        right(case, [v / 10 for v in point], np.float32)


SQUARES = {
    "log(x**2)": lambda z: mp.log(z**2),
    "log(3*x**4*exp(-x/9))": lambda z: mp.log(3 * z**4) - z / 9,
    "log(1 + x**2)": lambda z: mp.log(1 + z**2),
    "log(1 + 4*x**2)": lambda z: mp.log(1 + 4 * z**2),
    "sqrt(3 + x**2)": lambda z: mp.sqrt(3 + z**2),
    "sqrt(1/1024 + x**2)": lambda z: mp.sqrt(mpf(1) / 1024 + z**2),
    "sqrt(4 + 9*x**2)": lambda z: mp.sqrt(4 + 9 * z**2),
    "x/(3 + x**2)": lambda z: z / (3 + z**2),
    "x/sqrt(1/16 + x**2)": lambda z: z / mp.sqrt(mpf(1) / 16 + z**2),
}


@pytest.mark.parametrize("spelled", SQUARES)
@pytest.mark.parametrize(("dtype", "far"), [(np.float64, 1e200), (np.float32, 3e19)])
def test_no_square_overflows_or_vanishes(spelled: str, dtype: type, far: float) -> None:
    case = Case(
        f"x = input(1)\na = {spelled}\noutput(a)", lambda z: SQUARES[spelled](z[0]), (), None, True
    )
    for point in (far, -far, 1 / far, 1e-5, 3.0, -0.25):
        right(case, [point], dtype)


@pytest.mark.parametrize("name", one_in(4, [n for n in CASES if "one line" not in n]))
def test_the_page_says_what_is_evaluated(name: str) -> None:
    assert "evaluated" in render(derived(f"from bpgen import *\n{CASES[name].net}\n"), fmt="text")


def test_what_is_plain_stays_as_it_is_written() -> None:
    """No name is looked through where nothing is gained."""
    for net in (
        "x = input(2)\ns = exp(x/2)\nL = loss(sum(s**2 - 1 - x)/2)",
        "x = input(2)\na = exp(x[0])\nb = exp(x[1])\nr = tensor(a*b)\noutput(r)",
        "x = input(2)\na = tanh(x)\nb = sigmoid(x)\nh = (1 - b)*a + b*x\noutput(h)",
        "x, y = input(2), target(2)\na = sigmoid(x)\nL = loss(sum((a - y)**2))",
        "x = input(2)\ne = exp(x)\nh = 3*e + x\noutput(h)",
    ):
        network = declared_by(f"from bpgen import *\n{net}\n")
        assert all(f.evaluated == f.equation for f in derive(network).forward)


def test_logarithms_of_what_may_be_minus_infinity() -> None:
    """As the steps of CTC and of a CRF have them: what is not reached adds nothing."""
    inf = float("inf")
    for net, x, value, slope in (
        ("a = log(exp(x[0]) + exp(x[1]))", [-inf, 1.0], 1.0, [0, 1]),
        ("a = log(exp(x[0]) + exp(x[1]))", [-inf, -inf], -inf, [0, 0]),
        ("a = log(exp(x[0]) + exp(x[1]) + exp(x[2]))", [-inf, 2.0, -inf], 2.0, [0, 1, 0]),
        ("a = log(exp(x[0]) + exp(x[1]) + exp(x[2]))", [-inf] * 3, -inf, [0, 0, 0]),
        ("a = log(1 + exp(x[0]))", [-inf], 0.0, [0]),
    ):
        case = Case(f"x = input({len(x)})\n{net}\nb = tensor(a)\noutput(b)", _log_sum, ())
        for dtype in (np.float64, np.float32):
            found, slopes = ran(case, np.array([x], dtype))
            assert found == value
            assert slopes.tolist() == slope


def test_what_the_user_asks_for_is_computed() -> None:
    """The named exponentials are outputs too where net.py says so."""
    net = replace(CASES["exp, its sum, and the label"]).net + "\noutput(e, p)"
    m = emitted(f"from bpgen import *\n{net}\n")
    (e, p), _ = m.forward({}, np.array([[1.0, 2.0, -1.0]]))
    np.testing.assert_allclose(e[0], np.exp([1, 2, -1]), rtol=1e-15)
    np.testing.assert_allclose(p[0], e[0] / e.sum(), rtol=1e-15)


@pytest.mark.parametrize("name", one_in(9, [n for n in CASES if "tanh" not in n or "two" in n]))
def test_the_spelling_is_proved_to_be_the_same(name: str) -> None:
    """Exactly, from the network as it is written; of log cosh the numbers have to do."""
    source = f"from bpgen import *\n{CASES[name].net}\n"
    rows = exact(written(source), declared(source))
    assert rows
    assert all(row.ok for row in rows), rows


RECURRENCE = """t, i, j = indices("t i j")
x = input(4, 3)
h, e, p = recurrent(4, 3), recurrent(4, 3), recurrent(4, 3)
e[t, i] = exp(h[t - 1, i] + x[t, i])
p[t, i] = e[t, i] / sum(e[t, j], j)
h[t, i] = p[t, i] * x[t, i]
output(h)"""
BLOCKS = """x = input(3)
def block(h):
    W = param(3, 3)
    z = W @ h
    e = exp(z)
    p = e / sum(e)
    b = 1 - sigmoid(p)
    return h + p * b
z = repeat(3, block, x)
output(z)"""


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum()


@pytest.mark.parametrize("net", [RECURRENCE, BLOCKS])
def test_within_recurrences_and_repeated_blocks(net: str) -> None:
    network = declared_by(f"from bpgen import *\n{net}\n")
    rows = exact(emit(network), network)
    assert rows
    assert all(row.ok for row in rows), rows
    m, rng = emitted(f"from bpgen import *\n{net}\n"), np.random.default_rng(0)
    x = 900 * rng.normal(size=(1, *m.INPUTS["x"]))
    params = m.init(0)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = m.forward(params, x)
        grads = m.backward(params, cache, np.ones_like(output), inputs=True)
    assert all(np.isfinite(g).all() for g in grads.values())
    h, true = (np.zeros(3), []) if net is RECURRENCE else (x[0], [])
    if net is RECURRENCE:
        for row in x[0]:
            h = _softmax(h + row) * row
            true.append(h)
    else:
        for W in params["W"]:
            p = _softmax(W @ h)
            h = h + p / (1 + np.exp(p))
        true = h
    np.testing.assert_allclose(output[0], true, rtol=1e-13)


@pytest.mark.parametrize("z", ["5 * h", "param(3) * h + param(3)", "param(3) - h"])
def test_a_multiple_of_a_value_in_a_safe_spelling_has_its_name(z: str) -> None:
    """The logit of the label is read as z[y], and so the gradient by z is p - e[y], not p."""
    made = derived(
        "from bpgen import *\nx, y = input(3), label(3)\n"
        f"h = tanh(param(3) * x)\nz = {z}\np = softmax(z)\nL = loss(categorical_cross_entropy(p, y))\n"
    )
    (step,) = (s for s in made.steps if s.of == "z")
    assert sorted(p.upstream.name for p in step.paths) == ["ell", "s"]
