"""The one error that a user of bpgen sees: a fact, its place, a remedy; one to three lines."""

from __future__ import annotations

LONGEST = 300  # characters of a line of an error


class NetError(Exception):
    """What is wrong with a net.py or with a call, in the user's words.

    `fact` says what is wrong, `remedy` what to do about it; `place` is `file:line` where there is
    one, and is filled in by the loader for errors raised while net.py runs.
    """

    def __init__(self, fact: str, remedy: str = "", place: str = "") -> None:
        super().__init__(fact)
        self.fact, self.remedy, self.place = fact, remedy, place

    def __str__(self) -> str:
        head = f"{self.place}: {self.fact}" if self.place else self.fact
        return "\n  ".join(one_line(text) for text in (head, self.remedy) if text)


def one_line(text: str) -> str:
    """`text` without line ends and without characters that would steer a terminal, cut where it is
    long.
    """
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in " ".join(text.split())
    )
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]} ..."
