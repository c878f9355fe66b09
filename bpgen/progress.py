"""A line on stderr that says what is being done, where people watch: each word takes the place of
the last, and none is left when it is done. Where stderr is no terminal nothing is said.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

EVERY = 0.1  # seconds between what is said, so that saying it costs nothing
CLEAR = "\r\x1b[K"


class _Line:
    """The line, as it stands on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.heading, self.next = stream, "", 0.0

    def write(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(CLEAR + text[:width])
        self.stream.flush()

    def say(self, text: str) -> None:
        now = time.monotonic()
        if now >= self.next:
            self.next = now + EVERY
            self.write(f"{self.heading}: {text}")


_line: ContextVar[_Line | None] = ContextVar("_line", default=None)


@contextmanager
def shown(stream: TextIO, heading: str) -> Iterator[None]:
    """What is said within is shown on the stream, after the heading."""
    if not stream.isatty():
        yield
        return
    line = _Line(stream)
    before = _line.set(line)
    line.write(f"{heading} ...")
    line.heading = heading
    try:
        yield
    finally:
        _line.reset(before)
        line.write("")


def say(text: str) -> None:
    """Say what is being done, if anybody watches."""
    line = _line.get()
    if line is not None:
        line.say(text)
