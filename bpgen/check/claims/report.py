"""What is said of claims."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpgen.check.claims.judge import Verdict


@dataclass(frozen=True)
class Answer:
    """What was found of one claim, the likeliest reason where it is wrong, and the line that is
    true, where it is known. Of a rule, `at` says at which layers it is wrong, and `holds` at which
    it is not.
    """

    text: str
    verdict: Verdict
    reason: str = ""
    true: str = ""
    at: str = ""
    holds: str = ""

    @property
    def right(self) -> bool:
        return self.verdict.right

    def read(self, words: str) -> Answer:
        """The answer, where it is said in other words how the claim was read."""
        reading = replace(self.verdict.reading, words=words)
        return replace(self, verdict=replace(self.verdict, reading=reading))

    def where(self, said: str) -> Answer:
        """The same, with more of them."""
        return self.read(self.verdict.reading.words + said)

    def __str__(self) -> str:
        lines = [self._right()] if self.right else [f"not equal{self.at}: {self._differs()}"]
        lines += [f"likeliest reason, {self.reason}"] * bool(self.reason)
        lines += [text for text in (self.true, self.holds) if text]
        return "\n".join([self.text, *(f"  {line}" for line in lines)])

    def _right(self) -> str:
        how = "exactly" if self.verdict.exact else f"at {self.verdict.points} random points"
        return f"equal, {how} ({self.verdict.reading.words})"

    def _differs(self) -> str:
        if self.verdict.values is None:
            return self.verdict.said or self.verdict.unfit
        found, expected = self.verdict.values
        at = f"entry [{', '.join(map(str, self.verdict.at))}]" if self.verdict.at else "it"
        return f"{at} is {found:.6g}, not {expected:.6g} ({self.verdict.reading.words})"


@dataclass(frozen=True)
class Answers:
    """What was found of several. `note` says what was left out."""

    answers: tuple[Answer, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.answers) and all(a.right for a in self.answers)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.answers), *([self.note] if self.note else [])])
