"""The walk through a network, step by step: forward, backward, the step of descent, and forward
again. Every step says what is lit, and what stands in the drawing from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpgen.html.dialects import KATEX, PLAIN
from bpgen.html.graph import Graph
from bpgen.html.sentences import Rendered
from bpgen.html.shapes import Drawing
from bpgen.html.sheets import of_all_parts
from bpgen.ir import BATCH
from bpgen.record import Derivation, Step
from bpgen.render.descent import DESCENT
from bpgen.render.numerals import Numerals
from bpgen.render.writer import Writer
from bpgen.worked import Worked
from bpgen.worked.point import Array

HELPED = "helped"  # what tells whether the step of descent did


@dataclass(frozen=True)
class Stop:
    """One step of the walk: which way it goes, which equation it shows, what it lights."""

    way: str  # start, forward, backward, update, again
    of: str = ""
    name: str = ""  # of the tensor, or gradient, that is computed
    lit: tuple[str, ...] = ()
    note: tuple[Rendered, ...] = ()
    code: str = ""  # the number of the equation whose line computes it
    more: str = ""  # what is told beside the equation


@dataclass
class Walk:
    """The steps, and what each text of the drawing says from which step on: (step, markup, exact
    value).
    """

    stops: list[Stop] = field(default_factory=list)
    slots: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)

    def put(self, key: str, markup: str, exact: str = "") -> None:
        self.slots.setdefault(key, []).append((len(self.stops) - 1, markup, exact))


def walk(
    derivation: Derivation,
    order: Iterable[str],
    graph: Graph,
    drawing: Drawing,
    coded: Iterable[str],
    worked: Worked | None,
    digits: int,
    layers: str = "brackets",
) -> Walk:
    """The walk in the order in which a page tells the equations. `coded` are those that a line of
    the module computes.
    """
    walker = _Walker(derivation, list(order), graph, drawing, set(coded), worked, digits, layers)
    return walker.walk()


class _Walker:
    def __init__(
        self,
        derivation: Derivation,
        order: list[str],
        graph: Graph,
        drawing: Drawing,
        coded: set[str],
        worked: Worked | None,
        digits: int,
        layers: str,
    ) -> None:
        self.network, self.graph, self.drawing = derivation.network, graph, drawing
        self.coded, self.worked = coded, worked
        self.alone = derivation.separable
        tensors = self.network.tensors
        self.numerals = [Numerals(worked, d, tensors, digits) for d in (KATEX, PLAIN) if worked]
        self.writers = [Writer.of(derivation, d, layers=layers) for d in (KATEX, PLAIN)]
        forward = {str(f.number): f.equation.name for f in derivation.printed}
        steps = {str(s.number): s for s in derivation.printed_steps}
        self.forward = [(n, forward[n]) for n in order if n in forward]
        self.backward = [(n, steps[of_all_parts(n)]) for n in order if of_all_parts(n) in steps]
        self.made = Walk()

    def walk(self) -> Walk:
        self._start()
        for number, name in self.forward:
            self._stop("forward", number, name, self._lit(name), (), self._computed(number, name))
            self._show(name, self.worked and self.worked.values)
        for number, step in self.backward:
            name = step.equation.name
            self._stop(
                "backward", number, name, self._lit_back(step), (), self._computed_back(step)
            )
            self._show_slope(step)
        if self.worked is not None:
            self._update(self.worked)
            self._again(self.worked)
        return self.made

    def _stop(self, *what: Any) -> None:
        self.made.stops.append(Stop(*what))

    def _start(self) -> None:
        """What is given: inputs, targets, parameters."""
        given = [n for n, t in self.network.tensors.items() if t.role not in ("value", "param")]
        every = [*given, *(t.name for t in self.network.role("param"))]
        note = tuple(self._given(name) for name in every)
        lit = tuple(k for n in given for k in self.drawing.parts.get(n, ()))
        self._stop("start", "", "", lit, note)
        for name in self.drawing.parts:  # of z and a = sigmoid(z), the last stands there at first
            self._name(name)
        for name in every:
            self._show(name, self.worked and self.worked.values)

    def _given(self, name: str) -> Rendered:
        """What a tensor is, or where it is too large to be shown, of which size."""
        for told in self._rendered(name, self.worked) if self.worked is not None else ():
            return told
        sizes = self.network.tensors[name].sample_shape
        tex, plain = (
            f"{w.tensor(name).text} {w.dialect.shape(tuple(map(w.length, sizes)))}"
            for w in self.writers
        )
        return Rendered(plain, tex)

    def _computed(self, number: str, name: str) -> str:
        """The equation whose line computes a tensor: its own, or the first that it goes into."""
        reached = {name}
        for other, made in self.forward if number not in self.coded else ():
            if reached & set(self.graph.reads(self.graph.told[self.graph.place[made]])):
                if other in self.coded:
                    return other
                reached.add(made)
        return number if number in self.coded else ""

    def _computed_back(self, step: Step) -> str:
        """The same of a gradient."""
        number, reached = str(step.number), {step.of}
        for _, other in self.backward if number not in self.coded else ():
            if reached & {p.upstream.name for p in other.paths}:
                if str(other.number) in self.coded:
                    return str(other.number)
                reached.add(other.of)
        return number if number in self.coded else ""

    def _lit(self, name: str) -> tuple[str, ...]:
        """A tensor and the edges that lead into it."""
        return (*self.drawing.parts.get(name, ()), *self.drawing.ways.get(name, ()))

    def _lit_back(self, step: Step) -> tuple[str, ...]:
        """A tensor, and the edges along which the loss hears of it."""
        keys = dict.fromkeys(self.drawing.parts.get(step.of, ()))
        leave, ways = self.drawing.leave.get(step.of, ()), self.drawing.ways
        for path in step.paths:  # the edges from it to what is computed from it
            into = ways.get(path.upstream.name, ())
            keys.update(dict.fromkeys(key for key in into if key in leave))
        return tuple(keys)

    # numbers

    def _show(self, name: str, values: Any) -> None:
        """What a tensor is, from this step on."""
        self._name(name)
        if values is None:
            return
        self._fill(self.drawing.values.get(name, ()), name, values[name])
        one = self._one(name, values[name])
        if self.network.tensors[name].bound is None or one.size == 1:  # labels have no size
            self._measure(self.drawing.sizes.get(name), "rms", one)

    def _name(self, name: str) -> None:
        for key, markup in self.drawing.labels.get(name, ()):
            self.made.put(key, markup)

    def _show_slope(self, step: Step) -> None:
        if self.worked is None or step.of not in self.worked.slopes:
            return
        called = dict(self.drawing.labels.get(step.equation.name, ()))
        keys, slopes = self.drawing.slopes.get(step.of, ()), self.worked.slopes[step.of]
        if self.alone and self.network.tensors[step.of].batched:
            # of a sample's own loss, not of its part of the mean
            slopes = slopes * self.worked.point.lengths[BATCH]
        self._fill(keys, step.of, slopes, called)
        self._measure(self.drawing.slope_sizes.get(step.of), "rms of ∂", self._one(step.of, slopes))

    def _fill(
        self, keys: Iterable[str], name: str, array: Array, called: Mapping[str, str] | None = None
    ) -> None:
        """The entries of one sample, in the order of the texts that show them, each after what
        it is called there.
        """
        one = self._one(name, array)
        for key, entry in zip(keys, self._order(name, one), strict=False):
            symbol, number = (called or {}).get(key, ""), self._number(entry)
            text = f'{symbol} <tspan class="number">{number}</tspan>' if symbol else number
            self.made.put(key, text, repr(entry))

    def _one(self, name: str, array: Array) -> Array:
        """The entries of one sample."""
        info = self.network.tensors[name]
        return np.asarray(array[0] if info.batched and not info.block else array)

    def _measure(self, key: str | None, word: str, one: Array) -> None:
        """How large the entries are together: the root of the mean of their squares; of one entry,
        itself.
        """
        finite = one[np.isfinite(one)]
        if key is None or not finite.size:
            return
        alone = one.size == 1
        size = float(finite.item() if alone else np.sqrt(np.mean(np.square(finite, dtype=float))))
        number = f'<tspan class="number">{self._number(size)}</tspan>'
        said = word.removeprefix("rms").removeprefix(" of ") if alone else word
        self.made.put(key, f"{said} {number}".strip(), repr(size))

    def _order(self, name: str, one: Array) -> list[float]:
        entries = self.drawing.entries.get(name)
        if entries is None:
            return [float(v) for v in one.ravel()]
        return [float(one[at]) for at in entries]

    def _number(self, value: float) -> str:
        return self.numerals[1].number(value)

    # after the pass

    def _update(self, worked: Worked) -> None:
        moved = [n for n in worked.after if n not in worked.held]
        lit = tuple(k for n in moved for k in self.drawing.parts.get(n, ()))
        self._stop("update", DESCENT, "", lit)
        for name in moved:
            self._show(name, worked.after)
        self._forget(worked.after)

    def _again(self, worked: Worked) -> None:
        """The forward pass after the update: did it help?"""
        for number, name in self.forward:
            more = HELPED if (number, name) == self.forward[-1] else ""
            self._stop(
                "again",
                number,
                name,
                self._lit(name),
                self._rendered(name, worked, again=True),
                self._computed(number, name),
                more,
            )
            self._show(name, worked.values_after)
            if number == self.forward[0][0]:
                self._forget((*self.drawing.slopes, *self.drawing.slope_sizes))

    def _forget(self, names: Iterable[str]) -> None:
        """The gradients by these are of the parameters as they were."""
        keys = dict.fromkeys(k for n in names for k in self.drawing.slopes.get(n, ()))
        keys |= dict.fromkeys(k for n in names if (k := self.drawing.slope_sizes.get(n)))
        for key in keys:
            self.made.put(key, "")

    def _rendered(self, name: str, worked: Worked, again: bool = False) -> tuple[Rendered, ...]:
        """z = 5; nothing where it is too large to be shown."""
        values = worked.values_after if again else worked.values
        called = [w.tensor(name).text for w in self.writers]
        told = [n.product(name, values[name]) for n in self.numerals]
        return (Rendered(f"{called[1]} {told[1]}", f"{called[0]} {told[0]}"),) if told[0] else ()
