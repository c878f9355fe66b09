"""Functions that a network only names: any function will do, and so each is a smooth one, drawn by
its name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np


@cache
def smooth(name: str, order: int = 0) -> Callable[[Any], Any]:
    """p sin(q z + r) + s z, or a derivative of it."""
    p, q, r, s = np.random.default_rng([*name.encode()]).uniform(0.5, 1.5, 4)

    def value(z: Any) -> Any:
        wave = p * q**order * np.sin(q * np.asarray(z) + r + order * np.pi / 2)
        return wave + (s * np.asarray(z) if order == 0 else s if order == 1 else 0.0)

    return value
