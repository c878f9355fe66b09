"""Programs whose every statement is one call that writes into memory planned beforehand."""

from __future__ import annotations

from bpgen.planning.functions import planned

__all__ = ["planned"]
