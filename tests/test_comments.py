"""What a module says of itself above its statements is true; and a person may claim it so."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bpgen.commands.claims import court_of
from bpgen.emit import emit
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.load import load
from bpgen.network.shrink import shrunk
from bpgen.prove import claimed, proved
from bpgen.text.comment import Comments
from tests.comments import comments, differences, false, judge_of
from tests.conftest import EXAMPLES, ROOT, declared
from tests.few import one_in


def _small(name: str) -> Network:
    return shrunk(load(ROOT / "examples" / f"{name}.py"))


@pytest.mark.parametrize("net", one_in(8, EXAMPLES), ids=lambda p: p.stem)
def test_every_comment_holds(net: Path) -> None:
    network = shrunk(load(net))
    found = differences(network, emit(network))
    assert not any(found.values()) and len(found) >= 5, found


def test_a_lost_sign_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    network = _small("softmax_mlp")
    right = Comments.text_of
    lost = lambda *a: right(*a).replace(" - ", " + ")  # noqa: E731
    monkeypatch.setattr(Comments, "text_of", lost)
    found = differences(network, emit(network))
    assert "is not" in found["delta3[n,i] = p[n,i] / N + [i = y[n]] / N"]


OF_SOME = """from bpgen import *
q, p, u = indices("q", size=3), indices("p", size=4), indices("u", size=2)
x = input(5)
m = tensor(max(cos(2*x[q]), q))
a = tensor(sum(x[p + u], u), p)
output(m * sum(a))
"""


@pytest.mark.parametrize(
    ("told", "otherwise"),
    [
        ("m[n] = max_q<3 cos(2 x[n,q])", "m[n] = max_q cos(2 x[n,q])"),
        ("a[n,p] = sum_u<2 x[n,p+u]", "a[n,p] = sum_u<1 x[n,p+u]"),
    ],
)
def test_how_far_a_letter_runs_is_said_where_no_axis_says_it(told: str, otherwise: str) -> None:
    network = declared(OF_SOME)
    assert told in comments(emit(network))
    judge = judge_of(network)
    assert not judge.wrong(told)
    assert " is not " in judge.wrong(otherwise)
    with pytest.raises(NetError, match=r"a claim says no bounds of a sum: [qu] < [23]"):
        court_of(network).answers(told)


def test_where_something_is_added_letters_have_their_ends_too() -> None:
    told = comments(emit(declared(OF_SOME)))
    assert any(line.startswith("dx[n,p+u] += d_u2[n] m[n] for p<4,u<2, ") for line in told)


OPPOSITE = """from bpgen import *
x, w = input(3), param(3)
output(max(-w * x) + logsumexp(-x))
"""
IN_STEPS = """from bpgen import *
t, i, k = indices("t i k")
x, g = input("T", 3), input(2, below=3)
h = recurrent("T", 3)
h[t, i] = tanh(x[t, i] + sum(h[t - 1, g[k]], k))
output(h)
"""


def test_the_largest_of_the_opposite_is_not_the_opposite_of_the_largest() -> None:
    network = declared(OPPOSITE)
    told = comments(emit(network))
    assert "u1[n] = max_i (-w[i] x[n,i])" in told, told
    assert false(network, emit(network)) == []


def test_the_letter_of_a_loop_has_one_meaning() -> None:
    """It was also that of the entries that a step writes at: [t = t - 1, i = g[n,k]]."""
    network = shrunk(declared(IN_STEPS))
    told = comments(emit(network))
    assert not any("= t - 1" in line for line in told), told
    assert any(line.startswith("dh[n,t-1,g[n,k]] += ") for line in told), told
    assert false(network, emit(network)) == []


ROOT_OF_SQUARES = "from bpgen import *\nx = input(3)\noutput(sqrt(1 + x**2))\n"


def test_functions_have_their_values_where_what_they_are_of_is_negative() -> None:
    """Which had been no number, and no number was like any other."""
    network = declared(ROOT_OF_SQUARES)
    assert false(network, emit(network)) == []
    judge = judge_of(network)
    assert not judge.wrong("u1[n,i] = hypotenuse(x[n,i], 1)")
    assert " is not " in judge.wrong("u1[n,i] = hypotenuse(x[n,i], 2)")
    with np.errstate(invalid="ignore"):
        assert " is not nan" in judge.wrong("u1[n,i] = log(-1 - hypotenuse(x[n,i], 1))")


def test_functions_have_the_names_that_the_module_gives_them() -> None:
    """A step was told as H, of which a module knows nothing."""
    network = declared("from bpgen import *\nx = input(3)\noutput(maximum(x, -x / 2))\n")
    (_, slope) = comments(emit(network))
    assert "heaviside(3 x[n,i] / 2)" in slope
    assert [*differences(network, emit(network)).values()] == ["", ""]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("for p<4,u<2", "for p<4,u<1"),
        ("+= -2 dm[n]", "+= 2 dm[n]"),
        ("dx[n,p+u] +=", "dx[n,p] +="),
        (", dx[n,q] +=", ", dx[n,q+1] +="),
    ],
)
def test_what_is_added_up_is_read_back_together(right: str, wrong: str) -> None:
    network = declared(OF_SOME)
    module = emit(network).replace("\n        #     ", " ")  # each comment in one line
    assert false(network, module) == []
    assert right in module
    (line,) = false(network, module.replace(right, wrong))
    assert line.startswith("dx[n,p") and " is not " in line


def test_what_is_added_is_no_claim() -> None:
    with pytest.raises(NetError, match=r"and \+= adds to what is there"):
        court_of(declared(OF_SOME)).answers("dx[n,p+u] += d_u2[n] m[n] for p<4,u<2")


RECURRENT = """from bpgen import *
k, i, p = indices("k", size=4), indices("i", size=3), indices("p", size=2)
x, g = input(4), input(2, below=3)
h, f = recurrent(4, 3), recurrent(4, 3)
f[k, i] = tanh(x[k] + sum(h[k - 1, g[p]], p))
f[-1, i] = x[0]
h[k, i] = tanh(x[k]**2 + sum(h[k - 1, p], p))
output(h, f)
"""
WITH_START = RECURRENT.replace("output", "h[-1, i] = x[1]\noutput")


@pytest.mark.parametrize("source", [RECURRENT, WITH_START])
def test_what_a_step_adds_before_the_first_is_told(source: str) -> None:
    """It was dh[n,k,i] = d_h[n,k,i] + sum_j,p<2 [k = j - 1, i = g[n,p]] du1[n,j]: where there is a
    start, k is not -1, and the comment was incomplete.
    """
    network = declared(source)
    told = "dh[n,k,i] = d_h[n,k,i], dh[n,j-1,g[n,p]] += du1[n,j]"
    assert told in comments(emit(network))
    assert false(network, emit(network)) == []


IN_TWO_STATEMENTS = """from bpgen import *
k, i, j = indices("k", size=4), indices("i", size=3), indices("j", size=2)
x, g, s = input(3), input(2, below=3), input(3)
h, f = recurrent(4, 3), recurrent(4)
h[k, i] = tanh(x[i] + f[k - 1])
h[-1, i] = s[i]
f[k] = tanh(sum(h[k, g[j]], j))
output(h, f)
"""


def test_what_a_second_statement_adds_is_told_as_added() -> None:
    """It was told as all that there is: dh[n,k,i] = sum_j<2 [i = g[n,j]] delta[n,k]."""
    network = declared(IN_TWO_STATEMENTS)
    told = comments(emit(network))
    assert {"dh[n,k,i] = d_h[n,k,i]", "dh[n,k,g[n,j]] += delta[n,k]"} <= {*told}, told
    assert false(network, emit(network)) == []


SHARED = """from bpgen import *
x, y = input(2), target(2)
S, c, b = param(2, 2), param(2), param()
h = S @ x
o = repeat(3, lambda u: u + b * dense(tanh(S @ u + c), 2) * h, h)
L = loss(half_squared_error(o, y))
"""


def test_a_block_is_told_of_what_it_adds_to_what_all_share() -> None:
    """It was dc[i] = sum_n delta2[l,n,i], as if there were one block."""
    network = declared(SHARED)
    module = emit(network)
    assert {
        "dc[i] = sum_n,l delta2[l,n,i]",
        "dc[i] += sum_n delta2[l,n,i]",
        "dS[i,j] += sum_n delta2[l,n,i] o[l-1,n,j]",
    } <= {*comments(module)}
    assert false(network, module) == []


WRONG_OF_BLOCKS = [
    ("dc[i] += sum_n delta2[l,n,i]", "dc[i] = sum_n delta2[l,n,i]"),
    ("dc[i] += sum_n delta2[l,n,i]", "dc[i] += -sum_n delta2[l,n,i]"),
    ("dc[i] += sum_n delta2[l,n,i]", "dc[i] += sum_n delta2[l-1,n,i]"),
    ("dc[i] = sum_n,l delta2[l,n,i]", "dc[i] = sum_n delta2[0,n,i]"),
    ("dS[i,j] += sum_n delta2[l,n,i] o[l-1,n,j]", "dS[i,j] += sum_n delta2[l,n,i] o[l,n,j]"),
    ("db += ", "db += 2 "),
    ("(1 - a2[l,n,i] ** 2)", "(2 - a2[l,n,i] ** 2)"),
    ("delta1[l,n,i] = ", "delta1[l,n,i] = 2 "),
    ("o[-1,n,i] += h[n,i]", "o[-1,n,i] += -h[n,i]"),
]


@pytest.mark.parametrize(("right", "wrong"), one_in(3, WRONG_OF_BLOCKS))
def test_a_wrong_comment_of_a_block_is_refused(right: str, wrong: str) -> None:
    network = declared(SHARED)
    module = emit(network)
    assert right in module
    found = false(network, re.sub(rf"(# .*){re.escape(right)}", rf"\g<1>{wrong}", module))
    said = (" is not ", "of which l?", "how far l runs")
    assert found and all(any(words in line for words in said) for line in found), found


HEADS = """from bpgen import *
head, d, t = indices("h", size=2), indices("d", size=2), indices("t", size=3)
x = input(3, 4)
h = tanh(x)
o = tensor(h[t, d + 2 * head] * x[t, d], head, t, d)
output(o)
"""


def test_a_letter_may_be_called_as_a_tensor_with_entries_is() -> None:
    network = declared(HEADS)
    module = emit(network)
    assert "o[n,h,t,d] = x[n,t,d] h[n,t,d+2*h]" in module
    assert false(network, module) == []
    (line,) = false(network, module.replace(" x[n,t,d] h[n,t,d+2*h]", " x[n,t,d] h[n,t,d+h]"))
    assert " is not " in line


def test_what_a_caller_gives_may_be_a_number() -> None:
    """d_v, and no letter."""
    network = declared(
        "from bpgen import *\nn, i, p = samples(), indices('i', size=3), indices('p', size=2)\n"
        "x = input(3, 3)\nm = tensor(mean(x[n, p, i], n), p, i)\noutput(sum(m[p, i], i, p))\n"
    )
    module = emit(network)
    assert re.search(r"dx\[n,p,j\] \+= d_\w+ / N for p<2", module)
    assert false(network, module) == []


def test_what_a_caller_gives_is_of_no_block() -> None:
    """Its first axis is the samples', of which there are more than blocks."""
    network = declared("from bpgen import *\noutput(repeat(2, lambda u: tanh(2 * u), input(2)))\n")
    module = emit(network)
    assert re.search(r"\+= d_(\w+)\[n,i\]", module)
    assert false(network, module) == []


