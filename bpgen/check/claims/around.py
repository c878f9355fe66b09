"""What a mistake may speak of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bpgen.check.claims.names import Meaning, Names
from bpgen.ir import Equation, elements


@dataclass(frozen=True)
class Around:
    """What a mistake may speak of: the network, the names of the line that is true, and whose
    gradient or value is claimed.
    """

    names: Names
    left: Meaning
    true_names: tuple[str, ...] = ()
    partners: dict[str, set[str]] = field(default_factory=dict)

    def is_parameter(self, node: ast.expr) -> bool:
        info = self.names.network.tensors.get(getattr(node, "id", ""))
        return info is not None and info.role == "param"

    def is_gradient(self, name: str) -> bool:
        meaning = self.names.find(name)
        return meaning is not None and meaning.of is not None

    def others(self, name: str) -> Iterator[str]:
        """The names that may be meant where this one stands: of the line that is true, or the
        value before or after its activation.
        """
        if self.names.find(name) is None:
            return
        known = (*self.true_names, *sorted(self.partners.get(name, ())))
        for other in dict.fromkeys(known):
            meaning = self.names.find(other)
            if meaning in (None, self.left) or other == name:
                continue
            if self.is_gradient(other) == self.is_gradient(name):
                yield other


def partners(equations: Iterable[Equation]) -> dict[str, set[str]]:
    """What is computed entry by entry of one tensor alone, and that tensor, of each other."""
    found: dict[str, set[str]] = {}
    for e in equations:
        reads = {r.name for r in elements(e.terms[0].body)} if e.pointwise() else set()
        if len(reads) == 1:
            (read,) = reads
            found.setdefault(e.name, set()).add(read)
            found.setdefault(read, set()).add(e.name)
    return found
