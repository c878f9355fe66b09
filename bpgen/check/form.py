"""When two modules are the same code, whatever their sizes."""

from __future__ import annotations

import re


def form(source: str) -> str:
    """The text of a module without its comments and whatever its numbers are."""
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("#"))
    return re.sub(r"\s+", "", re.sub(r"\b\d[\d.e]*", "0", code).replace("0**-0", "0"))