def test_check_reads_the_comments_and_says_which_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Comments.text_of
    lost = lambda *a: right(*a).replace(" - ", " + ")  # noqa: E731
    monkeypatch.setattr(Comments, "text_of", lost)
    report = proved(claimed(_small("single_neuron")))
    assert not report.ok
    told = "comments  2 of 5 equations\n  false: ell[n] = (y[n] + yhat[n]) ** 2\n"
    assert told in str(report)
    assert any(line.startswith("comment: dw = sum_n 2 (yhat[n] + ") for line in report.failures)


RIGHT_AND_WRONG = [  # of softmax_mlp
    ("z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i]", "z1[n,i] = sum_j W1[i,j] x[n,j] - b1[i]"),
    ("p[n,i] = exp(z3[n,i]) / sum_j exp(z3[n,j])", "p[n,i] = exp(z3[n,i]) / sum_j exp(z2[n,j])"),
    ("s3[n] = logsumexp_i z3[n,i]", "s3[n] = max_i z3[n,i]"),
    ("delta3[n,i] = p[n,i] / N - [i = y[n]] / N", "delta3[n,i] = p[n,i] - [i = y[n]] / N"),
    ("delta3[n,i] = (p[n,i] - [i = y[n]]) / N", "delta3[n,i] = (p[n,i] - [i != y[n]]) / N"),
    ("db2[i] = sum_n delta2[n,i]", "db2[i] = sum_n delta1[n,i]"),
    (
        "dW3[i,j] = sum_n delta3[n,i] h[n,j] + 0.02 W3[i,j]",
        "dW3[i,j] = sum_n delta3[n,i] h[n,j] + 0.01 W3[i,j]",
    ),
    (
        "delta2[n,i] = sum_j delta3[n,j] W3[j,i] (1 - h[n,i] ** 2)",
        "delta2[n,i] = sum_j delta3[n,j] W3[j,i] (1 - h[n,i]) ** 2",
    ),
    (
        "L = sum_n ell[n] / N + 0.01 sum_i,j W1[i,j] ** 2 + 0.01 sum_i,j W2[i,j] ** 2"
        " + 0.01 sum_i,j W3[i,j] ** 2",
        "L = sum_n ell[n] / N + 0.01 sum_i,j W1[i,j] ** 2 + 0.01 sum_i,j W2[i,j] ** 2",
    ),
]


