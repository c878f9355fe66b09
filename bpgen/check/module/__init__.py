"""The module under check: loaded from its text, and asked for its objective and gradients in one
uniform way.
"""

from __future__ import annotations

from bpgen.check.module.drawing import DOMAINS, SCALES, of_finite_loss
from bpgen.check.module.loading import Numpy, load, quiet
from bpgen.check.module.point import Array, Arrays, Point, largest, with_rest
from bpgen.check.module.subject import Subject

__all__ = [
    "DOMAINS",
    "SCALES",
    "Array",
    "Arrays",
    "Numpy",
    "Point",
    "Subject",
    "largest",
    "load",
    "of_finite_loss",
    "quiet",
    "with_rest",
]
