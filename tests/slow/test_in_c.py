"""C against numpy, network beside network: see `python -m benchmarks.in_c` for a thousand of them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bpgen.compiled.library import compiler
from tests import in_c
from tests.in_c import DOUBLE, QUICK, ROUNDED, SAME, Differs, verdicts
from tests.nets_in_c import HEAD, NETS, WINDOW
from tests.proofs.words import WORDS
from tests.texts.corpus import DRAWN

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(compiler() is None, reason="there is no C compiler"),
]

OTHERS = [HEAD + net for net in NETS.values()] + [*WORDS.values()][::8]
BATCHES = {"of words": (OTHERS, ()), "random": ([*DRAWN.values()][3::60], QUICK)}
FEW = [HEAD + NETS[n] for n in ("dense", "a recurrence", "products")]
OF_PRODUCTS = [
    *(HEAD + NETS[n] for n in ("a recurrence", "products", "a convolution", "attention")),
    WINDOW,
]
SMALL = (*QUICK, "-DBPGEN_SMALL")
# What a printer of C may do wrong, wherever it is done in the functions of the mathematics.
MISTAKES = {
    "a sample too few": lambda line: line.replace("n < N;", "n + 1 < N;"),
    "what was there is lost": lambda line: re.sub(r"^(\s+\w+\[.*\]) \+= ", r"\1 = ", line),
    "a sign": lambda line: re.sub(r"^(\s+\w+\[.*\]) (\+?)= ", r"\1 \2= -", line),
    "another mean": lambda line: line.replace("/ R(N)", "/ R(N + 1)"),
    "another function": lambda line: line.replace("M(tanh)(", "M(sin)("),
}


@pytest.mark.parametrize("batch", BATCHES)
def test_what_c_computes_is_what_numpy_does(batch: str) -> None:
    sources, by = BATCHES[batch]
    said = verdicts(sources, by=by)
    wrong = [str(v) for v in said.values() if isinstance(v, Differs)]
    assert not wrong, "\n\n".join(wrong)
    compared = [v for v in said.values() if v in (SAME, ROUNDED)]
    assert len(compared) >= 0.9 * len(said)
    assert compared.count(SAME) >= 0.9 * len(compared)  # rounding explains little


# Where a row's largest keeps the others finite, and where all of a row are alike.
IN_ROWS = [
    HEAD + "x, y = input(3), label(4)\nL = loss(categorical_cross_entropy_with_logits(dense(x, 4), y))\n",
    HEAD + "x = input(4, 3)\noutput(attention(x, x, x, causal=False))\n",
]  # fmt: skip
LARGEST = {
    "of a few": ("m = larger(m,", "m = larger(0,", 1e3),
    "not there": ("m = larger(m,", "m = 0 * larger(m,", 1e3),
    "not counted": ("k += d == 0;", "k += d == 1;", 0.0),
}


@pytest.mark.parametrize("times", [1e3, 0.0])
def test_rows_of_large_and_of_equal_numbers(times: float) -> None:
    said = verdicts(IN_ROWS, by=QUICK, times=times)
    assert {*said.values()} <= {SAME, ROUNDED}, said


@pytest.mark.parametrize("kind", LARGEST)
def test_a_mistake_at_the_largest_is_found(kind: str) -> None:
    before, after, times = LARGEST[kind]
    said = verdicts(IN_ROWS, lambda text: text.replace(before, after), QUICK, DOUBLE, times)
    assert any(isinstance(v, Differs) for v in said.values()), said


def test_a_mistake_that_a_point_hides_is_found() -> None:
    """What a hinge is where it is closed, of a network where it is open at the first point."""
    net, right, wrong = DRAWN["random 0.9"], "+ 3, 0) / 2", "+ 3, 1) / 2"
    assert right in in_c.both(net, "net").texts[".c"]
    said = verdicts([net], lambda text: text.replace(right, wrong), QUICK, DOUBLE)
    assert isinstance(said[net], Differs), said


def test_nothing_is_copied_to_where_it_is() -> None:
    """As the softmax of attention was, after it was made in its place."""
    net = "x = input(4, 3)\noutput(attention(x, x, x, causal=False))\n"
    text = in_c.both(HEAD + net, "net").texts[".c"]
    assert "M(exp)(" in text and not re.findall(r"^ +(\S.*) = \1;$", text, re.MULTILINE)


def test_the_least_code_computes_it_too() -> None:
    said = verdicts(OF_PRODUCTS, by=SMALL, dtypes=DOUBLE)
    assert {*said.values()} <= {SAME, ROUNDED}, said


# In the loops of -DBPGEN_SMALL, which the other code has not.
IN_LITTLE = {
    "a column of the result": ("+ j * n.c] += x", "+ 0 * j] += x"),
    "a row of a factor": ("x = a[i * m.a +", "x = a[0 * i +"),
    "a sum of one": ("q < k.count; q++)\n        for (int i", "q < 1; q++)\n        for (int i"),
    "a sum of windows": ("q < steps(k.of", "q < 1 + 0 * steps(k.of"),
    "columns of one axis": ("p < steps(n.of, outer)", "p < 1"),
    "a dot too short": ("for (; i < count; i++)", "for (i = 1; i < count; i++)"),
}


@pytest.mark.parametrize("kind", IN_LITTLE)
def test_a_mistake_in_little_code_is_found(kind: str) -> None:
    before, after = IN_LITTLE[kind]
    said = verdicts(OF_PRODUCTS, lambda text: text.replace(before, after, 1), SMALL, DOUBLE)
    assert any(isinstance(v, Differs) for v in said.values()), said


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_found(kind: str) -> None:
    """In every network whose text it changes."""
    changed: set[str] = set()

    def change(text: str) -> str:
        wrong = _everywhere(text, MISTAKES[kind])
        changed.update([wrong] if wrong != text else [])
        return wrong

    said = verdicts(FEW, change, QUICK, DOUBLE)
    found = [v for v in said.values() if isinstance(v, Differs)]
    assert changed and len(found) == len(changed), said


def _everywhere(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(line if "*/" in line else change(line) for line in text.split("\n"))


def test_the_sanitizers_are_silent() -> None:
    """Of addresses, and of what C leaves undefined."""
    done = in_c.watched(250)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "networks under the sanitizers" in done.stdout


def test_the_sanitizers_are_not_deaf() -> None:
    done = in_c.watched(1000, "--broken")
    assert done.returncode != 0 and "AddressSanitizer" in done.stderr
