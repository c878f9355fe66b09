"""The scalars of the network among those that a module makes."""

from __future__ import annotations

from fractions import Fraction

from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.tape import Tape
from bpgen.check.residues.values import TIE


class Expected:
    """The scalars of the network, of which those of the module are proved to be some: an equality
    that one lane shows holds in all from there on.
    """

    def __init__(self, tape: Tape, batch: int) -> None:
        self.tape = tape
        self.known = [
            {s.residues[k]: s for s in tape.made if s.residues} for k in range(len(tape.fields))
        ]
        # Adjoints also where the batch mean is yet to be taken.
        factors = dict.fromkeys(
            Fraction(s) * f for f in (1, batch, Fraction(1, batch)) for s in (1, -1)
        )
        self.factors = [(tape.number(f), tape.number(1 / f)) for f in factors]

    def instead(self, made: Scalar) -> Scalar:
        """The scalar of the network that a new one is, or a multiple of one."""
        for lane, known in enumerate(self.known):
            p, residue = self.tape.primes[lane], made.residues[lane]
            for factor, over in self.factors:
                found = known.get(residue * over.residues[lane] % p)
                if found is not None and abs(found.value * factor.value - made.value) <= TIE * (
                    1 + abs(made.value)
                ):
                    return self._times(found, factor, made)
        return made

    def _times(self, found: Scalar, factor: Scalar, made: Scalar) -> Scalar:
        self.tape.shallow(found.degree + made.degree)
        if factor.number == 1:
            return found
        residues = [
            a * b % p
            for a, b, p in zip(found.residues, factor.residues, self.tape.primes, strict=True)
        ]
        return Scalar(self.tape, "*", (factor, found), made.value, residues, found.degree)
