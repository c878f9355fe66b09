"""Random networks of raw index equations (`benchmarks/raw_equations.py`, 5,000 of them)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from benchmarks.kept import Kept
from benchmarks.seeds import Run, examined
from bpgen.declare import samples
from bpgen.errors import NetError
from bpgen.text.comment import Comments
from tests.drawn import few_or_all
from tests.networks.raw.draw import Raw, raws
from tests.networks.raw.examine import WRITTEN, examine, reason

RIGHT = Raw(
    """from bpgen import *
i = indices("i", size=3)
x = input(3)
w = param(3)
v = tensor(x[i] * w[i], i)
output(v)
""",
    frozenset(),
)
MISREAD = """from bpgen import *
i = indices("i", size=3)
n = samples()
x = input(3)
y = input(below=3)
o = zeros(3)
o[y] = 1
s = tensor(sum(o[i] * o[n, i], i), n)
L = loss(sum(s[n] * x[n, 0] ** 2, n))
"""
COMMON = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@few_or_all(1, 30, raws(), seed=7, common=COMMON)
def test_each_is_what_its_equations_say_or_refused(raw: Raw) -> None:
    examine(raw)


def test_a_wrong_module_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examine(RIGHT) == WRITTEN
    from tests.networks.raw import examine as module

    right = module.emitted
    monkeypatch.setattr(module, "emitted", lambda d: right(d).replace("dw = ", "dw = -"))
    with pytest.raises(AssertionError, match=re.escape("dL/dw[0]")):
        examine(RIGHT)


def test_a_false_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.networks.raw import examine as module

    right = module.render
    monkeypatch.setattr(
        module, "render", lambda *a, **k: right(*a, **k).replace(" &= ", " &= 1 + ", 1)
    )
    with pytest.raises(AssertionError, match="is told by a page that holds"):
        examine(RIGHT)


def test_a_false_comment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Comments.text_of
    monkeypatch.setattr(Comments, "text_of", lambda *a: right(*a).replace(" = ", " = 2 ", 1))
    with pytest.raises(AssertionError, match="is told by comments that hold"):
        examine(RIGHT)


def test_a_misread_declaration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written at a label is the sample's own, though it is a number: a fault that all who
    begin with what was declared had shared.
    """
    raw = Raw(MISREAD, frozenset())
    assert examine(raw) == WRITTEN
    monkeypatch.setattr(samples, "_differs", lambda tensor: False)
    with pytest.raises(AssertionError, match="what its lines say"):
        examine(raw)


def test_what_is_no_refusal_fails() -> None:
    raw = Raw("from bpgen import *\nx = input(3)\noutput(x.nothing)\n", frozenset())
    assert "Tensor" in examine(raw)  # said in the user's words
    with pytest.raises(AssertionError, match="is declared: "):
        examine(Raw(None, frozenset()))  # type: ignore[arg-type]


def test_reasons_are_counted_without_names() -> None:
    one, other = NetError("w2 (3, 4) is never used"), NetError("w17 (2, 9) is never used")
    assert reason(one) == reason(other)


def test_what_a_seed_found_is_kept_for_the_same_code(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "code")
    assert kept.get(3) is None
    kept.put(3, {"a net.py": ("why it is refused", ["a sum"])})
    run = Run(dict, kept, str)  # a seed is no mapping: what is not kept cannot be found
    tally = examined(run, [3], networks=1, processes=1)
    assert tally.verdicts == {"why it is refused": 1}
    assert tally.reached == {"a sum": 1}
    assert Kept.of("x", "bpgen").folder != Kept.of("x", "bpgen", "templates").folder
