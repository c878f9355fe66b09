"""Networks where a textbook's arithmetic breaks: everything equal, everything saturated, nothing
left; each with every numpy warning an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

from bpgen.check.exact import exact
from bpgen.check.module import Subject
from bpgen.check.numbers import numbers
from bpgen.emit import emit
from bpgen.load import declared_by
from tests.conftest import emitted
from tests.few import one_in

Array = Any


def ran(net: str, x: Array, *targets: Array, **params: Array) -> tuple[Array, float, Array]:
    """Output, loss (or the sum of the outputs) and the input's gradient of one sample."""
    module = emitted(f"from bpgen import *\n{net}\n")
    params = {**module.init(0), **params}
    x, *targets = (np.array([a]) for a in (x, *targets))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = module.forward(params, x)
        has_loss = hasattr(module, "loss")
        loss = module.loss(params, x, *targets) if has_loss else output.sum()
        given = targets if has_loss else [np.ones_like(output)]
        grads = module.backward(params, cache, *given, inputs=True)
    return output[0], loss, grads["x"][0]


@pytest.mark.parametrize("value", [0.0, 3.0, -1e300])
def test_pools_of_what_is_all_equal(value: float) -> None:
    """Of equal ones the first is the largest, as in PyTorch."""
    x = np.full((1, 2, 4), value)
    for word, gradient in (
        ("max_pool2d(x, 2)", [[1, 0, 1, 0], [0, 0, 0, 0]]),
        ("avg_pool2d(x, 2)", np.full((2, 4), 0.25)),
        ("global_avg_pool(x)", np.full((2, 4), 0.125)),
    ):
        output, _, dx = ran(f"x = input(1, 2, 4)\na = {word}\noutput(a)", x)
        assert np.all(output == value)
        assert np.array_equal(dx[0], gradient)


@pytest.mark.parametrize("value", [0.0, 1e300, -1e300])
def test_one_element_is_certain(value: float) -> None:
    for word, expected, slope in (
        ("softmax(x)", [1], [0]),
        ("log_softmax(x)", [0], [0]),
        ("logsumexp(x)", value, [1]),
    ):
        output, _, dx = ran(f"x = input(1)\na = {word}\noutput(a)", [value])
        assert np.array_equal(output, expected)
        assert np.array_equal(dx, slope)


def test_attention_over_one_element_is_that_element() -> None:
    net = "x = input('T', 4)\na = multi_head_attention(x, heads=2)\noutput(a)"
    module = emitted(f"from bpgen import *\n{net}\n")
    params = module.init(0)
    values = [n for n, s in module.SHAPES.items() if s == (4, 4)][2:]  # what makes values of it
    assert len(values) == 2
    V, mixed = (params[n] for n in values)
    for size in (1.0, 1e150):
        output, _, dx = ran(net, size * np.ones((1, 4)), **params)
        np.testing.assert_allclose(output, size * np.ones((1, 4)) @ V.T @ mixed.T, rtol=1e-12)
        np.testing.assert_allclose(dx, np.ones((1, 4)) @ mixed @ V, rtol=1e-12)


@pytest.mark.parametrize("word", ["lstm", "gru", "rnn"])
def test_saturated_gates_pass_next_to_nothing(word: str) -> None:
    x = 1e4 * np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    output, _, dx = ran(f"x = input('T', 2)\na = {word}(x, 3)\noutput(a)", x)
    assert np.abs(output).max() <= 1
    assert np.abs(dx).max() < 1e-15


def test_gates_saturate_at_any_size() -> None:
    for x, output in ((1e300, 1e300), (-1e300, 0.0)):
        for word in ("silu", "gelu", "mish", "hard_swish"):
            found, _, dx = ran(f"x = input(1)\na = {word}(x)\noutput(a)", [x])
            assert (found[0], dx[0]) == (output, output / 1e300)


