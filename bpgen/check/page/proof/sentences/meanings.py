"""What a symbol is said to be: the gradient of what, an upstream gradient, what is drawn, a step of
descent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import sympy as sp

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.numbered import main, tensor_told
from bpgen.check.page.proof.page import Page, symbol_of, tensor_of
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.tokens import tokens

MATHS = re.compile(r"\$([^$]*)\$")
_LONG = re.compile(r"\d\.\d{3}")
_SHORT = 10**6  # what divides a number of six digits


def meaning(found: re.Match[str], page: Page) -> str:
    """delta says how the loss changes with z."""
    reading = page.sample
    delta, of, is_gradient = symbol_of(found["delta"], reading)
    tensor, name, _ = symbol_of(found["tensor"], reading)
    if symbol_of(found["top"], reading)[1] != reading.top:
        return "this is not what is differentiated"
    same = is_gradient and of == name and delta.block == tensor.block
    return "" if same else "this is the gradient with respect to something else"


def top(found: re.Match[str], page: Page) -> str:
    """Gradients of the loss."""
    name = symbol_of(found["top"], page.sample)[1]
    return "" if name == page.sample.top else "this is not what is differentiated"


def headings(page: Page) -> Iterator[FalseLine]:
    """Gradient with respect to z: of all rows below."""
    for group in page.groups:
        reading = page.reading(group)
        of = (True, tensor_of(reading, group.of)) if group.of else None
        for row in main(group) if of is not None else ():
            if tensor_told(row, reading) != of:
                yield FalseLine(f"Gradient with respect to ${group.of}$", f"it is not: {row.line}")


def upstream(found: re.Match[str], page: Page) -> str:
    """The bars are the upstream gradients, of a scalar l further on."""
    reading = page.sample
    signs = MATHS.findall(found["bars"])
    every = [reading.names.find(reading.parser(tokens(s)).symbol()) for s in signs]
    given = [known[1] for known in every if known and known[0] is reading.names.given]
    if len(given) < len(every) or {*given} != {*page.network.outputs}:
        return f"those of {', '.join(page.network.outputs)} are given"
    return top(found, page)


def drawn(found: re.Match[str], page: Page) -> str:
    """Each entry of m is drawn in forward: 2 with the probability 1/2, else 0."""
    reading = page.sample
    scope = Scope(reading)
    value, probability = (
        np.real(scope.value(reading.parse(tokens(found[k])))) for k in ("value", "probability")
    )
    for symbol in MATHS.findall(found["which"]):
        keep = reading.world.network.tensors[symbol_of(symbol, reading)[1]].keep
        if keep is None:
            return "that is not drawn"
        if not (np.allclose(probability, float(keep)) and np.allclose(value * probability, 1)):
            return f"it is 1/{keep} with the probability {keep}"
    return ""


def descends(found: re.Match[str], page: Page) -> str:
    """w <- w - eta dL/dw, and so every parameter, if there are others."""
    reading = page.sample
    new, old, by = (symbol_of(found[k], reading) for k in ("new", "old", "by"))
    params = [t.name for t in page.network.role("param")]
    same = new == old == by and new[1] in params
    is_loss = symbol_of(found["loss"], reading)[1] == page.network.loss
    if not (same and is_loss):
        return "this is no step of descent"
    return "" if bool(found["every"]) == (len(params) > 1) else f"{len(params)} are learned"


def rounded(found: re.Match[str], page: Page) -> str:
    """Long numbers are rounded: there are such, or net.py has one that is shown short: 1 - 0.9."""
    bodies = (t.body for e in page.network for t in e.terms)
    long = any(n.q > _SHORT for body in bodies for n in body.atoms(sp.Rational))
    return "" if long or _LONG.search(page.latex) else "no number is long"
