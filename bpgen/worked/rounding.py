"""What rounding makes of a loss that is left of values that cancel."""

from __future__ import annotations

import numpy as np

from bpgen.worked.point import Arrays

_FEW = 8 * float(np.finfo(float).eps)


def of_loss(values: Arrays, slopes: Arrays) -> float:
    """What a loss moves by where one of the values that it is computed from is off by a few
    roundings, by the gradients with respect to them.
    """
    with np.errstate(invalid="ignore"):  # of what is masked out
        moves = (np.abs(slopes[name] * values[name]) for name in values if name in slopes)
        return _FEW * max((float(np.nanmax(m, initial=0)) for m in moves), default=0.0)
