"""All that is asked of one random network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from bpgen.errors import NetError
from tests.networks import written  # noqa: F401 - its rows stand in the table, too
from tests.networks.draw import graphs
from tests.networks.properties import beyond
from tests.networks.run import Subject
from tests.networks.table import PROPERTIES, Property

# bpgen refuses rightly what cancels, x - x, in whatever words: it leaves an input without use; and
# probabilities in the place of logits.
RIGHTLY = (
    "never used|depends on no input|is an input, not computed|nothing is computed"
    "|whatever the inputs are|no input is left|cancels: nothing|it would be taken twice"
)
TORCH = "gradient equals PyTorch's"

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))
UNSHRUNK = settings(COMMON, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def subjects(kinks: bool = True, most: int = 6, aim: str = "") -> st.SearchStrategy[Subject]:
    """A network, and a point drawn for it."""
    batches = st.sampled_from([2, 3, 1, 5])
    return st.builds(Subject, graphs(kinks, most, aim), st.integers(0, 10**6), batches)


def examine(subject: Subject, left_out: Iterable[str] = ()) -> list[str]:
    """The names of the properties that were asked for, none of a network that is refused rightly
    or whose numbers no float64 holds; an AssertionError says which does not hold and of which
    network.
    """
    try:
        _ = subject.module
        if beyond(subject):
            return []
    except NetError as error:
        if re.search(RIGHTLY, error.fact):
            return []
        raise AssertionError(_said("is emitted, and runs", subject, error)) from error
    except Exception as error:
        raise AssertionError(_said("is emitted, and runs", subject, error)) from error
    asked = []
    for each in PROPERTIES:
        if each.name in left_out or not each.when(subject):
            continue
        try:
            hold(each, subject)
        except Exception as error:
            raise AssertionError(_said(each.name, subject, error)) from error
        asked.append(each.name)
    return asked


def hold(each: Property, subject: Subject) -> None:
    """A property of a network, asked again in longer numbers where rounding might decide."""
    try:
        each.holds(subject)
    except AssertionError:
        if not each.longer:
            raise
        each.holds(replace(subject, dtype=np.longdouble))


def _said(name: str, subject: Subject, error: Exception) -> str:
    """A failure, with all that it takes to see it again."""
    what = f"{type(error).__name__}: {error}"
    return f"{name}: {what}\nseed {subject.seed}, {subject.batch} samples\n{subject.source}"
