"""The numbers of a lesson, read back from its page and computed again.

What a lesson prints in tables and sentences is no equation: each section has a reader here, which
knows the network, its values and its backward equations, and nothing of what wrote the lesson. A
table that no reader knows counts as false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bpgen.check.lesson import (
    costs,
    edges,
    functions,
    mistakes,
    signs,
    sizes,
    structure,
    training,
    values,
    words,
)
from bpgen.check.lesson.ground import Ground
from bpgen.check.lesson.reading import Reader, Table, sections, sentences, tables
from bpgen.check.page.tokens import Unreadable

__all__ = ["Ground", "Wrong", "false_numbers"]

Found = Iterator[tuple[str, str]]  # a row or a sentence, and what is false of it
_UNREAD = (Unreadable, ValueError, KeyError, IndexError, AttributeError, TypeError)


@dataclass(frozen=True)
class Wrong:
    """A row or a sentence, why it is false, and whether that is because it cannot be read."""

    line: str
    reason: str
    unread: bool = False


def false_numbers(latex: str, ground: Ground) -> tuple[int, list[Wrong]]:
    """How many rows and sentences were read, and those that are false."""
    reader, count = Reader(ground, latex), 0
    false: list[Wrong] = []
    for title, text in sections(latex):
        if title in _OF_THE_PAGE:
            continue
        try:
            for line, reason in _said(title, text, reader):
                count += 1
                if reason:
                    false.append(Wrong(f"{title}: {line}", reason))
        except _UNREAD as error:
            count += 1
            false.append(Wrong(title, str(error) or type(error).__name__, unread=True))
    return count, false


def _said(title: str, text: str, reader: Reader) -> Found:
    """Of the rows and the sentences of a section, those that are no sentence of any."""
    check, read = READERS.get(title), set[str]()
    if check is None and tables(text):
        raise Unreadable("a table that nobody reads")
    for line, reason in check(text, reader) if check is not None else ():
        read.add(line)
        yield line, reason
    yield from words.unread(title, [s for s in sentences(text) if s not in read], reader)


# Whose sentences are read with its equations.
_OF_THE_PAGE = {
    *("Forward pass", "Backward pass", "Over the batch", "Summary", "Derivation"),
    "A step of descent",
}


def _rows(one: Callable[[Table, Reader], Found]) -> Callable[[str, Reader], Found]:
    def read(text: str, reader: Reader) -> Found:
        (table,) = tables(text)
        yield from one(table, reader)

    return read


def _signs(text: str, reader: Reader) -> Found:
    for line in sentences(text):
        yield line, signs.error(line, reader)
    yield from _rows(signs.signs)(text, reader)


def _functions(text: str, reader: Reader) -> Found:
    for table in tables(text):
        of = values.here if table.heads[0] == "here" else functions.rows
        yield from of(table, reader)


def _sizes(text: str, reader: Reader) -> Found:
    (table,) = tables(text)
    yield from sizes.sizes(table, reader)
    for line in sentences(text)[1:]:
        yield line, sizes.fate(line, reader, table)


def _steps(text: str, reader: Reader) -> Found:
    before = sentences(text)[0]
    yield before, values.loss_told(before, reader, after=False)
    yield from _rows(values.steps)(text, reader)


def _mistakes(text: str, reader: Reader) -> Found:
    after = sentences(text)[0]
    yield after, values.loss_told(after, reader, after=True)
    yield from _rows(mistakes.rows)(text, reader)


def _costs(text: str, reader: Reader) -> Found:
    yield from _rows(costs.rows)(text, reader)
    for line in sentences(text)[1:]:
        yield line, costs.said(line, reader)


READERS: dict[str, Callable[[str, Reader], Found]] = {
    "The network as a graph": _rows(structure.graph),
    "A bias is a weight whose input is 1": _rows(structure.beside),
    "Learning, in steps": _rows(training.steps),
    "What the signs say": _signs,
    "Functions and their derivatives": _functions,
    "The size of the error": _sizes,
    "The length of the step": _steps,
    "Forward again": _rows(values.again),
    "Batch, stochastic, mini-batch": _rows(costs.batches),
    "Edge cases": _rows(edges.edges),
    "Classic mistakes": _mistakes,
    "What a pass costs": _costs,
}
