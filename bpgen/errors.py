"""The one error that a user of bpgen sees: a fact, its place, a remedy; one to three lines."""

from __future__ import annotations


class NetError(Exception):
    """What is wrong with a net.py or with a call, in the user's words.

    `fact` says what is wrong, `remedy` what to do about it; `place` is `file:line` where there is one, and is
    filled in by the loader for errors raised while net.py runs.
    """

    def __init__(self, fact: str, remedy: str = "", place: str = "") -> None:
        super().__init__(fact)
        self.fact, self.remedy, self.place = fact, remedy, place

    def __str__(self) -> str:
        head = f"{self.place}: {self.fact}" if self.place else self.fact
        return f"{head}\n  {self.remedy}" if self.remedy else head