CERTAIN = [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("net", "loss", "slope"),
    [
        ("q = softmax(x)\noutput(q)\nL = loss(-sum(q*log(q)))", 0, [0, 0, 0]),
        ("a = 2*x\noutput(a)\nL = loss(categorical_cross_entropy_with_logits(x, y))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(-sum(y*log(q)))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(sum(y*log(y) - y*log(q)))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(sum(y*log(y/q)))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(kl_divergence(q, y))", 0, [0, 0, 0]),
        ("q = sigmoid(x)\noutput(q)\nL = loss(binary_cross_entropy(q, y))", 0, [0, 0, 0]),
        ("q = sigmoid(x)\noutput(q)\nL = loss(sum(y*log(y/q) + (1-y)*log((1-y)/(1-q))))", 0, None),
    ],
)
def test_nothing_is_lost_on_what_is_certain(net: str, loss: float, slope: Array) -> None:
    """Probabilities that are exactly 0 and 1, as predictions and as targets."""
    given = [CERTAIN] if "y" in net else []
    word = "one_hot" if "categorical" in net else "target"
    y = f"y = {word}(3)\n" if given else ""
    _, found, dx = ran(f"x = input(3)\n{y}{net}", [-2000.0, 2000.0, -2000.0], *given)
    assert found == loss
    assert slope is None or np.abs(dx - slope).max() == 0


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        ("x*log(x/z)", 0),
        ("x*log(x*z)", 0),
        ("x*(log(x) - log(z))", 0),
        ("z*log(2*z/(x + z)) + x*log(2*x/(x + z))", 0.5 * np.log(2)),
    ],
)
def test_a_divergence_with_a_0(spelled: str, value: float) -> None:
    """In value; the slope at 0 is infinite."""
    module = emitted(f"from bpgen import *\nx, z = input(), input()\na = {spelled}\noutput(a)\n")
    with np.errstate(all="raise"):
        output, _ = module.forward({}, np.zeros(1), np.array([0.5]))
    assert output == pytest.approx([value])


def test_the_entropy_of_an_input_that_is_0() -> None:
    """Its value is right; its slope is infinite, and numpy says so."""
    module = emitted("from bpgen import *\nx = input(3)\na = x*log(x)\noutput(a)\n")
    with np.errstate(all="raise"):
        output, cache = module.forward({}, np.array([CERTAIN]))
    assert output.tolist() == [[0, 0, 0]]
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        grads = module.backward({}, cache, np.ones((1, 3)), inputs=True)
    assert grads["x"].tolist() == [[-np.inf, 1, -np.inf]]


@pytest.mark.parametrize(
    ("word", "slopes"),
    one_in(3, [("layer_norm", [-1, 0, 1]), ("rms_norm", [1, 2, 3]), ("batch_norm", [0, 0, 0])]),
)
def test_a_norm_of_one_value_throughout(word: str, slopes: list[float]) -> None:
    """Divided by the root of eps: large, and finite; a batch of one says nothing."""
    net = f"x = input(3)\na = {word}(x)\noutput(a)\nL = loss(a[0] + 2*a[1] + 3*a[2])"
    output, _, dx = ran(net, [0.0, 0.0, 0.0])
    assert output.tolist() == [0, 0, 0]
    assert dx == pytest.approx(1e5**0.5 * np.array(slopes), rel=1e-12)


def test_a_small_number_is_not_lost_beside_large_ones() -> None:
    """The eps of a distance, in float32, where the two are equal."""
    net = "x = input(3)\na = 2*x\noutput(a)\nL = loss(triplet(a, 2*x, -x, margin=50))"
    module = emitted(f"from bpgen import *\n{net}\n")
    x = np.array([[1.0, -0.7, 0.3]])
    found = [module.loss_and_grad({}, x.astype(t)) for t in (np.float32, np.float64)]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    slopes = [
        module.backward({}, module.forward({}, a)[1], inputs=True)["x"]
        for a in (x.astype(np.float32), x)
    ]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-5)


@pytest.mark.parametrize(
    ("net", "at", "slope"),
    [
        ("x, c = input(), input()\ny = exp(x) + c", (0.0, 1e20), 1.0),
        ("x = input()\ny = 1e20 + exp(x)", (0.0,), 1.0),
        ("x, a, b = input(), input(), input()\ny = (a * exp(x) + b) / (exp(x) + b)", (0, 1, 1), 0),
        ("x, a, b = input(), input(), input()\ny = (exp(x) + a) / (exp(x) + b)", (0, 0, 0), 0),
        ("x, a = input(), input()\ny = exp(x) / (exp(x) + a)", (0.0, 1.0), 0.25),
    ],
)
def test_a_slope_keeps_the_digits_of_an_exponential(
    net: str, at: tuple[float, ...], slope: float
) -> None:
    """It is not found back from a value in which a larger one hides it, nor by a 0 / 0."""
    module = emitted(f"from bpgen import *\n{net}\noutput(y)\n")
    with np.errstate(divide="raise", invalid="raise"):
        _, cache = module.forward({}, *(np.array([v]) for v in at))
        assert module.backward({}, cache, np.ones(1), inputs=True)["x"] == slope


