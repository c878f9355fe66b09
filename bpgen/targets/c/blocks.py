"""The blocks of a `repeat`: a function of C called in a loop.

What goes from block to block lies in two places by turns: a block reads the one and writes the
other. What each leaves lies in the structs under the name of its function, block after block.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import sympy as sp

from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Function
from bpgen.targets.c.entries import Entries
from bpgen.targets.c.layout import nest
from bpgen.targets.c.places import whole
from bpgen.targets.c.scalar import PRODUCT
from bpgen.targets.c.signatures import Signature
from bpgen.targets.c.stored import Names, Sizes, Stored, left, own
from bpgen.targets.c.texts import Pointer


@dataclass(frozen=True)
class Block:
    """A function of blocks, how many there are, and the arrays that one of them leaves."""

    signature: Signature
    times: int
    kept: Mapping[str, Sizes]


@dataclass(frozen=True)
class Held:
    """What outlives a function: the arrays that it leaves, those that are asked for with the inputs
    whose gradients they are, and the lengths of those that structs hold.
    """

    stays: Collection[str]
    asked: Mapping[str, str]
    sizes: Callable[[program.Ref], Sizes | None]
    looks: Callable[[program.Ref], Mapping[str, Expr]]  # at what structs hold
    signature: Signature
    blocks: Mapping[str, Block]  # by the functions of the program


class Body(Protocol):
    """A function as it is written: its names, what outlives it, and arrays of its own for what was
    another's.
    """

    names: Names
    held: Held
    entries: Entries

    def stored(self, name: str) -> list[str]: ...

    def stayed(self, name: str) -> list[str]: ...


def of_one(array: str, counter: str, sizes: Sizes) -> str:
    """What one block has of an array of all."""
    size = whole(sp.Mul(*sizes))
    return (
        f"{array} + {counter}"
        if size.text == "1"
        else f"{array} + {size.within(PRODUCT)} * {counter}"
    )


def held(ref: program.Ref, word: str, sizes: Sizes | None) -> str:
    """Where a struct holds an array: that of all blocks, or of the one whose function it is."""
    if not ref.block:
        return f"{ref.held}->{own(ref.name)}"
    inner = f"{word.removesuffix('_backward')}." if ref.held == "cache" else ""
    return of_one(f"{ref.held}->{inner}{own(ref.name)}", ref.block, sizes or ())


def passed(write: Body, function: Function) -> dict[str, str]:
    """What goes through the blocks that a function calls, and the name under which it does."""
    calls = (n for n in function.walk() if isinstance(n, program.Call) and n.names)
    names = dict.fromkeys(c.names[0] for c in calls)
    return {n: write.names.local(f"{own(n)}_passed") if n in write.held.stays else n for n in names}


def loop(write: Body, node: program.Loop) -> list[str]:
    """A call for each block, and where the last one's result lies."""
    (index,), (call, *keeps) = node.indices, node.body
    assert isinstance(call, program.Call)
    block, name = write.held.blocks[call.function], call.names[0]
    own_counter = write.names.index(index)
    array = write.names.arrays[name]
    size = whole(sp.Mul(*(array.sizes or ()))).within(PRODUCT)
    turns = [f"({own_counter} % 2)", f"(({own_counter} + 1) % 2)"]
    here, there = reversed(turns) if node.reverse and block.times % 2 == 0 else turns
    lines, others = _others(write, [*block.signature.given][1:])
    given = [f"{array.text} + {here} * {size}", *others]
    called = block.signature.call(own_counter, given, f"{array.text} + {there} * {size}")
    lines += nest([write.entries.head(index, node.reverse)], [called])
    lines += [f"{array.text} += {size};"] * (block.times % 2)
    if name in write.held.stays:
        lines += write.stayed(name)
    return lines + [line for keep in keeps for line in _left(write, keep, block)]


def _others(write: Body, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Arrays from outside as arguments, and what is made before."""
    made, given = [], []
    for name in names:
        if name in write.names.aliases:
            made += write.stored(name)
        array = write.names.arrays[name]
        given.append(f"&{array.text}" if array.is_variable else array.text)
    return made, given


def _left(write: Body, keep: program.Node, block: Block) -> list[str]:
    """What the blocks left beside gradients of parameters, which are added up later."""
    assert isinstance(keep, program.Keep)
    if keep.block:
        return []
    lines: list[str] = []
    for name, sizes in block.kept.items():
        text = write.names.local(f"{own(name)}_of_blocks")
        write.names.declared.add(text)
        write.names.arrays[left(keep.store, name)] = Stored(text, (sp.Integer(block.times), *sizes))
        place = f"work->{write.held.signature.place}.{block.signature.place}.{own(name)}"
        lines.append(Pointer(text, place, is_constant=True))
    return lines
