"""What derive is about to print is read back first: a page with a false line is not printed."""

from __future__ import annotations

import math
import re

from bpgen.check.page.proof import FalseLine, prove_page
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.lesson import sections
from bpgen.network.shrink import shrunk
from bpgen.prove import LARGEST_PAGE
from bpgen.record import Derivation
from bpgen.render import render

CHARACTERS = 20_000  # of the lines that are read back: all of most pages, in a third of the time
EQUATIONS = 100  # of long axes: to derive more of them with short ones takes as long as all else
LESSON = 80  # equations of a page with a lesson, which takes longer to make, and so is read whole
LONG = f"a lesson on more than {LESSON} equations"
LONG_AXES = f"its equations, which are more than {EQUATIONS}"
WIDEST = 160  # characters of a line that an error shows
REMEDY = "a defect of bpgen: report it with net.py; --unchecked prints the page all the same"


def refuse_false(
    derivation: Derivation, notation: str, steps: str, place: str, lesson: bool = False
) -> str:
    """NetError where a line of the page is false. What was not read, if anything.

    Of long axes the page is that of the same equations with shorter ones; of a long page some lines
    are left to `bpgen check`, which knows of no lesson.
    """
    lesson = lesson and not is_long(derivation, LESSON)
    small = shrunk(derivation.network)
    if small != derivation.network and is_long(derivation, EQUATIONS):
        return LONG_AXES + _rest(small)
    made = derivation if small == derivation.network else derive(small)
    added = sections if lesson else None
    page = render(made, fmt="latex", notation=notation, steps=steps, lesson=added)
    most = math.inf if lesson else CHARACTERS
    report = prove_page(page, made.network, (0,), characters=most)
    for line in report.false:
        if not line.unread:
            fact = f"not printed, for it would be false: {_shown(line.line)}: {line.reason}"
            raise NetError(fact, REMEDY, place)
    left = f"{report.left} of its {report.total} equations{_rest(small)}" if report.left else ""
    return ", and ".join(filter(None, (_unread(report.false), left)))


def is_long(derivation: Derivation, most: int) -> bool:
    return len(derivation.forward) + len(derivation.steps) > most


def _unread(lines: tuple[FalseLine, ...]) -> str:
    """What could not be read."""
    first, more = ", ".join(_shown(line.line) for line in lines[:1]), len(lines) - 1
    return f"{first}, and {more} more" if more > 0 else first


def _rest(network: Network) -> str:
    """Who reads the rest of a long page, if anybody does."""
    return " (bpgen check reads all)" if len(network.equations) <= LARGEST_PAGE else ""


def _shown(line: str) -> str:
    """A line of the page without its number, cut where it is long."""
    plain = " ".join(re.sub(r"\\(?:tag|label)\{[^}]*\}|&", "", line).split())
    return plain if len(plain) <= WIDEST else f"{plain[:WIDEST]}..."
