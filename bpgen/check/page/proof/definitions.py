"""The functions that the page defines: Here sigma(z) = ..."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.grammar import Parser
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Definition
from bpgen.check.page.statement import top_level
from bpgen.check.page.tokens import tokens
from bpgen.check.page.tree import letter_of
from bpgen.check.page.world import Array

_HERE = re.compile(r"^Here (.*)\.$", re.M)
_LONG = 4  # entries of the vector whose softmax is compared


def read(page: Page, judge: Judge) -> None:
    """From here on, a function is what the page says; of softmax, which everybody knows, whether it
    is what the page says.
    """
    line = _HERE.search(page.latex)
    for text in re.findall(r"\$(.*?)\$", line[1]) if line else ():
        call, body = (Parser(side, lambda _: False).whole() for side in _sides_of(text))
        if call == body:
            continue
        if call.name == "softmax":
            scope = _vector(call, page)
            judge.judge(text, partial(_values, scope, call, _bounded(body)))
            continue
        own = Definition(tuple(str(letter_of(a)) for a in call.arguments), body)
        for reading in (page.sample, page.whole):
            reading.functions[call.name + "'" * call.prime] = own


def _values(scope: Scope, *nodes: f.Node) -> list[Array]:
    return [scope.value(node) for node in nodes]


def _sides_of(text: str) -> list[list[str]]:
    return top_level(tokens(text), "=")[:2]


def _vector(call: f.Call, page: Page) -> Scope:
    """The scope of a softmax: of a random vector, at each of its entries."""
    vector = np.random.default_rng(page.seed).normal(size=(_LONG, 1))
    scope = Scope(replace(page.sample, base=0), {}, constants={"z": vector})
    return scope.counted({str(letter_of(i)): _LONG for i in call.at})


def _bounded(body: f.Node) -> f.Node:
    """The sum of a softmax runs over all entries."""
    if not (isinstance(body, f.Quotient) and isinstance(body.bottom, f.Over)):
        return body
    (each,) = body.bottom.under.letters
    under = replace(body.bottom.under, ranges=((each, "<", f.Number(float(_LONG))),))
    return replace(body, bottom=replace(body.bottom, under=under))
