"""A module that takes another slope at a kink than the page says is refused."""

from __future__ import annotations

import pytest

from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.load import declared_by

OTHER = {  # what a module computes instead
    "maximum(z, x)": ("(1 + np.sign(z)) / 2", "z >= 0"),
    "minimum(z, x)": ("(1 + np.sign(z)) / 2", "z > 0"),
    "clip(z, 0, 1)": ("z >= 0", "z > 0"),
    "hard_tanh(z, 0, 1)": ("z > 0", "z >= 0"),
}


@pytest.mark.parametrize("call", OTHER)
def test_another_slope_at_a_kink_is_refused(call: str) -> None:
    network = declared_by(
        f"from bpgen import *\nx = input(2)\nw, u = param(2), param(2)\nz = w * x + u\noutput({call})\n"
    )
    source, (own, other) = emit(network), OTHER[call]
    assert own in source
    wrong = check_module(source.replace(own, other), network)
    assert not wrong.ok and "where the equations say" in str(wrong)
