"""The whole check: the report, the self-test, and what they say of wrong modules."""

from __future__ import annotations

import ast

import grammar
import pytest
from networks import NETWORKS, source

from bpgen.check import selftest as selftest_module
from bpgen.check.module import Subject
from bpgen.check.mutants import KINDS, Mutant, mutants
from bpgen.check.mutants.source import Source
from bpgen.check.numbers import Ruler, failure, numbers
from bpgen.check.selftest import same, selftest
from bpgen.check.whole import ALONE, _not_asked, check_module
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from tests.few import one_in

TOY = """\
tensor     shape  by numbers    error    exactly  verdict
W1         2x2    complex step  ERROR    8 of 8   ok
W2         1x2    complex step  ERROR    4 of 4   ok
b1         2      complex step  ERROR    4 of 4   ok
b2         1      complex step  ERROR    2 of 2   ok
x          2      complex step  ERROR    6 of 6   ok
output a2         -             -        3 of 3   ok
loss              -             -        2 of 2   ok
self-test: 62 of 62 mutants caught (20 kinds; 2 equivalent not counted)
"""


def test_the_report_of_the_toy() -> None:
    report = check_module(source("toy"), NETWORKS["toy"]())
    assert report.ok
    assert report.failures == ()
    text = str(report)
    for row in report.rows:
        if row.number is not None:
            text = text.replace(f"{row.number.error:.1e}", "ERROR  ")
    assert text == TOY


@pytest.mark.parametrize("name", one_in(2, [*NETWORKS]))
def test_right_modules_pass_and_every_mutant_is_caught(name: str) -> None:
    report = check_module(source(name), NETWORKS[name]())
    assert report.ok, str(report)
    assert report.selftest is not None
    assert report.selftest.tried >= 30
    assert report.selftest.kinds >= 12


@pytest.mark.parametrize(
    "text",
    one_in(
        3,
        [
            "x = input(3)\np = softmax(x)\nL = loss(sum(p))",
            "x = input(3)\ny = sum(x - mean(x))\noutput(y)",
            "x = input(3)\ny = x / sum(x)\nL = loss(sum(y))",
        ],
    ),
)
def test_gradients_that_are_zero_by_an_identity(text: str) -> None:
    """Numbers see no more than rounding; that it is 0 is proved. A smaller number is not 0."""
    network = declared_by(f"from bpgen import *\n{text}\n")
    right = emit(network)
    report = check_module(right, network)
    assert report.ok, str(report)
    assert [r.number.verdict for r in report.rows if r.number is not None] == ["zero"]
    wrong = right.replace('grads["x"] = dx', 'grads["x"] = dx + 1e-9 * cache["x"]')
    assert wrong != right
    assert not check_module(wrong, network).ok


def test_a_module_alone_says_what_was_left_out() -> None:
    report = check_module(source("classify"), None)
    assert report.ok
    assert str(report).endswith(
        "checked by numbers only: give the net.py to have the module proved exactly\n"
    )


def test_a_module_alone_may_need_two_samples() -> None:
    network = declared_by(
        "from bpgen import *\nx, m, s = input(2), state(2), state(2)\n"
        "output(*running_batch_norm(x, (m, s)))\n"
    )
    subject = Subject(emit(network))
    assert [r.verdict for r in numbers(subject).rows] == ["ok"] * 3
    assert _not_asked(subject)[0] == (
        "asked of two samples and more: of one, its values or gradients are no numbers"
    )
    assert _not_asked(Subject(source("toy"))) == [ALONE]


def test_the_exact_part_may_be_of_a_smaller_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest_module, "EACH", 2)
    small = (source("toy"), NETWORKS["toy"]())
    report = check_module(source("classify"), NETWORKS["classify"](), exact_source=small)
    assert "smaller sizes" in str(report)
    assert {row.name: row.exact.total for row in report.rows if row.exact is not None}["W1"] == 8


def test_a_wrong_module_is_refused_by_tensor() -> None:
    text = source("toy").replace("db2 = delta2.sum(axis=0)", "db2 = delta2.mean(axis=0)")
    report = check_module(text, NETWORKS["toy"]())
    assert not report.ok
    assert report.selftest is None
    assert [line.split(":")[0] for line in report.failures] == ["b2"]


@pytest.mark.parametrize("text", ["def broken(", "import numpy as np\n", "raise KeyError(3)"])
def test_what_is_no_emitted_module_is_refused(text: str) -> None:
    report = check_module(text, None)
    assert not report.ok
    assert report.failures


