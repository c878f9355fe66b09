"""Lines of C, none of which is too long."""

from __future__ import annotations

import textwrap

from bpgen.text.comment import wrapped

WIDTH = 100


def nest(heads: list[str], inner: list[str]) -> list[str]:
    """Loops within loops; braces where there is more than one statement."""
    lines = inner
    for head in reversed(heads):
        first, *others = lines
        alone = all(line.startswith(" ") for line in others) and not first.startswith("/*")
        body = [f"    {line}" for line in lines]
        lines = [head, *body] if alone else [f"{head} {{", *body, "}"]
    return lines


def comment(lines: list[str]) -> str:
    """Lines as a comment, which no text of theirs ends."""
    safe = (line.replace("*/", "* /").replace("/*", "/ *") for line in lines)
    every = (part for line in safe for part in wrapped(line, 84, "    "))
    return "/* " + "\n   ".join(every) + " */"


def remark(text: str) -> str:
    """Sentences as a comment."""
    return "/* " + "\n   ".join(textwrap.wrap(f"{text} */", WIDTH - 3))


def paragraphs(texts: list[str]) -> str:
    """Paragraphs as one comment."""
    safe = (text.replace("*/", "* /").replace("/*", "/ *") for text in texts)
    return "/* " + "\n\n   ".join("\n   ".join(textwrap.wrap(text, 92)) for text in safe) + " */"


def broken(line: str, hang: int | None = None) -> list[str]:
    """A line, broken before operators or after commas; what follows stands under `hang`, or is
    indented further.
    """
    found: list[str] = []
    indent = len(line) - len(line.lstrip())
    after = hang if hang is not None and hang < WIDTH // 2 else indent + 4
    while len(line) > WIDTH:
        places = [k for k in range(after + 8, WIDTH) if line[k] == " " and _breaks(line, k)]
        if not places:
            break
        # Outside of brackets, if it can be; within a call between its arguments.
        at = max(places, key=lambda k: (-_depth(line, k), line[k - 1] == ",", k))
        found.append(line[:at])
        line = " " * after + line[at + 1 :]
    return [*found, line]


def _breaks(line: str, place: int) -> bool:
    """Whether a line may end before this blank."""
    return line[place - 1] == "," or line[place + 1 : place + 3] in _OPERATORS


_OPERATORS = ("+ ", "- ", "* ", "/ ", "? ", ": ", "&&", "||")


def _depth(line: str, place: int) -> int:
    """In how many brackets a place of a line is."""
    before = line[:place]
    return sum(before.count(c) for c in "([{") - sum(before.count(c) for c in ")]}")
