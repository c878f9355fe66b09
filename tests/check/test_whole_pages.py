"""A page that leaves something out, or numbers two things alike, is refused though each of its lines
holds.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render
from tests.check.proved_pages import CLASSIFIER
from tests.few import few, one_in
from tests.render.nets import NETS

FIVE = (
    "from bpgen import *\nx, y = input(3), target(2)\na = x\nfor _ in range(4):\n"
    "    a = dense(a, 3, tanh)\nyhat = dense(a, 2)\nL = loss(half_squared_error(yhat, y))\n"
)
LSTM = (
    "from bpgen import *\nx, y = input('T', 2), label(3)\nh = lstm(x, 2)\nz = dense(last(h), 3)\n"
)
LSTM += "L = loss(categorical_cross_entropy(softmax(z), y))\n"
NAMED = (  # the log-sum-exp
    "from bpgen import *\nx, y = input(3), one_hot(4)\nz = dense(x, 4)\ns = logsumexp(z)\n"
    "p = exp(z - s)\nL = loss(-sum(y * log(p)))\n"
)
NETWORKS = NETS | {"classifier": CLASSIFIER, "five": FIVE, "lstm": LSTM, "named": NAMED}


@cache
def _derived(net: str) -> Derivation:
    return derive(shrunk(declared_by(NETWORKS[net])))


@cache
def _page(net: str, steps: str) -> str:
    return render(_derived(net), fmt="latex", steps=steps)


def _refused(net: str, page: str) -> set[str]:
    report = prove_page(page, _derived(net).network, (0,))
    assert not report.ok
    return {line.reason for line in report.false}


def _line(page: str, part: str) -> str:
    """The first line of a display in which something stands."""
    return next(line for line in page.splitlines() if part in line)


def _without(page: str, line: str) -> str:
    """The page without a line, which may be the last of its display."""
    before, _, after = page.partition(f"{line}\n")
    if not line.endswith(r"\\"):
        before = before.removesuffix("\\\\\n") + "\n"
    return before + after


def _renumbered(page: str, gone: int) -> str:
    """The page on which every number above one that is gone is one less."""

    def less(found: re.Match[str]) -> str:
        return re.sub(r"\d+", lambda n: str(int(n[0]) - (int(n[0]) > gone)), found[0])

    return re.sub(r"\\tag\{[^}]*\}|\\overset\{[^}]*\}|^In the same way.*$", less, page, flags=re.M)


@pytest.mark.parametrize("steps", ["short", "all"])
@pytest.mark.parametrize("net", few(["classifier", "entropy", "five", "lstm"], "classifier".__eq__))
def test_the_page_itself_is_whole(net: str, steps: str) -> None:
    report = prove_page(_page(net, steps), _derived(net).network, (0,))
    assert report.ok, "\n".join(map(str, report.false))


# of each kind: network, steps, what is printed, what is printed instead, what is said
WRONG = {
    "a number of two things": (
        "classifier",
        "short",
        r"\tag{9}",
        r"\tag{8}",
        "(8) is of two things",
    ),
    "a number twice": ("classifier", "short", r"\tag{9}", r"\tag{8}", "(8) stands twice"),
    "a gap": ("classifier", "short", r"\tag{9}", r"\tag{99}", "(9) is missing"),
    "no number": ("classifier", "short", r"\tag{9}", "", "(9) is missing"),
    "out of order": ("classifier", "short", r"\tag{1}", r"\tag{7}", "(2) stands behind (7)"),
    "a label twice": ("classifier", "short", "eq:net:a1}", "eq:net:z1}", "eq:net:z1 stands twice"),
    "half a number": ("blocks_to_huber", "short", r"\tag{5b}", "", "(5) is missing in part"),
    "a layer less": ("five", "short", r"l = 1, \dots, 5", r"l = 1, \dots, 4", "numbers as layers"),
    "a way that is none": ("five", "short", "and (30) as (14)", "and (30) as (2)", "has no reason"),
    "no way": ("five", "short", " and (30) as (14)", "", "has no reason"),
}


@pytest.mark.parametrize("kind", one_in(2, [*WRONG]))
def test_a_number_of_a_page_is_missing_or_told_twice(kind: str) -> None:
    net, steps, right, wrong, reason = WRONG[kind]
    page = _page(net, steps)
    assert right in page
    said = _refused(net, page.replace(right, wrong, 1))
    assert any(reason in one for one in said), said


# of each kind: network, steps, a line that is left out; whether those behind it are renumbered
LEFT_OUT = {
    "a value": ("classifier", "short", r"a^{[1]} &= \sigma", "is not told"),
    "the loss": ("classifier", "short", r"\ell &= -\log", "is not told"),
    "a delta": ("classifier", "short", r"\delta^{[1]} &= ", "is not told"),
    "the gradient of a weight": ("classifier", "short", r"W^{[1]}} &= \delta", "is not told"),
    "the gradient of a bias": ("classifier", "short", r"b^{[2]}} &= \delta", "is not told"),
    "the gradient of an input": ("classifier", "short", r"\partial x} &= ", "is not told"),
    "a value of a full page": ("classifier", "all", r"a^{[1]} &= \sigma", "is not told"),
    "a log-sum-exp that net.py names": ("named", "short", r"s &= \log", "is not told"),
    "a rule": ("five", "short", r"a^{[l]} &= \tanh", "is not told"),
    "a rule of gradients": ("five", "short", r"b^{[l]}} &= \delta", "is not told"),
    "a recurrence's value": ("lstm", "short", r" &= \tanh(c", "is not told"),
}


@pytest.mark.parametrize("kind", one_in(2, [*LEFT_OUT]))
def test_an_equation_is_left_out_with_its_number(kind: str) -> None:
    """Those behind it are numbered as if it had never been."""
    net, steps, part, reason = LEFT_OUT[kind]
    page = _page(net, steps)
    line = _line(page, part)
    (tag,) = re.findall(r"\\tag\{([^}]*)\}", line)
    page = _without(page, line)
    for number in sorted(map(int, re.findall(r"\d+", tag)), reverse=True):
        page = _renumbered(page, number)
    assert reason in _refused(net, page)


IN_PART = {
    "before the first step": ("lstm", "short", r"h_{-1", "is told in part"),
    "some rows of a delta": ("lstm", "short", r"\delta^{[1]}_{t,r+2} &= ", "is told in part"),
    "the reason of a delta": ("classifier", "short", r"\delta^{[2]}_{i} = \frac", "has no reason"),
    "the reason of a weight": ("classifier", "short", r"W^{[2]}_{ij}} &= \frac", "has no reason"),
    "what it is evaluated by": ("classifier", "short", r"and } s^{[2]} = \log", "is not told"),
    "a sum of all": (
        "classifier",
        "all",
        r"W^{[2]}} &= \delta^{[2]} a^{[1]\top} + 0.02 W^{[2]} \\",
        0,
    ),
}


@pytest.mark.parametrize("kind", IN_PART)
def test_a_line_without_a_number_is_left_out(kind: str) -> None:
    net, steps, part, reason = IN_PART[kind]
    page = _page(net, steps)
    said = _refused(net, _without(page, _line(page, part)))
    assert (reason or "is not summed up") in said, said


def test_what_steps_later_read_is_0_elsewhere_beside_a_start_that_is_not_read() -> None:
    """The gradient by h is at the steps that are read; before the first it is 0."""
    made = derive(
        shrunk(
            declared_by(
                "from bpgen import *\nk, q = indices('k', size=4), indices('q', size=3)\n"
                "x, w, h = input(), param(4), recurrent(4)\nh[-1] = x\nh[k] = sin(x) * w[k]\n"
                "L = loss(sum(h[q + 1], q))\n"
            )
        )
    )
    page = render(made, fmt="latex")
    line = _line(page, "h_{q+1}} &=")
    assert "0 elsewhere" in line
    assert prove_page(page, made.network, (0,)).ok
    assert not prove_page(
        page.replace(r"; 0 elsewhere", "").replace("0 elsewhere", ""), made.network
    ).ok


DELAYED = """from bpgen import *
t = indices("t")
x, w = input({steps}), param()
p = recurrent({steps})
{start}p[t] = w * x[t]
L = loss(sum((x[t] - p[t - 1]) ** 2, t))
"""


@pytest.mark.parametrize("steps", one_in(3, ['"T"', "4", "1"]))
@pytest.mark.parametrize("start", one_in(2, ["", "p[-1] = w\n"]))
def test_what_is_read_a_step_later_alone_is_0_at_the_last_step(steps: str, start: str) -> None:
    """The places p[t-1] are as many as the steps, and one of them is before the first."""
    made = derive(shrunk(declared_by(DELAYED.format(steps=steps, start=start))))
    page = render(made, fmt="latex", steps="short")
    assert re.search(r"p_\{[it]-1\}\} &= .* \\text\{0 elsewhere\}", page)
    assert prove_page(page, made.network, (0,)).ok
    report = prove_page(page.replace(r"\text{0 elsewhere}", ""), made.network, (0,))
    assert "is told in part" in {wrong.reason for wrong in report.false}