def test_a_survivor_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that catches nothing must say so of itself."""
    monkeypatch.setattr(selftest_module, "failure", lambda *_: None)
    report = check_module(source("toy"), NETWORKS["toy"]())
    assert not report.ok
    assert report.selftest is not None
    assert report.selftest.caught == 0
    assert any(line.startswith("not caught: a sign flipped, at ") for line in report.failures)


def test_no_change_is_not_counted() -> None:
    text = source("toy")
    subject = Subject(text)
    assert same(subject, Mutant("", "", text.replace("delta1 @ W1", "(W1.T @ delta1.T).T")))
    assert not same(
        subject, Mutant("", "", text.replace("delta1 @ W1", "1.0000001 * (delta1 @ W1)"))
    )
    assert not same(
        subject, Mutant("", "", text.replace("    return grads", "    a1 *= 2\n    return grads"))
    )


@pytest.mark.slow
def test_every_kind_has_mutants_somewhere() -> None:
    texts = [*map(source, NETWORKS), *map(grammar.source, grammar.TEXTS)]
    made = {mutant.kind for text in texts for mutant in mutants(text, 2)}
    assert {kind.name for kind in KINDS} == made


def test_a_copy_that_writes_in_its_arguments_leaves_the_points_of_the_next_as_they_are() -> None:
    """Or all after it would be refused, whatever they are."""
    subject = Subject(source("toy"), NETWORKS["toy"]())
    ruler = Ruler(subject, 0)
    kinds = ("weights updated in the pass", "an argument mutated")
    for mutant in (m for m in mutants(subject.source, 2) if m.kind in kinds):
        assert failure(Subject(mutant.source, subject.network, subject.domain), ruler) is not None
        assert failure(subject, ruler) is None


def test_more_mutants_of_each_kind_are_caught_too() -> None:
    subject = Subject(source("tied"), NETWORKS["tied"]())
    found = selftest(subject, Ruler(subject, 1), each=30)
    assert found.survivors == ()
    assert found.tried > 80


EMBEDDING = """
from bpgen import *
x = input(3, below=5)
y = target(3, 2)
E = param(5, 2)
t, d = indices("t d")
loss(half_squared_error(tensor(E[x[t], d], t, d), y))
"""


def test_a_buffer_returned_again_is_seen() -> None:
    net = declared_by(EMBEDDING)
    subject = Subject(emit(net), net)
    assert selftest(subject, Ruler(subject, 0)).survivors == ()


STATISTICS = """
from bpgen import *
x = input(3)
before = state(3), state(3)
y, m, s = running_batch_norm(x, before)
output(y, m, s)
"""


def test_the_statistics_of_a_batch_are_checked_where_they_are_defined() -> None:
    """An unbiased variance is that of two samples or more."""
    net = declared_by(STATISTICS)
    subject = Subject(emit(net), net)
    assert subject.fewest == 2
    report = check_module(emit(net), net)
    assert report.ok, str(report)


def test_a_large_module_is_asked_for_all_numbers_at_smaller_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = declared_by(
        "from bpgen import *\nx, y = input(6), target(5)\nW, b = param(5, 6), param(5)\n"
        "z = W @ x + b\na = tanh(z)\nL = loss(half_squared_error(a, y))\n"
    )
    small = shrunk(network)
    wrong = emit(small).replace("(1 - a**2)", "(1 - a)")
    assert wrong != emit(small)
    facts = {}
    for most in (10, 1000):
        monkeypatch.setattr("bpgen.check.numbers.rows.LARGE", most)
        report = check_module(emit(network), network, exact_source=(wrong, small))
        facts[most] = [str(f) for f in report.findings if "at smaller sizes" in str(f)]
    assert {f.split(":")[0] for f in facts[10]} == {"W", "b", "x"}
    assert facts[1000] == []  # there all numbers were asked for


def test_a_wrong_copy_leaves_the_right_one_as_it_is() -> None:
    """Each is made of the module itself: two runs, and any order, make the same."""
    whole = Source(source("classify"))
    before = whole.text
    sites = [site for kind in KINDS for site in kind.sites(whole)]
    first = [site.text() for site in sites]
    assert [site.text() for site in reversed(sites)] == first[::-1]
    assert whole.text == before
    assert all(ast.unparse(ast.parse(text)) != ast.unparse(whole.tree) for text in first)


@pytest.mark.parametrize("function", ["log(x - 1)", "sqrt(-x - 2)"])
def test_a_module_is_asked_where_its_functions_are_defined(function: str) -> None:
    net = declared_by(
        f"from bpgen import *\nx, w, y = input(5), param(5), target()\n"
        f"L = loss((sum(w * {function}) - y) ** 2)\n"
    )
    report = check_module(emit(net), net)
    assert report.ok, str(report)
