"""The examples with numbers that others worked out by hand, and what is given of each."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import ROOT

PUBLISHED = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
GIVEN = {
    "linear_chain": ("x", "w1", "w2", "y"),
    "relu_neuron": ("x", "w", "b", "y"),
    "single_neuron": ("x", "w", "y"),
    "toy_2_2_1": ("x", "y", "W1", "b1", "W2", "b2"),
}


def given(name: str) -> dict[str, Any]:
    """What is given of an example: its values, by their names."""
    return {n: PUBLISHED[name][n] for n in GIVEN[name]}
