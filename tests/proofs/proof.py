"""What a long proof is: what is claimed, made anew in every run, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, partial
from io import StringIO
from itertools import product
from typing import Any

from bpgen.check.module import Subject
from bpgen.check.numbers import NumberRow, Ruler, numbers
from bpgen.check.page.proof import ReadBack, prove_page
from bpgen.check.page.world import World
from bpgen.check.report import Report
from bpgen.check.selftest import selftest
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.lesson import sections
from bpgen.network.shrink import shrunk
from bpgen.prove import Claim, claimed, proved
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.lines import columns
from bpgen.render.style import WIDEST
from bpgen.worked.drawn import at_drawn
from bpgen.worked.point import Point
from tests.check.nested import assert_chain_rule
from tests.conftest import ROOT, module_of
from tests.proofs.spelling import digest, spelled, with_imports

SEEDS = 20


@dataclass(frozen=True)
class Proof:
    """`run` proves what `make` makes and returns its figures; AssertionError where it fails."""

    make: Callable[[], Any]
    run: Callable[[Any], str]

    def key(self, made: Any) -> str:
        """The hash of all that the figures follow from: what is proved, and what decides."""
        return digest(checker(), self.run.__name__, spelled(made))


@cache
def checker() -> str:
    """The hash of the code that decides: of `bpgen.check`, all that it imports, and this file."""
    every = (ROOT / "bpgen" / "check").rglob("*.py")
    apart = ("claims", "lesson")  # which decide no proof
    files = with_imports(f for f in every if f.parent.name not in apart)
    files += [ROOT / "bpgen" / "prove.py", ROOT / "bpgen" / "check" / "claims" / "comment.py"]
    files += [ROOT / "tests" / name for name in ("proofs/proof.py", "check/nested.py")]
    return digest(*(text for f in files for text in (str(f.relative_to(ROOT)), f.read_text())))


@dataclass(frozen=True)
class Asked:
    """What must be shown besides that `bpgen check` says yes."""

    mutants: int = 1
    kinds: int = 1
    error: float = float("inf")  # of a gradient by complex steps


@dataclass(frozen=True)
class Whole:
    """A network's claim, its other pages, and what is asked of them."""

    claim: Claim
    pages: Mapping[str, str]
    asked: Asked


def whole(network: Network, asked: Asked) -> Whole:
    """What is claimed of a network, in every notation that it is not too large for."""
    claim = claimed(network)
    if claim.page is None:
        return Whole(claim, {}, asked)
    every = printed(derive(claim.small))
    assert every.pop("short matrix") == claim.page
    return Whole(claim, every, asked)


def printed(derivation: Derivation) -> dict[str, str]:
    """The page, brief and in full, in each notation that the network is not too large for."""
    pages = {}
    for steps, notation in product(("short", "all"), ("matrix", "index", "components")):
        try:
            page = render(derivation, fmt="latex", notation=notation, steps=steps)
            pages[f"{steps} {notation}"] = page
        except NetError as refusal:
            assert notation == "components", refusal
            assert "too large" in refusal.fact or "only at run time" in refusal.fact, refusal
    return pages


def every_line(made: Whole) -> str:
    """By numbers, exactly, with every mutant caught; and each equation of the pages."""
    report = proved(made.claim)
    pages = {"short matrix": report.page} if report.page is not None else {}
    pages |= {n: prove_page(text, made.claim.shown) for n, text in made.pages.items()}
    every = (*map(_of_page, pages, pages.values()), *_of_comments(report.comments))
    return ", ".join([of_module(report, made.asked), *every])


def _of_comments(found: ReadBack | None) -> Iterator[str]:
    if found is not None:
        assert found.ok, str(found.false)
        yield f"{found.total} comments"


def _of_page(notation: str, page: ReadBack) -> str:
    assert page.ok, "\n".join([notation, *map(str, page.false)])
    return f"{notation} {page.total} equations"


@dataclass(frozen=True)
class Pages:
    """Some pages of a network, and the network as they write it."""

    pages: Mapping[str, str]
    shown: Network


def pages(network: Network) -> Pages:
    """Of a network at small sizes."""
    derivation = derive(shrunk(network))
    return Pages(printed(derivation), derivation.network)


def every_equation(made: Pages) -> str:
    """Each equation of the pages."""
    found = {n: prove_page(text, made.shown) for n, text in made.pages.items()}
    return ", ".join(map(_of_page, found, found.values()))


@dataclass(frozen=True)
class Lesson:
    """A page with every section of a lesson, and the numbers on it, where there are any."""

    page: str
    network: Network
    point: Point | None


def lesson(derivation: Derivation) -> Lesson:
    """At drawn numbers. As text it is no wider than a screen."""
    numbers = at_drawn(derivation)
    told = partial(render, derivation, steps="short", worked=numbers, lesson=sections)
    assert max(map(columns, told(fmt="text").splitlines())) <= WIDEST
    return Lesson(told(fmt="latex"), derivation.network, numbers and numbers.point)


def every_number(made: Lesson) -> str:
    """Each equation of the page, with its numbers."""
    point = made.point
    at = point and World.at(made.network, point.lengths, point.values)
    return _of_page("lesson", prove_page(made.page, made.network, (0,), at=at))


def of_module(report: Report, asked: Asked) -> str:
    assert report.ok, str(report)
    entries = 0
    for row in report.rows:
        assert row.exact is not None, row.name
        assert row.exact.proved == row.exact.total > 0, row.name
        entries += row.exact.total
        if row.number is not None:
            assert row.number.error <= _bar(row.number, asked.error), row.name
    tested = report.selftest
    assert tested is not None
    assert tested.caught == tested.tried >= asked.mutants
    assert tested.kinds >= asked.kinds
    return f"exactly {entries} entries, {tested.tried} mutants of {tested.kinds} kinds"


def _bar(row: NumberRow, error: float) -> float:
    """How exact a gradient must be; where terms cancel, as a saturated sigmoid's do at the draw of
    the largest parameters, it is ten roundings of the terms.
    """
    return max(error, 2e-15 * row.cancelled) if row.method == "complex step" else 1e-7


def checks_itself(text: str) -> str:
    """`python -m MODULE` in this process: a row for each parameter and input, and every row ok."""
    module = module_of(text)
    with redirect_stdout(StringIO()) as printed:
        assert module._self_check()
    rows = printed.getvalue().splitlines()
    assert len(rows) == len(module.SHAPES) + len(set(module.INPUTS) - set(module.INTEGERS))
    assert all(row.endswith(" ok") for row in rows)
    return f"{len(rows)} rows"


@dataclass(frozen=True)
class Module:
    """A module and its network."""

    text: str
    network: Network


def no_false_alarm(made: Module) -> str:
    """By numbers, at each of many seeds."""
    subject = Subject(made.text, made.network)
    for seed in range(SEEDS):
        found = numbers(subject, seed)
        assert found.ok, (seed, found)
    return f"{SEEDS} seeds"


def every_mutant(made: Module) -> str:
    """Caught by numbers: of each kind as many as there are places for, up to ten."""
    subject = Subject(made.text, made.network)
    found = selftest(subject, Ruler(subject, 1), each=10)
    assert found.survivors == ()
    return f"{found.tried} mutants of {found.kinds} kinds"


def scalar_chain_rule(made: Module) -> str:
    """What the sweep over scalars gives, against sympy's derivative of all as one expression."""
    subject = Subject(made.text, made.network).at_lengths(2)
    many = assert_chain_rule(made.network, subject, {"N": 1, **subject.lengths})
    return f"{many} derivatives"
