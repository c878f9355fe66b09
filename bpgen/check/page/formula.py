"""What a formula on the page is: a tree of numbers, symbols, sums and derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Node = Any  # one of the classes below


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Symbol:
    r"""A letter or an upright word, with what stands above and below it: \hat{x}^{[1]\top}_{ij}.

    `below` holds what commas set apart; of several letters side by side, a tuple of them. Of an
    entry `apart`, (z)_1, none of it is of the name.
    """

    stem: str
    accent: str = ""
    layer: str = ""
    block: Node = None
    transposed: bool = False
    below: tuple[Node, ...] = ()
    apart: bool = False


@dataclass(frozen=True)
class Beside:
    """Letters or digits side by side below a symbol: one index each, or a product."""

    parts: tuple[Node, ...]


def numeral(node: Node) -> str:
    """The digits of a number below a symbol; none of anything else."""
    parts = node.parts if isinstance(node, Beside) else (node,)
    numbers = [p for p in parts if isinstance(p, Number)]
    return "".join(str(int(n.value)) for n in numbers) if len(numbers) == len(parts) else ""


@dataclass(frozen=True)
class Sum:
    addends: tuple[Node, ...]


@dataclass(frozen=True)
class Negative:
    inner: Node


@dataclass(frozen=True)
class Product:
    """Factors side by side; `entrywise` between those that a circled dot joins."""

    factors: tuple[Node, ...]
    entrywise: bool = False


@dataclass(frozen=True)
class Quotient:
    top: Node
    bottom: Node


@dataclass(frozen=True)
class Power:
    base: Node
    exponent: Node


@dataclass(frozen=True)
class Transposed:
    inner: Node


@dataclass(frozen=True)
class Norm:
    """A squared norm."""

    inner: Node


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Node, ...]
    prime: bool = False
    at: tuple[Node, ...] = ()  # softmax(z)_k


@dataclass(frozen=True)
class Under:
    """What stands below a sum or a maximum: letters, those with a range, and conditions."""

    letters: tuple[str, ...] = ()
    ranges: tuple[tuple[str, str, Node], ...] = ()  # a letter, < or <=, and what it stays below
    conditions: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Over:
    """A sum, maximum or log-sum-exp over indices."""

    kind: str
    under: Under
    body: Node


@dataclass(frozen=True)
class Relation:
    """A chain of comparisons: 0 < z < 1."""

    parts: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Gives:
    """Whether an element gives a largest value, `at` these values of the maximum's own indices if
    they are said: it is the first that equals it.
    """

    element: Node
    largest: Node
    at: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Indicator:
    condition: Node


@dataclass(frozen=True)
class Cases:
    """Values and the conditions under which each holds, the last otherwise."""

    rows: tuple[tuple[Node, tuple[Node, ...] | None], ...]


@dataclass(frozen=True)
class First:
    """A condition, at the first of its indices that meet it, of those `within` conditions; of
    numbers, `at` these values of the maximum's own.
    """

    condition: Node
    letters: tuple[str, ...]
    at: tuple[Node, ...] = ()
    within: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Derivative:
    """The derivative of a formula by an element, or of a scalar by a whole tensor."""

    of: Node
    by: Symbol
    immediate: bool = False
