"""The sections of a lesson in LaTeX: tables cell by cell, and the numbers and names in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.check.lesson.ground import Ground
from bpgen.check.page import formula as f
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Names, stand_below
from bpgen.check.page.proof.numerals import printed
from bpgen.check.page.statements import groups
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import symbols_of

_SECTION = re.compile(r"^\\section\{([^}]*)\}$", re.MULTILINE)
_TABLE = re.compile(r"\\begin\{tabular\}\{[^\n]*\}\n(.*?)\\end\{tabular\}", re.DOTALL)
_NONE = "no number"
Measure = Callable[[Evaluation], float]
_CLOSE, _ROUNDING = 1e-9, 1e-15  # of a number that is not rounded; and of one that is 0


@dataclass(frozen=True)
class Table:
    """The cells below the headings."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(latex: str) -> Iterator[tuple[str, str]]:
    """The titles of a page, each with what stands below it."""
    places = [(m.start(), m.end(), m[1]) for m in _SECTION.finditer(latex)]
    ends = [start for start, _, _ in places[1:]] + [len(latex)]
    for (_, begin, title), end in zip(places, ends, strict=True):
        yield title, latex[begin:end]


def tables(text: str) -> list[Table]:
    """The tables of a section; a part without headings goes on with the one before."""
    found: list[Table] = []
    for body in _TABLE.findall(text):
        lines = [line for line in body.splitlines() if not line.startswith(r"\omit")]
        begins = lines[1:2] == [r"\hline"]
        rows = tuple(map(_cells, lines[2:] if begins else lines))
        if begins:
            found.append(Table(_cells(lines[0]), rows))
        elif not found:
            raise Unreadable("a table without headings")
        else:
            found[-1] = replace(found[-1], rows=found[-1].rows + rows)
    return found


def sentences(text: str) -> list[str]:
    """The lines of a section that stand in no table, no display and no listing."""
    plain = re.sub(r"\\begin\{(\S+?)\}.*?\\end\{\1\}", "", text, flags=re.DOTALL)
    layout = ("{\\", "\\", "}")
    return [line for line in plain.splitlines() if line and not line.startswith(layout)]


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a row: an ampersand within a formula parts none."""
    formulas = line.removesuffix(r" \\").split("$")
    parted = [
        p if k % 2 else p.replace(" & ", "\0").replace("& ", "\0") for k, p in enumerate(formulas)
    ]
    return tuple(c.strip() for c in "$".join(parted).split("\0"))


def math(cell: str) -> str:
    """The formula that a cell is."""
    if cell[:1] != "$" or cell[-1:] != "$" or cell.count("$") != 2:
        raise Unreadable(f"no formula: {cell}")
    return cell[1:-1]


class Reader:
    """Reads names and numbers as they are printed on the page of a network."""

    def __init__(self, ground: Ground, latex: str) -> None:
        self.ground, self.latex, self.groups = ground, latex, tuple(groups(latex))
        self.names = Names.of(ground.network, stand_below(latex, ground.network), latex)
        for (_, accent, layer, below), tensor in [*self.names.tensors.items()]:
            if any(a.startswith("delta") and t == tensor for a, t in ground.called.items()):
                self.names.gradients["delta", accent, layer, below] = tensor
        for group in self.groups:
            if group.called is not None:
                tensor, symbol = (self._node(t) for t in group.called)
                known = self.names.find(tensor)
                if known is not None:
                    self.names.call(symbol, known[1])

    def _node(self, text: str) -> Any:
        return self._parsed(tokens(text))

    def _parsed(self, found: list[str]) -> Any:
        return Parser(found, lambda s: self.names.find(s) is not None).whole()

    def tensor(self, cell: str) -> str:
        """The tensor that a cell names."""
        found = self._found(self._node(math(cell)))
        if found is None or found[0]:
            raise Unreadable(f"no tensor: {cell}")
        return found[1]

    def slope(self, cell: str) -> str:
        """The tensor by which a cell names the gradient."""
        node = self._node(math(cell))
        if not isinstance(node, f.Derivative):
            found = self._found(node)
            if found is None or not found[0]:
                raise Unreadable(f"no gradient: {cell}")
            return found[1]
        scalars = (self.ground.loss, self.ground.network.sample_loss)
        of, by = self._found(node.of), self._found(node.by)
        if of is None or of[1] not in scalars or by is None or by[0]:
            raise Unreadable(f"no gradient of the loss: {cell}")
        return by[1]

    def told(self, left: list[str]) -> tuple[bool, str] | None:
        """Whether a left side is a gradient, and of which tensor."""
        node = self._parsed(left)
        found = self._found(node.by if isinstance(node, f.Derivative) else node)
        return found and (found[0] or isinstance(node, f.Derivative), found[1])

    def spoken(self, name: str) -> set[str]:
        """What the page's own equations of a tensor speak of, which the page's reader proves."""
        found = set[str]()
        for group in self.groups:
            for statement in (s for s in group.statements if s.kind == "main"):
                with suppress(Unreadable, ValueError):
                    left, *rest = map(self._parsed, statement.parts)
                    if self._found(left) == (False, name):
                        every = (self._found(s) for side in rest for s in symbols_of(side))
                        found |= {known[1] for known in every if known is not None}
        return found

    def _found(self, node: f.Node) -> tuple[bool, str] | None:
        """Whether it is a gradient, and of which tensor."""
        known = self.names.find(node) if isinstance(node, f.Symbol) else None
        return (known[0] is self.names.gradients, known[1]) if known is not None else None

    def loss_differs(self, text: str, here: Evaluation) -> str:
        """How a loss differs from what it is printed as."""
        return self.number_differs(text, here, self.ground.loss_at)

    def number_differs(self, text: str, here: Evaluation, of: Measure, *beside: Evaluation) -> str:
        """How a number that is computed of all values differs from what it is printed as; "" where
        it does not, but for what rounding makes of it, and for where it is beside.
        """
        found = of(here)
        if not self.differs(text, found, 0.0):
            return ""
        noise = max(self.ground.noise(here, of), *(abs(of(b) - found) for b in beside), 0.0)
        return self.differs(text, found, noise)

    def differs(self, text: str, found: Any, noise: float | None = None) -> str:
        """How a number, or a small array, differs from what it is printed as; "" where it does
        not, but for so much if it is said.
        """
        if text == _NONE:
            return "" if not np.all(np.isfinite(found)) else f"it is {found}"
        text = math(text) if text.startswith("$") else text
        (number,) = printed(rf"\approx {text}")
        off, told = np.array(number.off), ~np.isnan(number.values)
        few = np.array([_digits(n) < self.ground.digits for n in _written(text)])
        off[told] = np.where(few, _CLOSE * np.abs(number.values[told]), off[told])
        off[told] += np.where(few, _ROUNDING, 0.0) if noise is None else noise
        return replace(number, off=off).difference(found)


def _written(text: str) -> list[str]:
    """Each number of an array, as it is written, without the power of ten."""
    return re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"10\^\{-?\d+\}", "", text))


def _digits(number: str) -> int:
    """How many digits of a number say anything: of fewer than a page has, none is left out."""
    return len(number.replace(".", "").lstrip("-0")) or 1
