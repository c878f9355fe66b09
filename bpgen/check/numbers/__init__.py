"""By numbers: every gradient of an emitted module against the derivative of its own objective.

Cheap promises come first (`promises`), then derivatives (`derivatives`). The complex step is
believed at a tensor only where six-point differences, which know nothing of analyticity, agree with
it there; at further draws, where the gradient agrees with it already, they are not asked again.
Differences are believed only where two step lengths agree, or one with the complex step, so that
no kink lies between the points they look at. Of a large module, further draws are asked along one
direction of all tensors first.

No gradient can be nearer to the derivative than rounding lets it. Where the terms of a gradient
cancel, as they do in a normalisation over two values, they are measured, and what is asked is that
the error is a few roundings of these terms: see `Gradients.terms`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpgen.check.module import Subject, largest
from bpgen.check.numbers.rows import NumberRow, derivatives, large
from bpgen.check.numbers.ruler import Ruler, together, valued
from bpgen.check.promises import Finding, broken

__all__ = ["NumberRow", "Numbers", "Ruler", "failure", "large", "largest", "numbers"]


@dataclass(frozen=True)
class Numbers:
    """Everything found by numbers: broken promises, and a row per tensor."""

    findings: tuple[Finding, ...]
    rows: tuple[NumberRow, ...]

    @property
    def ok(self) -> bool:
        return not self.findings and bool(self.rows) and all(r.ok for r in self.rows)


def numbers(subject: Subject, seed: int = 0, ruler: Ruler | None = None) -> Numbers:
    """Check a module by numbers alone."""
    findings = tuple(dict.fromkeys(broken(subject, seed)))  # once, whatever the batch
    return Numbers(findings, tuple(derivatives(subject, ruler or Ruler(subject, seed))))


def failure(subject: Subject, ruler: Ruler) -> str | None:
    """The first thing wrong with a copy of a module, or None: the same checks, stopped early; and
    its value, which the exact proof asks of the module itself.
    """
    if ruler.together and not together(subject, ruler):
        return "all gradients along one direction are wrong"
    for finding in broken(subject, ruler.seed):
        return str(finding)
    for found in derivatives(subject, ruler):
        if not found.ok:
            return f"{found.name}: {found.verdict}"
    return None if valued(subject, ruler) else "the objective is another"
