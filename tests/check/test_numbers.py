"""By numbers: right modules pass at every seed, wrong ones are refused by the name of the
tensor.
"""

from __future__ import annotations

import pytest
from networks import NETWORKS, source
from pointwise import CASES, Case

from bpgen.check.module import Subject
from bpgen.check.numbers import Numbers, Ruler, failure, numbers
from bpgen.check.numbers.gradients import Gradients
from bpgen.check.numbers.measure import COMPLEX_TOLERANCE, measure
from bpgen.check.numbers.ruler import valued
from bpgen.check.selftest import selftest
from bpgen.emit import emit
from bpgen.load import declared_by
from tests.few import one_in


def changed(name: str, was: str, becomes: str) -> Subject:
    text = source(name)
    assert was in text
    return Subject(text.replace(was, becomes), NETWORKS[name]())


def bad(found: Numbers) -> dict[str, str]:
    return {row.name: row.verdict for row in found.rows if not row.ok}


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 20), marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NETWORKS)
def test_right_modules_pass_at_every_seed(name: str, seeds: range) -> None:
    subject = Subject(source(name), NETWORKS[name]())
    for seed in seeds:
        found = numbers(subject, seed)
        assert found.ok, (seed, found)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_module_alone_passes(name: str) -> None:
    assert numbers(Subject(source(name))).ok


@pytest.mark.parametrize("case", one_in(2, [*CASES.values()]), ids=CASES.keys())
def test_scalar_functions_pass(case: Case) -> None:
    assert numbers(Subject(case.source(), case.network())).ok


@pytest.mark.parametrize(
    ("name", "was", "becomes", "tensor"),
    [
        ("toy", "dW1 = delta1.T @ x", "dW1 = delta1.T @ x * 1.001", "W1"),
        ("toy", "db1 = delta1.sum(axis=0)", "db1 = -delta1.sum(axis=0)", "b1"),
        ("toy", 'grads["x"] = delta1 @ W1', 'grads["x"] = delta1 @ W1.T', "x"),
        (
            "classify",
            "dW2 = delta2.T @ a1",
            "dW2 = (delta2.astype(np.float32).T @ a1).astype(x.dtype)",
            "W2",
        ),
        ("penalised", "+ 0.02 * np.sign(W2)", "", "W2"),
        ("penalised", "0.1 * W1", "0.05 * W1", "W1"),
        ("tied", "np.add.at(dE, token[:, 1], delta2)", "dE[token[:, 1]] += delta2", "E"),
        ("function", 'grads["v"] = ds', 'grads["v"] = ds * 0', "v"),
    ],
)
def test_a_wrong_gradient_is_refused_by_name(
    name: str, was: str, becomes: str, tensor: str
) -> None:
    assert list(bad(numbers(changed(name, was, becomes)))) == [tensor]


@pytest.mark.parametrize(
    ("forward", "derivative"),
    [
        ("np.logaddexp(z, 0)", "sigmoid(z)"),
        ("np.hypot(z, 1)", "z / np.hypot(z, 1)"),
        ("np.cbrt(z**2 + 1)", "2 / 3 * z / s**2"),
    ],
)
def test_differences_serve_where_the_complex_step_cannot(forward: str, derivative: str) -> None:
    case = Case(None, forward, derivative)
    found = numbers(Subject(case.source()))
    assert found.ok
    assert {row.method for row in found.rows} == {"differences"}
    wrong = Case(None, forward, f"1.001 * ({derivative})")
    assert set(bad(numbers(Subject(wrong.source())))) == {"W", "b", "x"}


def test_a_dropped_imaginary_part_does_not_hide_a_gradient() -> None:
    wrong = Case(None, "np.real(z) ** 2", "0 * z")
    assert set(bad(numbers(Subject(wrong.source())))) == {"W", "b", "x"}


def test_no_differences_settle_on_a_staircase() -> None:
    stairs = Case(None, "np.round(z, 7)", "1 + 0 * z")
    verdicts = bad(numbers(Subject(stairs.source())))
    assert set(verdicts.values()) == {"the differences do not settle at any draw"}


def test_gradients_too_small_to_measure_are_refused() -> None:
    found = numbers(Subject(Case(None, "1e-9 * z", "1e-9 + 0 * z").source()))
    assert set(bad(found).values()) == {"no power: every gradient is below 1e-06"}


def test_a_gradient_that_is_zero_is_said_to_be() -> None:
    found = numbers(Subject(Case(None, "z - (z - x)", "0 * z").source().replace("dz * W", "d_s")))
    assert [row.verdict for row in found.rows] == ["zero", "zero", "ok"]


def test_nan_never_passes() -> None:
    found = numbers(Subject(Case(None, "z", "np.where(z > 0.1, np.nan, 1)").source()))
    assert set(bad(found).values()) == {"the gradient is not finite"}
    assert "the gradient is not finite" in {f.fact for f in found.findings}


def test_logarithms_are_checked_where_they_are_defined() -> None:
    assert numbers(Subject(Case(None, "np.log(z)", "1 / z").source())).ok


NORMALISED = """
from bpgen import *
n = samples()
i = indices("i")
x = input(3)
y = target(2)
z = dense(x, 4)
mu = tensor(mean(z[n, i], n), i)
v = tensor(mean((z[n, i] - mu[i])**2, n), i)
g = param(4, init="ones")
a = tensor(g[i]*(z[n, i] - mu[i]) / sqrt(v[i] + 1e-5), n, i)
loss(half_squared_error(dense(relu(a), 2), y))
"""


