"""What is no change is told from what was not caught: where a difference cancels, where it is seen
at few points, and where only rounding differs. What does make a difference is never no change.
"""

from __future__ import annotations

from functools import cache

import pytest

from bpgen.check.exact import exact
from bpgen.check.module import Subject
from bpgen.check.mutants import Mutant, mutants, readings
from bpgen.check.numbers import Ruler
from bpgen.check.selftest import _refused, same, selftest
from bpgen.emit import FAST, emit
from bpgen.ir import Network
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from tests.few import one_in

HEAD = """
from bpgen import *
i, j = indices("i j")
n, m = samples(), samples()
x = input(4)
z = dense(x, 3)
"""
# Of other samples with the same label, and of all others.
POSITIVES = """
y = input(below=3)
same = at_most(y[n], y[m]) * at_most(y[m], y[n])
other = 1 - at_most(n, m) * at_most(m, n)
"""
NETS = {
    "pairs": """
y = input()
d = sqrt(sum((z[n, i] - z[m, i])**2, i) + 1e-6)
L = loss(sum(y[n] * y[m] * d**2 + (1 - y[n] * y[m]) * relu(1 - d)**2, m))
""",
    # (u . u) of a unit vector is 1, and has no gradient.
    "supervised": f"""{POSITIVES}
u = tensor(z[i] / sqrt(sum(z[j]**2, j)), i)
s = tensor(sum(u[n, i] * u[m, i], i) / 0.07, n, m)
c = sum(same * other, m)
L = loss(sum(same * other * (log(sum(other * exp(s[n, m]), m)) - s[n, m]), m) / (c + relu(1 - c)))
""",
    # The candidates are the samples of the batch.
    "towers": """
v = input(4)
k = dense(v, 3)
a, b = z / sqrt(sum(z**2)), k / sqrt(sum(k**2))
L = loss(log(sum(exp(sum(a[i] * b[m, i], i) / 0.1), m)) - sum(a * b) / 0.1)
""",
    "counted": f"""{POSITIVES}
s = sum(z[n, i] * z[m, i], i) / 0.5
L = loss(-sum(same * other * (s - log(sum(exp(s), m))), m) / maximum(1, sum(same * other, m)))
""",
}


@cache
def of(net: str, target: str = "numpy") -> tuple[str, Network]:
    network = shrunk(declared_by(HEAD + NETS[net]))  # as the self-test is of
    return emit(network, target), network


def wrong(text: str, was: str, becomes: str, within: str) -> Mutant:
    """What stands in a function, once, in another form."""
    before, name, after = text.partition(f"def {within}(")
    assert was in after
    return Mutant("", "", before + name + after.replace(was, becomes, 1))


def test_the_loss_that_is_asked_for_with_its_gradients_has_a_rounding_of_its_own() -> None:
    """What all samples share cancels in what compares them, but for the rounding of each."""
    text, network = of("pairs", FAST)
    subject = Subject(text, network)
    assert same(subject, wrong(text, "    z += t\n", "", "loss_and_grad"))
    for becomes in ("    z += t * x[:, :1]\n", "    z += t\n    z *= 1 + 1e-9\n"):
        assert not same(subject, wrong(text, "    z += t\n", becomes, "loss_and_grad"))


def test_a_loss_in_which_all_cancels_has_the_rounding_of_what_cancels() -> None:
    """Of one sample it is 0 by its formula, and so is what moves it: of a spelling in which it is
    0, nothing is seen of what is left in another.
    """
    text, network = of("towers", FAST)
    subject = Subject(text, network)
    read = next(readings(text))
    assert same(subject, Mutant("", "", read))
    assert same(subject, wrong(read, "u3.argmax(1) + starts", "starts", "backward"))
    for becomes in ("value: float = L.item() + 1e-12", "value: float = L.item() * 1.0000001"):
        off = wrong(read, "value: float = L.item()", becomes, "loss_and_grad")
        assert not same(subject, off)


@pytest.mark.slow
def test_of_a_planned_module_what_is_no_change_is_proved_too() -> None:
    """1 + [n = m] in the place of 1 - [n = m] is another gradient of u . u alone, along u."""
    text, network = of("supervised", FAST)
    subject, masked = Subject(text, network), "np.subtract(one, ds, ds)"
    for within in ("backward", "loss_and_grad"):
        assert same(subject, wrong(text, masked, "np.add(one, ds, ds)", within))
        off = f"{masked}\n    ds *= 1 + 1e-9"
        assert not same(subject, wrong(text, masked, off, within))


def test_what_a_planned_module_computes_together_is_proved() -> None:
    text, network = of("supervised", FAST)
    assert all(row.ok for row in exact(text, network))
    off = wrong(text, "delta /= t", "delta *= 1.0000001\n    delta /= t", "loss_and_grad")
    assert {row.name for row in exact(off.source, network) if not row.ok} == {"W1", "b1"}


def test_of_three_samples_some_have_the_same_label_and_some_another() -> None:
    """Or what compares those with the same would be proved to be 0, and nothing else."""
    assert not any(row.nothing for row in exact(*of("supervised")))


@pytest.mark.parametrize("seed", one_in(2, [0, 1]))
def test_what_differs_at_few_points_is_asked_at_more(seed: int) -> None:
    """1.01 in the place of 1 makes a difference where a sample has one positive, and no other."""
    text, network = of("counted")
    subject = Subject(text, network)
    found = selftest(subject, Ruler(subject, seed))
    assert found.ok, found.survivors
    (off,) = {m.source for m in mutants(text, 9) if "maximum(1, " in m.place and "off" in m.kind}
    assert not same(subject, Mutant("", "", off))


def test_a_step_is_a_mistake_also_where_the_gradient_is_nothing_but_rounding() -> None:
    text, network = of("pairs", FAST)
    subject = Subject(text, network)
    steps, ruler = [m for m in mutants(text, 9) if m.place == "b1 after"], Ruler(subject, 0)
    assert steps and all(_refused(m, subject, ruler) for m in steps)
