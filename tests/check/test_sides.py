"""Both sides of every condition are reached, or it is said which was not: a module that is wrong on
the far side alone is refused.
"""

from __future__ import annotations

import pytest

from bpgen.check.module import Subject
from bpgen.check.numbers import Ruler, numbers
from bpgen.check.selftest import selftest
from bpgen.check.sides import one_sided
from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.ir import Network
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from tests.proofs.words import LAYER

SHIFTED = "x, W = input(2), param(2, 2)\nz = W@x + 30\na = relu(z)\noutput(a)"
FAR = "x, w = input(3), param(3)\nz = w*x\na = hard_tanh(z, -1, 60)\noutput(a)"
MARGIN = "x, y, w = input(2), target(), param(2)\nL = loss(huber(dot(w, x) + 3*y, y, delta=40))"
WRONG = (  # the far side forgotten, in the value and in the gradient alike
    (SHIFTED, ("np.maximum(z, 0)", "z"), ("d_a * (z > 0)", "d_a")),
    (FAR, ("np.minimum(np.maximum(z, -1), 60)", "np.maximum(z, -1)"), ("(z < 60)", "(z < 1e9)")),
    (
        MARGIN,
        ("40", "400"),
    ),
)


def of(net: str) -> tuple[str, Network]:
    network = declared_by(f"from bpgen import *\n{net}\n")
    return emit(network), network


def found(source: str, network: Network) -> tuple[list[str], list[str]]:
    subject = Subject(source, network)
    beyond = one_sided(subject, network, Ruler(subject, 0).asked(), 0)
    return [*map(str, beyond.wrong)], beyond.unseen


@pytest.mark.parametrize("net, changes", [(net, changes) for net, *changes in WRONG])
def test_wrong_beyond_the_points_first_drawn(net: str, changes: list[tuple[str, str]]) -> None:
    source, network = of(net)
    wrong = source
    for old, new in changes:
        assert old in wrong, source
        wrong = wrong.replace(old, new)
    assert numbers(Subject(wrong, network)).ok  # these points see nothing of it
    assert found(source, network) == ([], [])
    assert any("where the equations say" in fact for fact in found(wrong, network)[0])


@pytest.mark.slow
def test_a_copy_that_is_broken_beyond_them_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """By these points alone: others of its own, at which the self-test asks again, are left out."""
    monkeypatch.setattr("bpgen.check.selftest.AGAIN", 0)
    tent = f"{LAYER.format('target(4)')}L = loss(half_squared_error(min(z, 1 - z, 0.3), y))\n"
    network = shrunk(declared_by(tent))
    source = emit(network)
    subject = Subject(source, network)
    ruler = Ruler(subject, 0)
    further = one_sided(subject, network, ruler.asked(), 0).points
    assert selftest(subject, ruler).survivors
    assert not selftest(subject, ruler, further=further).survivors
    assert check_module(source, network).ok


def test_it_is_a_broken_promise() -> None:
    source, network = of(SHIFTED)
    report = check_module(source.replace("np.maximum(z, 0)", "z"), network)
    assert not report.ok
    assert "broken promise: a" in str(report)


@pytest.mark.parametrize(
    "net, line",
    [
        (
            "x, w = input(2), param(2)\nz = exp(w*x)\na = hard_tanh(z, -1, 40)\noutput(a)",
            "seen from one side alone: z[n, i] is above -1, in a[n, i] = hard_tanh(z[n, i], -1, 40)",
        ),
        (
            "x, w = input(2), param(2)\nz = tanh(w*x)\na = relu(z + 2)\noutput(a)",
            "seen from one side alone: z[n, i] is above -2, in a[n, i] = relu(z[n, i] + 2)",
        ),
        (
            "x, w = input(2), param(2)\na = logsumexp(masked(w*x, 1 + x**2))\noutput(a)",
            "seen from one side alone: x[n, i]**2 + 1 is not 0, in a[n] ="
            " masked(w[i]*x[n, i], x[n, i]**2 + 1)",
        ),
    ],
)
def test_what_no_point_reaches_is_said(net: str, line: str) -> None:
    assert found(*of(net)) == ([], [line])
