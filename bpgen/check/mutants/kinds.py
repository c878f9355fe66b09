"""The mistakes, a row each: where in a module one can be made, and what stands there then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bpgen.check.mutants import expressions, statements, subscripts, wrappers
from bpgen.check.mutants.source import Source, Wrong


@dataclass(frozen=True)
class Site:
    """A place in a module, and what is wrong there; its text is made when it is wanted."""

    source: Source
    of: Any
    wrong: Wrong

    def place(self) -> str:
        return self.source.place(self.of, self.wrong)

    def text(self) -> str:
        return self.source.with_other(self.of, self.wrong)


@dataclass(frozen=True)
class Kind:
    """One mistake: its name, the places of a module that are looked at, and all that may stand at
    one of them instead; what is there stays as it is.
    """

    name: str
    places: Callable[[Source], Iterable[Any]]
    changes: Callable[[Any], Iterable[Wrong]]

    def sites(self, source: Source) -> Iterator[Site]:
        """Every site of a module where it can be made."""
        for of in self.places(source):
            for wrong in self.changes(of):
                yield Site(source, of, wrong)


# Of backward, and of the functions of repeated blocks that it calls.
EXPRESSIONS = attrgetter("expressions")
STATEMENTS = attrgetter("statements")
SUBSCRIPTS = attrgetter("subscripts")
# The statements of one function that are in no loop's body.
BACKWARD = attrgetter("backward.body")
FORWARD = attrgetter("forward.body")
# What a wrapper around backward speaks of.
PARAMETERS = attrgetter("parameters")
PAIRS = attrgetter("pairs")
PASSED = attrgetter("passed")
COTANGENTS = attrgetter("cotangents")
WHOLE = attrgetter("whole")
# What a planned module has besides: its memory, and what writes there.
MEMORY = attrgetter("memory")
WRITING = attrgetter("writing")
VIEWS = attrgetter("views")
REFUSALS = attrgetter("refusals")

_FLOAT32 = "np.asarray(({}).astype(np.float32) + params[next(iter(params))].dtype.type(0))"

KINDS: tuple[Kind, ...] = (
    Kind("a sign flipped", EXPRESSIONS, expressions.flip),
    Kind("a value negated", STATEMENTS, statements.assigned("-({})")),
    Kind("the local derivative dropped", EXPRESSIONS, expressions.first_factor),
    Kind("a factor missing", EXPRESSIONS, expressions.last_factor),
    Kind("the batch mean or a divisor forgotten", EXPRESSIONS, expressions.undivided),
    Kind("a second use forgotten", EXPRESSIONS, expressions.one_addend),
    Kind("a contribution not added", STATEMENTS, statements.forgotten),
    Kind("put there, not added", STATEMENTS, statements.assigned_there),
    Kind("a place or a step beside", SUBSCRIPTS, subscripts.step_away),
    Kind("the offsets of a kernel exchanged", SUBSCRIPTS, subscripts.swapped),
    Kind("a loop not reversed", BACKWARD, statements.forwards),
    Kind("what stands before the first step dropped", BACKWARD, statements.not_written),
    Kind("an initial state or a padding dropped", FORWARD, statements.not_written),
    Kind("the largest not told from the rest", EXPRESSIONS, expressions.mask_dropped),
    Kind("a reshape or transposition of other axes", EXPRESSIONS, expressions.other_way),
    Kind("a product over other axes", EXPRESSIONS, expressions.other_axes),
    Kind("a factor transposed", EXPRESSIONS, expressions.transposed),
    Kind("a sum lost", EXPRESSIONS, expressions.lost_sum),
    Kind("a mean for a sum", EXPRESSIONS, expressions.mean_for_sum),
    Kind("a constant off", EXPRESSIONS, expressions.constant),
    Kind("an axis rolled", STATEMENTS, statements.assigned("np.roll({}, 1, -1)")),
    Kind("float32 inside", STATEMENTS, statements.assigned(_FLOAT32)),
    Kind("a gradient 0.1 % off", PARAMETERS, wrappers.off),
    Kind("one entry 1 % off", PARAMETERS, wrappers.entry_off),
    Kind("a gradient left out", PARAMETERS, wrappers.left_out),
    Kind("a gradient from another", PAIRS, wrappers.from_another),
    Kind("weights updated in the pass", PARAMETERS, wrappers.updated),
    Kind("an argument mutated", PASSED, wrappers.mutated),
    Kind("another batch's cache", WHOLE, wrappers.stale),
    Kind("a stale second call", WHOLE, wrappers.memoised),
    Kind("a buffer returned again", WHOLE, wrappers.reused),
    Kind("a cotangent ignored", COTANGENTS, wrappers.ignored),
)

PLANNED: tuple[Kind, ...] = (
    Kind("memory written over too early", MEMORY, statements.in_one_place),
    Kind("memory not written", WRITING, statements.unwritten),
    Kind("a gradient beside the flat array", VIEWS, statements.elsewhere),
    Kind("a workspace for others taken", REFUSALS, statements.unwritten),
)


def computed(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    """Those of what is computed, which can be made in any function."""
    places = (EXPRESSIONS, STATEMENTS, SUBSCRIPTS, BACKWARD, WRITING)
    return tuple(kind for kind in kinds if kind.places in places)
