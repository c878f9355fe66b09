"""Definitions for one sample as equations of a batch, in their final names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.declare.axes import serial_of
from bpgen.declare.declaration import OVER_BLOCKS, Block, Declaration
from bpgen.equations.contraction import varying
from bpgen.equations.letters import lettered
from bpgen.equations.substitution import with_elements
from bpgen.errors import NetError
from bpgen.ir import SAMPLE, Element, Equation, Index, TensorInfo, Term, element, length
from bpgen.network.inline import Definition


class Writer:
    """Of the tensors kept, by their serial numbers; `batched` differ from sample to sample."""

    def __init__(self, declared: Declaration, called: Mapping[int, str], batched: set[int]) -> None:
        self.declared, self.called, self.batched = declared, called, batched

    def equation(self, serial: int, left: tuple[Index, ...], terms: tuple[Term, ...]) -> Equation:
        own, sample = self._own(serial), self._sample(serial)
        block = self.declared.tensors[serial].block

        def placed(term: Term) -> Term:
            if term.at is None:
                return term
            at = tuple(self._final(e, block) for e in term.at)
            if len(at) > len(left):  # where a block begins: its place is said
                return replace(term, at=(at[0], *sample, *at[1:]))
            return replace(term, at=(*own, *at))

        return lettered(
            Equation(self.called[serial], own + left, self.terms(map(placed, terms), block))
        )

    def terms(self, terms: Iterable[Term], block: Block | None = None) -> tuple[Term, ...]:
        return tuple(c for t in terms for c in varying(t.map(lambda b: self._final(b, block))))

    def info(self, serial: int, axes: tuple[Index, ...]) -> TensorInfo:
        t = self.declared.tensors[serial]
        carried = t.carried
        if carried is not None:
            carried = 0 if carried == OVER_BLOCKS else carried + len(self._own(serial))
        return TensorInfo(
            self.called[serial],
            axes,
            t.role,
            t.bound,
            t.sums_to_one,
            carried,
            t.keep,
            t.block is not None,
        )

    def _own(self, serial: int) -> tuple[Index, ...]:
        """The axes that net.py does not speak of: the block's, and the sample's."""
        block = self.declared.tensors[serial].block
        return (*((block.index,) if block is not None else ()), *self._sample(serial))

    def _sample(self, serial: int) -> tuple[Index, ...]:
        """The index of the sample, where the tensor differs from sample to sample."""
        return (SAMPLE,) if serial in self.batched else ()

    def _block(self, serial: int, reader: Block | None) -> tuple[sp.Expr, ...]:
        """Which block's element is read: the reader's own; of what goes from block to block, that
        of the block before; after the last, the last one's.
        """
        t = self.declared.tensors[serial]
        if t.block is None:
            return ()
        if t.block is reader:
            return (t.block.index - 1 if t.carried is not None else t.block.index,)
        if t.carried is None:
            raise of_several(self.called[serial], self.declared.place(t.line))
        return (length(t.block.index.size) - 1,)

    def _final(self, body: sp.Expr, reader: Block | None) -> sp.Expr:
        """The body in final names, the block and the sample first where the tensor has them and
        net.py does not say them; gathers inside out.
        """

        def final(access: Element, inside: tuple[sp.Expr, ...]) -> Element:
            serial = serial_of(access)
            name, tensor = self.called[serial], self.declared.tensors[serial]
            said = len(inside) > tensor.rank
            if said and tensor.block is not None and tensor.role == "param":  # every block's
                return element(name, inside)
            if said and serial not in self.batched:
                fact = f"{name} is the same for all samples"
                raise NetError(fact, "leave the index of the sample out")
            own = () if said else self._sample(serial)
            return element(name, (*self._block(serial, reader), *own, *inside))

        return with_elements(body, final)


def of_several(name: str, place: str) -> NetError:
    return NetError(
        f"{name} is of each block, and there are several", "use what repeat(...) returns", place
    )


def batched(declared: Declaration, kept: Mapping[int, Definition]) -> set[int]:
    """What differs from sample to sample: inputs, targets, noise and all that is computed from
    them.
    """
    found = {s for s in kept if declared.tensors[s].role in ("input", "target", "noise")}
    before = -1
    while before < len(found):  # again where a recurrence reads what comes later
        before = len(found)
        for serial, (_, terms) in kept.items():
            own = any(SAMPLE in e.free_symbols for t in terms for e in t.exprs)
            if own or any(r in found for r in _of_same_sample(declared, terms)):
                found.add(serial)
    return found


def _of_same_sample(declared: Declaration, terms: tuple[Term, ...]) -> Iterator[int]:
    """The tensors that are read at the sample itself, not across all of them."""
    for access in (e for t in terms for x in t.exprs for e in x.atoms(Element)):
        serial = serial_of(access)
        if len(access.indices) == declared.tensors[serial].rank:
            yield serial
