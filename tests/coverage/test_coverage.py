"""What marks say was reached is what a tracer sees, and a run that reaches too little fails."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

import pytest

from tests.coverage import marks, report
from tests.coverage.plugin import Coverage

TEXT = '''"""A module."""

from __future__ import annotations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import array


class Pair:
    """Of two."""

    first = 1

    def sum(self):
        """Of them."""


def count(values, most):
    number = 0
    for v in values:
        if v < 0:
            continue
        elif v == 0:
            break
        number += 1
    else:
        number += 100
    while True:
        number += 1
        if number > most:
            return number


def divided(a, b):
    try:
        a = 1 * a
        c = a / b
        c = 1 * c
    except ZeroDivisionError:
        return None
    else:
        with open("/dev/null"):
            pass
    finally:
        a = 0
    if c > 1:
        c = 1
    return c


def never():
    return 0
'''
CALLS = [
    pytest.param([], id="imported"),
    *(
        pytest.param([("count", (v, 0))], id=f"count {v}")
        for v in ([], [1], [-1], [0], [1, -1, 0], [2, 0])
    ),
    pytest.param([("divided", (4, 2))], id="above"),
    pytest.param([("divided", (1, 2))], id="below"),
    pytest.param([("divided", (1, 0))], id="by zero"),
    pytest.param([("divided", (4, 2)), ("divided", (1, 0)), ("count", ([1], 0))], id="several"),
]
LEFT = {37, 38}  # of `divided`, by zero
WAYS = [
    ([("count", ([1], 0)), ("divided", (4, 2))], ["22 -> 23", "24 -> 25", "31 ->", "47 ->"]),
    ([("count", ([-1, 0], 1)), ("divided", (1, 2))], ["21 -> 28", "24 ->", "47 -> 48"]),
]


def _run(code: CodeType, module: dict[str, Any], calls: list[tuple[str, Any]]) -> None:
    exec(code, module)
    for name, arguments in calls:
        module[name](*arguments)


def _marks(calls: list[tuple[str, Any]], text: str = TEXT) -> marks.Marks:
    """Those of a text after these calls."""
    tree = ast.parse(text)
    module: dict[str, Any] = {marks.NAME: [0] * len(marks.marked(tree)), "__name__": "marked"}
    _run(compile(tree, "<marked>", "exec"), module, calls)
    said: marks.Marks = module[marks.NAME]
    return said


def _seen(calls: list[tuple[str, Any]]) -> set[int]:
    """The lines of TEXT that a tracer sees executed."""
    lines: set[int] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename == "<traced>":
            lines.update({frame.f_lineno} if event == "line" else ())
            return trace
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        _run(compile(TEXT, "<traced>", "exec"), {"__name__": "traced"}, calls)
    finally:
        sys.settrace(before)
    return lines


def _missing(said: report.Reached) -> set[int]:
    return {int(m) for m in said.missing if "->" not in m}


@pytest.mark.parametrize("calls", CALLS)
def test_a_line_is_reached_that_a_tracer_sees(calls: list[tuple[str, Any]]) -> None:
    every = _missing(report.of_file(TEXT, None))
    reached = every - _missing(report.of_file(TEXT, _marks(calls)))
    left_by_an_exception = LEFT if calls == [("divided", (1, 0))] else set()
    assert reached == (_seen(calls) & every) - left_by_an_exception


@pytest.mark.parametrize(("calls", "missing"), WAYS)
def test_ways_that_were_not_taken(calls: list[tuple[str, Any]], missing: list[str]) -> None:
    said = report.of_file(TEXT, _marks(calls))
    assert [m for m in said.missing if "->" in m] == missing


CHAIN = """def kind(value):
    if value < 0:
        return "below"
    if value == 0:
        return "zero"
    with open("/dev/null"):
        try:
            value = 1 / (value - 7)
        finally:
            value = 2
    return "above"
"""


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        (-1, ["2 ->", "4", "4 ->", "4 -> 5", "5", "6", "7", "8", "10", "11"]),
        (0, ["2 -> 3", "3", "4 ->", "6", "7", "8", "10", "11"]),
        (1, ["2 -> 3", "3", "4 -> 5", "5"]),
    ],
)
def test_what_others_say_has_no_mark(value: int, missing: list[str]) -> None:
    """On each way through a chain there is one mark, and it says all that was done."""
    found = _marks([("kind", (value,))], CHAIN)
    assert sum(found) == {1: 4}.get(value, 2)  # the function itself has one
    assert list(report.of_file(CHAIN, found).missing) == missing


def test_an_exception_takes_its_own_piece_and_no_other() -> None:
    tree = ast.parse(CHAIN)
    module: dict[str, Any] = {marks.NAME: [0] * len(marks.marked(tree))}
    exec(compile(tree, "<marked>", "exec"), module)
    with pytest.raises(ZeroDivisionError):
        module["kind"](7)
    missing = report.of_file(CHAIN, module[marks.NAME]).missing
    assert list(missing) == ["2 -> 3", "3", "4 -> 5", "5", "11"]


def test_a_file_that_is_not_imported_counts() -> None:
    said = report.of_file(TEXT, None)
    assert (said.every, said.reached) == (len(said.missing), 0)


def test_modules_of_the_package_alone_are_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("measured", "measured_too"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "text.py").write_text(TEXT)
    finder = marks.Finder("measured")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    for name in ("measured.text", "measured_too.text"):
        assert importlib.import_module(name).count([1], 0) == 102
    for name in ("measured.text", "measured", "measured_too.text", "measured_too"):
        del sys.modules[name]
    assert list(finder.found) == [
        str(tmp_path / "measured" / n) for n in ("__init__.py", "text.py")
    ]


@pytest.mark.parametrize(
    ("reached", "before", "after"), [(98, 0, 0), (96, 0, 1), (96, 2, 2)], ids=str
)
def test_a_run_that_reaches_too_little_fails(
    reached: int, before: int, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = report.Reached(100, reached)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(report, "of_package", lambda *_: {Path("net.py"): said})
    session: Any = SimpleNamespace(config=SimpleNamespace(), exitstatus=before)
    Coverage().pytest_sessionfinish(session)
    assert session.exitstatus == after


def test_what_processes_found_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    of_all = Coverage()
    for found in ({"a.py": [0, 1, 0]}, {"a.py": [1, 0, 0], "b.py": [1]}):
        of_all.pytest_testnodedown(SimpleNamespace(workeroutput={"reached": found}))
    of_all.pytest_testnodedown(SimpleNamespace())  # it crashed
    assert of_all.found == {"a.py": [1, 1, 0], "b.py": [1]}
