"""What a mask may leave finite: bpgen refuses only what is infinite, or the largest of nothing."""

from __future__ import annotations

import pytest

from bpgen.load import declared_by

NET = "from bpgen import *\nt, u = indices('t u')\nx = input(4, 4)\n"
KEEP = "keep = input(4)\n"


@pytest.mark.parametrize(
    "rest",
    [
        # where something is kept
        "m = tensor(masked(x[t, u], at_most(u, t)), t, u)\noutput(m[2, 1])",
        "output(tensor(max(masked(x[t, u], at_most(u, t) * at_most(t, u + t)), u), t))",
        f"{KEEP}m = tensor(masked(x[t, u], keep[u]), t, u)\noutput(tensor(max(2 * m[t, u], u), t))",
        # what does not hear of it
        f"{KEEP}m = masked(x[0, u], keep[u])\n"
        "output(tensor(exp(m) + sigmoid(m) + relu(m) + gelu(m) + 1 / m, u))",
        f"{KEEP}output(silu(masked(x, keep)))",
        f"{KEEP}m = masked(x, keep)\nh = tanh(m)\noutput(h + 1 / (1 + m * m))",
        f"{KEEP}output(softmax(masked(x, keep)))",
        # times 0, by a target
        f"{KEEP}y = target(4, 4)\nL = loss(-sum(y * log_softmax(masked(x, keep))))",
    ],
)
def test_finite_where_masked(rest: str) -> None:
    assert declared_by(f"{NET}{rest}\n", "net.py").equations
