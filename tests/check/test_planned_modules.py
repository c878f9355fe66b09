"""Planned modules that are wrong are refused, and it is said of which tensor: each mistake that only
memory makes possible, made by hand in a module that is right.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bpgen.check import promises
from bpgen.check.module import Subject
from bpgen.check.mutants import PLANNED, Mutant, expressions, mutants, readings
from bpgen.check.mutants.source import Source
from bpgen.check.mutants.unwritten import Unwritten
from bpgen.check.numbers import Ruler
from bpgen.check.selftest import _refused
from bpgen.check.whole import check_module
from bpgen.emit import FAST, emit
from bpgen.ir import Network
from bpgen.load import declared_by
from tests.few import one_in

NETS = {
    "layers": """
x, y = input(3), label(4)
h = dense(x, 5, relu)
g = dense(h, 5, tanh)
L = loss(categorical_cross_entropy_with_logits(dense(g, 4), y) + 0.1 * l2())
""",
    "steps": """
t, i, j = indices("t i j")
x = input("T", 3)
W, U = param(3, 3), param(3, 3)
h = recurrent("T", 3)
h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))
output(h)
""",
    "blocks": """
x, y = input(3), target(3)
def block(h):
    return dense(h, 3, tanh)
L = loss(half_squared_error(repeat(3, block, x), y))
""",
}


@cache
def of(net: str) -> tuple[str, Network]:
    network = declared_by(f"from bpgen import *\n{NETS[net]}")
    return emit(network, FAST), network


def mistaken(source: str, right: str, wrong: str) -> str:
    """A module with a mistake in it."""
    assert right in source
    return source.replace(right, wrong)


def broken(source: str, network: Network, *asked: promises.Promise) -> list[str]:
    """What is found where a module is asked for promises."""
    subject = Subject(source, network)
    point = subject.draw(np.random.default_rng(0), 2)
    return [str(finding) for promise in asked for finding in promise(subject, point)]


EARLY, PLACE, LEFT_OUT, BETWEEN, FOR_OTHERS, FLAT, EQUAL, TOGETHER = (
    "an array is used again too early",
    "written to another place",
    "a term of a sum is left out",
    "what was there before is added to",
    "a workspace for other arguments is taken",
    "a gradient has another place in the flat array",
    "right but where values are equal",
    "the loss and its gradients are another where they are asked for together",
)
ALL_BLOCKS = 'f"block[{l}]": _memory_of_each_block(N, dtype) for l in range(3)'
ONE_BLOCK = ALL_BLOCKS.replace("_memory_of_each_block(N, dtype)", "one").replace(
    " for l", " for one in [_memory_of_each_block(N, dtype)] for l"
)
AS_THE_LABEL = "z3 == z3[np.arange(N), y][:, None]"
# A mistake; the network; what stands in its module, and what instead; what is named.
WRONG = (
    (EARLY, "layers", "z2 = g = np.empty((N, 5), dtype)", "z2 = g = z1", "W2"),
    (EARLY, "layers", "t6 = delta1 = np.empty((N, 5), dtype)", "t6 = delta1 = delta2", "W2"),
    (EARLY, "steps", "t3 = np.empty((N, 3), dtype)\n    arrays", "t3 = z\n    arrays", "output h"),
    (
        EARLY,
        "steps",
        "delta = np.empty((T, N, 3), dtype).transpose(1, 0, 2)",
        "delta = dh[:, :-1]",
        "W",
    ),
    (EARLY, "blocks", ALL_BLOCKS, ONE_BLOCK, "W1"),
    (PLACE, "layers", "np.tanh(z2, g)", "np.tanh(z2, z1)", "output z3"),
    (PLACE, "layers", "np.subtract(one, delta2, delta2)", "np.subtract(one, delta2, h)", "W2"),
    (PLACE, "layers", "np.greater(h, zero, mask)", "np.greater(h, zero)", "W1"),
    (PLACE, "layers", "ones.dot(delta2, db2)", "ones.dot(delta2, delta1[0])", "b2"),
    (PLACE, "steps", "np.tanh(z, h[:, t + 1])", "np.tanh(z, h[:, t])", "W"),
    (PLACE, "blocks", "np.tanh(z1, a1)", "np.tanh(z1, x1_next)", "output x1"),
    (LEFT_OUT, "layers", "    dW2 += t7\n", "", "W2"),
    (LEFT_OUT, "layers", "np.subtract(t2, t, t3)", "np.negative(t, t3)", "W3"),
    (LEFT_OUT, "steps", "        dh[:, t] += t2\n", "", "U"),
    (LEFT_OUT, "steps", "dh[:, t] += t2", "dh[:, t] = t2", "U"),
    (LEFT_OUT, "steps", "        z += t3\n", "", "output h"),
    (BETWEEN, "steps", "    h[:, 0].fill(0)\n", "", "h"),
    (BETWEEN, "steps", "    dh.fill(0)\n    dh[:, 1:] = d_h", "    dh[:, 1:] += d_h", "W"),
    (BETWEEN, "layers", "delta1.T.dot(x, dW1)", "dW1 += delta1.T.dot(x)", "W1"),
    (FOR_OTHERS, "layers", "made != length", "made < length", ""),
    (FOR_OTHERS, "layers", "name not in workspace", "name in workspace and not lengths", ""),
    (FOR_OTHERS, "layers", "made_of != dtype", "made_of.kind != dtype.kind", ""),
    (FOR_OTHERS, "layers", '"][0].base is not', '"][0].base is', ""),
    (FOR_OTHERS, "steps", ", N=N, T=T)", ", N=N)", ""),
    (FLAT, "layers", "start += size", "start += size - 1", ""),
    (FLAT, "layers", "sorted(SHAPES):\n        size", "SHAPES:\n        size", "W2"),
    (FLAT, "layers", 'dW2 = grads["W2"]', "dW2 = np.empty((5, 5), dtype)", "W2"),
    (FLAT, "blocks", 'dW1 = grads["W1"][l]', 'dW1 = grads["W1"][l - 1]', "W1"),
    (FLAT, "blocks", 'db1 = grads["b1"][l]', 'db1 = grads["b1"][0]', "b1"),
    (EQUAL, "layers", "    t1.put(places1, zero)\n", f"    t1[{AS_THE_LABEL}] = 0\n", "L"),
    (TOGETHER, "layers", "np.add(t7, one, t8)", "np.add(t7, t6, t8)", "W3"),
    (TOGETHER, "layers", "    t3.put(places1, t6)\n", "", "W3"),
    (TOGETHER, "layers", "delta1_T = delta1.T", "delta1_T = delta2.T", "W1"),
    (TOGETHER, "layers", "np.subtract(t5, t4, ell)", "np.subtract(t5, t5, ell)", ""),
    (TOGETHER, "layers", 'h = t = made["forward"][0]', 'h = t = made["forward"][3]', "W2"),
)


@pytest.mark.parametrize(("mistake", "net", "right", "wrong", "named"), one_in(16, [*WRONG]))
def test_is_refused_by_name(mistake: str, net: str, right: str, wrong: str, named: str) -> None:
    source, network = of(net)
    report = check_module(mistaken(source, right, wrong), network)
    assert not report.ok
    assert any(line.startswith(f"{named}: " if named else "") for line in report.failures)


OWN = 'workspace["own"][0] is not _OWN'


def test_a_workspace_of_another_module_must_be_refused() -> None:
    source, network = of("layers")
    found = broken(mistaken(source, OWN, "False"), network, promises.suited)
    assert "loss_and_grad accepts a workspace of another module" in found


# The doors of memory: of what is given for a workspace, and of what one is made for.
DOORS = (
    ("not isinstance(workspace, dict)", "False", "loss_and_grad accepts a workspace that is a"),
    ('not workspace["flat"][0].flags', 'workspace["flat"][0].flags', "forward accepts a workspace"),
    ("    _sized(dtype, N=N)\n", "", "workspace accepts N = 2.5"),
    ("length < 0", "False", "workspace accepts N = -1"),
    ("isinstance(length, bool) or ", "", "workspace accepts N = True"),
    (
        'np.dtype(dtype).kind not in "fc"',
        "False",
        "workspace accepts dtype = <class 'numpy.int64'>",
    ),
)


@pytest.mark.parametrize(("right", "wrong", "said"), DOORS)
def test_a_module_without_a_door_of_its_memory_is_refused(
    right: str, wrong: str, said: str
) -> None:
    source, network = of("layers")
    found = broken(mistaken(source, right, wrong), network, promises.suited, promises.sized)
    assert any(line.startswith(said) for line in found), found


# In the function that computes the loss and all gradients, alone.
APART = (
    ("    ones.dot(delta1, db1)\n", "", "b1: loss_and_grad and backward give different"),
    ("value: float = L.item()", "value = float('nan')", "loss_and_grad returns nan where loss"),
    ('"b1": db1', '"b1": db1.copy()', "b1: the gradient is no part of the workspace's flat array"),
    ("elif checked:", "elif False:", "loss_and_grad accepts a workspace for another N"),
)


@pytest.mark.parametrize(("right", "wrong", "said"), APART)
def test_what_is_computed_together_is_asked_by_itself(right: str, wrong: str, said: str) -> None:
    source, network = of("layers")
    before, _, joined = source.partition("def loss_and_grad")
    joined, end, after = joined.partition("def workspace")
    text = before + "def loss_and_grad" + mistaken(joined, right, wrong) + end + after
    found = broken(text, network, promises.within_workspace, promises.suited)
    assert any(line.startswith(said) for line in found), found


def test_what_is_computed_together_is_broken_as_backward_is() -> None:
    source, _ = of("layers")
    read = next(readings(source))
    right = {Source(text).text.partition("def loss_and_grad")[0] for text in (source, read)}
    made = [m for m in mutants(source, 2) if m.source.partition("def loss_and_grad")[0] in right]
    assert {"memory not written", "a sign flipped"} < {m.kind for m in made}
    assert len({m.kind for m in made}) >= 12


@pytest.mark.slow
@pytest.mark.parametrize("net", [*NETS])
def test_right_ones_pass_and_every_mutant_is_caught(net: str) -> None:
    report = check_module(*of(net))
    assert report.ok, report.failures
    assert report.selftest is not None and report.selftest.kinds >= 20


def test_a_bound_is_read_as_what_it_bounds() -> None:
    """As `a.clip(zero, infinity, out)` it hides the value in which mistakes are made."""
    net = NETS["layers"].replace("dense(x, 5, relu)", "dense(x, 257, relu)")
    text = emit(declared_by(f"from bpgen import *\n{net}"), FAST)
    assert "z1.clip(zero, infinity, h)" in text
    read = next(readings(text))
    assert "h[...] = np.minimum(np.maximum(" in read
    assert ".clip(" not in read


def test_every_mistake_in_memory_is_made_somewhere() -> None:
    made = {mutant.kind for net in NETS for mutant in mutants(of(net)[0], 2)}
    assert made >= {kind.name for kind in PLANNED}


def test_what_is_never_written_is_wrong_and_not_only_unproved() -> None:
    source, network = of("layers")
    report = check_module(source.replace("    ones.dot(delta2, db2)\n", ""), network)
    assert any("wrong: entry [0] is never written" in line for line in report.failures)


MASKED = """
from bpgen import *
q, k, v = input("T", 2), input("T", 2), input("T", 2)
m = input("T", "T")
output(attention(q, k, v, m))
"""


@pytest.mark.slow
def test_rows_that_are_masked_out_are_proved() -> None:
    network = declared_by(MASKED)
    report = check_module(emit(network, FAST), network)
    assert report.ok, report.failures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("promise", "kind"),
    [
        (promises.suited, "a workspace for others taken"),
        (promises.within_workspace, "a gradient beside the flat array"),
    ],
)
def test_a_check_that_asks_no_promise_of_memory_is_told(
    promise: promises.Promise, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = tuple(p for p in promises.PROMISES if p is not promise)
    monkeypatch.setattr(promises, "PROMISES", fewer)
    report = check_module(*of("layers"))
    assert any(line.startswith(f"not caught: {kind}, at ") for line in report.failures)


def test_what_is_taken_out_of_a_row_may_be_anything() -> None:
    """exp(z + m) / sum(exp(z + m)) is no mistake that can be seen, and none is made of it."""
    places = [m.place for m in mutants(of("layers")[0], 50) if m.kind == "a sign flipped"]
    assert places and not any(".max(" in place for place in places)
    looked_up = "z - np.maximum(np.take(z, z.argmax(1) + starts, None), least)[:, None]"
    assert not [*expressions.flip(expressions.parsed(looked_up))]


def test_memory_that_is_not_written_holds_no_zeros_by_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As that before the first step of a recurrence, which is zero where memory is new."""
    memory = Unwritten()
    assert np.isnan(memory.empty((2, 3))).all()
    assert memory.empty(2, bool).all()
    with pytest.raises(IndexError):
        np.zeros(5).put(memory.empty(1, np.intp), 1.0)
    source, network = of("steps")
    subject, unbegun = Subject(source, network), source.replace("    h[:, 0].fill(0)\n", "")
    assert unbegun != source
    ruler = Ruler(subject, 0)
    monkeypatch.setattr(np, "empty", np.zeros)
    assert _refused(Mutant("", "", unbegun), subject, ruler)
    assert not _refused(Mutant("", "", source), subject, ruler)
