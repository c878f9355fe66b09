"""What LaTeX and the terminal write differently: one table each, whatever the expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bpgen.render.names import Symbol
from bpgen.render.page import Tag


@dataclass(frozen=True)
class Dialect:
    """How one kind of document writes mathematics. Arguments are text already written in it.

    `flat` says that a fraction or partial derivative is written on one line, and so needs
    parentheses in a product.
    """

    name: str
    symbol: Callable[[Symbol, tuple[str, ...], bool], str]  # parts, subscripts, transposed
    anchor: Callable[[str, str], str]  # what a page points at: a tensor's name, and its text
    entry: Callable[[str, tuple[str, ...]], str]  # what is written, with subscripts
    index: Callable[[str], str]
    inline: Callable[[str], str]  # mathematics in a sentence
    escape: Callable[[str], str]
    parens: Callable[[str], str]
    frac: Callable[[str, str], str]
    small_frac: Callable[[str, str], str]
    power: Callable[[str, str], str]
    scientific: Callable[[str, str], str]  # a decimal and a power of ten
    sqrt: Callable[[str], str]
    absolute: Callable[[str], str]
    norm: Callable[[str, str], str]
    partial: Callable[[str, str, str], str]  # of, by, and the mark of an immediate derivative
    small_partial: Callable[[str, str, str], str]  # the same, as high as a line
    upstream: Callable[[Symbol, tuple[str, ...]], str]  # the gradient that backward is given
    sum: Callable[[str], str]
    small_sum: Callable[[str], str]  # the same, as high as a line
    under: Callable[[str, tuple[str, ...]], str]  # indices, and conditions on them
    max: Callable[[str], str]
    indicator: Callable[[str], str]
    softmax: Callable[[str], str]
    unit: Callable[[str, str], str]  # e_y, plain or bold
    by: Callable[[str, str, int], str]  # one equals the other, by the equation of this number
    reference: Callable[[Tag], str]  # to the equation of a number
    direct: Callable[[str, str, str], str]  # by, mark, and the expression written out
    pi: str
    d: str
    immediate: str  # the mark of a derivative by the formula's own mention
    prose: Callable[[str], str]  # words among mathematics
    exp: Callable[[str], str]
    call: Callable[[str, str], str]
    prime: str
    transpose: Callable[[str], str]  # of something in parentheses
    cases: Callable[[tuple[tuple[str, str], ...]], str]
    matrix: Callable[[tuple[tuple[str, ...], ...]], str]  # of numbers, row by row
    shape: Callable[[tuple[str, ...]], str]
    labels: Callable[[str, tuple[str, ...]], str]  # which there are, and the shape of the tensor
    flat: bool
    minus: str
    times: str
    odot: str
    relations: dict[str, str]
    words: dict[str, str]


def listed(names: list[str]) -> str:
    """One, two and three."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
