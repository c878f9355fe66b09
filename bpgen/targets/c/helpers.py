"""The functions that the library of C has not, from their sources in numpy: one number each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bpgen.formulas.helpers import Spelled, spelled
from bpgen.formulas.tree import Call, Tree
from bpgen.ir import Element
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
    trees = [*(tree for _, tree in function.lets), function.value]
    read = {name for tree in trees for name in _read(tree)}
    unused = [f"(void){own(a)};" for a in function.arguments if a not in read]
    given = [own(a) for a in function.arguments]
    found[name] = _function(called(name), given, [*unused, *lines], function.doc)


def _read(tree: Tree) -> Iterator[str]:
    """The arguments that it is computed of: numbers, or elements."""
    if isinstance(tree, Call):
        for argument in tree.args:
            yield from _read(argument)
    else:
        yield from [tree.name] if isinstance(tree, Element) else map(str, tree.free_symbols)


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
    body = "\n".join(part for line in lines for part in broken(f"    {line}"))
    return f"{comment([' '.join(doc.split())])}\nstatic real {name}({given})\n{{\n{body}\n}}"
