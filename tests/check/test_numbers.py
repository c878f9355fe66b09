"""By numbers: right modules pass at every seed, wrong ones are refused by the name of the
tensor.
"""

from __future__ import annotations

import pytest
from networks import NETWORKS, source
from pointwise import CASES, Case

from bpgen.check.module import Subject
from bpgen.check.numbers import Numbers, numbers


def changed(name: str, was: str, becomes: str) -> Subject:
    text = source(name)
    assert was in text
    return Subject(text.replace(was, becomes), NETWORKS[name]())


def bad(found: Numbers) -> dict[str, str]:
    return {row.name: row.verdict for row in found.rows if not row.ok}


@pytest.mark.parametrize("name", NETWORKS)
def test_right_modules_pass_at_every_seed(name: str) -> None:
    subject = Subject(source(name), NETWORKS[name]())
    for seed in range(20):
        found = numbers(subject, seed)
        assert found.ok, (seed, found)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_module_alone_passes(name: str) -> None:
    assert numbers(Subject(source(name))).ok


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
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
