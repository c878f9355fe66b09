"""The table of mistakes: each is a change of the chain rule's paths, or of the values that they
read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes import anywhere, layers, through_time
from bpgen.worked.point import Arrays


@dataclass(frozen=True)
class Mistake:
    """What a claim that makes it is told, what is done, and the gradients that it gives; None where
    there is nothing to do it to.
    """

    kind: str
    done: str
    made: Callable[[Lesson], Arrays | None]


def kinds() -> Iterable[str]:
    """What the mistakes are called."""
    return (m.kind for m in TABLE)


TABLE: tuple[Mistake, ...] = (
    Mistake(
        "the derivative of the activation",
        "left out wherever there is one",
        anywhere.without_slopes,
    ),
    Mistake(
        "weights after their update", "updated in the middle of the backward pass", anywhere.updated
    ),
    Mistake("a sign", "the target less the output, where it is the other way round", anywhere.sign),
    Mistake(
        "another pass", "values not kept, but computed again after the update", anywhere.uncached
    ),
    Mistake("the bias", "left out of the forward pass", anywhere.without_bias),
    Mistake(
        "a mean or a sum", "the sum over samples for their mean, of two alike", anywhere.summed
    ),
    Mistake(
        "a term",
        "what is read at several places keeps one gradient, not the sum",
        anywhere.overwritten,
    ),
    Mistake(
        "a transpose", "square weights on the way back as they are forward", layers.untransposed
    ),
    Mistake(
        "another tensor", "on the way back the weights of the layer before", layers.of_another_layer
    ),
    Mistake(
        "a term",
        "of the steps of time one gradient is kept, not their sum",
        through_time.last_step_alone,
    ),
    Mistake(
        "an index", "the loop back through time ends a step too early", through_time.a_step_short
    ),
    Mistake("a term", "no error goes from a step to the one before it", through_time.stopped),
    Mistake(
        "an index",
        "the state of its own step beside an error, not of the one before",
        through_time.too_late,
    ),
)