@pytest.mark.parametrize(
    ("spelled", "slope"),
    [("abs(sqrt(x) - 2)", -0.5), ("abs(abs(x**1.5 - 2) - 3) / 3", 0.5), ("abs(x**x - 2)", -1)],
)
def test_an_absolute_value_of_a_root_is_of_a_real_number(spelled: str, slope: float) -> None:
    assert ran(f"x = input()\ny = {spelled}\noutput(y)", 1.0)[2] == pytest.approx(slope)


def test_equal_points_under_two_losses() -> None:
    """What is divided by the eps of a distance is multiplied by their difference, not by each."""
    net = (
        "x, y, z, W = input(3), target(3), target(), param(3, 3)\na = W @ x\nb = W @ x\n"
        "output(a, b)\n"
        "L = loss(binary_cross_entropy(sigmoid(a), y) + contrastive(b, a, z, margin=4))"
    )
    m, rng = emitted(f"from bpgen import *\n{net}\n"), np.random.default_rng(0)
    x, W = rng.normal(size=(5, 3)), rng.normal(size=(3, 3))
    y, z, slopes = (x > 0).astype(float), np.zeros(5), []
    for dtype in (float, np.float32):
        at, *targets, V = (v.astype(dtype) for v in (x, y, z, W))
        slopes.append(m.backward({"W": V}, m.forward({"W": V}, at)[1], *targets)["W"])
    true = (1 / (1 + np.exp(-x @ W.T)) - y).T @ x / 5
    np.testing.assert_allclose(slopes[0], true, rtol=1e-13)
    np.testing.assert_allclose(slopes[1], true, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("inner", "at"), [("log(cosh(x))", 1e4), ("log(1 + exp(x))", 1e4), ("log(1 + exp(-x))", -1e4)]
)
def test_exp_of_a_log(inner: str, at: float) -> None:
    """Which sympy makes nothing of, where nothing overflows."""
    for outer in (
        "1/(1 + exp({0}))",
        "log(1 + exp({0}))",
        "2/(exp({0}) + exp(-{0}))",
        "exp({0})/(1 + exp({0}))**2",
        "(exp({0})-exp(-{0}))/(exp({0})+exp(-{0}))",
    ):
        output, _, dx = ran(f"x = input(1)\na = {outer.format(inner)}\noutput(a)", [at])
        assert np.isfinite(output).all()
        assert np.isfinite(dx).all()


@pytest.mark.parametrize("at", [1e4, -1e4, 20.0, 0.5])
def test_a_bell_over_a_root(at: float) -> None:
    """Its slope over one denominator has no exp of what is large."""
    net = "x = input(1)\na = exp(-x**2)/sqrt(1 + exp(-x**2)**2)\noutput(a)"
    _, _, dx = ran(net, [at])
    bell = np.exp(-(at**2))
    assert dx[0] == pytest.approx(-2 * at * bell / (1 + bell**2) ** 1.5, rel=1e-13)


def test_a_spelling_within_a_spelling() -> None:
    """tanh of tanh of z, written out in exponentials."""
    tanh = "((exp({0}) - exp(-{0}))/(exp({0}) + exp(-{0})))".format
    output, _, dx = ran(f"x = input(3)\na = {tanh(tanh('x'))}\noutput(a)", [1e4, -1e4, 0.0])
    assert output == pytest.approx([np.tanh(1), -np.tanh(1), 0])
    assert dx.tolist() == [0, 0, 1]
    for spelled, value in (
        ("{0}/sqrt(1 + {0}**2)", 0.5**0.5),
        ("exp(-{0}**2)", np.exp(-1)),
        ("{0}**3 - {0}", 0),
    ):
        net = f"x = input(2)\na = {spelled.format(tanh('x'))}\noutput(a)"
        output, _, dx = ran(net, [1e4, 1e3])
        assert output == pytest.approx([value] * 2)
        assert dx.tolist() == [0, 0]


