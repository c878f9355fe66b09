"""Values at the point, to 60 digits, and what keeps something from being proved."""

from __future__ import annotations

import mpmath

DIGITS = 60
TIE = mpmath.mpf(10) ** -35  # values nearer than this are equal, or the point lies on a kink
TOO_DEEP = "the degree is too high for the residues to decide"

mp = mpmath.mp.clone()
mp.dps = DIGITS


class NotProved(Exception):
    """Why something could not be shown; never that it is wrong."""


class Undefined(NotProved):
    """The network itself divides by zero: the unbiased variance of one sample does."""


class OnKink(NotProved):
    """Two values that decide a region are equal at the point: another point is needed."""
