"""A block repeated: declared once, with parameters of its own at each repetition."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import sympy as sp

from bpgen.declare.declaration import Block, here
from bpgen.declare.formula import fresh
from bpgen.declare.given import whole
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Term


def repeat(times: int, block: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """block(...block(block(x))): equal blocks, each with parameters of its own.

    The block is called once: it is derived once, printed once, and emitted as one pair of
    functions. Its parameters get a first axis that counts the blocks.
    """
    if not isinstance(x, Tensor):
        raise NetError(f"repeat: {said(x)} is not a tensor", "give what the first block is given")
    if x.bound is not None:
        raise NetError(
            f"repeat: {x.said()} holds whole numbers", "a block is given real ones: embedding(...)"
        )
    if not callable(block):
        raise NetError(f"repeat: {block!r:.40} is not a function", "give the block itself")
    if here().block is not None:
        raise NetError("repeat within repeat", "write the inner blocks one after the other")
    index = Index("l", whole(times, "repeat"))
    with _within(index):
        axes = tuple(fresh(s) for s in x.shape)
        carried = Tensor(x.shape, hint="x", indices=axes, carried=0, open=True)
        result = _called(block, carried)
    if not isinstance(result, Tensor) or result.shape != x.shape:
        raise NetError(
            f"repeat: the block makes {said(result)} of {carried.said()}",
            "a block returns a tensor of the shape that it is given",
        )
    _refuse(carried, result)
    start = Term(x[axes].body(), (), "sum", (sp.S.NegativeOne, *axes))
    carried.terms = (Term(result[axes].body()), start)
    carried.moment = next(here().moments)
    return carried


def _refuse(x: Tensor, result: Tensor) -> None:
    """What a block cannot hold, and one that does nothing with what it is given."""
    declared = here()
    inside = [t for t in declared.tensors if t.block is not None and t.block is x.block]
    for t in inside:
        if t.role in ("input", "target", "state"):
            raise NetError(f"repeat: {t.said()} is declared within the block", "declare it before")
        if t.carried is not None and t is not x:
            raise NetError(
                "repeat: the block holds a recurrence", "write the recurrent layers one by one"
            )
    if any(t is not None and t.block is x.block for t in (declared.loss, *declared.outputs)):
        raise NetError("repeat: the block declares a loss or an output", "declare it after")
    read = {result.serial}
    for t in reversed(inside):
        if t.serial in read:
            every = (e for term in t.terms for e in term.body.atoms(Element))
            read.update(int(e.name[1:]) for e in every)
    if x.serial not in read:
        raise NetError("repeat: the block does not use what it is given", "use its argument")


@contextmanager
def _within(index: Index) -> Iterator[None]:
    """What is declared here is declared for every block."""
    here().block = Block(index)
    try:
        yield
    finally:
        here().block = None


def _called(block: Callable[[Tensor], Tensor], x: Tensor) -> Any:
    """What a block returns; its tensors are called what its variables are called.

    A profiler that is no function (cProfile's, before Python 3.12) cannot be put back from here: it
    goes on, and the block's variables are not seen.
    """
    code = getattr(block, "__code__", None)

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            for name, value in frame.f_locals.items():
                if isinstance(value, Tensor) and value is not x and not name.startswith("_"):
                    here().called.setdefault(value.serial, name)

    outer = sys.getprofile()
    if outer is not None and not callable(outer):
        return block(x)
    sys.setprofile(watch)
    try:
        return block(x)
    finally:
        sys.setprofile(outer)