def normalised(becomes: dict[str, str]) -> Subject:
    net = declared_by(NORMALISED)
    text = emit(net)
    for was, new in becomes.items():
        assert text.count(was) == 1
        text = text.replace(was, new)
    return Subject(text, net)


@pytest.mark.slow
def test_terms_that_cancel_are_judged_by_their_rounding() -> None:
    """Of two samples, all that a normalisation leaves is a hundred thousandth of each term."""
    subject = normalised({})
    found = [numbers(subject, seed) for seed in range(5)]
    assert all(f.ok for f in found), found
    assert {row.verdict for f in found for row in f.rows if row.name == "b1"} == {"zero"}
    cancelled = {row.name: row.cancelled for f in found for row in f.rows if row.cancelled}
    assert {*cancelled} and {*cancelled} <= {"W1", "x"}
    assert min(cancelled.values()) > 1e4


@pytest.mark.parametrize("factor", ["1.0000001", "(1 + 1e-10)"])
def test_terms_that_cancel_excuse_nothing_else(factor: str) -> None:
    subject = normalised(
        {"dW1 = ": f"dW1 = {factor} * ", 'grads["x"] = ': f'grads["x"] = {factor} * '}
    )
    assert set(bad(numbers(subject))) == {"W1", "x"}


DEEP = (
    "from bpgen import *\nx, y = input(3), target(3)\nh = x\nfor _ in range(8):\n"
    "    h = h + dense(h, 3, tanh)/20\nL = loss(half_squared_error(h, y))\n"
)


@pytest.mark.parametrize("seeds", [pytest.param(range(4), marks=pytest.mark.slow)])
def test_a_module_of_many_tensors(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked along one direction each, and its copies along all together: right and wrong are told
    apart as before.
    """
    monkeypatch.setattr("bpgen.check.numbers.ruler.MANY", 5)
    network = declared_by(DEEP)
    subject = Subject(emit(network), network)
    for seed in seeds:
        ruler = Ruler(subject, seed)
        assert ruler.together
        assert numbers(subject, seed, ruler).ok
        assert failure(subject, ruler) is None
        tested = selftest(subject, ruler)
        assert tested.ok, tested.survivors
        assert tested.kinds > 15
    wrong = Subject(subject.source.replace("dW3 = delta3.T", "dW3 = 1.0001 * delta3.T"), network)
    assert wrong.source != subject.source
    assert bad(numbers(wrong, 0, Ruler(subject, 0))).keys() == {"W3"}
    assert failure(wrong, ruler) == "all gradients along one direction are wrong"
    assert not Ruler(wrong, 0).together


def test_a_copy_of_another_value_is_refused() -> None:
    """Where its gradients are right: as where the output alone is another, which they do not read."""
    network = declared_by(DEEP)
    subject = Subject(emit(network), network)
    wrong = subject.source.replace("= L.item()", "= 1.001 * L.item()")
    assert wrong != subject.source
    found = failure(Subject(wrong, network), Ruler(subject, 0))
    assert found == "the objective is another"


def test_a_large_module_is_asked_for_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """At further draws along one direction of all tensors: what is wrong in a single tensor, by a
    part in a thousand million and for one sample only, is told and named.
    """
    monkeypatch.setattr("bpgen.check.numbers.rows.LARGE", 0)
    network = declared_by(DEEP)
    subject = Subject(emit(network), network)
    ruler = Ruler(subject, 0)
    assert numbers(subject, 0, ruler).ok
    assert not {(2, 3), (5, 3), (5, 2)} & {where[:2] for where in ruler._complex}  # of one tensor
    factor = "(1 + 1e-9 * (len(delta3) == 1))"
    wrong = Subject(subject.source.replace("dW3 = delta3.T", f"dW3 = {factor} * delta3.T"), network)
    assert wrong.source != subject.source
    assert bad(numbers(wrong)).keys() == {"W3"}


def test_the_inputs_of_a_large_module_are_checked_at_its_own_batch() -> None:
    """An entry is asked for that its point has."""
    network = declared_by(
        "from bpgen import *\nx, y = input(300), target(200)\nW = param(200, 300)\n"
        "z = W @ x\nL = loss(half_squared_error(z, y))\n"
    )
    found = numbers(Subject(emit(network), network))
    assert [(r.name, r.verdict) for r in found.rows] == [("W", "ok"), ("x", "ok")]


def test_a_value_that_is_another_beyond_a_margin_alone_is_seen() -> None:
    network = declared_by(
        "from bpgen import *\nx, w = input(), param()\nL = loss(relu(w * x - 2))\n"
    )
    subject = Subject(emit(network), network)
    wrong = subject.source.replace("ell.mean()", "np.minimum(ell, 2).mean()")
    assert wrong != subject.source and valued(subject, Ruler(subject, 0))
    assert not valued(Subject(wrong, network), Ruler(subject, 0))


def test_what_backward_itself_takes_from_1_is_rounded_too() -> None:
    """1 - tanh(u)**2 of a step that is saturated, beside a gradient a millionth as large."""
    network = declared_by(
        'from bpgen import *\nt, i, j = indices("t i j")\nx, y = input("T", 3), label(5)\n'
        'W, U, h0 = param(4, 3), param(4, 4), param(4)\nh = recurrent("T", 4)\nh[-1, i] = h0[i]\n'
        "h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))\n"
        "z = dense(tensor(mean(h[t, i], t), i), 5)\n"
        "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
    )
    subject = Subject(emit(network), network)
    ruler = Ruler(subject, 0)
    found = measure(ruler, Gradients(subject, ruler), (1, 3), "h0", [0, 1])
    assert found is not None and found.error > COMPLEX_TOLERANCE and found.verdict == "ok"
