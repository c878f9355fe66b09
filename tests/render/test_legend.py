"""What a page explains once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

_TWO_LABELS = """\


from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.render import render

net = '''from bpgen import *
x = input(3)
y, c = label(3), label(3)
W, V = param(3, 3), param(3, 3)
one, other = (categorical_cross_entropy(softmax(M @ x), t) for M, t in ((W, y), (V, c)))
L = loss(one + other)
'''
print(ascii(render(derive(declared_by(net)), fmt="text")))
"""


@pytest.mark.slow
def test_of_two_unit_vectors_the_same_is_explained_under_any_hash_seed() -> None:
    pages = set()
    for seed in ("1", "2"):  # a set of both has another order
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", _TWO_LABELS]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment, timeout=60
        )
        pages.add(done.stdout)
    (page,) = pages
    assert "e[c] is the unit vector of the label." in page
