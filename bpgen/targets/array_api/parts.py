"""The parts of a module by the standard, as the template lays them out."""

from __future__ import annotations

from functools import cached_property

from bpgen.names import STANDARD
from bpgen.program.grammar import Function
from bpgen.record import Derivation
from bpgen.targets.array_api import own
from bpgen.targets.array_api.expressions import Expressions
from bpgen.targets.array_api.forwards import forwards
from bpgen.targets.array_api.statements import Statements
from bpgen.targets.array_api.translated import translated
from bpgen.targets.numpy.interface import refuse_own
from bpgen.targets.numpy.parts import Parts as Numpy

_CALLED = {"_plain", "_of", "_are_floats"}  # by the template


class Parts(Numpy):
    """What the template prints of one derivation."""

    expressions = Expressions
    statements = Statements
    words = own.WORDS

    def __init__(self, derivation: Derivation) -> None:
        super().__init__(derivation)
        module, instead = "a module by the array API standard", "emit it for numpy"
        refuse_own(derivation.network, STANDARD, module, instead)

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
