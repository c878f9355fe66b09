"""What `bpgen check` says: a row per tensor, what else was found, and how good the check
itself is.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpgen.check.exact import ExactRow
from bpgen.check.numbers import NumberRow
from bpgen.check.page.proof import ReadBack
from bpgen.check.promises import Finding
from bpgen.check.selftest import SelfTest

HEAD = ("tensor", "shape", "by numbers", "error", "exactly", "verdict")


@dataclass(frozen=True)
class TensorRow:
    """One tensor: its gradient by numbers and exactly. For outputs and the loss `number`
    is None.
    """

    name: str
    number: NumberRow | None
    exact: ExactRow | None

    @property
    def ok(self) -> bool:
        return all(part.ok for part in (self.number, self.exact) if part is not None)

    @property
    def verdict(self) -> str:
        """`ok`, `zero` where the gradient is provably nothing else, or what is wrong."""
        found = [p.verdict for p in (self.number, self.exact) if p is not None and not p.ok]
        return "; ".join(found) or (self.number.verdict if self.number is not None else "ok")

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        number, exact = self.number, self.exact
        shape = "x".join(map(str, number.shape)) or "scalar" if number else ""
        error = (
            f"{number.error:.1e}" if number is not None and number.error == number.error else "-"
        )
        proved = f"{exact.proved} of {exact.total}" if exact is not None else "-"
        return self.name, shape, number.method if number else "-", error, proved, self.verdict


@dataclass(frozen=True)
class Report:
    """Everything found of one module. `note` says what was left out, and why."""

    findings: tuple[Finding, ...]
    rows: tuple[TensorRow, ...]
    selftest: SelfTest | None
    note: str = ""
    page: ReadBack | None = None  # of the derivation, where there is a net.py
    comments: ReadBack | None = None  # of the module, where there is a page

    @property
    def ok(self) -> bool:
        others = all(part is None or part.ok for part in (self.selftest, self.page, self.comments))
        return not self.findings and bool(self.rows) and all(row.ok for row in self.rows) and others

    @property
    def failures(self) -> tuple[str, ...]:
        """Each thing wrong, in one line that names the tensor."""
        rows = [f"{row.name}: {row.verdict}" for row in self.rows if not row.ok]
        survivors = self.selftest.survivors if self.selftest is not None else ()
        return (
            *map(str, self.findings),
            *rows,
            *(f"not caught: {m.kind}, at {m.place}" for m in survivors),
            *(f"page: {line}" for line in (self.page.false if self.page is not None else ())),
            *(f"comment: {line}" for line in (self.comments.false if self.comments else ())),
        )

    def __str__(self) -> str:
        lines = _aligned([HEAD, *(row.cells() for row in self.rows)])
        lines += _read("page", self.page) if self.page is not None else []
        lines += _read("comments", self.comments) if self.comments is not None else []
        lines += [f"broken promise: {finding}" for finding in self.findings]
        redraws = sum(row.number.redraws for row in self.rows if row.number is not None)
        lines += [f"{redraws} points redrawn, where a kink lay too near"] if redraws else []
        lines += _cancelling([row.number for row in self.rows if row.number is not None])
        lines += _self_test(self.selftest) if self.selftest is not None else []
        return "\n".join([*lines, *([self.note] if self.note else [])]) + "\n"


def _cancelling(rows: list[NumberRow]) -> list[str]:
    """What was judged by the rounding of terms that cancel, not by its own size."""
    return [
        f"d{row.name} is a sum of terms up to {row.cancelled:.0e} times as large:"
        " its error is measured by their rounding"
        for row in rows
        if row.ok and row.cancelled
    ]


def _read(what: str, found: ReadBack) -> list[str]:
    """The row of what was read back, and its lines that are false or cannot be read."""
    said = {True: "not read", False: "false"}
    return [f"{what}  {found}"] + [f"  {said[line.unread]}: {line}" for line in found.false]


def _self_test(found: SelfTest) -> list[str]:
    same = f"; {found.equivalent} equivalent not counted" if found.equivalent else ""
    lines = [
        f"self-test: {found.caught} of {found.tried} mutants caught ({found.kinds} kinds{same})"
    ]
    return lines + [f"  not caught: {m.kind}, at {m.place}" for m in found.survivors]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
