"""What is printed is true: every factor of every chain rule, in numbers; and no letter means two
things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import groupby, product

import numpy as np
import pytest
import sympy as sp

from bpgen.derive import derive
from bpgen.ir import BATCH, Element, Equation, Index, Size, Term, length
from bpgen.load import declared_by
from bpgen.record import Derivation
from bpgen.render.document import document
from bpgen.render.formats import FORMATS
from bpgen.render.page import Document
from bpgen.render.parts import Part, parts
from bpgen.render.sample import View
from bpgen.render.style import Numbering, Style
from bpgen.render.text import TEXT
from tests.drawn import few_or_all
from tests.few import few
from tests.networks.draw import graphs
from tests.networks.graph import Graph, source
from tests.render.nets import FEW_OR_ALL, derived, printed
from tests.render.numeric import At, Values, number

_LENGTHS = {BATCH: 2, "T": 3}


@dataclass(frozen=True)
class _World:
    """A derivation as it is shown, with numbers: of one sample, or of a batch where samples meet.

    What stands before the first step of a recurrence is kept in a last slot, at -1; what is beyond
    the last step is 0.
    """

    derivation: Derivation
    view: View
    values: dict[str, np.ndarray]
    known: dict[str, tuple[int, ...]] = field(default_factory=dict)  # the sizes of tensors

    @cached_property
    def long(self) -> At:
        return {length(name): size for name, size in self.lengths.items()}

    @property
    def lengths(self) -> dict[str, int]:
        return {**_LENGTHS, BATCH: 1} if self.view.sample else _LENGTHS

    def size(self, size: Size | None) -> int:
        return size if isinstance(size, int) else self.lengths[str(size)]

    def sizes(self, name: str) -> tuple[int, ...]:
        if name not in self.known:
            self.known[name] = self._sizes(name)
        return self.known[name]

    def _sizes(self, name: str) -> tuple[int, ...]:
        found = self.view.axes[name]
        info = self.derivation.network.tensors.get(name)
        batched = info is None or info.batched
        found = found[1:] if self.view.sample and batched and found[:1] == (BATCH,) else found
        return tuple(map(self.size, found))

    def number(self, expr: sp.Expr, at: At, values: Values) -> float:
        """An expression at index values."""
        return number(expr)({**at, **self.long}, lambda name, place: self.read(values, name, place))

    def read(self, values: Values, name: str, place: tuple[int, ...]) -> float:
        beyond = any(k >= size for k, size in zip(place, self.sizes(name), strict=True))
        return 0.0 if beyond else float(values[name][place])

    def index(self, expr: sp.Expr, at: At, values: Values) -> int:
        return round(self.number(expr, at, values))

    def entries(self, indices: Iterable[Index]) -> list[At]:
        indices = tuple(indices)
        sizes = (range(self.size(i.size)) for i in indices)
        return [dict(zip(indices, e, strict=True)) for e in product(*sizes)]

    def slots(self, equation: Equation) -> list[At]:
        """Every entry of a tensor, those before the first step included."""
        found = self.entries(equation.indices)
        axis = self.view.carried.get(equation.name)
        if axis is None:
            return found
        own = equation.indices[axis]
        return [*found, *({**at, own: -1} for at in found if at[own] == 0)]

    def entry(self, equation: Equation, at: At, values: Values) -> float:
        return sum(self.term(t, equation, at, values) for t in equation.terms)

    def term(self, term: Term, equation: Equation, at: At, values: Values) -> float:
        """One term at an entry of the left side. A term that one step writes is written by every
        step.
        """
        left, over = equation.indices, term.over
        if any(at.get(i) == -1 and i in (term.at or left) for i in left):
            return 0.0  # before the first step stands what is written there
        if term.reduce == "first":
            return self._first(term, at, values)
        if term.at is not None and equation.loop is not None:
            own = equation.loop.index
            if own not in (*over, *term.at) and any(own in e.free_symbols for e in term.at):
                step = Index("another step", own.size)
                place = tuple(e.xreplace({own: step}) for e in term.at)
                term = Term(term.body.xreplace({own: step}), (), term.reduce, place)
                over = (*over, step)
        found = []
        for here in self.entries(over):
            both = {**at, **here}
            where = left if term.at is None else term.at
            if all(
                e == i or self.index(e, both, values) == self.index(i, both, values)
                for e, i in zip(where, left, strict=True)
            ):
                found.append(self.number(term.body, both, values))
        if term.reduce == "logsumexp":
            return float(np.log(np.sum(np.exp(found))))
        return max(found) if term.reduce == "max" else sum(found)

    def _first(self, term: Term, at: At, values: Values) -> float:
        entries = self.entries(term.over)
        bodies = [self.number(term.body, {**at, **here}, values) for here in entries]
        return float(entries[int(np.argmax(bodies))] == {k: at[k] for k in term.over})

    def fill(self, equations: list[Equation]) -> None:
        """The values of equations; those of a loop again and again, until every step is right."""
        for equation in equations:
            shape = list(self.sizes(equation.name))
            if equation.name in self.view.carried:
                shape[self.view.carried[equation.name]] += 1
            self.values[equation.name] = np.zeros(shape)
        for _ in range(3 * _LENGTHS["T"] if equations[0].loop else 1):
            before = [self.values[e.name].copy() for e in equations]
            for equation in equations:
                for at in self.slots(equation):
                    place = tuple(at[i] for i in equation.indices)
                    made = self.entry(equation, at, self.values)
                    self.values[equation.name][place] = made
            if all(map(np.array_equal, before, (self.values[e.name] for e in equations))):
                return


@cache
def _world(name: str) -> _World:
    """Every forward value and adjoint. What steps tell anew is not used here."""
    derivation = derived(name)
    world = _World(derivation, View.of(derivation, derivation.separable), {})
    shown = replace(world.view, carried={})  # as it is, with no step told
    rng = np.random.default_rng(0)
    for t in derivation.network.tensors.values():
        if t.role != "value":
            shape = world.sizes(t.name)
            drawn = rng.integers(t.bound, size=shape) if t.bound else rng.normal(size=shape)
            summed = np.exp(drawn).sum(-1, keepdims=True) if t.sums_to_one else 1
            world.values[t.name] = np.exp(drawn) / summed if t.sums_to_one else drawn
    for group in _together([f.source for f in derivation.forward]):
        world.fill([shown.equation(e) for e in group])
    for name_ in derivation.network.outputs:
        block = derivation.network.tensors[name_].block  # of blocks, what the last one leaves
        world.values[f"d_{name_}"] = rng.normal(size=world.values[name_].shape[block:])
    for group in _together([s.equation for s in derivation.steps]):
        world.fill([shown.equation(e) for e in group])
    return world


def _together(equations: list[Equation]) -> list[list[Equation]]:
    """The equations of a loop as one group."""
    groups = groupby(enumerate(equations), lambda found: found[1].loop or found[0])
    return [[e for _, e in group] for _, group in groups]


_WIGGLE = 1e-6


def _slope(world: _World, equation: Equation, upstream: Element, wrt: Element, at: At) -> float:
    """The immediate derivative of one entry of an equation, by differences."""
    entry: At = {
        i: world.index(e, at, world.values)
        for i, e in zip(equation.indices, upstream.indices, strict=True)
    }
    where = tuple(world.index(e, at, world.values) for e in wrt.indices)
    ends = []
    for sign in (1, -1):
        moved = world.values[wrt.name].astype(float).copy()
        moved[where] += sign * _WIGGLE
        values = {**world.values, wrt.name: moved}
        ends.append(world.entry(equation, entry, _with_auxiliaries(world, equation, values)))
    return (ends[0] - ends[1]) / (2 * _WIGGLE)


def _with_auxiliaries(world: _World, equation: Equation, values: Values) -> Values:
    """The values where what has no equation of its own follows the others."""
    shown, found = replace(world.view, carried={}), {**values}
    for name in {e.name for e in equation.reads()} & world.derivation.auxiliaries.keys():
        of = shown.equation(world.derivation.auxiliaries[name])
        found[name] = np.zeros(world.sizes(name))
        for at in world.slots(of):
            found[name][tuple(at[i] for i in of.indices)] = world.entry(of, at, values)
    return found


def _parts(world: _World) -> list[Part]:
    """Every step as it is told."""
    return [p for s in world.derivation.printed_steps for p in parts(s, world.view)]


def _as_printed(equation: Equation, part: Part) -> Equation:
    """An equation of a part, of the block that it is printed as."""
    new = dict(part.instead)

    def term(t: Term) -> Term:
        at = None if t.at is None else tuple(e.xreplace(new) for e in t.at)
        return Term(t.body.xreplace(new), t.over, t.reduce, at)

    left = tuple(i.xreplace(new) for i in equation.indices)
    return replace(equation, indices=left, terms=tuple(map(term, equation.terms)), loop=None)


def _entries(world: _World, part: Part, indices: Iterable[Index]) -> list[At]:
    """The entries that a part tells of; what the last block leaves is of that block alone."""
    found = world.entries(indices)
    fixed = [own for own, place in part.instead.items() if place.is_Integer]
    return [at for at in found if not any(at.get(own, 0) != 0 for own in fixed)]


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_every_factor_and_every_chain_rule_holds_in_numbers(name: str) -> None:
    world = _world(name)
    derivation, view, values = world.derivation, world.view, world.values
    plain = replace(view, carried={})
    forward = {f.equation.name: plain.equation(f.source) for f in derivation.forward}
    for part in _parts(world):
        step, new = part.step, dict(part.instead)
        left = view.indices(step.equation.indices)
        found = part.contributions
        for at in _entries(world, part, left):
            total = 0.0
            given = f"d_{step.of}"
            index = tuple(world.index(i.xreplace(new), at, values) for i in left)
            received = {e.name for t in step.lines[0].terms for e in t.body.atoms(Element)}
            if derivation.network.loss is None and given in received and found:
                total += values[given][index[derivation.network.tensors[step.of].block :]]
            for way, over in ((w, o) for w in found for o in world.entries(w.over)):
                both = {**at, **over}
                upstream, wrt = way.upstream.xreplace(new), way.wrt.xreplace(new)
                read = tuple(world.index(e, both, values) for e in wrt.indices)
                place = [world.index(e, both, values) for e in upstream.indices]
                sizes = world.sizes(upstream.name)
                if read != index or any(k >= size for k, size in zip(place, sizes, strict=True)):
                    continue
                local = world.entry(_as_printed(way.value, part), both, values)
                slope = _slope(world, forward[upstream.name], upstream, wrt, both)
                adjoint = derivation.adjoint[upstream.name]
                if np.isnan(slope):  # of minus infinity, at which no gradient arrives
                    assert values[adjoint][tuple(place)] == 0
                    continue
                assert local == pytest.approx(slope, rel=1e-4, abs=1e-5)
                total += local * (values[adjoint][tuple(place)] if adjoint in values else 1.0)
            if found:
                assert total == pytest.approx(values[step.equation.name][index])


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_every_line_of_a_step_holds_in_numbers(name: str) -> None:
    world = _world(name)
    for part in _parts(world):
        equation = part.step.equation
        for line in part.lines:
            shown = line.equation
            told = _as_printed(shown, part)
            for at in _entries(world, part, shown.indices):
                index = tuple(world.index(i, at, world.values) for i in told.indices)
                made = world.entry(told, at, world.values)
                assert made == pytest.approx(world.values[equation.name][index])


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_every_place_is_told_once_and_truly(name: str) -> None:
    """The statements of an equation together say what each element of its tensor is."""
    world = _world(name)
    forward = [[(f.source, None)] for f in world.derivation.forward]
    steps = [[(p.step.equation, p) for p in parts(s, world.view)] for s in world.derivation.steps]
    for together in (*forward, *steps):
        told: dict[tuple[int, ...], float] = {}
        for equation, part in together:
            shown = part.equation if part else world.view.equation(equation)
            said = world.view.statements(shown)
            for statement in said:
                one = part or Part(world.derivation.steps[0], world.view)
                right = _as_printed(statement.right, one)
                left = statement.left.xreplace(dict(one.instead))
                for at in _entries(world, one, statement.right.indices):
                    index = tuple(world.index(e, at, world.values) for e in left.indices)
                    assert index not in told
                    told[index] = world.entry(right, at, world.values)
        values = world.values[equation.name]
        for at in world.slots(shown):
            index = tuple(at[i] for i in shown.indices)
            silent = -1 in index and equation.name in world.view.adjoints - world.view.started
            assert silent or said[-1].elsewhere or index in told
            assert silent or told.get(index, 0.0) == pytest.approx(float(values[index]))


_BELOW = dict(zip("ᵢⱼₖₗₚᵣᵤᵥ", "ijklpruv", strict=True))


def _summed(text: str) -> set[str]:
    return {c for names in re.findall(r"Σ\[([\w,]+)\]", text) for c in names.split(",")}


def _letters(text: str) -> set[str]:
    """The index letters of accesses."""
    plain = re.findall(r"(?<!Σ)\[([\w,]+)\]", text)
    found = {c for names in plain for c in names.split(",")}
    return found | {_BELOW[c] for c in text if c in _BELOW}


def _assert_letters_are_apart(page: Document) -> None:
    free: set[str] = set()
    for section in page.sections:
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
@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_no_letter_is_both_free_and_summed_over(name: str, notation: str) -> None:
    _assert_letters_are_apart(document(derived(name), TEXT, notation))


@pytest.mark.parametrize("fmt", few(("text", "latex"), lambda fmt: fmt == "latex"))
@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_no_index_is_printed_in_bpgens_own_spelling(name: str, fmt: str) -> None:
    _assert_no_index_is_bpgens_own(printed(name, "index", fmt) + printed(name, "matrix", fmt))


@few_or_all(2, 25, graphs(), seed=3)
def test_letters_of_random_networks(graph: Graph) -> None:
    derivation = derive(declared_by(source(graph)))
    for notation in ("matrix", "index"):
        page = document(derivation, TEXT, notation)
        _assert_letters_are_apart(page)
        _assert_no_index_is_bpgens_own(FORMATS["text"](page, Style(), Numbering({}, False)))
