"""The parts of a module by the standard, as the template lays them out."""

from __future__ import annotations

from functools import cached_property

from bpgen.errors import NetError
from bpgen.program.grammar import Function
from bpgen.record import Derivation
from bpgen.targets.array_api import own
from bpgen.targets.array_api.expressions import Expressions
from bpgen.targets.array_api.forwards import forwards
from bpgen.targets.array_api.statements import Statements
from bpgen.targets.array_api.translated import translated
from bpgen.targets.numpy.parts import Parts as Numpy

_OWN = {"xp", "on", "math", "AT", "Any", "Array"}  # names beside those of every module
_CALLED = {"_plain", "_of", "_are_floats"}  # by the template


class Parts(Numpy):
    """What the template prints of one derivation."""

    expressions = Expressions
    statements = Statements
    words = own.WORDS

    def __init__(self, derivation: Derivation) -> None:
        super().__init__(derivation)
        _refuse_names(derivation)

    @cached_property
    def program(self) -> list[Function]:
        return [*map(forwards, super().program)]

    @property
    def _called(self) -> set[str]:
        return super()._called | _CALLED

    @property
    def sources(self) -> dict[str, str]:
        return super().sources | own.ARRAYS

    @property
    def elementary(self) -> dict[str, str]:
        """What numpy has no function for either is translated, what is told otherwise is not."""
        rest = super().elementary.items()
        return {n: translated(s) for n, s in rest if n not in own.OTHERWISE} | own.OTHERWISE

    @property
    def packed(self) -> tuple[str, ...]:
        ends = "ends = [xp.reshape(params[name], (-1,)) for name in sorted(SHAPES)]"
        if not self.params:
            return ("return np.zeros(0)",)
        return ("xp = _of(params)", ends, "return xp.concat(ends)")


def _refuse_names(derivation: Derivation) -> None:
    """NetError where a tensor or an index is called what the module calls its own."""
    network = derivation.network
    indices = (i.name for t in network.tensors.values() for i in t.indices)
    for name in sorted(_OWN & {*network.tensors, *derivation.adjoint.values(), *indices}):
        raise NetError(
            f"{network.name}: {name} is what a module by the array API standard calls its own",
            f"give another name, such as {name}_1, or emit it for numpy",
        )
