"""Where values are equal, which no random point reaches: where all parameters are 0, and all inputs
too. A module may tell the largest of a row from the others though no equation does, and people
begin at 0.
"""

from __future__ import annotations

import numpy as np

from bpgen.check.agreement import at_entries, at_values
from bpgen.check.module import Array, Subject, quiet
from bpgen.check.promises import Finding
from bpgen.check.sides import LARGEST, SAMPLES, Watch
from bpgen.check.trial import Raises, cost
from bpgen.check.undefined import not_finite
from bpgen.ir import Network


def tied(subject: Subject, network: Network, seed: int) -> list[Finding]:
    """What is wrong there of a module: what its equations leave undefined may be anything."""
    if cost(network) > LARGEST:
        return []
    drawn = subject.draw(np.random.default_rng([seed, SAMPLES, 97]), SAMPLES)
    found: list[Finding] = []
    zeros = {
        "where all parameters are 0": {*drawn.params},
        "where parameters and inputs are 0": {*subject.differentiable},
    }
    for where, names in zeros.items():

        def at_zero(name: str, array: Array, names: set[str] = names) -> Array:
            return array * 0 if name in names else array

        point = drawn.map(at_zero)
        try:
            with quiet():
                if not_finite(subject, point):  # which is said of it (`undefined`)
                    continue
                no_slope = not np.isfinite(subject.objective(point))  # as of log x at 0
                asked = at_values if no_slope else at_entries
                wrong = asked(Watch(subject, network).trial(point))
        except Raises as error:
            found.append(Finding("", f"{error}, {where}"))
        else:
            found += [Finding(d.what, f"{d.said}, {where}") for d in wrong]
    return [*dict.fromkeys(found)]
