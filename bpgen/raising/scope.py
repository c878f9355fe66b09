"""What a line of code may take for granted: how tensors are stored, which indices have a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from bpgen.equations.affine import affine
from bpgen.ir import Element, Index, TensorInfo
from bpgen.names import NO_LOCAL
from bpgen.program.grammar import FLOAT64, Precision, Read
from bpgen.raising.doors import lengths_along


@dataclass(frozen=True)
class Scope:
    """`order` is where a name stands in a product; `fixed` are the indices of loops around the
    line; `local` are the tensors of which only the current step is kept; `precision` is that in
    which a comparison is a number.
    """

    order: Mapping[str, int]
    tensors: Mapping[str, TensorInfo]
    fixed: frozenset[Index] = frozenset()
    local: frozenset[str] = frozenset()
    precision: Precision = FLOAT64

    @cached_property
    def taken(self) -> frozenset[str]:
        """What no loop counts by, whatever an index is called: names of arrays, of lengths, and
        what the module calls its own.
        """
        return NO_LOCAL.union(self.tensors, lengths_along(self.tensors.values()))

    def open(self, place: sp.Expr) -> tuple[Index, ...]:
        """The indices of a shifted or strided place that have no value here, the slowest first;
        none where whole numbers say it.
        """
        form = affine(place)
        return tuple(i for i, _ in form.steps if i not in self.fixed) if form is not None else ()

    def array(self, access: Element) -> Read:
        """The array that is read: of a tensor of which only the current step is kept, that step."""
        axes = self.tensors[access.name].indices
        stored = zip(axes, access.indices, strict=True)
        return Read(access.name, tuple(i for i, at in stored if not self.is_now(access, at)))

    def is_now(self, access: Element, at: sp.Expr) -> bool:
        """Whether a place is the current step, of a tensor of which only that is kept."""
        return access.name in self.local and at in self.fixed
