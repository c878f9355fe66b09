"""Where a slope has no end by a network's own equations: emit says so, and what helps."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.check.entrywise import evaluate, gradients
from bpgen.check.entrywise.scalars import ENDLESS
from bpgen.compiled import compiler
from bpgen.emit import emit
from bpgen.ir import BATCH
from bpgen.load import declared_by
from tests.command_line import run
from tests.few import one_in

PAIRS = """from bpgen import *
i, j, d = indices("i j d")
x, y = input(3, 2), target(3, 3)
W = param(2, 2)
e = tensor(sum(W[d, j] * x[i, j], j) / 3, i, d)
D2 = tensor(sum((e[i, d] - e[j, d])**2, d), i, j)
"""
ENTRIES = "from bpgen import *\nx, y = input(3), target(3)\nw = param(3)\nz = w * x\n"
POINCARE = """r = tensor(sum(e[i, d]**2, d), i)
q = tensor(1 + 2 * D2[i, j] / ((1 - r[i]) * (1 - r[j])), i, j)
D = tensor(log(q[i, j] + sqrt(q[i, j]**2 - 1)), i, j)
"""
SQUARED = "L = loss(sum((D - y)**2))\n"
NETS = {  # the network, what has a slope without end, what is 0, and what it is instead
    "a power of squared distances": (
        PAIRS + "D = tensor(D2[i, j]**0.9, i, j)\n" + SQUARED,
        "D2[n, i, j]**(9/10)",
        "D2[n, i, j]",
        ("D2[i, j]**", "(D2[i, j] + 1e-12)**"),
    ),
    "distances of the hyperbolic plane": (
        PAIRS + POINCARE + SQUARED,
        "sqrt(q[n, i, j]**2 - 1)",
        "q[n, i, j]**2 - 1",
        ("q[i, j]**2 - 1)", "q[i, j]**2 - 1 + 1e-12)"),
    ),
    "a root of what may be 0": (
        ENTRIES + "D = sqrt(relu(z))\n" + SQUARED,
        "sqrt(relu(z[n, i]))",
        "relu(z[n, i])",
        ("relu(z)", "relu(z) + 1e-12"),
    ),
    "a power that is learnt": (
        ENTRIES + "D = relu(z)**w\n" + SQUARED,
        "relu(z[n, i])**w[i]",
        "relu(z[n, i])",
        ("relu(z)", "(relu(z) + 1e-12)"),
    ),
    "a root of a size": (
        PAIRS + "D = tensor(sqrt(abs(e[i, 0] - e[j, 0])), i, j)\n" + SQUARED,
        "sqrt(abs(e[n, i, 0] - e[n, j, 0]))",
        "abs(e[n, i, 0] - e[n, j, 0])",
        ("abs(e[i, 0] - e[j, 0])", "abs(e[i, 0] - e[j, 0]) + 1e-12"),
    ),
}


@pytest.mark.usefixtures("in_a_folder_with_nets")
@pytest.mark.parametrize(
    ("name", "options"),
    one_in(
        6,
        [
            *((name, ()) for name in NETS),
            *((next(iter(NETS)), o) for o in (("--fast",), ("--target", "c"))),
        ],
    ),
)
def test_the_network_is_named_and_not_bpgen(name: str, options: tuple[str, ...]) -> None:
    """What it says helps: with that the module is written."""
    if "c" in options and compiler() is None:
        pytest.skip("no C compiler is at hand")
    net, power, base, (before, after) = NETS[name]
    Path("net.py").write_text(net)
    done = run("emit", "net.py", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    fact, remedy = done.stderr.splitlines()
    told, why = fact.split(" would be no number: ")
    assert re.fullmatch(r"bpgen: net.py: not written: dL/d\w+(\[.*\])?", told)
    assert why == f"{power} has a slope without end at 0, and no value below; {base} is 0"
    assert remedy == f"  keep it above 0, as {base} + 1e-12 is; or write it with --unchecked"
    assert before in net
    Path("net.py").write_text(net.replace(before, after))
    done = run("emit", "net.py", *options)
    assert (done.exit_code, done.stderr) == (0, "")


def test_what_is_negative_by_rounding_alone_is_named_too() -> None:
    """The sine of the angle between a vector and itself."""
    net = PAIRS + (
        "r = tensor(sqrt(sum(e[i, d]**2, d)), i)\nu = tensor(e[i, d] / r[i], i, d)\n"
        "c = tensor(sum(u[i, d] * u[j, d], d), i, j)\nD = tensor(sqrt(1 - c[i, j]**2), i, j)\n"
    )
    network = declared_by(net + SQUARED)
    found = difference(emit(network), network)
    assert found is not None and found.steep is not None
    power, value = found.steep
    assert str(power) == "sqrt(1 - c[n, i, j]**2)"
    assert abs(value) < 1e-15


@pytest.mark.parametrize("change", [("= 2 * (", "= 3 * ("), ("(D - y) * zero", "(D + y) * zero")])
def test_a_wrong_number_beside_a_slope_without_end_is_a_defect(change: tuple[str, str]) -> None:
    """A norm at 0 has one, and by convention the slope 0."""
    network = declared_by(PAIRS + "D = tensor(sqrt(D2[i, j]), i, j)\n" + SQUARED)
    text = emit(network)
    assert difference(text, network) is None
    backward = text.index("def backward")
    assert change[0] in text[backward:]
    wrong = text[:backward] + text[backward:].replace(*change)
    found = difference(wrong, network)
    assert found is not None and found.steep is None


@pytest.mark.parametrize(
    ("exponent", "least", "most"),
    [(2.5, 0, 0), (1, 1, 1), (0.5, ENDLESS, np.inf), (0.9, ENDLESS, np.inf)],
)
def test_the_slope_of_a_power_at_0(exponent: float, least: float, most: float) -> None:
    network = declared_by("from bpgen import *\nx, b = input(), input()\nh = x**b\noutput(h)\n")
    point = {"x": np.zeros(1), "b": np.full(1, exponent)}
    assert evaluate(network, {BATCH: 1}, point)["h"].tolist() == [0]
    found = gradients(network, {BATCH: 1}, point, {"h": np.ones(1)})
    assert least <= found["x"][0] <= most
    assert found["b"].tolist() == [0]