SPELLINGS = (  # of one symbol z; the last three hold no 0 times infinity
    *("1/(1 + 2*z**2)", "1/(1 + z**2/3)", "sqrt(1 + z**2/3)", "sqrt(1 + 4*z**2)", "1/(1 + 9*z**2)"),
    *("(1 + z**2)**(-2)", "(1 + z**2)**(-3*sp.S(1)/2)", "z/sqrt(1 + z**2)", "sqrt(1 + z**4)"),
    *("2*sp.log(2)*z", "3*sp.log(3)*tanh(z)", "sp.log(2)*z - softplus(-2*z)", "z**2*sp.log(2)"),
    *("exp(-z**2)/sp.sqrt(sp.pi)", "exp(-z**2/2)/sp.sqrt(2*sp.pi)", "exp(-3*z**2)/sp.sqrt(sp.pi)"),
    *("exp(-z**2/200)/sp.sqrt(2*sp.pi)", "exp(-(z - 1)**2)/sp.sqrt(sp.pi)", "z*erf(z/2)"),
    *("exp(z)*(log(2 + z**2) - z)", "tanh(z)**2*log(tanh(z)**2*(2 + z**2))"),
    *("exp(z)/(exp(z) + exp(-z))", "exp(2*z)/(2 + exp(z))**2", "exp(-z)/(1 + exp(-z))**2"),
    *("1/(3*exp(z/2) + 3*exp(-z/2))**3", "1/(2 + 3*exp(-z))**2", "exp(z)*sigmoid(-z)**3"),
    *("log((1 + tanh(z))/2)", "log(3 - 3*tanh(z)**2)", "log(sigmoid(z)/(1 - tanh(z)))"),
    *("exp(z)*log(exp(z))", "sigmoid(z)*log(sigmoid(z))", "(1 + z**2)*log(1 + z**2)"),
)


L2 = np.log(2)


@pytest.mark.parametrize(
    ("spelled", "far", "value", "slope"),
    [
        ("exp(x)/(exp(x) + exp(-x))", (-1e4, 1e4), (0, 1), (0, 0)),
        ("exp(x)/(1 + exp(x))**2", (-1e4, 1e4), (0, 0), (0, 0)),
        ("exp(2*x)/(2 + exp(x))**2", (-1e4, 1e4), (0, 1), (0, 0)),
        ("1/(exp(x) + exp(-x))", (-1e4, 1e4), (0, 0), (0, 0)),
        ("1/(2 + exp(-x))", (-1e4, 1e4), (0, 0.5), (0, 0)),
        ("log(1 - tanh(x)**2)", (-1e4, 20), (np.log(4) - 2e4, np.log(4) - 40), (2, -2)),
        ("log((1 + tanh(x))/2)", (-1e4, 1e4), (-2e4, 0), (2, 0)),
        ("abs((exp(x) - exp(-x))/(exp(x) + exp(-x)))", (-1e4, 1e4), (1, 1), (0, 0)),
        (
            "log(1 - tanh(log(1 - tanh(x)**2))**2)",
            (-1e4, 1e3),
            (-4e4 + 6 * L2, -4e3 + 6 * L2),
            (4, -4),
        ),
        ("tanh(x)\na = log(1 - a**2)", (-1e4, 20), (np.log(4) - 2e4, np.log(4) - 40), (2, -2)),
        # A number may be so far below the rest that it has none of its digits, or is 0 as a float.
        ("log(exp(-1e10) + exp(x))", (-0.1, 1e4), (-0.1, 1e4), (1, 1)),
        ("log(exp(-1e30) + exp(x))", (-0.1, 1e4), (-0.1, 1e4), (1, 1)),
        (
            "log(1e-8 + exp(x))",
            (1e-9, 1e4),
            (np.log1p(1e-8 + np.expm1(1e-9)), 1e4),
            (1 / (1 + 1e-8), 1),
        ),
        ("log(exp(-1e6) + (1 + exp(-1e6))*exp(x))", (-1e4, 1e4), (-1e4, 1e4), (1, 1)),
        ("log(exp(2*x)*(exp(x) + exp(-x)) + exp(x))", (-1e4, 1e4), (L2 - 1e4, 3e4), (1, 3)),
        ("log(exp(x)*(1 + exp(x)*(1 + exp(x))) + 2)", (-1e4, 1e4), (L2, 3e4), (0, 3)),
    ],
)
def test_far_out(spelled: str, far: Array, value: Array, slope: Array) -> None:
    """Where exp overflows, or tanh is 1."""
    output, _, dx = ran(f"x = input(2)\na = {spelled}\noutput(a)", far)
    np.testing.assert_allclose(output, value, rtol=1e-13)
    np.testing.assert_allclose(dx, slope, rtol=1e-13)


