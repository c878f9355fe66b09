"""What is printed is true: every factor of every chain rule, in numbers; and no letter means two
things.
"""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from bpgen.derive import derive
from bpgen.functions import ROWS
from bpgen.ir import BATCH, Element, Equation, Term, length
from bpgen.load import declared_by
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.dialect import TEXT
from bpgen.render.document import document
from bpgen.render.sample import View
from bpgen.render.ways import ways
from tests.networks import networks
from tests.render.nets import NETS, derived, printed

_VIEW = View(sample=True)
Values = dict[str, np.ndarray]
At = dict[sp.Basic, sp.Expr]


def _number(expr: sp.Expr, values: Values, at: At) -> float:
    """An expression at index values."""
    expr = expr.xreplace({**at, length(BATCH): sp.S.One})
    for access in sorted(expr.atoms(Element), key=lambda e: len(e.atoms(Element)), reverse=True):
        index = tuple(_index(i, values) for i in access.indices)
        expr = expr.xreplace({access: sp.Float(float(values[access.name][index]))})
    for row in ROWS.values():
        if row.definition is not None:
            expr = expr.replace(row.function, row.definition)
    return float(expr)


def _index(expr: sp.Expr, values: Values) -> int:
    return round(_number(expr, values, {}))


def _entries(indices: tuple[sp.Expr, ...]) -> list[At]:
    sizes = (range(i.size) for i in indices)
    return [dict(zip(indices, map(sp.Integer, e), strict=True)) for e in product(*sizes)]


def _term(term: Term, values: Values, at: At, left: tuple[sp.Expr, ...]) -> float:
    """One term at an entry of the left side."""
    found = []
    for here in _entries(term.over):
        both = {**at, **here}
        where = term.at if term.at is not None else left
        if all(
            _index(e.xreplace(both), values) == int(i.xreplace(both))
            for e, i in zip(where, left, strict=True)
        ):
            found.append(_number(term.body, values, both))
    if term.reduce == "logsumexp":
        return float(np.log(np.sum(np.exp(found))))
    return max(found) if term.reduce == "max" else sum(found)


def _entry(equation: Equation, values: Values, at: At) -> float:
    return sum(_term(t, values, at, equation.indices) for t in equation.terms)


def _filled(equation: Equation, values: Values) -> np.ndarray:
    made = np.zeros([int(str(i.size)) for i in equation.indices])
    for at in _entries(equation.indices):
        made[tuple(int(v) for v in at.values())] = _entry(equation, values, at)
    return made


def _values(derivation: Derivation) -> Values:
    """A sample, and every forward value and adjoint of it."""
    rng, values = np.random.default_rng(0), {}
    for t in derivation.network.tensors.values():
        shape = tuple(int(s) for s in t.sample_shape)
        if t.role != "value":
            drawn = rng.integers(t.bound, size=shape) if t.bound else rng.normal(size=shape)
            values[t.name] = np.exp(drawn) / np.exp(drawn).sum() if t.sums_to_one else drawn
    for forward in derivation.forward:
        values[forward.equation.name] = _filled(_VIEW.equation(forward.source), values)
    for name in derivation.network.outputs:
        values[f"d_{name}"] = rng.normal(size=values[name].shape)
    for step in derivation.steps:
        values[step.equation.name] = _filled(_VIEW.equation(step.equation), values)
    return values


_WIGGLE = 1e-6


def _slope(equation: Equation, upstream: Element, wrt: Element, values: Values, at: At) -> float:
    """The immediate derivative of one entry of an equation, by differences."""
    entry = {
        i: sp.Integer(_index(e.xreplace(at), values))
        for i, e in zip(equation.indices, upstream.indices, strict=True)
    }
    where = tuple(_index(e.xreplace(at), values) for e in wrt.indices)
    ends = []
    for sign in (1, -1):
        moved = values[wrt.name].astype(float).copy()
        moved[where] += sign * _WIGGLE
        ends.append(_entry(equation, {**values, wrt.name: moved}, entry))
    return (ends[0] - ends[1]) / (2 * _WIGGLE)


