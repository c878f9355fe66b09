"""The numbers on a page are proved with it: a wrong one is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bpgen.check.page.proof import prove_page
from bpgen.check.page.world import World
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.load import declared_by
from bpgen.prove import claimed, proved
from bpgen.render import render
from bpgen.render.latex import LATEX
from bpgen.render.numerals import Numerals
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import derived, of_example
from tests.few import one_in
from tests.proofs.proof import every_number, lesson
from tests.published import GIVEN
from tests.render.nets import NETS
from tests.worked_pages import CHAIN, of_published, page_and_world


@pytest.mark.parametrize("name", one_in(2, [*GIVEN]))
def test_every_number_is_proved(name: str) -> None:
    page, world = page_and_world(name)
    plain = prove_page(render(derive(world.network), fmt="latex", steps="short"), world.network)
    found = prove_page(page, world.network, at=world)
    assert found.ok, found.false
    assert found.total >= plain.total / 2 + 6


@pytest.mark.parametrize(
    ("right", "wrong"),
    one_in(
        2,
        [
            ("0.6468", "0.6467"),  # a digit
            (r"\approx -0.04315", r"\approx 0.04315"),  # a sign
            (r"\approx 1.164", "= 1.164"),  # it is rounded
            (r"\approx (-0.2380)", r"\approx (-0.2381)"),  # a factor
            (r"0.1813", r"0.1814"),
            (r"0.1510 & 0.2018", r"0.1500 & 0.2000"),  # no step taken
            (r"(0.605, 0.745)", r"(0.745, 0.605)"),  # the order
            (r"(0.605, 0.745)", r"0.605"),  # an entry lost
            (r"= (0.605, 0.745)", r"= nothing"),
        ],
    ),
)
def test_a_wrong_number_is_refused(right: str, wrong: str) -> None:
    page, world = page_and_world("toy_2_2_1")
    assert right in page
    (line,) = prove_page(page.replace(right, wrong, 1), world.network, at=world).false
    assert wrong.split()[-1] in line.line


LONG = """from bpgen import *
x = input(6)
y = target(6)
W = param(6, 6)
z = W @ x
a = tanh(z)
L = loss(half_squared_error(a, y))
"""


def _long() -> tuple[str, World]:
    """A page whose numbers are too many for a line, of a product and of a vector."""
    derivation = derived(LONG)
    numbers = at_drawn(derivation)
    assert numbers is not None
    page = render(derivation, fmt="latex", steps="short", worked=numbers, digits=6)
    return page, World.at(derivation.network, numbers.point.lengths, numbers.point.values)


def test_numbers_that_are_too_many_for_a_line_go_on_in_the_next() -> None:
    page, world = _long()
    lines = re.findall(r"^& \\qquad ([^=\\].*?|\\odot .*?)(?: \\tag.*)?(?: \\\\)?$", page, re.M)
    assert any(g.startswith(r"\odot") for g in lines) and len(lines) > 3
    assert prove_page(page, world.network, at=world).ok
    for line in lines:
        last = re.findall(r"\d(?=[,)])", line)[-1]
        at = page.index(line) + line.rindex(last)
        wrong = page[:at] + ("7" if last != "7" else "3") + page[at + 1 :]
        (false,) = prove_page(wrong, world.network, at=world).false
        assert not false.unread and "is printed, and it is" in false.reason


@pytest.mark.parametrize(
    ("right", "wrong"),
    one_in(
        2,
        [
            ("goes from $0.02831$", "goes from $0.02832$"),
            ("to $0.02658$: it helped", "to $0.02659$: it helped"),
            (": it helped", ": it did not help: the step is too long"),
            (r"$\eta = 0.5$ long", r"$\eta = 0.6$ long"),
            ("$L$ goes from", "$y$ goes from"),
            ("$L$ goes from $0.02831$ to", "$L$ falls from $0.02831$ to"),
            (
                "goes from $0.02831$ to $0.02658$: it helped",
                "stays $0.02831$: there is nothing to learn here",
            ),
        ],
    ),
)
def test_a_wrong_sentence_on_the_loss_is_refused(right: str, wrong: str) -> None:
    page, world = page_and_world("toy_2_2_1")
    assert right in page
    found = prove_page(page.replace(right, wrong), world.network, at=world).false
    assert any("0.0283" in f.line or "a step of descent" in f.line for f in found)


@pytest.mark.parametrize(
    ("right", "wrong"),
    one_in(
        2,
        [
            ("goes from $0.7620$", "goes from $0.7621$"),
            ("to $0.7695$.", "to $0.7655$."),
            ("$a^{[2]}$ goes from", "$a^{[1]}$ goes from"),
            ("is negative: ", "is positive: "),
            ("is too small.", "is too large."),
            ("is negative: $a^{[2]}$ is too small", "is positive: $a^{[2]}$ is too large"),
            ("negative: $a^{[2]}$", "negative: $z^{[2]}$"),
        ],
    ),
)
def test_a_wrong_sentence_on_the_output_is_refused(right: str, wrong: str) -> None:
    page, world = page_and_world("toy_2_2_1")
    assert page.count(right) == 1
    (found,) = prove_page(page.replace(right, wrong), world.network, at=world).false
    assert "goes from" in found.line or "is too" in found.line


def test_what_is_held_is_read_back() -> None:
    derivation = of_example("toy_2_2_1")
    numbers = of_published("toy_2_2_1", ("b1", "b2"))
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, world.network, at=world).ok
    free = page.replace(" are held as they are.", " are free.")
    found = prove_page(free, world.network, at=world).false
    assert found[0].reason == "nobody reads this sentence"
    assert len(found) == 3 and all("goes from" in f.line for f in found[1:])


def test_a_long_rate_is_not_rounded() -> None:
    derivation = derived(CHAIN)
    given = Example({"x": 1.0, "y": 0.5, "w": 0.4}, rate=0.0123456789)
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    assert r"\eta = 0.0123456789$" in page
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok


@pytest.mark.parametrize("notation", ["index", "components"])
def test_equations_at_their_indices_have_numbers(notation: str) -> None:
    derivation = of_example("toy_2_2_1")
    numbers = of_published("toy_2_2_1")
    page = render(derivation, fmt="latex", notation=notation, steps="short", worked=numbers)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok
    if notation == "index":
        right = r"\begin{smallmatrix}-0.001972 & -0.003549"
        wrong = page.replace(right, r"\begin{smallmatrix}-0.003549 & -0.001972", 1)
    else:
        right = r"\approx -0.003549"
        wrong = page.replace(right, r"\approx -0.001972", 1)
    assert right in page
    assert not prove_page(wrong, derivation.network, at=world).ok


def test_of_a_matrix_at_its_indices_rows_are_rows() -> None:
    """A matrix that is not square, in the index notation: as many rows as its first index has."""
    net = "from bpgen import *\nx, y = input(3), target(2)\nW = param(2, 3)\nz = W @ x\nL = loss(sum((z - y)**2))\n"
    derivation = derived(net)
    given = Example({"x": [1, 2, 3], "y": [0, 1], "W": [[1, 0, 0], [0, 1, 0]]})
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="latex", notation="index", steps="short", worked=numbers)
    assert r"= \left(\begin{smallmatrix}2 & 4 & 6 \\ 2 & 4 & 6\end{smallmatrix}\right)" in page
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok


# Two; all of them are among the recorded proofs (`tests.proofs.corpus`).
@pytest.mark.parametrize("name", ["elman", "batch_norm"])
def test_numbers_of_hard_pages_hold(name: str) -> None:
    """Of recurrences without what stands before the first step, of samples that meet without the
    factors of one, of another spelling that is differentiated: and so every equation of a lesson.
    """
    assert every_number(lesson(derived(NETS[name])))


def test_what_is_masked_out_has_no_number_on_a_page_that_has_them() -> None:
    derivation = derived(NETS["causal_blocks"])
    numbers = at_drawn(derivation)
    assert numbers is not None
    masked_out = [n for n, v in numbers.values.items() if np.any(np.isneginf(v))]
    told = Numerals(numbers, LATEX, derivation.network.tensors)
    assert masked_out
    assert not any(map(told.value, masked_out))
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    found = prove_page(page, derivation.network, (0,), at=world)
    assert found.ok, found.false


def test_numbers_of_no_example_are_not_believed() -> None:
    page, world = page_and_world("toy_2_2_1")
    assert not prove_page(page, world.network).ok


def test_check_proves_the_numbers_of_net_py() -> None:
    network = declared_by(CHAIN)
    report = proved(claimed(network, Example({"x": 1.0, "y": 0.5, "w": 0.4})))
    assert report.ok, str(report)
    assert report.page is not None
    assert report.page.total > proved(claimed(network)).page.total  # type: ignore[union-attr]