@pytest.mark.parametrize(("right", "wrong"), RIGHT_AND_WRONG)
def test_a_wrong_comment_is_refused(right: str, wrong: str) -> None:
    judge = judge_of(_small("softmax_mlp"))
    assert not judge.wrong(right)
    assert " is not " in judge.wrong(wrong)


@pytest.mark.parametrize(("right", "wrong"), one_in(5, RIGHT_AND_WRONG))
def test_a_claim_may_be_a_comment(right: str, wrong: str) -> None:
    court = court_of(_small("softmax_mlp"))
    (yes,), (no,) = court.answers(right), court.answers(wrong)
    assert (yes.right, no.right) == (True, False)
    assert yes.text == right


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("# (12) db1[i] = sum_n delta1[n,i]", True),  # with all that stands before it
        ("# (4) where s3[n] = logsumexp_i z3[n,i]", True),
        ("dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.02 W1[i,j]", True),
        ("dW1[i,j] = sum_n delta1[n,i] x[n,i] + 0.02 W1[i,j]", False),
    ],
)
def test_a_comment_is_claimed_as_it_stands_in_the_module(claim: str, told: bool) -> None:
    (answer,) = court_of(_small("softmax_mlp")).answers(claim)
    assert answer.right == told


@pytest.mark.parametrize("claim", ["dW1[i,j] = sum_n delta1[n,i", "dW1[i,j] = [i = ] x[n,j]"])
def test_nonsense_is_no_comment(claim: str) -> None:
    with pytest.raises(NetError, match="syntax error"):
        court_of(_small("softmax_mlp")).answers(claim)


def test_a_place_that_is_not_there_is_said_of_the_batch_that_is_meant() -> None:
    claim = "delta1[n,i] = sum_j delta2[n,j] W2[i,j] (1 - a1[n,i])"
    with pytest.raises(NetError, match=r"W2\[1, 0\] is not there"):
        court_of(_small("toy_2_2_1")).answers(claim)


@pytest.mark.parametrize("name", ["sum_x", "max_z"])
def test_a_tensor_may_be_called_as_a_sum_is(name: str) -> None:
    net = f"from bpgen import *\nx = input(2)\n{name} = dense(x, 2)\nL = loss(sum({name}**2))\n"
    network = declared(net)
    found = differences(network, emit(network))
    assert not any(found.values())
    assert any(f"{name}[n,i] ** 2" in line for line in comments(emit(network)))


def test_of_numbers_alone_a_comment_has_no_indices() -> None:
    net = "x, g = input(2), param()\nh = -softplus(g)\nL = loss(sum(x) ** 2 * h)\n"
    court = court_of(declared(f"from bpgen import *\n{net}"))
    claims = ("dg = -dh sigmoid(g)", "dg = dh sigmoid(g)")
    assert [answer.right for c in claims for answer in court.answers(c)] == [True, False]
