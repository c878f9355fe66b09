"""What derive is about to print is read back first: a page with a false line is not printed."""

from __future__ import annotations

import re

from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.lesson import sections
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render

EQUATIONS = 24  # of a page that is read back: of more it takes over a third of derive's time
CHARACTERS = 8_000  # of the page, the same: of scalars, and with every factor, it is longer
LESSON = 80  # equations of a page with a lesson, which takes longer to make
LONG = f"a lesson on more than {LESSON} equations"
WIDEST = 160  # characters of a line that an error shows
REMEDY = "a defect of bpgen: report it with net.py; --unchecked prints the page all the same"


def refuse_false(
    derivation: Derivation, notation: str, steps: str, place: str, lesson: bool = False
) -> str:
    """NetError where a line of the page is false. What could not be read, if anything.

    Of long axes the page is that of the same equations with shorter ones; a long page is left to
    `bpgen check`, which knows of no lesson.
    """
    if is_long(derivation, lesson):
        return LONG if lesson else ""
    small = shrunk(derivation.network)
    made = derivation if small == derivation.network else derive(small)
    added = sections if lesson else None
    page = render(made, fmt="latex", notation=notation, steps=steps, lesson=added)
    if len(page) > CHARACTERS and not lesson:
        return ""
    lines = prove_page(page, made.network, (0,)).false
    for line in lines:
        if not line.unread:
            fact = f"not printed, for it would be false: {_shown(line.line)}: {line.reason}"
            raise NetError(fact, REMEDY, place)
    first, more = ", ".join(_shown(line.line) for line in lines[:1]), len(lines) - 1
    return f"{first}, and {more} more" if more > 0 else first


def is_long(derivation: Derivation, lesson: bool) -> bool:
    """Whether a page has more equations than are read back."""
    count = len(derivation.forward) + len(derivation.steps)
    return count > (LESSON if lesson else EQUATIONS)


def _shown(line: str) -> str:
    """A line of the page without its number, cut where it is long."""
    plain = " ".join(re.sub(r"\\(?:tag|label)\{[^}]*\}|&", "", line).split())
    return plain if len(plain) <= WIDEST else f"{plain[:WIDEST]}..."