@pytest.mark.parametrize("name", [n for n in NETS if n != "attention"])
def test_every_factor_and_every_chain_rule_holds_in_numbers(name: str) -> None:
    derivation = derived(name)
    values = _values(derivation)
    forward = {f.equation.name: _VIEW.equation(f.source) for f in derivation.forward}
    for step in derivation.steps:
        left = _VIEW.indices(step.equation.indices)
        found = ways(step, left, _VIEW)
        for at in _entries(left):
            total = 0.0
            given = f"d_{step.of}"
            if derivation.network.loss is None and given in values and found:
                total += values[given][tuple(int(v) for v in at.values())]
            for way, over in ((w, o) for w in found for o in _entries(w.over)):
                both = {**at, **over}
                if any(
                    _index(e.xreplace(both), values) != int(i.xreplace(both))
                    for e, i in zip(way.wrt.indices, left, strict=True)
                ):
                    continue
                local = sum(_term(t, values, both, way.value.indices) for t in way.value.terms)
                slope = _slope(forward[way.upstream.name], way.upstream, way.wrt, values, both)
                assert local == pytest.approx(slope, rel=1e-4, abs=1e-5)
                adjoint = derivation.adjoint[way.upstream.name]
                index = tuple(_index(e.xreplace(both), values) for e in way.upstream.indices)
                total += local * (values[adjoint][index] if adjoint in values else 1.0)
            if found:
                assert total == pytest.approx(_entry(_VIEW.equation(step.equation), values, at))


_BELOW = dict(zip("ᵢⱼₖₗₚᵣᵤᵥ", "ijklpruv", strict=True))


def _summed(text: str) -> set[str]:
    return {c for names in re.findall(r"Σ\[([\w,]+)\]", text) for c in names.split(",")}


def _letters(text: str) -> set[str]:
    """The index letters of accesses."""
    plain = re.findall(r"(?<!Σ)\[([\w,]+)\]", text)
    found = {c for names in plain for c in names.split(",")}
    return found | {_BELOW[c] for c in text if c in _BELOW}


def _assert_letters_are_apart(derivation: Derivation, notation: str) -> None:
    free: set[str] = set()
    for section in document(derivation, TEXT, notation).sections:
        for row in (r for b in section.blocks for r in b.rows):
            free = _letters(row.left) if row.left else free
            for text in (*row.addends, *row.words, *row.since):
                assert not _summed(text) & free, text
            for fact in (*row.words, *row.since):
                said, _, value = fact.partition(" = ")
                assert not _summed(value) & _letters(re.sub(r"∂\(.*?\)/", "", said)), fact


def _assert_no_index_is_bpgens_own(text: str) -> None:
    assert not re.search(r"(?<![\w}\])])_[a-z]|\\_[a-z]\b(?!\w)", text.replace("leaky_", ""))


@pytest.mark.parametrize("notation", ["matrix", "index"])
@pytest.mark.parametrize("name", NETS)
def test_no_letter_is_both_free_and_summed_over(name: str, notation: str) -> None:
    _assert_letters_are_apart(derived(name), notation)


@pytest.mark.parametrize("fmt", ["text", "latex"])
@pytest.mark.parametrize("name", NETS)
def test_no_index_is_printed_in_bpgens_own_spelling(name: str, fmt: str) -> None:
    _assert_no_index_is_bpgens_own(printed(name, "index", fmt) + printed(name, "matrix", fmt))


@settings(max_examples=25, deadline=None)
@given(networks(kinks=True))
def test_letters_of_random_networks(text: str) -> None:
    derivation = derive(declared_by(text))
    for notation in ("matrix", "index"):
        _assert_letters_are_apart(derivation, notation)
        _assert_no_index_is_bpgens_own(render(derivation, fmt="text", notation=notation))
