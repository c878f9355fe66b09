"""The functions that the library of C has not, from their sources in numpy: one number each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from bpgen.formulas.helpers import Spelled, spelled
from bpgen.targets.c.layout import broken, comment
from bpgen.targets.c.library import LOOPS, OWN, called
from bpgen.targets.c.scalar import Writer
from bpgen.targets.c.stored import own


def sources(spoken: Iterable[str]) -> list[str]:
    """The definitions of functions and of all that they call, the called before the callers."""
    found: dict[str, str] = {}
    for name in sorted({*spoken} - {*LOOPS}):
        _add(name, found)
    return [*found.values(), *(LOOPS[n].strip() for n in LOOPS if n in spoken)]


def _add(name: str, found: dict[str, str]) -> None:
    if name in found:
        return
    if name in OWN:
        arguments, body, said = OWN[name]
        found[name] = _function(name, arguments.split(", "), [body], said)
        return
    function, writer = spelled(name), Writer({})
    lines = _lines(function, writer)
    for other in sorted(writer.helpers):
        _add(other, found)
    given = [own(a) for a in function.arguments]
    found[name] = _function(called(name), given, lines, function.doc)


def _lines(function: Spelled, writer: Writer) -> list[str]:
    """The body of a function of numbers: what is named once does not change."""
    times = Counter(name for name, _ in function.lets)
    told = {*function.arguments}
    lines = []
    for name, tree in function.lets:
        kind = "" if name in told else "const real " if times[name] == 1 else "real "
        lines.append(f"{kind}{own(name)} = {writer.text(tree).text};")
        told.add(name)
    return [*lines, f"return {writer.text(function.value).text};"]


def _function(name: str, arguments: list[str], lines: list[str], doc: str) -> str:
    given = ", ".join(f"real {a}" for a in arguments)
    spoken = {w for line in lines for w in re.findall(r"\w+", line)}
    lines = [*(f"(void){a};" for a in arguments if a not in spoken), *lines]
    body = "\n".join(part for line in lines for part in broken(f"    {line}"))
    return f"{comment([' '.join(doc.split())])}\nstatic real {name}({given})\n{{\n{body}\n}}"
