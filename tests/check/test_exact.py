"""Exactly: right modules are proved entry by entry, wrong ones refused, and what is too large is no
proof.
"""

from __future__ import annotations

from typing import Any

import pytest
from nested import assert_chain_rule
from networks import NETWORKS, source
from pointwise import CASES, Case

import bpgen.check.exact as exact_module
from bpgen.check.exact import BATCHES, LANES, exact
from bpgen.check.module import Subject
from bpgen.check.residues.field import PRIMES
from bpgen.check.residues.values import TOO_DEEP
from bpgen.emit import FAST, emit, files
from bpgen.load import declared_by
from tests.few import few, one_in


def refused(text: str, network: Any) -> dict[str, str]:
    return {row.name: row.verdict for row in exact(text, network) if not row.ok}


@pytest.mark.parametrize("name", few(NETWORKS, lambda name: name != "tied"))
def test_right_modules_are_proved(name: str) -> None:
    rows = exact(source(name), NETWORKS[name]())
    assert all(row.ok for row in rows), rows
    assert {*Subject(source(name)).differentiable} <= {row.name for row in rows}


@pytest.mark.parametrize("case", one_in(3, [*CASES.values()]), ids=CASES.keys())
def test_scalar_functions_are_proved(case: Case) -> None:
    assert refused(case.source(), case.network()) == {}


@pytest.mark.parametrize("case", one_in(3, [*CASES.values()]), ids=CASES.keys())
def test_wrong_derivatives_of_scalar_functions_are_refused(case: Case) -> None:
    wrong = Case(case.define, case.forward, f"({case.derivative}) + 0.001 * z")
    assert set(refused(wrong.source(), case.network())) == {"W", "b", "x"}


@pytest.mark.parametrize(
    ("name", "was", "becomes", "tensors"),
    [
        ("toy", "dW1 = delta1.T @ x", "dW1 = delta1.T @ x * 1.001", {"W1"}),
        ("toy", "1 - a1)", "1 - a1 * 1.000001)", {"W1", "b1", "x"}),
        ("toy", "/ len(y)", "/ 2", {"W1", "W2", "b1", "b2", "x"}),
        ("classify", "a1**2", "a1**3", {"W1", "b1", "x"}),
        ("penalised", "0.1 * W1", "0.1000001 * W1", {"W1"}),
        ("tied", "np.add.at(dE, token[:, 0], delta1)", "dE[token[:, 0]] = delta1", {"E"}),
    ],
)
def test_wrong_gradients_are_refused_by_name(
    name: str, was: str, becomes: str, tensors: set[str]
) -> None:
    text = source(name)
    assert was in text
    assert set(refused(text.replace(was, becomes), NETWORKS[name]())) == tensors


def test_a_module_of_another_network_is_refused_though_its_gradients_are_its_own() -> None:
    """Loss and gradients are both doubled: no numeric derivative can tell, the network can."""
    text = source("toy").replace("0.5 * ((a2", "((a2").replace("(a2 - y) * a2", "2 * (a2 - y) * a2")
    found = refused(text, NETWORKS["toy"]())
    assert set(found) == {"W1", "W2", "b1", "b2", "x", "loss"}
    assert all(verdict.startswith("wrong: entry ") for verdict in found.values())


def test_noise_of_blocks_is_proved_block_by_block() -> None:
    network = declared_by(
        "from bpgen import *\nx = input(2)\nh = dropout(x, 0.5)\n"
        "output(repeat(2, lambda h: dropout(tanh(dropout(h, 0.1)), 0.3), h))\n"
    )
    text = emit(network)
    assert refused(text, network) == {}
    assert set(refused(text.replace("dx1_next * m2 * m3", "dx1_next * m3 * m3"), network)) == {"x"}


def test_float32_inside_is_not_proved() -> None:
    text = source("toy").replace("dW1 = delta1.T @ x", "dW1 = (delta1.T @ x).astype(np.float32)")
    assert all(
        v.startswith("not proved: the module raises TypeError")
        for v in refused(text, NETWORKS["toy"]()).values()
    )


def test_too_large_is_not_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_module, "SCALARS", 10)
    found = refused(source("toy"), NETWORKS["toy"]())
    assert set(found.values()) == {
        "not proved: too large; check a smaller network of the same form"
    }
    assert set(found) == {"W1", "W2", "b1", "b2", "x"}


