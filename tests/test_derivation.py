"""What the chain rule gives, in the form a mathematician would write it."""

from __future__ import annotations

import pytest
import sympy as sp

from bpgen.ir import length
from bpgen.raising.equation import order_of
from bpgen.record import Derivation, Step
from bpgen.render import render
from bpgen.text.comment import Comments, wrapped
from tests.conftest import derived

HEAD = "from bpgen import *\nx = input(3)\nW, b = param(4, 3), param(4)\nz = W @ x + b\n"


def derivation(body: str) -> Derivation:
    return derived(HEAD + body)


def step(record: Derivation, of: str) -> Step:
    return next(s for s in record.steps if s.of == of)


def adjoint(body: str, of: str = "z") -> str:
    """The adjoint of a tensor, as the comment of the emitted module spells it."""
    record = derivation(body)
    said = wrapped(
        Comments(order_of(record), record.tensors).text_of(step(record, of).equation), 999
    )
    return " ".join(said).split(" = ", 1)[1]


FORMS = {
    "sigmoid, cross-entropy": (
        "y = target(4)\na = sigmoid(z)\nL = loss(-sum(y*log(a) + (1-y)*log(1-a)))",
        "(a[n,i] - y[n,i]) / N",
    ),
    "spelled-out sigmoid, cross-entropy": (
        "y = target(4)\na = 1/(1+exp(-z))\nL = loss(-sum(y*log(a) + (1-y)*log(1-a)))",
        "(a[n,i] - y[n,i]) / N",
    ),
    "cross-entropy from logits": (
        "y = target(4)\na = sigmoid(z)\nL = loss(binary_cross_entropy(a, y))",
        "(a[n,i] - y[n,i]) / N",
    ),
    "softmax, cross-entropy": (
        "y = one_hot(4)\np = softmax(z)\nL = loss(-sum(y*log(p)))",
        "(p[n,i] - y[n,i]) / N",
    ),
    "softmax, cross-entropy, labels": (
        "y = label(4)\np = softmax(z)\nL = loss(-log(p[y]))",
        "p[n,i] / N - [i = y[n]] / N",
    ),
    "sigmoid, half squared error": (
        "y = target(4)\na = sigmoid(z)\nL = loss(half_squared_error(a, y))",
        "(a[n,i] - y[n,i]) a[n,i] (1 - a[n,i]) / N",
    ),
    "tanh": (
        "y = target(4)\na = tanh(z)\nL = loss(half_squared_error(a, y))",
        "(a[n,i] - y[n,i]) (1 - a[n,i] ** 2) / N",
    ),
    "tanh from exponentials": (
        "y = target(4)\na = (exp(z)-exp(-z))/(exp(z)+exp(-z))\nL = loss(half_squared_error(a, y))",
        "(a[n,i] - y[n,i]) (1 - a[n,i] ** 2) / N",
    ),
    "exp reuses its value": (
        "y = target(4)\na = exp(z)\nL = loss(half_squared_error(a, y))",
        "(a[n,i] - y[n,i]) a[n,i] / N",
    ),
    "relu": (
        "y = target(4)\na = relu(z)\nL = loss(half_squared_error(a, y))",
        "(a[n,i] - y[n,i]) step(z[n,i]) / N",
    ),
    "softplus": (
        "y = target(4)\na = log(1+exp(z))\nL = loss(half_squared_error(a, y))",
        "(a[n,i] - y[n,i]) sigmoid(z[n,i]) / N",
    ),
    "log-sum-exp": ("p = softmax(z)\noutput(p)\nL = loss(log(sum(exp(z))))", "p[n,i] / N"),
    "identity": ("y = target(4)\nL = loss(squared_error(z, y))", "2 (z[n,i] - y[n,i]) / N"),
    "a function nobody named": (
        "y = target(4)\na = 1/(1+exp(-2*z))\nL = loss(half_squared_error(a, y))",
        "2 (a[n,i] - y[n,i]) a[n,i] (1 - a[n,i]) / N",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str) -> None:
    body, expected = FORMS[name]
    assert adjoint(body) == expected


def test_softmax_inside_a_network_is_found_in_closed_form() -> None:
    """p * (g - sum(g p)), from the forward equations of softmax alone."""
    body = "V = param(2, 4)\ny = target(2)\np = softmax(z)\nq = V @ p\nL = loss(half_squared_error(q, y))"
    assert adjoint(body, "s") == "-sum_i dp[n,i] p[n,i]"
    assert adjoint(body) == "p[n,i] (dp[n,i] - sum_j dp[n,j] p[n,j])"


def test_the_chain_rule_is_recorded_factor_by_factor() -> None:
    record = derivation("y = target(4)\na = sigmoid(z)\nL = loss(-sum(y*log(a) + (1-y)*log(1-a)))")
    product, simplified = step(record, "z").lines
    assert (
        str(product.terms[0].body)
        == "(1 - a[n, i])*(-y[n, i]/a[n, i] + (1 - y[n, i])/(1 - a[n, i]))*a[n, i]/N"
    )
    assert str(simplified.terms[0].body) == "(a[n, i] - y[n, i])/N"
    (path,) = step(record, "z").paths
    assert str(path.value) == "(1 - a[n, i])*a[n, i]"
    (reason,) = path.reasons
    assert [str(e) for e in reason.chain[1:]] == [
        "(1 - sigmoid(z[n, i]))*sigmoid(z[n, i])",
        "(1 - a[n, i])*a[n, i]",
    ]


def test_a_target_that_may_not_sum_to_one_keeps_its_sum() -> None:

    record = derivation("y = target(4)\np = softmax(z)\nL = loss(-sum(y*log(p)))")
    (sums,) = [t for t in step(record, "z").equation.terms if t.over]
    assert str(sums.body) == "p[n, i]*y[n, j]/N"


def test_numbers_run_through_forward_and_backward() -> None:
    record = derivation("y = target(4)\nL = loss(half_squared_error(tanh(z), y))")
    numbers = [f.number for f in record.forward] + [s.number for s in record.steps]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_nothing_divides_by_a_probability() -> None:
    """p is used twice: its adjoint has a part that would divide by p, which never stands alone."""
    record = derivation(
        "V = param(2, 4)\ny = one_hot(4)\nt = target(2)\np = softmax(z)\n"
        "L = loss(-sum(y*log(p)) + half_squared_error(V @ p, t))"
    )
    assert all(
        "/p" not in str(t.body) for s in record.steps if not s.inlined for t in s.equation.terms
    )


LETTERS = (
    'x, y = input("p"), target("m")\nW, b, V = param("m", "p"), param("m"), param("m", "m")\n'
    "a = sigmoid(W @ x + b)\nh = V.T @ a\n"
    "L = loss(half_squared_error(h, y) + mean(log(1 + exp(h))) + sum(a) / 7 + 0.1 * l2())"
)


DENSE_LETTERS = (
    'x, y = input("p"), target("p")\na = dense(x, "m", tanh)\nh = dense(a, "p")\n'
    "L = loss(half_squared_error(h, y) + 0.1 * l2())"
)


@pytest.mark.parametrize("letters", [LETTERS, DENSE_LETTERS])
def test_widths_that_are_letters(letters: str) -> None:
    """The derivation is that of the numbers which stand for them, equation by equation."""
    numbers = letters.replace('"p"', "3").replace('"m"', "5")
    width = {length("p"): sp.Integer(3), length("m"): sp.Integer(5)}

    def told(source: str) -> list[list[str]]:
        found = derived(f"from bpgen import *\n{source}\n")
        steps = [*(f.equation for f in found.forward), *(s.equation for s in found.steps)]
        return [[str(e.lhs), *(str(t.body.xreplace(width)) for t in e.terms)] for e in steps]

    assert told(letters) == told(numbers)
    page = render(derived(f"from bpgen import *\n{letters}\n"), fmt="latex")
    assert r"\mathbb{R}^{m \times p}" in page


def test_no_line_of_a_comment_ends_within_a_power() -> None:
    record = derivation("y = target(4)\na = tanh(z)\nL = loss(half_squared_error(a, y))")
    said = Comments(order_of(record), record.tensors).text_of(step(record, "z").equation)
    broken = {width: wrapped(said, width) for width in range(24, 40)}
    assert all(len(lines) > 1 and "\xa0" not in "".join(lines) for lines in broken.values())
    assert not [b for b in broken.values() if any(x.strip().endswith("**") for x in b)]
    assert not [b for b in broken.values() if any(x.strip().startswith("**") for x in b)]


@pytest.mark.parametrize("loss", ["squared_error(v, y)", "squared_error(v + x, y)"])
def test_a_long_chain_of_slopes_is_not_multiplied_out(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tanh doubles what there is then: a dozen took a minute."""
    expand, widest = sp.expand, 0

    def expanded(expr: sp.Expr, *options: object) -> sp.Expr:
        nonlocal widest
        found = expand(expr, *options)
        widest = max(widest, len(sp.Add.make_args(found)))
        return found

    monkeypatch.setattr(sp, "expand", expanded)
    source = f"x, y = input(2), target(2)\nv = x\nfor _ in range(11): v = tanh(v)\nL = loss({loss})"
    found = derived(f"from bpgen import *\n{source}\n")
    assert len(found.steps) > 3
    assert widest <= 500
