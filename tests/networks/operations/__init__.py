"""The table of operations: importing this fills it."""

from tests.networks.operations import (
    elementwise,
    equations,
    linear,
    losses,
    normalization,
    sequences,
    shaping,
    windows,
)

__all__ = [
    "elementwise",
    "equations",
    "linear",
    "losses",
    "normalization",
    "sequences",
    "shaping",
    "windows",
]
