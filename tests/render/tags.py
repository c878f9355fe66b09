"""The numbers of equations on a page of LaTeX: a rule has those of all its instances."""

from __future__ import annotations

import re


def tags(page: str) -> list[list[str]]:
    """Those of each tag, in reading order: 1, 3, ..., 9 are 1, 3, 5, 7 and 9."""
    return [_numbers(tag) for tag in re.findall(r"\\tag\{(.*?)\}", page)]


def _numbers(tag: str) -> list[str]:
    found = tag.split(", ")
    if "..." not in found:
        return found
    first, second, last = (int(n) for n in found if n != "...")
    return [str(n) for n in range(first, last + 1, second - first)]
