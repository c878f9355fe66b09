"""What a planned module will take before it is run: operations and memory, told by its program."""

from __future__ import annotations

from bpgen.plans.plan import Plan, plan
from bpgen.plans.text import text

__all__ = ["Plan", "plan", "text"]
