"""What a line of code may take for granted: how tensors are stored, which indices have a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from bpgen.ir import Element, Index, TensorInfo, length


@dataclass(frozen=True)
class Scope:
    """`order` is where a name stands in a product; `fixed` are the indices of loops around the
    line; `local` are the tensors of which only the current step is kept; `precision` is the text
    of that in which a comparison is a number.
    """

    order: Mapping[str, int]
    tensors: Mapping[str, TensorInfo]
    fixed: frozenset[Index] = frozenset()
    local: frozenset[str] = frozenset()
    precision: str = "float"

    def slots(self, access: Element) -> list[tuple[sp.Expr, sp.Expr]]:
        """Where each index of an access is found in the array, and the length of that axis. What
        stands before a recurrence's first step is stored first, so that h[-1] is in slot 0.
        """
        info = self.tensors[access.name]
        found = []
        for k, (expr, axis) in enumerate(zip(access.indices, info.indices, strict=True)):
            if access.name in self.local and expr in self.fixed:
                continue
            one = int(info.carried == k and not isinstance(expr, Element))
            found.append((expr + one, length(axis.size) + one))
        return found

    def array(self, access: Element) -> str:
        """The array in which an access is found: what whole numbers say of a recurrence's step is
        looked up among the steps alone.
        """
        info = self.tensors[access.name]
        for k, expr in enumerate(access.indices):
            if info.carried == k and isinstance(expr, Element):
                return f"{access.name}[{':, ' * k}1:]"
        return access.name
