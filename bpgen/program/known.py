"""What is known of a name while the statements of a program are gone through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bpgen.ir import Index, Size
from bpgen.program.memory import Memory
from bpgen.program.names import Kind

Told = tuple[Size | None, ...] | None


def sizes_along(axes: Iterable[Index]) -> Told:
    return tuple(i.size for i in axes)


class Sizes:
    """The lengths of an array's axes, as far as they are told. Names for one array share them."""

    def __init__(self, told: Told = None) -> None:
        self.told = told

    def are(self, told: Told) -> bool:
        """Whether they are these, as far as is told; if nothing was, they are from now on."""
        if self.told is None:
            self.told = told
        return told is None or self.told == told


@dataclass(frozen=True)
class Known:
    """Of which kind it is; of an array its sizes, whose memory it may have, and the arrays that it
    may look at.
    """

    kind: Kind
    sizes: Sizes = field(default_factory=Sizes, compare=False)
    memory: Memory = Memory.GIVEN
    looks: frozenset[str] = frozenset()

    def or_as(self, before: Known) -> Known:
        """What is known where it may be as it was before, too."""
        memory, looks = max(self.memory, before.memory), self.looks | before.looks
        return replace(self, kind=before.kind, memory=memory, looks=looks)
