"""A function of C as text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bpgen.targets.c.layout import broken, remark

REAL = "real"  # the type of numbers, whatever it is called where a function is declared


@dataclass(frozen=True)
class Argument:
    """An argument of a function: one value, or a pointer to an array or a struct."""

    type: str
    name: str
    is_pointer: bool = False
    is_constant: bool = False

    def text(self, real: str) -> str:
        """As it is declared, where numbers are of this type."""
        kind = real if self.type == REAL else self.type
        return f"{'const ' * self.is_constant}{kind} {'*' * self.is_pointer}{self.name}"


def to(kind: str, name: str) -> Argument:
    """What is pointed to, to be written."""
    return Argument(kind, name, is_pointer=True)


def at(kind: str, name: str) -> Argument:
    """What is pointed to, to be read."""
    return Argument(kind, name, is_pointer=True, is_constant=True)


class Pointer(str):
    """The line that declares where an array of numbers begins."""

    name: str

    def __new__(cls, name: str, place: str, is_constant: bool = False) -> Pointer:
        line = super().__new__(cls, f"{'const ' * is_constant}real *{name} = {place};")
        line.name = name
        return line


@dataclass(frozen=True)
class CFunction:
    """A function: what it returns, its name, its arguments, what is said of it, and its lines. A
    private one is no part of the header.
    """

    returns: str
    name: str
    arguments: tuple[Argument, ...]
    said: str
    lines: tuple[str, ...]
    is_private: bool = False

    def head(self, real: str) -> str:
        """Its first lines, where numbers are of this type."""
        returns = real if self.returns == REAL else self.returns
        before = f"{'static ' * self.is_private}{returns} {self.name}("
        given = ", ".join(a.text(real) for a in self.arguments)
        return "\n".join(broken(f"{before}{given});", len(before)))[:-1]  # room for the semicolon

    @property
    def note(self) -> str:
        """What is said of it, as a comment."""
        return remark(self.said)

    @property
    def body(self) -> list[str]:
        """What stands between its braces."""
        names = (a.name for a in self.arguments)
        unused = [f"(void){name};" for name in names if not speaks(self.lines, name)]
        every = (line for text in (*unused, *self.lines) for line in text.splitlines())
        return [part for line in every for part in broken(f"    {line}")]


def speaks(lines: Iterable[str], name: str) -> bool:
    """Whether code speaks of a name, beside comments and fields of structs."""
    spoken = re.compile(rf"(?<!->)(?<!\.)\b{name}\b(?!\()")  # M(exp) calls a macro
    return any(spoken.search(re.sub(r"/\*.*?\*/", "", line, flags=re.S)) for line in lines)


def needed(lines: list[str]) -> list[str]:
    """Without pointers to arrays that nothing reads."""
    found = list(lines)
    for line in (n for n in lines if isinstance(n, Pointer)):
        if not speaks((o for o in found if o is not line), line.name):
            found.remove(line)
    return found
