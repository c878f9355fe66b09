"""What masks, indices and labels choose."""

from __future__ import annotations

import sympy as sp

from bpgen.functions import helpers
from bpgen.functions.row import FunctionRow, function

masked = function("masked")
at_most = function("at_most")
unless = function("unless")
unless_slope = function("unless_slope")

TABLE = (
    FunctionRow(
        masked,
        "np.where({1}, {0}, -np.inf)",
        "masked",
        lambda z, keep: z + sp.log(sp.Piecewise((1, sp.Ne(keep, 0)), (0, True))),
        (lambda z, keep: sp.S.One, lambda z, keep: sp.S.Zero),
    ),
    FunctionRow(  # of two indices: 1 or 0, which no number that is learned moves
        at_most,
        "{0} <= {1}",
        r"at\,most",
        lambda i, j: sp.Piecewise((1, i <= j), (0, True)),
        (lambda i, j: sp.S.Zero, lambda i, j: sp.S.Zero),
        compares=True,
    ),
    FunctionRow(
        unless,
        "np.where({1} == {2}, 0, {0})",
        "unless",
        lambda z, label, left_out: sp.Piecewise((z, sp.Ne(label, left_out)), (0, True)),
        (
            lambda z, label, left_out: unless_slope(z, label, left_out),
            lambda z, label, left_out: sp.S.Zero,
            lambda z, label, left_out: sp.S.Zero,
        ),
        label=2,
    ),
    FunctionRow(
        unless_slope,
        "unless_slope({0}, {1}, {2})",
        "unless'",
        lambda z, label, left_out: sp.Piecewise((1, sp.Ne(label, left_out)), (0, True)),
        (lambda z, label, left_out: sp.S.Zero,) * 3,
        helpers.UNLESS_SLOPE,
        text="unless'",
        numeric=True,
        label=2,
    ),
)
