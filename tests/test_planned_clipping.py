"""Planned bounds: one call on arrays of some size, with the values of a maximum and a minimum."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy as sp

from bpgen.emit import FAST, emitted
from bpgen.ir import Index
from bpgen.planning.lowering.clipping import as_clip, joined
from bpgen.planning.nodes import Apply
from bpgen.program.grammar import Read, Store
from tests.conftest import derived, module_of

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-300, -3.0, 2.5]
GELU = 'gelu(x, "tanh")'


@cache
def planned(body: str, width: int) -> str:
    return emitted(derived(f"from bpgen import *\nx = input({width})\noutput({body})\n"), FAST)


def test_bounds_are_one_call_where_it_is_quicker() -> None:
    assert "x.clip(zero, infinity, " in planned("relu(x)", 257)
    assert "np.maximum(x, zeros, out=" in (small := planned("relu(x)", 256))
    assert "zeros = np.full((N, 256), 0, dtype)" in small and "infinity = " not in small
    assert "np.minimum(x, numbers, out=" in planned("minimum(x, 3)", 64)
    assert "np.maximum(x, zero, out=" in planned("relu(x)", 8)
    assert "z.clip(-22, 22, t)" in planned(GELU, 8)  # of any length


@pytest.mark.parametrize("width", [64, 257])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_those_of_a_maximum(dtype: type, width: int) -> None:
    x = np.resize(np.array(SPECIAL, dtype), (3, width))
    found, _ = module_of(planned("relu(x)", width)).forward({}, x)
    np.testing.assert_array_equal(found, np.maximum(x, 0))
    assert found.dtype == dtype


@pytest.mark.parametrize("width", [8, 64])
def test_far_out_values_are_those_of_the_bounds(width: int) -> None:
    x = np.resize([-1e30, -23.0, -22.0, 0.0, 22.0, 23.0, 1e30, np.nan], (2, width))
    found, _ = module_of(planned(GELU, width)).forward({}, x)
    expected = np.where(np.isnan(x), x, np.maximum(x, 0))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_only_a_bound_from_below_and_then_one_from_above_are_one() -> None:
    """A maximum after a minimum gives the lower bound where the bounds cross."""
    axes = (Index("n", "N"), Index("i", 64))
    low, high = sp.Integer(-22), sp.Integer(22)
    x, at = Read("x", axes), Read("y", axes)
    below, above = (Apply(c, (x, b), axes) for c, b in (("maximum", low), ("minimum", high)))
    then = {b.call: Apply(b.call, (at, b.operands[1]), axes) for b in (below, above)}
    for first, second, one in ((below, "minimum", True), (above, "maximum", False)):
        clip, after = as_clip(at, first), as_clip(at, then[second])
        assert clip is not None and after is not None
        both = joined(Store(at, clip, False), at, after)
        assert (both == Apply("clip", (x, low, high), axes)) if one else both is None
