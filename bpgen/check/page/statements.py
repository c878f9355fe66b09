"""A page as statements: chains of equals, each with what is said of where it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bpgen.check.page.layers import instances
from bpgen.check.page.statement import Statement, top_level
from bpgen.check.page.tokens import tokens

_SECTION = re.compile(r"\\section\{([^}]*)\}")
_ROWS = re.compile(r"\\begin\{(align\*|aligned)\}(.*?)\\end\{\1\}", re.DOTALL)
_HEADING = re.compile(r"Gradient with respect to \$(.*?)\$(?:, called \$(.*?)\$)?")
_ZERO = r"\text{; 0 elsewhere}"
_BY = re.compile(r"\\overset\{\((\d+[a-z]?)\)\}\{=\}")
_EVALUATED = {
    r"\text{evaluated as }": "evaluated",
    r"\text{evaluated, and differentiated, as }": "differentiated",
}
_RISK = "(?:overflow|underflow|the logarithm of 0|cancellation)"
_CALL = "(?:expm1|log1p|log1mexp|log1mexpexp)"
_REMARK = re.compile(
    rf"\(this spelling avoids {_RISK}(?:, {_RISK})*(?: and {_RISK})?"
    rf"(?:, (?:that )?by {_CALL}(?: and {_CALL})*)?\)"
)
_OPERATORS = {"=", "+", "-", r"\cdot", r"\odot", r"\in"}


@dataclass(frozen=True)
class Group:
    """The rows of one display, and the section they stand in."""

    section: str
    statements: tuple[Statement, ...]
    of: str = ""  # the tensor of whose gradient its heading says that it is
    called: tuple[str, str] | None = None  # that tensor, and what its gradient is called


def groups(latex: str) -> Iterator[Group]:
    """The displays of a page, in order."""
    places = [(m.start(), m[1]) for m in _SECTION.finditer(latex)]
    before = 0
    for found in _ROWS.finditer(latex):
        section = next(title for at, title in reversed(places) if at < found.start())
        headings = [*_HEADING.finditer(latex, before, found.start())]
        of, name = headings[-1].groups() if headings else ("", None)
        before = found.end()
        yield Group(section, tuple(_statements(found[2])), of, (of, name) if name else None)


def _lines(body: str) -> Iterator[str]:
    """The lines of a display; those of cases and below sums are none."""
    depth, start, k = 0, 0, 0
    while k < len(body):
        if body.startswith(r"\begin", k):
            depth += 1
        elif body.startswith(r"\end", k):
            depth -= 1
        elif body[k] == "{":
            depth += 1
        elif body[k] == "}":
            depth -= 1
        elif depth == 0 and body.startswith(r"\\", k):
            yield body[start:k].strip()
            start = k = k + 2
            continue
        k += 2 if body[k] == "\\" and body[k + 1 : k + 2] in "\\{}" else 1
    if body[start:].strip():
        yield body[start:].strip()


def _statements(body: str) -> list[Statement]:
    reader = _Reader()
    for line in _lines(body):
        reader.line(line)
    reader.remarked("")
    return instances(reader.found)


class _Reader:
    """Goes through the lines of a display; `main` is the row that `&=` goes on with."""

    def __init__(self) -> None:
        self.found: list[Statement] = []
        self.main: Statement | None = None
        self.left: list[str] = []  # of a row that has nothing else
        self.remark = ""  # one in parentheses that goes on

    def line(self, line: str) -> None:
        tag = re.search(r"\\tag\{([^}]*)\}", line)
        plain = re.sub(r"\\(?:tag|label|hspace)\{[^}]*\}", "", line)
        plain, _, numbers = plain.partition(r"\qquad ")
        plain = _BY.sub(lambda m: rf"= \text{{by {m[1]}}}", plain)
        cells = top_level(tokens(plain), "&")
        left, right = cells[0] or self.left, [t for c in cells[1:] for t in c]
        self.left = [] if right or numbers else left  # what it is stands below
        segments = top_level(right, r"\quad")
        hanging = len(segments) > 1 and not segments[0] and not left
        segments = [s for s in segments if s]
        if not hanging and segments:
            first = segments[0]
            if left and first[0] in _EVALUATED:
                self._new(_EVALUATED[first[0]], [*left, "=", *first[1:]], line)
                segments.pop(0)
            elif (segments := segments[1:]) is not None and left:
                self.main = self._new("main", [*left, *first], line)
            elif self.main is None or first[:1] != ["="]:
                self._new("unread", first, line)
            else:
                self.found.append(self.main)  # where it goes on is where it is open
                self.main.tokens += first
                self.main.line += " " + line
        for segment in segments:
            self._segment(segment, line)
        if numbers and not self._goes_on(numbers, line) and (left or self.main is not None):
            alone = left and not segments and not right
            of = left if alone or self.main is None else self.main.tokens
            self.found.append(Statement("numbers", list(of), line, numbers=numbers.strip()))
        if tag and self.main is not None:
            self.main.tag = tag[1]

    def _goes_on(self, numbers: str, line: str) -> bool:
        """Whether numbers that begin with no equals sign are more of the line before."""
        if numbers.lstrip().startswith(("=", r"\approx")):
            return False
        if not self.found or self.open.kind != "numbers":
            return False
        self.open.numbers += f" {numbers.strip()}"
        self.open.line += f" {line}"
        return True

    def _new(self, kind: str, found: list[str], line: str) -> Statement:
        of = tuple(self.main.parts[0]) if self.main is not None else ()
        by = [t for t in found if t.startswith(r"\text{by ")]
        found = [t for t in found if t not in by]
        made = Statement(kind, found, line, of=of, by=by[0][9:-1] if by else "")
        self.found.append(made)
        return made

    @property
    def open(self) -> Statement:
        return self.found[-1]

    def _stands_alone(self) -> bool:
        """Whether the line before is a left side, on a line of its own."""
        return bool(self.found) and self.open.kind == "unread" and "=" not in self.open.tokens

    def remarked(self, line: str) -> None:
        """The end of a remark: only what a spelling avoids is said in one."""
        if self.remark and not _REMARK.fullmatch(self.remark):
            self._new("unread", [rf"\text{{{self.remark}}}"], line)
        self.remark = ""

    def _segment(self, segment: list[str], line: str) -> None:
        first = segment[0]
        if first in (r"\text{where }", r"\text{where}"):
            self._new("fact", segment[1:], line)
        elif first in (r"\text{since }", r"\text{and }"):
            self._new("since", segment[1:], line)
        elif first in _EVALUATED:
            above = self.found.pop().tokens if self._stands_alone() else []
            left = above or (self.main.parts[0] if self.main else [])
            self._new(_EVALUATED[first], [*left, "=", *segment[1:]], line)
        elif first == r"\text{for }" and self.main is not None:
            self.main.ranges += [t for t in segment[1:] if t != _ZERO]
            self.main.elsewhere = _ZERO in segment
        elif first == r"\text{0 elsewhere}" and self.main is not None:
            self.main.elsewhere = True
        elif len(segment) == 1 and first.startswith(r"\text{" if self.remark else r"\text{("):
            self.remark = f"{self.remark} {first[6:-1]}".strip()
            if self.remark.endswith(")"):
                self.remarked(line)
        elif r"\mathbb" in segment:
            self._new("shape", segment, line)
        elif first in _OPERATORS and self.found:
            if first == "=" and self.open.kind == "unread":  # it was a left side, or two
                self.open.kind, self.main = "main", self.open
            self.open.tokens += segment
            self.open.line += " " + line
        else:
            self._new("fact", segment, line)
