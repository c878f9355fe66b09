"""What a planned module calls its arrays and counters: nothing that a function of it is called."""

from __future__ import annotations

import re

import pytest

from bpgen.emit import FAST, emitted
from bpgen.errors import NetError
from tests.conftest import derived, module_of
from tests.few import one_in
from tests.planned import arguments, memory_for, near, planned, results

HEAD = "from bpgen import *\n"
LOG_ADD_EXP = f"{HEAD}x, w = input(3), param(3)\na = log(exp(x * w) + exp(x))\n"
OF_STEPS = f"{HEAD}x, w, t = input(5), param(), indices('t')\ns = recurrent(5)\ns[-1] = 0\n"
NETS = {
    "a product": f"{LOG_ADD_EXP}L = loss(sum(a * x))\n",
    "a square": f"{LOG_ADD_EXP}y = target(3)\nL = loss(sum((a - y)**2))\n",
    "by itself": f"{LOG_ADD_EXP}L = loss(sum(a * a))\n",
    "steps": f"{OF_STEPS}s[t] = log(exp(s[t - 1]) + exp(x[t] * w))\n"
    "L = loss(sum(s * s) + w * sum(x))\n",
}
COUNTED = """from bpgen import *
{0} = indices("{0}")
x, w = input(5), param(4)
z = tensor(x[{0}] * w[0], {0})
L = loss(max(z[{0}]**2, {0}) + sum(log(exp(z[{0}]) + exp(z[{0}]**2)), {0}) * w[0])
"""


def _as_plain(net: str) -> None:
    """All that a planned module computes, with a workspace and without, is what a plain one does."""
    module, plain = module_of(planned(net)), module_of(emitted(derived(net)))
    given = arguments(net, module)
    meant = results(plain, given)
    for workspace in (None, memory_for(module)):
        near(results(module, given, workspace=workspace), meant)


@pytest.mark.parametrize("kind", one_in(2, [*NETS]))
def test_a_number_of_the_samples_is_called_as_no_function(kind: str) -> None:
    """The function share hid behind an array that held N, or a part of 1/N."""
    assert "def share(" in planned(NETS[kind])
    _as_plain(NETS[kind])


@pytest.mark.parametrize("index", one_in(3, ["share", "np", "params"]))
def test_a_loop_counts_by_nothing_that_has_a_meaning(index: str) -> None:
    net = COUNTED.format(index)
    assert re.search(rf" for {index}1 in range\(5\)", planned(net))
    _as_plain(net)


@pytest.mark.parametrize("name", ["sigmoid_into", "log_add_exp_into"])
def test_what_writes_where_it_is_told_has_a_name_of_its_own(name: str) -> None:
    net = f"{HEAD}x, {name} = input(3), param(3)\nL = loss(sum(sigmoid(x * {name})))\n"
    with pytest.raises(NetError) as caught:
        emitted(derived(net), FAST)
    assert str(caught.value) == (
        f"net: {name} is what a planned module calls its own\n"
        f"  call it {name}1, or leave out --fast"
    )
    assert name in emitted(derived(net))
