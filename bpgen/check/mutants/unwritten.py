"""numpy as a planned module is given it when it is broken: memory that nothing has written holds no
number, where elsewhere it may be zero by chance.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

FAR = 1 << 40  # a place in no array


class Unwritten(ModuleType):
    """numpy, whose empty arrays hold no numbers, and no places."""

    def __init__(self) -> None:
        super().__init__("numpy")

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any = float) -> np.ndarray:
        value = {"b": True, "i": FAR}.get(np.dtype(dtype).kind, np.nan)
        return np.full(shape, value, dtype)