def test_too_high_a_degree_is_not_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a field too small to decide nothing is proved; what is wrong is refuted all the same."""
    monkeypatch.setattr(exact_module, "PRIMES", (2**61 - 1,))
    found = refused(source("toy"), NETWORKS["toy"]())
    assert set(found) == {"W1", "W2", "b1", "b2", "x", "output a2", "loss"}
    assert all(TOO_DEEP in verdict for verdict in found.values())
    wrong = source("toy").replace("dW1 = delta1.T @ x", "dW1 = delta1.T @ x * 1.001")
    assert refused(wrong, NETWORKS["toy"]())["W1"].startswith("wrong: entry ")


@pytest.mark.parametrize("name", one_in(3, ["toy", "classify", "penalised"]))
def test_the_chain_rule_over_scalars_is_the_derivative_of_the_whole(name: str) -> None:
    """The adjoints against sympy's derivative of the loss as one nested expression."""
    network = NETWORKS[name]()
    subject = Subject(source(name), network)
    assert_chain_rule(network, subject, {"N": 1})


def test_half_of_what_a_logarithm_is_of_has_the_same_but_for_a_number() -> None:
    """log((1 - erf(x)) / 2), which is evaluated as log(erfc(x)) - log(2): no exponential stands
    between the two.
    """
    net = "from bpgen import *\nx, y = input(), target()\np = (1 + erf(x)) / 2\n"
    network = declared_by(f"{net}L = loss(-y * log(p) - (1 - y) * log(1 - p))\n")
    assert refused(emit(network), network) == {}


def test_a_mask_among_numbers_is_proved() -> None:
    """A planned module holds what is the first of the largest as a number where it is multiplied."""
    network = declared_by(
        "from bpgen import *\nx, v = input(2), param(2)\nL = loss(max(v * abs(x)))\n"
    )
    text = emit(network, FAST)
    assert "np.logical_or(mask" in text
    assert refused(text, network) == {}


NUMBERS_IN_LOGARITHM = """from bpgen import *
x = input(3)
w = param(3)
output(log(1 + exp({}) + exp(dot(w, x))))
"""


@pytest.mark.parametrize("number", ["-40", "-20", "2"])
def test_the_logarithm_of_a_sum_of_numbers_is_known(number: str) -> None:
    """log(1 + exp(-40)) is rounded to the float of exp(-40), which the module has nowhere."""
    network = declared_by(NUMBERS_IN_LOGARITHM.format(number))
    assert refused(emit(network), network) == {}


def test_the_numbers_of_a_sum_are_written_as_one() -> None:
    network = declared_by("from bpgen import *\nx = input(3)\noutput(sqrt(2) + x + sqrt(3))\n")
    for target in ("numpy", FAST, "array-api", "c"):
        text = "".join(files(network, target).values())
        assert "3.1462643699419726" in text, target  # rounded once
        assert "1.41421" not in text
    assert refused(emit(network), network) == {}


def test_a_number_that_is_off_by_a_rounding_is_no_proof_and_not_called_wrong() -> None:
    network = declared_by(NUMBERS_IN_LOGARITHM.format("2"))
    right, off = "2.1269280110429727", "2.126928011042976"
    text = emit(network)
    assert right in text
    (verdict, *others) = refused(text.replace(right, off), network).values()
    assert verdict.startswith("not proved: entry [0] is ") and "off by a number of the" in verdict
    assert all(v.startswith("not proved: ") for v in others)
    (verdict, *others) = refused(text.replace(right, "2.12692802"), network).values()
    assert verdict.startswith("wrong: entry [0] is ")


@pytest.mark.parametrize(
    ("body", "verdict", "primes"),
    [
        ("sqrt(3 + x)", "not proved", 1),
        ("3 + x", "not proved", 1),
        ("3 + x", TOO_DEEP, len(PRIMES)),
    ],
)
def test_larger_primes_are_for_what_is_too_deep_alone(
    body: str, verdict: str, primes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no lane of the first shows they do not show either, in minutes; and lanes are for roots."""
    network, tried = declared_by(f"from bpgen import *\nx = input(2)\noutput({body})\n"), []
    field = exact_module.Field
    monkeypatch.setattr(exact_module, "Field", lambda p, rng: tried.append(p) or field(p, rng))
    monkeypatch.setattr(exact_module, "_entry", lambda *_: verdict)
    assert {*refused(emit(network), network).values()} == {verdict}
    assert {*tried} == {*PRIMES[:primes]}
    lanes = sum(LANES) if "sqrt" in body else 1
    assert len(tried) == lanes * primes * len(BATCHES)
