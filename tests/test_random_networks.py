"""Random networks through the public words: what must hold of every one, but for agreement with
PyTorch (`tests/parity`) and LaTeX that compiles (`benchmarks/random_networks.py`, all of it at length).
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cached_property

import numpy as np
import pytest
from hypothesis import assume, given, seed, settings

from benchmarks import random_pages
from benchmarks.seeds import failing
from bpgen.render import render
from tests.drawn import few_or_all
from tests.few import one_in
from tests.networks import written
from tests.networks.draw import graphs
from tests.networks.examine import COMMON, TORCH, UNSHRUNK, examine, hold, subjects
from tests.networks.graph import Graph
from tests.networks.properties import beyond
from tests.networks.run import Point, Subject
from tests.networks.table import PROPERTIES

ELSEWHERE = (TORCH, "LaTeX compiles")
POISSON = "of_numbers of=poisson_loss({0}, {y})"


@seed(1)
@settings(COMMON, max_examples=2, database=None)
@given(subjects())
def test_networks(subject: Subject) -> None:
    """A few: hundreds of them beside PyTorch (`tests/parity`)."""
    examine(subject, ELSEWHERE)


@few_or_all(0, 25, subjects(kinks=False), seed=2, common=COMMON)
def test_smooth_networks(subject: Subject) -> None:
    """Each of these by complex steps."""
    examine(subject, ELSEWHERE)


class Broken(Subject):
    """Gradients off by a millionth of themselves for each sample."""

    @cached_property
    def text(self) -> str:
        text = super().text
        wrong = "return {name: g * (1 + 1e-6 * N) for name, g in grads.items()}"
        assert "    return grads\n" in text and "    N = " in text
        return text.replace("return grads", wrong)


@pytest.mark.parametrize(
    "name",
    one_in(2, ["a doubled batch leaves the mean gradient", "gradient equals complex step"]),
)
def test_a_wrong_gradient_is_found(name: str) -> None:
    """Also where the question is asked again in longer numbers."""
    (each,) = (p for p in PROPERTIES if p.name == name)

    @seed(3)
    @settings(UNSHRUNK, max_examples=5, database=None)
    @given(subjects(kinks=False))
    def networks(subject: Subject) -> None:
        assume(subject.graph.losses and max(np.abs(g).max() for g in subject.result.grads) > 1e-3)
        hold(each, subject)
        broken = Broken(*(getattr(subject, f.name) for f in fields(Subject)))
        with pytest.raises(AssertionError, match="wrong by"):
            hold(each, broken)

    networks()


@few_or_all(1, 10, subjects(most=3), seed=7, common=UNSHRUNK)
def test_a_false_line_of_a_page_is_found(subject: Subject) -> None:
    """The first equation is 1 more than it was."""
    written.page(subject)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            written, "render", lambda *a, **k: render(*a, **k).replace(" &= ", " &= 1 + ", 1)
        )
        with pytest.raises(AssertionError):
            written.page(subject)


class Far(Subject):
    """At a point where an exp leaves float64."""

    @cached_property
    def point(self) -> Point:
        near = super().point
        far = [1e3 * (1 + np.abs(a)) if a.dtype.kind == "f" else a for a in near.inputs]
        return replace(near, inputs=far)


@few_or_all(0, 2, subjects(aim=POISSON), seed=5, common=UNSHRUNK)
def test_what_no_float64_holds_is_not_asked(subject: Subject) -> None:
    far = Far(*(getattr(subject, f.name) for f in fields(Subject)))
    assume(examine(subject, ELSEWHERE) and beyond(far))
    assert not examine(far, ELSEWHERE)


class Lost(Subject):
    """A nan at a point that is no hard one."""

    @cached_property
    def text(self) -> str:
        return super().text.replace("value: float = ", "value: float = np.nan * ")


@few_or_all(1, 5, subjects(kinks=False, aim=POISSON), seed=6, common=UNSHRUNK)
def test_a_nan_where_numbers_are_small_is_a_failure(subject: Subject) -> None:
    """Although an exp may grow."""
    assume(examine(subject, ELSEWHERE))
    lost = Lost(*(getattr(subject, f.name) for f in fields(Subject)))
    with pytest.raises(AssertionError):
        examine(lost, ELSEWHERE)


@pytest.mark.parametrize(
    "aim",
    one_in(2, ["matrix_vector", "max_pool2d padding=1", "contraction to 0 axes", "no penalty"]),
)
def test_an_aim_is_reached(aim: str) -> None:
    """By networks that are drawn for it, which are more than a few in a hundred."""

    @seed(4)
    @settings(UNSHRUNK, max_examples=5, database=None)
    @given(graphs(aim=aim))
    def networks(graph: Graph) -> None:
        assert aim in graph.reached

    networks()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (" &= ", " &= ", ""),
        (" &= ", " &= 2 + ", "false:"),
        (" &= ", r" &= \star ", "not read:"),
    ],
)
def test_a_page_that_does_not_hold_is_found(
    monkeypatch: pytest.MonkeyPatch, right: str, wrong: str, said: str
) -> None:
    told = written.render
    monkeypatch.setattr(written, "render", lambda *a, **k: told(*a, **k).replace(right, wrong, 1))
    verdicts = []

    @seed(3)
    @settings(UNSHRUNK, max_examples=2, database=None)
    @given(subjects())
    def networks(subject: Subject) -> None:
        verdicts.append(random_pages.verdict(subject)[0])

    networks()
    found = random_pages.PROVED if not said else failing(said)
    assert all(v.startswith(found) for v in verdicts)
