"""The mistakes that a lesson tells of, made again here: on the way back through the entries of the
forward equations, of which the page's derivation has no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np
import sympy as sp

from bpgen.check.lesson.ground import Array, Arrays, Ground, biases, length
from bpgen.check.lesson.reading import Reader, Table
from bpgen.check.lesson.through_time import a_step_short, last_step_alone, stopped, too_late
from bpgen.check.lesson.wrong import Mistaken, Site, Wrong
from bpgen.check.page.tokens import Unreadable
from bpgen.functions import row
from bpgen.ir import BATCH, Element, Equation, Index
from bpgen.ir import length as size_of

Made = Callable[[Ground], Arrays]
_IS_ZERO, _SAME = "it is 0", 1e-9
_OF_SEVERAL = ("masked", "at_most", "maximum", "minimum")


def rows(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """What is false of each row."""
    ground = reader.ground
    for told, worst, off, after in table.rows:
        mistake = TABLE.get(told)
        if mistake is None:
            raise Unreadable(f"no mistake is known that is {told}")
        made = mistake(ground)
        name = reader.slope(worst)
        wrong = {n: length(made[n] - ground.slopes[n]) for n in made}
        most = {n: w / length(ground.slopes[n]) for n, w in wrong.items() if not ground.is_noise(n)}
        moved = ground.at(ground.moved(made, ground.rate))
        if off == _IS_ZERO:
            said = _of_zero(name, wrong, most)
        else:
            said = reader.differs(off, most.get(name, np.nan)) or _of_others(name, most)
        yield told, said or reader.loss_differs(after, moved)


def without_effect(told: str, ground: Ground) -> bool:
    """Whether the gradients are right although a mistake is made."""
    made = TABLE[told](ground)
    return not any(
        length(made[n] - slope) > _SAME * length(slope) and not ground.is_noise(n)
        for n, slope in ((n, ground.slopes[n]) for n in made)
    )


def _of_others(name: str, most: Mapping[str, float]) -> str:
    """Whether another gradient is off by more of its length; where none is, this is no answer."""
    worst = max(most, key=lambda n: most[n])
    if most[worst] <= _SAME:
        return "no gradient is off that is not 0"
    return f"{worst} is off by more" if most[name] < most[worst] * (1 - 1e-6) else ""


def _of_zero(name: str, wrong: Mapping[str, float], most: Mapping[str, float]) -> str:
    """Whether a gradient is 0 and made another, and all that are not 0 are right."""
    if name in most or not wrong[name]:
        return "it is not 0, or right"
    return f"{max(most, key=lambda n: most[n])} is off" if max(most.values()) > _SAME else ""


def _by(mistaken: Callable[[Ground], Mistaken]) -> Made:
    """The gradients of all parameters where this is done at each place."""

    def made(ground: Ground) -> Arrays:
        found = Wrong(ground.evaluation, ground.loss, mistaken(ground)).found
        return {n: found[n] for n in ground.params}

    return made


# of any network


def _without_slopes(_: Ground) -> Mistaken:
    def mistaken(site: Site) -> Array:
        body = site.term.body
        applied = site.equation.pointwise() and row(body) is not None and body.args
        is_one = applied and body.args[0] == site.access
        return 1.0 if is_one and type(body).__name__ not in _OF_SEVERAL else site.slope

    return mistaken


def _updated(ground: Ground) -> Mistaken:
    """A parameter is updated when its gradient is there, and read so in all that is computed after
    it.
    """
    after = ground.moved(ground.slopes, ground.rate)
    order = {n: k for k, n in enumerate(ground.order)}

    def mistaken(site: Site) -> Array:
        now = order.get(site.access.name, 0)  # the loss has no gradient, and is first
        return site.reading({n: after[n] for n in ground.params if order.get(n, now) < now})

    return mistaken


def _sign(ground: Ground) -> Mistaken:
    top = ground.network.sample_loss or ground.loss

    def mistaken(site: Site) -> Array:
        computed = ground.network.tensors[site.access.name].role == "value"
        return -site.slope if site.equation.name == top and computed else site.slope

    return mistaken


def _another_pass(ground: Ground) -> Arrays:
    """All values, and the parameters, of after the update."""
    return ground.slopes_at(ground.at(ground.moved(ground.slopes, ground.rate)))


def _without_bias(ground: Ground) -> Arrays:
    gone = {n: np.zeros_like(ground.point[n]) for n in biases(ground)}
    return ground.slopes_at(ground.at(gone))


def _of_two(ground: Ground) -> Arrays:
    samples = max(ground.lengths.get(BATCH, 1), 2)
    return {n: samples * ground.slopes[n] for n in ground.params}


def _overwritten(ground: Ground) -> Mistaken:
    """Of what reads the same elements the first alone is heard, which is the last on the way
    back. What has no equation on the page is a part of the first that reads it.
    """
    first: dict[tuple[str, str], str] = {}
    whole = {e.name: e.name for e in ground.network}
    for equation in reversed([*ground.network]):
        whole |= {e.name: equation.name for e in equation.reads() if e.name in ground.within}
    for equation in ground.network:
        for term in equation.terms:
            for access in term.body.atoms(Element):
                first.setdefault((access.name, _pattern(access)), whole[equation.name])

    def mistaken(site: Site) -> Array:
        heard = first[site.access.name, _pattern(site.access)] == whole[site.equation.name]
        return site.slope if heard else 0.0

    return mistaken


def _pattern(access: Element) -> str:
    """Which elements an access reads: all of them alike along an axis that has its own index, in
    whichever direction.
    """
    read = [k for place in access.indices for k in place.atoms(Index)]
    return str(["" if _is_whole(p, read) else p for p in access.indices])


def _is_whole(place: sp.Expr, read: list[Index]) -> bool:
    """Whether a place runs over all of its axis, by an index that no other place reads."""
    index = next(iter(place.atoms(Index)), None)
    if index is None or read.count(index) > 1:
        return False
    return place in (index, size_of(index.size) - 1 - index)


# of layers alike


def _on_the_way(others: Callable[[Ground], Arrays]) -> Callable[[Ground], Mistaken]:
    """Others in the place of weights, where what is computed is told."""

    def mistake(ground: Ground) -> Mistaken:
        read = others(ground)

        def mistaken(site: Site) -> Array:
            computed = ground.network.tensors[site.access.name].role == "value"
            return site.reading(read) if computed else site.slope

        return mistaken

    return mistake


def _matrices(ground: Ground) -> list[str]:
    found = (t for t in ground.network.role("param") if len(t.indices) - t.block == 2)
    return [t.name for t in found]


def _turned(ground: Ground) -> Arrays:
    pairs = ((n, ground.point[n]) for n in _matrices(ground))
    return {n: a.swapaxes(-1, -2) for n, a in pairs if a.shape[-1] == a.shape[-2] > 1}


def _of_layer_before(ground: Ground) -> Arrays:
    found = {}
    tensors, equations = ground.network.tensors, {e.name: e for e in ground.network}
    readers = {n: e for e in reversed([*equations.values()]) for n in {r.name for r in e.reads()}}
    names = _matrices(ground)
    for n in (n for n in names if tensors[n].block and len(ground.point[n]) > 1):
        found[n] = ground.point[n][[0, *range(len(ground.point[n]) - 1)]]
    alone = [n for n in names if n in readers and readers[n].loop is None]
    for one, other in pairwise(alone):
        same = ground.point[one].shape == ground.point[other].shape
        if same and _comes_of(readers[other], one, equations) and not _reads(readers[other], one):
            found[other] = ground.point[one]
    return found


def _reads(equation: Equation, name: str) -> bool:
    return any(e.name == name for e in equation.reads())


def _comes_of(equation: Equation, name: str, equations: dict[str, Equation]) -> bool:
    """Whether what an equation reads is made of a parameter."""
    seen, waiting = set[str](), [e.name for e in equation.reads()]
    while waiting:
        one = waiting.pop()
        if one in equations and one not in seen:
            seen.add(one)
            if _reads(equations[one], name):
                return True
            waiting += [e.name for e in equations[one].reads()]
    return False


TABLE: dict[str, Made] = {
    "the derivative of the activation: left out wherever there is one": _by(_without_slopes),
    "weights after their update: updated in the middle of the backward pass": _by(_updated),
    "a sign: the target less the output, where it is the other way round": _by(_sign),
    "another pass: values not kept, but computed again after the update": _another_pass,
    "the bias: left out of the forward pass": _without_bias,
    "a mean or a sum: the sum over samples for their mean, of two alike": _of_two,
    "a term: what is read at several places keeps one gradient, not the sum": _by(_overwritten),
    "a transpose: square weights on the way back as they are forward": _by(_on_the_way(_turned)),
    "another tensor: on the way back the weights of the layer before": _by(
        _on_the_way(_of_layer_before)
    ),
    "a term: of the steps of time one gradient is kept, not their sum": _by(last_step_alone),
    "an index: the loop back through time ends a step too early": _by(a_step_short),
    "a term: no error goes from a step to the one before it": _by(stopped),
    "an index: the state of its own step beside an error, not of the one before": _by(too_late),
}
