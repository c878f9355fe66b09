"""The part of a run that `--coverage` adds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.coverage import report
from tests.coverage.lighter import lighter
from tests.coverage.marks import Finder, Marks

SOURCE = Path(__file__).resolve().parent.parent.parent / "bpgen"
# What the quick tests do not reach is of three kinds: a layer or a length that the parity tests reach (`-m parity`),
# words that only whole networks need (`-m slow`), and refusals of what other refusals come before.
AT_LEAST = 97  # per cent
LIGHTER = (100, 500)  # after so many tests the marks that are set are left out


class Coverage:
    """Marks what is imported from now on. Each process of a run has one, and hands what it found to
    the one that reports.
    """

    def __init__(self) -> None:
        self.finder = Finder(SOURCE.name)
        sys.meta_path.insert(0, self.finder)
        self.found = self.finder.found
        self.tests = 0
        self.files: dict[Path, report.Reached] = {}

    def add(self, found: dict[str, Marks]) -> None:
        """What another process found, too."""
        for path, theirs in found.items():
            ours = self.found.setdefault(path, [0] * len(theirs))
            ours[:] = map(max, ours, theirs)

    def pytest_runtest_logfinish(self) -> None:
        self.tests += 1
        if self.tests in LIGHTER:
            self.finder.modules = [(m, lighter(m, code)) for m, code in self.finder.modules]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.add(getattr(node, "workeroutput", {}).get("reached", {}))  # none of one that crashed

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        theirs = getattr(session.config, "workeroutput", None)
        if theirs is not None:
            theirs["reached"] = self.found
            return
        self.files = report.of_package(SOURCE, self.found)
        if report.in_all(self.files).per_cent < AT_LEAST:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("reached of bpgen")
        for line in report.lines(self.files, SOURCE):
            terminalreporter.write_line(line)
        if report.in_all(self.files).per_cent < AT_LEAST:
            terminalreporter.write_line(f"that is less than {AT_LEAST} %: the run fails", red=True)