@pytest.mark.parametrize("number", ["1e-8", "exp(-1e10)", "2*exp(-3)"])
def test_a_number_beside_an_exponential_leaves_the_precision_as_it_is(number: str) -> None:
    module = emitted(f"from bpgen import *\nx = input(2)\na = log({number} + exp(x))\noutput(a)\n")
    x = np.array([[0.3, -2.0]], np.float32)
    output, cache = module.forward({}, x)
    slope = module.backward({}, cache, np.ones_like(x), inputs=True)["x"]
    assert output.dtype == slope.dtype == np.float32


def test_a_log_beside_other_readers_of_a_tanh() -> None:
    """The density of a squashed action: nothing is divided by 1 - tanh(x)^2 where it is 0."""
    net = "x = input(2)\na = tanh(x)\nW = param(2, 2)\nb = W @ a - log(1 - a**2)\noutput(b)"
    for x in (100.0, 0.3):
        W = np.array([[1.0, 2.0], [3.0, 4.0]])
        _, _, dx = ran(net, [x, x], W=W)
        slope = 1 / np.cosh(x) ** 2
        assert dx == pytest.approx(W.sum(0) * slope + 2 * np.tanh(x), rel=1e-13)


def test_numbers_stay_short_in_powers() -> None:
    """selu's over one denominator: nothing near the end of float32."""
    net = "x = input(3)\na = selu(x)/sqrt(1 + selu(x)**2)\noutput(a)"
    module = emitted(f"from bpgen import *\n{net}\n")
    x = np.array([[1.0, -0.7, 3.0]])
    found = []
    for dtype in (np.float32, np.float64):
        _, cache = module.forward({}, x.astype(dtype))
        found.append(module.backward({}, cache, np.ones((1, 3), dtype), inputs=True)["x"])
    assert found[0] == pytest.approx(found[1], rel=1e-5)


@pytest.mark.parametrize("spelling", one_in(9, SPELLINGS))
def test_another_spelling_is_proved_to_be_the_same(spelling: str) -> None:
    """By numbers and exactly."""
    network = declared_by(
        f"import sympy as sp\nfrom bpgen import *\nz = input(2)\na = {spelling}\noutput(a)\n"
    )
    source = emit(network)
    rows = exact(source, network)
    assert rows
    assert all(row.ok for row in rows), rows
    assert numbers(Subject(source, network), 0).ok


@pytest.mark.parametrize("power", ["-1", "-2", "-sp.S(1)/2", "-sp.S(3)/2"])
def test_no_square_overflows(power: str) -> None:
    spelled = f"import sympy as sp\nx = input(1)\na = (1 + x**2)**({power})\noutput(a)"
    for z in (1e200, -1e200):
        output, _, dx = ran(spelled, [z])
        assert output[0] == pytest.approx(
            abs(z) ** (2 * float(sp.sympify(power.replace("sp.", ""))))
        )
        assert abs(dx[0]) < 1e-300


@pytest.mark.parametrize("width", [1, 0.1, 0.01, 0.001])
def test_narrow_bells_in_float32(width: float) -> None:
    module = emitted(
        "import sympy as sp\nfrom bpgen import *\nz = input()\n"
        f"a = exp(-z**2/(2*{width}**2))/sp.sqrt(2*sp.pi)\noutput(a)\n"
    )
    z = np.linspace(0, 6 * width, 1001).astype(np.float32)
    output, _ = module.forward({}, z)
    true = np.exp(-((z.astype(float) / width) ** 2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(output, true, rtol=1e-5)


def test_what_is_near_1_keeps_its_digits() -> None:
    output, _, _ = ran("x = input(3)\na = (1 - x)*log(1 - x)\noutput(a)", [1e-20, 0.5, -1e-9])
    assert output == pytest.approx([-1e-20, 0.5 * np.log(0.5), 1e-9], rel=1e-8)
    module = emitted("from bpgen import *\nx = input(1)\na = (1 - x)*log(1 - x)\noutput(a)\n")
    with np.errstate(all="raise"):
        assert module.forward({}, np.ones((2, 1)))[0].tolist() == [[0], [0]]
