"""A network as a graph of steps: written as a net.py, and computed with PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from string import Formatter
from typing import Any

from tests.networks.operation import Given, Made, own_parameters, torch

Naming = Callable[[str, int], str]  # of a letter and the number of a step
Owner = tuple[str, int]  # the letter and the step that declare something


def plain(letter: str, step: int) -> str:
    return f"{letter}{step}"


@dataclass(frozen=True)
class Step:
    """An operation on the values of earlier steps. A parameter whose letter is in `shared` is not
    declared here: another one stands for it.
    """

    operation: str
    made: Made
    args: tuple[int, ...] = ()
    shared: Mapping[str, Owner] = field(default_factory=dict)


@dataclass(frozen=True)
class Penalty:
    """`word`, l1 or l2, of a parameter, in the sum of the losses."""

    weight: float
    word: str
    owner: Owner


@dataclass(frozen=True)
class Graph:
    """Steps, then losses with their weights in the sum; which values are outputs."""

    steps: tuple[Step, ...]
    losses: tuple[Step, ...] = ()
    weights: tuple[float, ...] = ()
    outputs: tuple[int, ...] = ()
    penalty: Penalty | None = None
    named: bool = False  # the losses have names in net.py
    reached: tuple[str, ...] = ()

    @cached_property
    def all(self) -> tuple[Step, ...]:
        return self.steps + self.losses

    def flagged(self, flag: str) -> bool:
        """Whether any step is so; l1 has a kink."""
        if flag == "kinked" and self.penalty and self.penalty.word == "l1":
            return True
        return any(getattr(step.made, flag) for step in self.all)

    @cached_property
    def given(self) -> dict[Owner, Given]:
        """Inputs, states and targets, by what declares them."""
        return {(x, k): g for k, s in enumerate(self.all) for x, g in s.made.given.items()}

    @cached_property
    def parameters(self) -> list[list[int]]:
        """Of each step the numbers of its parameters: all parameters are numbered as declared."""
        owners: dict[Owner, int] = {}
        found, fresh = [], count()
        for k, step in enumerate(self.all):
            of_step = []
            for letter in step.made.declares:
                owner = step.shared.get(letter, (letter, k))
                of_step.append(owners[owner] if letter in step.shared else next(fresh))
                owners.setdefault(owner, of_step[-1])
            own = own_parameters(step.made, len(step.args))
            found.append(of_step + [next(fresh) for _ in range(own)])
        return found

    @property
    def tied(self) -> bool:
        return any(step.shared for step in self.all)

    def untied(self) -> tuple[Graph, list[int]]:
        """The graph with a parameter of its own wherever one stands a second time, and of each of
        its parameters the number of the one that it was.
        """
        apart = replace(
            self,
            steps=tuple(replace(s, shared={}) for s in self.steps),
            losses=tuple(replace(s, shared={}) for s in self.losses),
        )
        return apart, [number for of_step in self.parameters for number in of_step]


def source(graph: Graph, name: Naming = plain) -> str:
    """The net.py."""
    text = _Text(graph, name)
    lines = ["from bpgen import *", "from sympy import Symbol", ""]
    for k, step in enumerate(graph.all):
        lines += [*text.declared(k, step), *text.step(k, step)]
    return "\n".join([*lines, *text.end(), ""])


@dataclass(frozen=True)
class _Text:
    """The lines of a net.py, under some naming."""

    graph: Graph
    name: Naming

    def value(self, k: int) -> str:
        """The name of what a step makes: its own, or that of what it does nothing but declare."""
        made = self.graph.steps[k].made
        declared = [*made.given, *made.declares]
        return self.name("v" if made.net else declared[0], k)

    def declared(self, k: int, step: Step) -> Iterator[str]:
        """What a step needs, and has not from elsewhere."""
        for letter, given in step.made.given.items():
            yield f"{self.name(letter, k)} = {given.declared}"
        for letter, shape in step.made.declares.items():
            if letter not in step.shared:
                yield f"{self.name(letter, k)} = param({', '.join(map(repr, shape))})"

    def step(self, k: int, step: Step) -> list[str]:
        """The lines of an operation; of a loss those before its formula, and this if it has a
        name.
        """
        lines = self.filled(k, step)
        if k < len(self.graph.steps):
            return lines
        named = [f"{self.name('ell', k)} = {lines[-1]}"] if self.graph.named else []
        return [*lines[:-1], *named]

    def filled(self, k: int, step: Step) -> list[str]:
        """The text of an operation with its fields filled in."""
        parts = []
        for text, letter, _, _ in Formatter().parse(step.made.net):
            parts += [text, "" if letter is None else self.letter(letter, k, step)]
        return "".join(parts).splitlines()

    def letter(self, letter: str, k: int, step: Step) -> str:
        if letter.isdigit():
            return self.value(step.args[int(letter)])
        if letter == "out":
            return self.value(k)
        return self.name(*step.shared.get(letter, (letter, k)))

    def end(self) -> Iterator[str]:
        """The outputs and the loss."""
        graph, first = self.graph, len(self.graph.steps)
        if graph.outputs:
            yield f"output({', '.join(map(self.value, graph.outputs))})"
        if graph.losses:
            terms = [
                f"{weight} * {self.name('ell', k) if graph.named else f'({self.filled(k, step)[-1]})'}"
                for (k, step), weight in zip(
                    enumerate(graph.losses, first), graph.weights, strict=True
                )
            ]
            if p := graph.penalty:
                terms.append(f"{p.weight} * {p.word}({self.name(*p.owner)})")
            yield f"L = loss({' + '.join(terms)})"


def computed(
    graph: Graph, given: Sequence[Any], params: Sequence[Any], batch: int
) -> tuple[Any, list[Any]]:
    """The loss, or None, and the outputs by PyTorch, of tensors in the order of declaration."""
    values: list[Any] = []
    arrays = iter(given)
    for step, numbers in zip(graph.all, graph.parameters, strict=True):
        own = [next(arrays) for _ in step.made.given]
        made = step.made.twin(*(values[a] for a in step.args), *own, *(params[p] for p in numbers))
        values.append(made.expand(batch, *made.shape[1:]))
    outputs = [values[k] for k in graph.outputs]
    if not graph.losses:
        return None, outputs
    losses = values[len(graph.steps) :]
    loss = sum(w * ell.mean() for w, ell in zip(graph.weights, losses, strict=True))
    if p := graph.penalty:
        letters = list(graph.all[p.owner[1]].made.declares)
        weight = params[graph.parameters[p.owner[1]][letters.index(p.owner[0])]]
        size = weight**2 if p.word == "l2" else torch.abs(weight)
        loss = loss + p.weight * size.sum()
    return loss, outputs
