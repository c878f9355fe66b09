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
        "masked",
        lambda z, keep: z + sp.log(sp.Piecewise((1, sp.Ne(keep, 0)), (0, True))),
        (lambda z, keep: sp.S.One, lambda z, keep: sp.S.Zero),
        call="np.where({1}, {0}, -np.inf)",
    ),
    FunctionRow(  # of two indices: 1 or 0, which no number that is learned moves
        at_most,
        r"at\,most",
        lambda i, j: sp.Piecewise((1, i <= j), (0, True)),
        (lambda i, j: sp.S.Zero, lambda i, j: sp.S.Zero),
        call="{0} <= {1}",
    ),
    FunctionRow(
        unless,
        "unless",
        lambda z, label, left_out: sp.Piecewise((z, sp.Ne(label, left_out)), (0, True)),
        (
            lambda z, label, left_out: unless_slope(z, label, left_out),
            lambda z, label, left_out: sp.S.Zero,
            lambda z, label, left_out: sp.S.Zero,
        ),
        label=2,
        call="np.where({1} == {2}, 0, {0})",
    ),
    FunctionRow(
        unless_slope,
        "unless'",
        lambda z, label, left_out: sp.Piecewise((1, sp.Ne(label, left_out)), (0, True)),
        (lambda z, label, left_out: sp.S.Zero,) * 3,
        helpers.UNLESS_SLOPE,
        text="unless'",
        numeric=True,
        label=2,
    ),
)
