"""A block repeated: declared once, with parameters of its own at each repetition."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import sympy as sp
from sympy.core.symbol import Str

from bpgen.declare.access import accessed
from bpgen.declare.axes import sample_axes, serial_of
from bpgen.declare.declaration import OVER_BLOCKS, Block, Quantity, here
from bpgen.declare.formula import fresh
from bpgen.declare.given import size_of, whole_number
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.equations.affine import affine
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Size, Term


def repeat(times: Size, block: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """block(...block(block(x))): equal blocks, each with parameters of its own.

    The block is called once: it is derived once, printed once, and emitted as one pair of
    functions. Its parameters get a first axis that counts the blocks. A block that holds steps of
    its own, a recurrence or a repetition, is written out: it is called for each, as in a loop of
    Python's, and what each makes is numbered. Of 0 blocks it is x itself. The number of blocks may
    be a letter, repeat("L", ...): for a derivation, since code needs numbers.
    """
    if not isinstance(x, Tensor):
        raise NetError(f"repeat: {said(x)} is not a tensor", "give what the first block is given")
    if x.bound is not None:
        raise NetError(
            f"repeat: {x.said()} holds whole numbers", "a block is given real ones: embedding(...)"
        )
    if not callable(block):
        raise NetError(f"repeat: {block!r:.40} is not a function", "give the block itself")
    if type(times) is int and times == 0:
        return x
    count, before = size_of(times, "repeat"), len(here().tensors)
    with _within(Index("l", count)):
        axes = tuple(fresh(s) for s in x.shape)
        carried = Tensor(x.shape, hint="x", indices=axes, carried=OVER_BLOCKS, open=True)
        result = _made(block, carried)
    inside = here().tensors[before:]
    _refuse(carried, result, inside)
    if any(t.carried is not None for t in inside if t is not carried):
        count = whole_number(count, "repeat")
        _written_once(carried, x, inside)
        for _ in range(1, count):
            result = _made(block, result)
        _numbered(here().tensors[before:])
        return result
    _told_before(carried, inside)
    start = Term(x[axes].body(), (), "sum", (sp.S.NegativeOne, *axes))
    carried.terms = (Term(result[axes].body()), start)
    carried.moment = next(here().moments)
    return carried


def _told_before(x: Tensor, inside: list[Quantity]) -> None:
    """What is computed step by step, in other blocks or along an axis, and read in these, has an
    equation outside of both.
    """
    terms = (term for t in inside if t.block is x.block for term in t.terms)
    read = {e for term in terms for x in term.exprs for e in x.atoms(Element)}
    others = (here().tensors[serial] for serial in sorted({*map(serial_of, read)}))
    for other in [t for t in others if t.carried is not None and t.block is not x.block]:
        _refuse_before_first(other, (e for e in read if serial_of(e) == other.serial))
        axes = tuple(fresh(s) for s in other.shape)
        left = Tensor.of(axes, accessed(other, axes))
        left.moment = x.moment
        _read_instead(inside, other, left)


def _refuse_before_first(tensor: Quantity, read: Iterable[Element]) -> None:
    """Of what stands before a recurrence's first step, the equation outside has nothing."""
    axes = (axis for e in read for axis in sample_axes(e))
    places = (affine(at) for k, _, at in axes if k == tensor.carried)
    if any(place is not None and place.lowest == -1 for place in places):
        raise NetError(
            f"repeat: the block reads {tensor.said()} before its first step",
            "read it in an equation before the blocks: u = tensor(h[t - 1, i], t, i)",
        )


def _read_instead(inside: list[Quantity], one: Quantity, other: Quantity) -> None:
    """The second of two tensors read for the first."""
    new = {Str(f"%{one.serial}"): Str(f"%{other.serial}")}
    for t in inside:
        t.terms = tuple(term.map(lambda body: body.xreplace(new)) for term in t.terms)


def _written_once(carried: Tensor, x: Tensor, inside: list[Quantity]) -> None:
    """The block that was called is the first of those that are written out: it is given x."""
    own = carried.block
    carried.carried, carried.open = None, False
    carried.terms = (Term(x[carried.indices].body()),)
    _read_instead(inside, carried, x)
    for t in inside:
        if t.block is own:
            t.block = here().block


def _numbered(made: list[Quantity]) -> None:
    """What a layer makes is called by the layer's number in each of the blocks written out."""
    for t in made:
        if t.layer:
            here().called.pop(t.serial, None)


def _made(block: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What one block makes of what it is given."""
    result = _called(block, x)
    if not isinstance(result, Tensor) or result.shape != x.shape:
        raise NetError(
            f"repeat: the block makes {said(result)} of {x.said()}",
            "a block returns a tensor of the shape that it is given",
        )
    return result


def _refuse(x: Tensor, result: Tensor, inside: list[Quantity]) -> None:
    """What a block cannot hold, and one that does nothing with what it is given."""
    declared = here()
    for t in inside:
        if t.role in ("input", "target", "state"):
            raise NetError(f"repeat: {t.said()} is declared within the block", "declare it before")
    if any(t is other for t in (declared.loss, *declared.outputs) for other in inside):
        raise NetError("repeat: the block declares a loss or an output", "declare it after")
    read, before = {result.serial}, 0
    while before < len(read):  # again where a recurrence reads what comes later
        before = len(read)
        for t in reversed(inside):
            if t.serial in read:
                every = (e for term in t.terms for x in term.exprs for e in x.atoms(Element))
                read.update(serial_of(e) for e in every)
    if x.serial not in read:
        raise NetError("repeat: the block does not use what it is given", "use its argument")


@contextmanager
def _within(index: Index) -> Iterator[None]:
    """What is declared here is declared for every block."""
    here().blocks.append(Block(index))
    try:
        yield
    finally:
        here().blocks.pop()


def _called(block: Callable[[Tensor], Tensor], x: Tensor) -> Any:
    """What a block returns; its tensors are called what its variables are called, or those of the
    functions of net.py that it calls.

    A profiler that is no function (cProfile's, before Python 3.12) cannot be put back from here: it
    goes on, and the block's variables are not seen.
    """
    code, first, path = getattr(block, "__code__", None), len(here().tensors), here().path

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event != "return":  # of every call, in sympy, too: what is asked first is asked often
            return
        own = frame.f_code is code
        if own or frame.f_code.co_filename == path:
            for serial, name in _made_in(frame.f_locals, first).items():
                if own or serial not in here().called:
                    here().called[serial] = name

    outer = sys.getprofile()
    if outer is not None and not callable(outer):
        return block(x)
    sys.setprofile(watch)
    try:
        return block(x)
    finally:
        sys.setprofile(outer)


def _made_in(variables: Mapping[str, Any], first: int) -> dict[int, str]:
    """The first variable of each tensor from a serial number on."""
    names: dict[int, str] = {}
    for name, value in variables.items():
        if isinstance(value, Tensor) and value.serial >= first and not name.startswith("_"):
            names.setdefault(value.serial, name)
    return names
