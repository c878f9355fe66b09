"""Lines of a module that are too long for one: where they are broken, and what is left as it is."""

from __future__ import annotations

import pytest

from bpgen.targets.numpy.layout import assignment
from bpgen.text.document import MINUS, called, code, tuple_of
from tests.conftest import module_of, written


def test_a_long_call_without_a_seam() -> None:
    """Alone in its brackets, or as an operand: it is left as it is where nothing can be broken."""
    a, b = code("a" * 90), code("b")
    for long in (
        a,
        called("transposed", [a]),
        a.by("+", b).bracketed() + ".T",
        a.method("reshape", ["2", "3"], "move").at([":", "None"]),
        MINUS + a.by("**", "2"),
        tuple_of([a, b]),
    ):
        for value in (long, long.by("+", b), long.bracketed().by("*", long)):
            lines = assignment("y", value, in_two=True)
            assert "".join(lines).count(str(a)) == str(value).count(str(a))


A, B = "a" * 40, "b" * 44
BROKEN = {  # a document, and the lines that it takes
    "a text, of which nothing is known": (code(f"{A} + {B}"), f"y = (|    {A} + {B}|)"),
    "a sum": (code(A).by("+", B).by("-", "c"), f"y = (|    {A}|    + {B}|    - c|)"),
    "of products": (code(A).by("*", "c").by("+", B), f"y = (|    {A} * c|    + {B}|)"),
    "a fraction": (code(A).by("+", "c").bracketed().by("/", B), f"y = (|    {A} + c|) / {B}"),
    "a call": (called("f", [A, "b" * 38]), f"y = f(|    {A}, {'b' * 38}|)"),
    "of more": (called("f", [A, B, "c"]), f"y = f(|    {A},|    {B},|    c,|)"),
    "a method": (
        called("f", [A, "b" * 38]).method("copy", []),
        f"y = f(|    {A}, {'b' * 38}|).copy()",
    ),
    "turned": (
        called("f", [A, "b" * 31]).method("transpose", "10", "move"),
        f"y = f({A}, {'b' * 31})|y = y.transpose(1, 0)",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_lines_are_broken_by_the_document(kind: str) -> None:
    """At the operators that bind least, within a bracket, at the commas of a call."""
    value, lines = BROKEN[kind]
    assert assignment("y", value, in_two=True) == lines.split("|")


def test_a_value_that_reads_its_target_is_one_statement() -> None:
    value, _ = BROKEN["turned"]
    assert len(assignment("y", value)) > 2


LONG = (  # formulas that are too long for a line, each of another kind
    "hard_tanh(selu(exp(x)/(1 + exp(x))**2), -0.5, 0.25)",
    "hard_tanh(elu(elu(x)*sigmoid(x)*softplus(x), 0.123456789), -0.123456789, 0.123456789)",
    "elu(softplus(x)*elu(x, 0.123456789) + elu(sigmoid(x)*x, 0.123456789), 0.123456789)",
    "relu6(x*elu(x, 0.123456789)*elu(2*x, 0.123456789))*hard_sigmoid(elu(x, 0.123456789)*x)",
    "-log(0.2*exp(-(x - 1)**2) + 0.3*exp(-(x - 2)**2) + 0.5*exp(-(x + 3)**2))",
    "1 - log(0.2*exp(-(x - 1)**2) + 0.3*exp(-(x - 2)**2) + 0.5*exp(-(x + 3)**2))",
)


@pytest.mark.parametrize("formula", LONG)
def test_long_lines_are_broken(formula: str) -> None:
    text = written(f"from bpgen import *\nx = input(3)\na = {formula}\noutput(a)\n")
    sentences = ('"""', "#", "Written by")
    code = [line for line in text.splitlines() if not any(s in line for s in sentences)]
    assert max(map(len, code)) <= 88, max(code, key=len)
    assert module_of(text)._self_check()
