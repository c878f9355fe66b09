"""Tensors and their elements as text: the names, subscripts and partial derivatives of one
document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import sympy as sp

from bpgen.functions import normal
from bpgen.ir import BATCH, Element, Index, Network, Size, is_batch
from bpgen.names import adjoint_name
from bpgen.record import Derivation
from bpgen.render import indices
from bpgen.render.dialect import Dialect
from bpgen.render.indices import letter
from bpgen.render.masks import Bounds
from bpgen.render.maxima import First, firsts
from bpgen.render.names import GREEK, Symbol, symbols
from bpgen.render.order import Order
from bpgen.render.places import Axes
from bpgen.render.reads import read_in

ADD, MUL, POW, ATOM = range(4)  # how tightly a piece of text binds


@dataclass(frozen=True)
class Piece:
    """Text and how tightly it binds; what binds less than its surroundings gets parentheses."""

    text: str
    level: int = ATOM


@dataclass(frozen=True)
class Writer:
    """`first` is what the first entry of a tensor is counted as; `notes` gathers what was printed
    that the legend explains.
    """

    dialect: Dialect
    symbols: Mapping[str, Symbol]
    adjoint_of: Mapping[str, str]  # dW1 -> W1, and the upstream gradient d_a -> a
    given: frozenset[str]  # the upstream gradients among them
    order: Order
    total: str  # the name of the scalar that is differentiated
    axes: Axes  # the sizes of every tensor, within its block
    firsts: Mapping[tuple[str, int], First]  # by name and number of indices
    blocks: Mapping[str, Index]  # of what each repeated block has its own: the block's index
    first: int = 0
    # As which block each is printed: another than its own, where that reads better.
    instead: Mapping[Index, sp.Expr] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set, compare=False)
    called: set[str] = field(default_factory=set, compare=False)  # shared by what replaces it
    # The integer tensors, of which there may be unit vectors, and the role of each.
    integers: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()  # the letters of the network's indices
    given_letters: dict[str, str] = field(default_factory=dict, compare=False)  # shared, too

    @staticmethod
    def of(
        derivation: Derivation, dialect: Dialect, first: int = 0, layers: str = "brackets"
    ) -> Writer:
        network = derivation.network
        deltas = (a for t, a in derivation.adjoint.items() if a == adjoint_name(t) != f"d{t}")
        known = derivation.tensors.values()
        blocks = {t.name: t.indices[0] for t in known if t.block}
        outputs = network.outputs if network.loss is None else ()
        numbers = {"pi"} if _has_pi(network) else set()
        named = symbols((*network.tensors, *deltas), blocks, layers, outputs, numbers)
        given = {f"d_{name}": name for name in outputs}
        adjoint_of = {**{a: t for t, a in derivation.adjoint.items()}, **given}
        total = network.loss or "ell"
        while network.loss is None and total in named:
            total += "_"
        named.setdefault(total, Symbol("ell"))
        return Writer(
            dialect,
            named,
            adjoint_of,
            frozenset(given),
            Order(network, adjoint_of),
            total,
            _axes(derivation),
            firsts(derivation),
            blocks,
            first,
            integers={n: t.role for n, t in network.tensors.items() if t.bound is not None},
            own=indices.of_network(derivation),
        )

    def differentiating(self, total: str) -> Writer:
        """The same document where another scalar is differentiated."""
        return replace(self, total=total)

    def low(self) -> Writer:
        """The same document where derivatives and sums are as high as a line."""
        dialect = self.dialect
        low = replace(dialect, partial=dialect.small_partial, sum=dialect.small_sum)
        return replace(self, dialect=low)

    @property
    def e_is_taken(self) -> bool:
        """Whether e is more than a number: a tensor, or the unit vectors of integers."""
        return "e" in self.letters or bool(self.integers)

    @property
    def letters(self) -> set[str]:
        """The letters and words that tensors are called, Greek ones both spelled and printed."""
        if not self.called:
            stems = {s.stem for s in self.symbols.values()}
            self.called.update(stems | {GREEK.get(stem, stem) for stem in stems})
        return self.called

    def is_first(self, expr: sp.Expr) -> bool:
        """Whether an expression speaks of which is the first of the largest."""
        names = {name for name, _ in self.firsts}
        return any(e.name in names for e in read_in(expr))

    def expanded(self, expr: sp.Expr) -> sp.Basic:
        """An expression with all that is printed of the indicators of maxima."""
        new = {}
        for access in read_in(expr) if self.firsts else ():
            known = self.firsts.get((access.name, len(access.indices)))
            if known is not None:
                at = dict(zip(known.indices, access.indices, strict=True))
                new[access] = sp.Tuple(known.body, known.largest).xreplace(at)
                new[access] += sp.Tuple(*known.places(access))
        return sp.Tuple(expr.xreplace(dict.fromkeys(new, sp.S.One)), *new.values())

    def location(self, known: First, access: Element) -> str:
        """at (i, j), of what gives a maximum."""
        places = known.places(access)
        if not places:
            return ""
        self.note("at")
        return self.dialect.words["at"] + self.listed(places)

    def listed(self, places: Sequence[sp.Expr]) -> str:
        """i, or (i,j)."""
        names = ",".join(map(self.subscript, places))
        return self.dialect.parens(names) if places[1:] else names

    def note(self, *printed: str) -> None:
        self.notes.update(printed)

    def index(self, name: str) -> str:
        """The letter of an index: where a tensor has it too, another."""
        return self.dialect.index(letter(name, self.letters, self.own, self.given_letters))

    def subscript(self, expr: sp.Expr) -> str:
        """One index: a letter, an entry's number, a gathered label, or a shifted letter."""
        if isinstance(expr, Index):
            if expr.size == BATCH and expr.name == "m" and "m" in self.letters:
                return self.index("n") + self.dialect.prime  # the mean of net.py is m
            return self.index(expr.name)
        if isinstance(expr, Element):
            self.note("label")
            return self.element(expr).text
        if isinstance(expr, sp.Symbol):
            return self.dialect.index(expr.name)
        self.note("count")
        places = {s: s - self.first for s in expr.atoms(Index, Element)} if self.first else {}
        expr = expr.xreplace(places) + self.first
        if expr.is_Integer:
            return (self.dialect.minus if expr < 0 else "") + str(abs(expr))
        parts = sorted(sp.Add.make_args(expr), key=_part)
        text = ""
        for part in parts:
            coefficient, rest = part.as_coeff_Mul()
            sign = self.dialect.minus if coefficient.is_negative else "+" if text else ""
            body = self.subscript(rest) if rest != 1 else ""
            text += (
                sign + (str(abs(coefficient)) if abs(coefficient) != 1 or not body else "") + body
            )
        return text

    def bounded(self, bounds: Bounds) -> list[str]:
        """1 <= 2p+u, 2p+u <= 7."""
        less = self.dialect.relations["<="]
        less += " " if less.isascii() and less[1:] else ""  # a word of LaTeX
        return [f"{self.subscript(one)}{less}{self.subscript(other)}" for one, other in bounds]

    def at_block(self, index: sp.Expr) -> str:
        """Which block: l, l-1, or a number."""
        return self.subscript(index.xreplace(dict(self.instead)))

    def above(self, access: Element) -> str:
        """The block that an element is of, if any."""
        return self.at_block(access.indices[0]) if access.name in self.blocks else ""

    def below(self, access: Element) -> tuple[sp.Expr, ...]:
        """The indices of an element within its block."""
        return access.indices[1:] if access.name in self.blocks else access.indices

    def addend(self, negative: bool, piece: Piece) -> str:
        """An addend without its sign: a sum that is subtracted stands in parentheses."""
        return self.dialect.parens(piece.text) if negative and piece.level < MUL else piece.text

    def element(self, access: Element) -> Piece:
        """An element in index notation."""
        below = tuple(self.subscript(i) for i in self.below(access))
        return self.tensor(access.name, below, above=self.above(access))

    def tensor(
        self,
        name: str,
        subscripts: tuple[str, ...] = (),
        transposed: bool = False,
        above: str | None = None,
    ) -> Piece:
        """A tensor, or an element of it; the adjoint of z as delta, any other as a partial
        derivative. Where no block is named, it is any.
        """
        piece = self._tensor(name, subscripts, transposed, above)
        return Piece(self.dialect.anchor(name, piece.text), piece.level)

    def _tensor(
        self, name: str, subscripts: tuple[str, ...], transposed: bool, above: str | None
    ) -> Piece:
        """The same without its anchor, and so with none inside a derivative."""
        if above is None:
            above = self.at_block(self.blocks[name]) if name in self.blocks else ""
        if name in self.symbols:
            symbol = self.symbols[name].at(above)
            text = self._entry(symbol, subscripts, transposed)
            return Piece(text, POW if symbol.layer or above or transposed else ATOM)
        tensor = self.symbols[self.adjoint_of[name]].at(above)
        if name in self.given:
            piece = Piece(self.dialect.upstream(tensor, subscripts))
        else:
            wrt = self._entry(tensor, subscripts, False)
            piece = self.partial(self._tensor(self.total, (), False, None).text, wrt)
        return (
            Piece(self.dialect.transpose(self.dialect.parens(piece.text)), POW)
            if transposed
            else piece
        )

    def _entry(self, symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
        """An element by its symbol; entry 1 of z where there is a z_1 too is (z)_1."""
        layer = subscripts[0] if subscripts and symbol.low and not symbol.layer else ""
        if not layer.isdigit() or replace(symbol, layer=layer, above="") not in self._taken:
            return self.dialect.symbol(symbol, subscripts, transposed)
        whole = self.dialect.parens(self.dialect.symbol(symbol, (), False))
        return self.dialect.entry(whole, subscripts)

    @cached_property
    def gradients(self) -> dict[str, str]:
        """The gradients that are written as derivatives, by the tensors that they are by."""
        named = self.given | self.symbols.keys()
        return {t: gradient for gradient, t in self.adjoint_of.items() if gradient not in named}

    @cached_property
    def _taken(self) -> frozenset[Symbol]:
        return frozenset(self.symbols.values())

    def mark(self, immediate: bool) -> str:
        """What distinguishes an immediate derivative."""
        if immediate:
            self.note("immediate")
        return self.dialect.immediate if immediate else ""

    def partial(self, of: str, wrt: str, immediate: bool = False) -> Piece:
        text = self.dialect.partial(of, wrt, self.mark(immediate))
        return Piece(text, MUL if self.dialect.flat else ATOM)

    def indicator(self, inner: str) -> str:
        self.note("indicator")
        return self.dialect.indicator(inner)

    def product(self, *texts: str) -> str:
        """A product of matrices: factors side by side, words a little apart."""
        made = texts[0]
        for before, text in pairwise(texts):
            made += (self.dialect.times if self.wordy(before, text) else " ") + text
        return made

    def wordy(self, *texts: str) -> bool:
        """Whether a thin space is needed to tell upright words from what they stand beside."""
        return not self.dialect.flat and any(r"\mathrm" in t for t in texts)

    def unit(self, label: Element) -> str:
        """The unit vector of a label, or of another integer."""
        self.note(f"unit {label.name} {self.subscript(label)}")
        return self.unit_at(self.subscript(label))

    def unit_at(self, place: str) -> str:
        """The unit vector of what is written below it; bold where net.py has an e of its own."""
        return self.dialect.unit("bold" if "e" in self.letters else "", place)

    def length(self, size: Size) -> str:
        return self.dialect.index(size) if isinstance(size, str) else str(size)


def _has_pi(network: Network) -> bool:
    """Whether the number is on the page: net.py's, or that of a slope of the error function."""
    return any(t.body.has(sp.pi, *normal.FUNCTIONS) for e in network for t in e.terms)


def _part(part: sp.Expr) -> tuple[bool, bool, int, str]:
    """The order in an index: 9o+3p+q-1."""
    step, rest = part.as_coeff_Mul()
    return bool(step.is_negative), rest == 1, -abs(int(step)), str(rest)


def _axes(derivation: Derivation) -> Axes:
    """The sizes of every tensor; of a block's, without the axes of the block and the sample."""
    known = derivation.tensors
    found: dict[str, tuple[Size, ...]] = {}
    for name, t in known.items():
        indices = [i for i in t.indices[1:] if not is_batch(i)] if t.block else t.indices
        found[name] = tuple(i.size for i in indices if i.size)
    return found
