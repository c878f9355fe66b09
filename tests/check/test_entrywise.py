"""What equations mean, entry by entry: values against loops over every index, gradients against
complex steps through the whole network and differences.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from bpgen.check.entrywise import along, evaluate, gradients, shown
from bpgen.check.entrywise.evaluation import STEP, Evaluation
from bpgen.check.entrywise.grid import Grid, Outside
from bpgen.check.entrywise.places import Places
from bpgen.check.entrywise.scalars import CALLS, whole_power
from bpgen.check.entrywise.tape import Tape
from bpgen.functions import ROWS
from bpgen.ir import BATCH, Equation, Index, Malformed, Network, TensorInfo, Term, element
from bpgen.load import declared_by, load
from bpgen.network.shrink import shrunk
from tests.conftest import EXAMPLES
from tests.drawn import few_or_all
from tests.few import one_in
from tests.oracle import LENGTHS, Drawn, equations, scatters, true_value

Arrays = dict[str, Any]


def network_of(drawn: Drawn) -> Network:
    """One equation as a network, and what it reads as what is given."""
    left = drawn.equation
    axes = drawn.tensors["out"].indices if "out" in drawn.tensors else left.indices
    tensors = {**drawn.tensors, "out": TensorInfo("out", axes, "value")}
    return Network("one", tensors, (left,), ("out",))


def given_to(drawn: Drawn) -> Arrays:
    return {name: a for name, a in drawn.arrays.items() if name != "out"}


@few_or_all(50, 150, equations())
def test_a_term_is_its_body_at_every_index(drawn: Drawn) -> None:
    found = evaluate(network_of(drawn), LENGTHS, given_to(drawn))["out"]
    np.testing.assert_allclose(found, true_value(drawn), rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=100)
@given(scatters())
def test_what_is_written_at_places_is_added_there(drawn: Drawn) -> None:
    found = evaluate(network_of(drawn), LENGTHS, given_to(drawn))["out"]
    np.testing.assert_allclose(found, true_value(drawn), rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(equations())
def test_gradients_of_any_equation_are_its_complex_steps(drawn: Drawn) -> None:
    agree(network_of(drawn), LENGTHS, given_to(drawn))


def agree(network: Network, lengths: dict[str, int], point: Arrays) -> None:
    """The gradients of all tensors, what is computed among them, along one direction of each."""
    rng = np.random.default_rng(0)
    values = evaluate(network, lengths, point)
    of = None
    if network.loss is None:
        seen = {name: shown(network, name, values[name]) for name in network.outputs}
        of = {name: rng.standard_normal(np.shape(a)) for name, a in seen.items()}
    found = gradients(network, lengths, point, of)
    for name, gradient in found.items():
        step = rng.standard_normal(gradient.shape)
        exact = float(along(network, lengths, point, {name: step[None]}, of)[0])
        scale = max(1.0, float(np.sum(np.abs(gradient * step))))
        assert abs(exact - np.sum(gradient * step)) < 1e-12 * scale, name


def drawn_for(network: Network, lengths: dict[str, int], seed: int = 0) -> Arrays:
    """A random point of a network."""
    rng = np.random.default_rng(seed)
    point = {}
    for info in network.tensors.values():
        shape = [i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in info.indices]
        if info.bound is not None:
            point[info.name] = rng.integers(0, info.bound, shape)
        elif info.role == "target":
            shares = rng.uniform(0.1, 0.9, shape)
            point[info.name] = shares / shares.sum(-1, keepdims=True)
        elif info.role != "value":
            point[info.name] = rng.standard_normal(shape)
    return point


@pytest.mark.parametrize("file", one_in(2, EXAMPLES), ids=lambda p: p.stem)
def test_gradients_of_the_examples_are_their_complex_steps(file: Any) -> None:
    network = shrunk(load(file))
    lengths = {BATCH: 2, "T": 3}
    agree(network, lengths, drawn_for(network, lengths))


FUSED = """
from bpgen import *
t, i = indices("t i")
x = input("T", 2)
w = param()
a, h = recurrent("T", 2), recurrent("T")
a[t, 0] = x[t, 0] + w * h[t - 1]
a[t, 1] = x[t, 1] - w * h[t - 1] ** 2
h[t] = tanh(a[t, 0] * a[t, 1])
output(h)
"""


def fused(x: Any, w: float) -> Any:
    """The same by a plain loop."""
    h, found = np.zeros(len(x)), []
    for t in range(x.shape[1]):
        h = np.tanh((x[:, t, 0] + w * h) * (x[:, t, 1] - w * h**2))
        found.append(h)
    return np.stack(found, 1)


@pytest.mark.parametrize("turned", [False, True])
def test_a_step_is_computed_in_the_order_of_what_reads_what(turned: bool) -> None:
    """Whatever the order in which the equations stand."""
    network = declared_by(FUSED)
    if turned:
        network = replace(network, equations=network.equations[::-1])
    lengths = {BATCH: 2, "T": 3}
    x = np.random.default_rng(0).standard_normal((2, 3, 2))
    point = {"x": x, "w": np.array(0.7)}
    found = shown(network, "h", evaluate(network, lengths, point)["h"])
    np.testing.assert_allclose(found, fused(x, 0.7), rtol=1e-14)
    upstream = np.random.default_rng(1).standard_normal((2, 3))
    slope = gradients(network, lengths, point, {"h": upstream}, ["w"])["w"]
    h = 1e-5
    difference = np.sum(upstream * (fused(x, 0.7 + h) - fused(x, 0.7 - h))) / (2 * h)
    assert abs(slope - difference) < 1e-9
    agree(network, lengths, point)


BY_ENTRIES = """
from bpgen import *
t = indices("t")
x = input("T", 2)
w = param()
a, h = recurrent("T", 2), recurrent("T")
a[t, 1] = x[t, 1] * h[t] + w * a[t - 1, 0]
a[t, 0] = x[t, 0] - w * h[t - 1] ** 2
h[t] = tanh(a[t, 0])
output(a)
"""


def test_entries_of_a_step_may_need_entries_of_each_other() -> None:
    """Although no order of the tensors computes it."""
    network = declared_by(BY_ENTRIES)
    x = np.random.default_rng(0).standard_normal((2, 3, 2))
    h, a, rows = np.zeros(2), np.zeros((2, 2)), []
    for t in range(3):
        first = x[:, t, 0] - 0.7 * h**2
        h = np.tanh(first)
        a = np.stack([first, x[:, t, 1] * h + 0.7 * a[:, 0]], 1)
        rows.append(a)
    point, lengths = {"x": x, "w": np.array(0.7)}, {BATCH: 2, "T": 3}
    found = shown(network, "a", evaluate(network, lengths, point)["a"])
    np.testing.assert_allclose(found, np.stack(rows, 1), rtol=1e-14)
    agree(network, lengths, point)


BATCH_STATISTICS = """
from bpgen import *
n = samples()
x, y = input(), target()
w = param()
u = w * x
mu = tensor(mean(u[n], n))
c = tensor(u[n] - mean((u[n] - mu) ** 3, n), n)
L = loss((c - y) ** 2)
"""


def test_two_sums_over_the_samples_are_two() -> None:
    network = declared_by(BATCH_STATISTICS)
    x, y = np.array([0.3, -1.2, 0.9]), np.array([1.0, 0.5, -0.7])

    def loss(w: Any) -> Any:
        u = w * x
        return np.mean((u - np.mean((u - np.mean(u)) ** 3) - y) ** 2)

    point = {"x": x, "y": y, "w": np.array(0.8)}
    assert abs(evaluate(network, {BATCH: 3}, point)["L"] - loss(0.8)) < 1e-15
    slope = gradients(network, {BATCH: 3}, point)["w"]
    assert abs(slope - np.imag(loss(0.8 + 1e-20j)) / 1e-20) < 1e-14


REPEATED = """
from bpgen import *
x = input(3)
y = label(3)
def block(h): return dense(h, 3, tanh)
z = repeat(4, block, x)
L = loss(categorical_cross_entropy_with_logits(z, y))
"""


def test_equal_blocks_have_parameters_of_their_own() -> None:
    network = declared_by(REPEATED)
    point = drawn_for(network, {BATCH: 2})
    params = {t.name: point[t.name] for t in network.role("param")}
    weights = next(a for a in params.values() if a.ndim == 3)
    biases = next(a for a in params.values() if a.ndim == 2)
    h = point["x"]
    for W, b in zip(weights, biases, strict=True):
        h = np.tanh(h @ W.T + b)
    loss = np.mean(np.log(np.exp(h).sum(1)) - h[range(2), point["y"]])
    assert abs(evaluate(network, {BATCH: 2}, point)[network.loss or ""] - loss) < 1e-15
    agree(network, {BATCH: 2}, point)


POSITIVE = ("log", "log1p", "log_mixture", "xlogx", "xlogy", "xlog1py")
SIGNS = {**dict.fromkeys(POSITIVE, 1), "log1mexp": -1}  # of where a function is defined


@pytest.mark.parametrize("name", one_in(2, [*ROWS]))
def test_each_scalar_function_has_the_value_and_the_slope_of_its_definition(name: str) -> None:
    row = ROWS[name]
    if name in ("at_most",):  # of indices
        return
    symbols = sp.symbols(f"a:{row.arity}", real=True)
    meaning = row.definition(*symbols) if row.definition else row.function(*symbols)
    for first in (-4.3, -0.6, 0.4, 3.7):
        at = [first, 0.8, 1.3, 0.7, -0.4][: row.arity]
        if name in SIGNS:
            at = [SIGNS[name] * abs(a) for a in at]
        values = dict(zip(symbols, (sp.Float(a, 40) for a in at), strict=True))
        for k, symbol in enumerate(symbols):
            moved = [a + (1j * STEP if j == k else 0) for j, a in enumerate(at)]
            given_ = dict(zip(symbols, (np.array([m]) for m in moved), strict=True))

            def leaf(expr: Any, given_: Any = given_) -> Any:
                return given_[expr] if expr in given_ else Grid((), {}).leaf(expr, complex)

            found = Tape(row.function(*symbols)).run(leaf)[0]
            value, slope = np.real(found).item(), np.imag(found).item() / STEP
            assert value == pytest.approx(float(meaning.subs(values)), rel=1e-13, abs=1e-15)
            true = sp.diff(meaning, symbol).subs(values).doit()
            assert slope == pytest.approx(float(sp.N(true, 20)), rel=1e-12, abs=1e-14), k


def one(body: Any, indices: tuple[Index, ...], *tensors: TensorInfo) -> Network:
    equation = Equation("y", indices, (Term(body),))
    values = {t.name: t for t in (*tensors, TensorInfo("y", indices, "value"))}
    return Network("one", values, (equation,), ("y",))


def test_an_access_beyond_the_end_is_refused() -> None:
    i, axis = Index("i", 3), Index("_0", 3)
    network = one(element("x", (i + 1,)), (i,), TensorInfo("x", (axis,), "input"))
    with pytest.raises(Outside, match=r"x: i \+ 1 leaves an axis of 3"):
        evaluate(network, {}, {"x": np.ones(3)})


def test_an_access_before_the_start_is_refused() -> None:
    """numpy would count it from the end."""
    i, axis = Index("i", 3), Index("_0", 3)
    network = one(element("x", (i - 1,)), (i,), TensorInfo("x", (axis,), "input"))
    with pytest.raises(Outside, match="leaves an axis of 3"):
        evaluate(network, {}, {"x": np.ones(3)})


def test_equations_that_need_each_other_in_one_step_are_refused() -> None:
    network = declared_by(FUSED)
    loop = network.equations[0].loop
    a = next(e for e in network.equations if e.name == "a")
    h = next(e for e in network.equations if e.name == "h")
    now = element("h", a.indices[:2])
    circle = replace(a, terms=(*a.terms, Term(now)))
    with pytest.raises(Malformed, match="a and h need themselves"):
        evaluate(
            replace(network, equations=(circle, h)),
            {BATCH: 1, "T": 2},
            {"x": np.ones((1, 2, 2)), "w": np.array(1.0)},
        )
    assert loop is not None


def test_a_branch_decided_by_a_hair_is_told() -> None:
    i = Index("i", 2)
    body = ROWS["relu"].function(element("x", (i,)))
    network = one(body, (i,), TensorInfo("x", (Index("_0", 2),), "input"))
    for x, near in (([1.0, -1.0], False), ([1e-12, 1.0], True), ([0.0, 1.0], False)):
        assert Evaluation(network, {}, {"x": np.array(x)}).near is near


def test_a_body_that_reads_nothing_is_one_lane() -> None:
    """Comparisons of indices alone, beside what depends on an input."""
    network = declared_by(
        'from bpgen import *\nt, u = indices("t u", size=3)\nx = input(3)\n'
        "c = tensor(sum(at_most(u, t), u), t)\no = x * c\noutput(o)\n"
    )
    x = np.ones((2, 3))
    assert evaluate(network, {BATCH: 2}, {"x": x})["c"].tolist() == [1, 2, 3]
    found = gradients(network, {BATCH: 2}, {"x": x}, {"o": np.ones((2, 3))})
    assert found["x"].tolist() == [[1, 2, 3]] * 2


@pytest.mark.parametrize(
    "name", ["relu", "step", "clip", "hard_tanh", "maximum", "leaky_relu", "sign", "huber"]
)
def test_what_is_no_number_stays_none(name: str) -> None:
    row, i = ROWS[name], Index("i", 1)
    body = row.function(*[element("x", (i,)), -1, 1][: row.arity])
    network = one(body, (i,), TensorInfo("x", (Index("_0", 1),), "input"))
    assert np.isnan(evaluate(network, {}, {"x": np.array([np.nan])})["y"]).all()


def test_nothing_times_what_has_no_end_is_nothing() -> None:
    """As the functions say that bpgen writes beside targets and probabilities."""
    for name, at in (("zero_times", -np.inf), ("zero_over", 0.0), ("xlogy", 0.0), ("xlogx", 0.0)):
        row, i = ROWS[name], Index("i", 1)
        body = row.function(*[element("x", (i,)), element("y", (i,))][: row.arity])
        axis = (Index("_0", 1),)
        given_ = [TensorInfo(n, axis, "input") for n in "xy"]
        values = {t.name: t for t in (*given_, TensorInfo("z", (i,), "value"))}
        network = Network("one", values, (Equation("z", (i,), (Term(body),)),), ("z",))
        found = evaluate(network, {}, {"x": np.zeros(1), "y": np.array([at])})["z"]
        assert found.tolist() == [0.0], name


PLACES: dict[str, tuple[list[list[int]], list[list[int]]]] = {
    # where a place begins, and how much each axis of the grid moves it
    "as they are": ([[0], [0]], [[1, 0], [0, 1]]),
    "turned": ([[0], [0]], [[0, 1], [1, 0]]),
    "every second, backwards": ([[4], [1]], [[-2, 0], [0, 1]]),
    "to the first, backwards": ([[2], [2]], [[-1, 0], [0, -1]]),
    "at one place": ([[3], [1]], [[0, 0], [0, 1]]),
    "along a diagonal": ([[0], [0]], [[1, 0], [1, 0]]),
    "in windows": ([[0], [1]], [[1, 1], [0, 0]]),
}


@pytest.mark.parametrize("name", PLACES)
def test_places_are_read_and_written_one_by_one(name: str) -> None:
    """Whether they lie evenly or not, and whether some of them are the same or not."""
    starts, steps = PLACES[name]
    grid = np.meshgrid(np.arange(3), np.arange(3), indexing="ij", sparse=True)
    along = [
        start[0] + sum((s * g for s, g in zip(step, grid, strict=True) if s), np.zeros((1, 1), int))
        for start, step in zip(starts, steps, strict=True)
    ]
    places, array = Places(tuple(along), 2), np.arange(50.0).reshape(2, 5, 5)
    values = np.random.default_rng(0).standard_normal((2, 3, 3))
    shape = np.broadcast_shapes(*(p.shape for p in along))
    added = array.copy()
    places.add(added, values[:, : shape[0], : shape[1]])
    expected = array.copy()
    read = np.broadcast_to(places.read(array), (2, *shape))
    for lane, i, j in np.ndindex(2, *shape):
        at = (lane, *(int(np.broadcast_to(p, shape)[i, j]) for p in along))
        assert read[lane, i, j] == array[at]
        expected[at] += values[lane, i, j]
    assert np.allclose(added, expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        ("erf", "0.5", "0.520499877813046537682746653891964529", "0.87878257893544479409372395482"),
        ("erfc", "3", "2.20904969985854413727761295823203798e-5", "-0.00013925305194674785389"),
    ],
)
def test_the_longest_numbers_keep_their_digits(name: str, x: str, value: str, slope: str) -> None:
    """The values to 30 digits and more, as tables have them."""
    long = np.longdouble
    found = CALLS[name](np.array([long(x)]) + 1j * STEP)
    near = 40 * float(np.finfo(long).eps)
    assert abs(found.real[0] / long(value) - 1) < near
    assert abs(found.imag[0] / STEP / long(slope) - 1) < near


def test_which_of_equal_entries_is_the_largest_is_not_decided_by_a_step() -> None:
    """v / (1 + e^-v) is 0 where v is 0, and the step i h makes it -h^2/4 + i h/2; the first of the
    largest has the slope, which is 1/2.
    """
    net = declared_by(
        "from bpgen import *\nx, w = input(3), param(3)\nv = w * sin(x)\n"
        "u = v / (1 + exp(-v))\ni = indices('i')\nL = loss(max(u[i], i))\n"
    )
    point = {"x": np.zeros((1, 3)), "w": np.ones(3)}
    slopes = along(net, {BATCH: 1}, point, {"x": np.eye(3)[:, None, :]})
    np.testing.assert_array_equal(slopes, [0.5, 0, 0])


@pytest.mark.parametrize("n", [-7, -4, -3, -1, 2, 3, 4, 5, 8])
def test_a_whole_power_has_its_value_and_slope(n: int) -> None:
    x = np.array([-1.7, -0.3, 0.4, 2.5])
    found = whole_power(n)(x + 1j * STEP)
    np.testing.assert_allclose(whole_power(n)(x), x ** float(n), rtol=2e-15)
    np.testing.assert_allclose(found.real, x ** float(n), rtol=2e-15)
    np.testing.assert_allclose(found.imag / STEP, n * x ** float(n - 1), rtol=1e-14)
