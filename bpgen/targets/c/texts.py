"""A function of C as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bpgen.targets.c.layout import broken


@dataclass(frozen=True)
class CFunction:
    """A function: what it returns, its name, its arguments, what is said of it, and its lines."""

    returns: str
    name: str
    arguments: tuple[str, ...]
    said: str
    lines: tuple[str, ...]

    @property
    def is_private(self) -> bool:
        """Whether it is no part of the header."""
        return self.returns.startswith("static ")

    def head(self, real: str) -> str:
        """Its first lines, where numbers are of this type."""
        before = re.sub(r"\breal\b", real, f"{self.returns} {self.name}(")
        given = re.sub(r"\breal (?=\*?\w)", f"{real} ", ", ".join(self.arguments))
        return "\n".join(broken(f"{before}{given});", len(before)))[:-1]  # room for the semicolon

    @property
    def note(self) -> str:
        """What is said of it, as a comment."""
        return "\n".join(broken(f"/* {self.said} */", 3))

    @property
    def body(self) -> list[str]:
        """What stands between its braces."""
        unused = [f"(void){a};" for a in map(name_of, self.arguments) if not speaks(self.lines, a)]
        every = (line for text in (*unused, *self.lines) for line in text.splitlines())
        return [part for line in every for part in broken(f"    {line}")]


def name_of(argument: str) -> str:
    """The name of an argument."""
    return argument.split()[-1].lstrip("*")


def speaks(lines: Iterable[str], name: str) -> bool:
    """Whether code speaks of a name, beside comments and fields of structs."""
    spoken = re.compile(rf"(?<!->)(?<!\.)\b{name}\b")
    return any(spoken.search(re.sub(r"/\*.*?\*/", "", line, flags=re.S)) for line in lines)


def needed(lines: list[str]) -> list[str]:
    """Without pointers to arrays that nothing reads."""
    is_pointer: Callable[[str], re.Match[str] | None] = re.compile(
        r"(?:const )?real \*(\w+) = [^;]+;"
    ).fullmatch
    found = list(lines)
    for line in lines:
        opened = is_pointer(line)
        if opened and not speaks((o for o in found if o is not line), opened[1]):
            found.remove(line)
    return found
