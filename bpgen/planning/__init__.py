"""Programs whose every statement is one call that writes into memory planned beforehand."""

from __future__ import annotations

from bpgen.planning.functions import planned
from bpgen.planning.outputs import in_values

__all__ = ["in_values", "planned"]
