"""The parts of a planned module, as the template lays them out."""

from __future__ import annotations

from functools import cache, cached_property
from math import prod
from typing import ClassVar

from bpgen.names import PLANNED, into
from bpgen.planning import in_outputs, planned
from bpgen.planning.helpers import OUT, helper
from bpgen.planning.microbatches import in_microbatches
from bpgen.planning.nodes import Memory, Microbatches
from bpgen.planning.precision import read_alone
from bpgen.program.grammar import Function
from bpgen.raising.flat import flat_tensors
from bpgen.record import Derivation
from bpgen.targets.numpy import microbatches
from bpgen.targets.numpy.functions import FunctionText
from bpgen.targets.numpy.interface import refuse_own
from bpgen.targets.numpy.layout import call, collection
from bpgen.targets.numpy.parts import Parts
from bpgen.targets.numpy.planned import PlannedStatements
from bpgen.targets.numpy.planned_expressions import PlannedExpressions
from bpgen.targets.numpy.workspace import memories, workspace


class PlannedParts(Parts):
    """What the template prints of one derivation whose arrays are planned."""

    expressions: ClassVar = PlannedExpressions
    statements: ClassVar = PlannedStatements

    def __init__(self, derivation: Derivation) -> None:
        refuse_own(derivation.network, PLANNED, "a planned module", "leave out --fast")
        super().__init__(in_outputs(derivation))

    @cached_property
    def program(self) -> list[Function]:
        tensors = flat_tensors(self.derivation.tensors, stacked=True)
        made = planned(super().program, tensors, self.derivation.adjoint)
        return in_microbatches(made, self.network, self.size)

    @cached_property
    def microbatches(self) -> list[Microbatches]:
        return [n for f in self.program for n in f.body if isinstance(n, Microbatches)]

    @property
    def memory(self) -> list[FunctionText]:
        """What makes the arrays of each function, and of all."""
        found = [n for f in self.program for n in f.body if isinstance(n, Memory)]
        blocks = microbatches.memories(found) if self.microbatches else []
        return [workspace(found, bool(blocks)), *blocks, *memories(found)]

    @property
    def size(self) -> int:
        """How many numbers the parameters have."""
        return sum(prod(map(int, t.sample_shape)) for t in self.params)

    @cached_property
    def _read_alone(self) -> frozenset[frozenset[str]]:
        """The parameters and inputs of which numpy reads some, and nothing else."""
        inputs = (t for t in self.network.role("input") if t.bound is None)
        return read_alone(self.program, {t.name for t in (*self.params, *inputs)})

    @property
    def alone(self) -> list[str]:
        """The parameters that must have the precision of all, as a list, if there are any."""
        params = {t.name for t in self.params}
        found = {name for names in self._read_alone if names <= params for name in names}
        names = [f'"{name}"' for name in sorted(found)]
        return collection("names = ", names, "[]", indent=4) if names else []

    @property
    def either(self) -> bool:
        """Whether all parameters must have the precision of all, or all inputs must."""
        params = {t.name for t in self.params}
        return any(not names <= params for names in self._read_alone)

    @property
    def declarations(self) -> list[str]:
        own = (line for node in self.microbatches for line in microbatches.declared(node))
        here = "_OWN = np.empty(0)  # in every workspace that is made here"
        return [*super().declarations, f"SIZE = {self.size}", here, *own]

    @property
    def sources(self) -> dict[str, str]:
        """Those that write where they are told, too."""
        every = super().sources
        return {into(n): _planned(n) for n in every if helper(n) is not None} | every


@cache  # it is the same in every module
def _planned(name: str) -> str:
    """The source of a function of the table that writes where it is told."""
    of = helper(name)
    assert of is not None
    write = PlannedStatements(PlannedExpressions({}))
    kinds = ("float" if number else "np.ndarray" for number in of.numbers)
    given = [f"{a}: {kind}" for a, kind in zip(of.arguments, kinds, strict=True)]
    given += [f"{a}: np.ndarray" for a in (OUT.name, *of.names)]
    signature = call(f"def {into(name)}", given, " -> None:")
    lines = [f'"""{of.doc}"""', *write.lines(of.body)]
    return "\n".join([*signature, *(f"    {line}" for line in lines)])
