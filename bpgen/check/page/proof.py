"""The page proved: every equation that it prints, evaluated at random values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from itertools import pairwise
from typing import Any

import numpy as np

from bpgen.check.page import descent
from bpgen.check.page import formula as f
from bpgen.check.page.choices import Choices
from bpgen.check.page.comparison import differ, largest_of
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.grammar import Parser
from bpgen.check.page.left_sides import (
    axes_of,
    column,
    is_maximum,
    named,
    of_every_sample,
    places_of,
    sizes_of,
    spelled,
    told_of,
    whole_of,
    within_block,
)
from bpgen.check.page.letters import free, letter_axes
from bpgen.check.page.maxima import choose
from bpgen.check.page.names import Names
from bpgen.check.page.numerals import printed
from bpgen.check.page.reading import Definition, Reading
from bpgen.check.page.scalars import Array, Values
from bpgen.check.page.statements import Group, Statement, groups, top_level
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import has, letter_of, ranges_of
from bpgen.check.page.unknown import told as told_apart
from bpgen.check.page.world import World
from bpgen.ir import BATCH, Network

_SAMPLES = 2  # of the batch
_EXACT, _ROUNDED = 1e-8, 1e-4
_SHAKES, _SHAKEN = 2, 1e3  # how often roundings are tried, and how many times that is no error
_NO_FORMULA = (ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)
_BATCH = "Over the batch"
_ARE_GRADIENTS = re.compile(
    r"(\$[^$.]*?\$(?:, \$[^$]*?\$)*) (?:is|are) the gradients? with respect to (\$.*?\$)\.$", re.M
)
_IN_PARENTHESES = re.compile(r"\^\{\((\d+)\)(\\top)?\}")
_IN_BRACKETS = re.compile(r"\^\{\[\d+\](\\top)?\}")
_SIZES = re.compile(r"^Sizes: (.*); a gradient has that of its tensor\.$", re.M)
Ranges = tuple[tuple[str, str, f.Node], ...]


@dataclass(frozen=True)
class FalseLine:
    """A line that does not hold, or cannot be read."""

    line: str
    reason: str
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.line}\n    {self.reason}"


@dataclass(frozen=True)
class PageReport:
    """How many of a page's equations hold."""

    proved: int
    total: int
    false: tuple[FalseLine, ...] = ()

    @property
    def ok(self) -> bool:
        return self.total > 0 and self.proved == self.total

    def __str__(self) -> str:
        return f"{self.proved} of {self.total} equations"


def prove_page(
    latex: str,
    network: Network,
    seeds: Sequence[int] = (0, 1),
    samples: int = _SAMPLES,
    at: World | None = None,
) -> PageReport:
    """Read a page back and evaluate both sides of each of its equals signs, at random values of
    each seed: one draw may have a label or a dead unit at which a false line holds. The numbers of
    a worked example are those of its equations `at` its values.
    """
    drawn = [_Proof(latex, network, seed, samples).verdicts() for seed in seeds]
    verdicts = [next((v for v in each if v), None) for each in zip(*drawn, strict=True)]
    if at is None and r"\qquad" in latex:
        verdicts.append(FalseLine("numbers", "of which example?", True))
    if at is not None:
        verdicts += _Proof(latex, network, 0, at=at).verdicts()
    false = tuple(dict.fromkeys(v for v in verdicts if v is not None))
    return PageReport(verdicts.count(None), len(verdicts), false)


@dataclass
class _Proof:
    latex: str
    network: Network
    seed: int
    samples: int = _SAMPLES
    at: World | None = None  # where the numbers are, of which the page is asked then
    found: list[FalseLine | None] = field(default_factory=list)  # of each equation
    numbered: dict[str, set[tuple[bool, str] | None]] = field(default_factory=dict)
    # Worlds that are rounded, and the gradients known there.
    shaken: dict[int, list[tuple[World, dict[tuple[str, str], Array]]]] = field(
        default_factory=dict
    )
    above: tuple[f.Node, ...] = ()  # the sides of the row before
    said: tuple[f.Node, ...] = ()  # the sides of what was said last, for which reasons are given
    around: Ranges = ()  # the ranges told there of what is spoken of

    def verdicts(self) -> list[FalseLine | None]:
        """What is false of each equation, in the order of the page."""
        self.latex, unknown = told_apart(self.latex)
        across = "Samples meet in these equations" in self.latex
        names = Names.of(self.network, self._layers())
        base = (
            1 if re.search(r"Indices(, and labels with them,)? count from 1\.", self.latex) else 0
        )
        batch = 1 if not across else self.samples
        world = self.at or World.drawn(self.network, batch, self.seed)
        sample = Reading(world, names, "", not across, base)
        whole = Reading(sample.world, names, "", False, base)
        sample.unknown = whole.unknown = unknown
        found = list(groups(self.latex))
        if any(g.section == _BATCH for g in found) and self.at is None:
            whole.world = World.drawn(self.network, self.samples, self.seed)
        whole.top = self.network.loss or ""
        sample.top = self._top(sample)
        self._definitions(sample, whole)
        for group in found:
            if group.called is not None:
                self._call(group.called, names)
        for told in _ARE_GRADIENTS.finditer(self.latex):
            deltas, tensors = (re.findall(r"\$(.*?)\$", t) for t in told.groups())
            for called in zip(tensors, deltas, strict=True):
                self._call(called, names)
        for group in found:
            for statement in group.statements:
                if statement.kind == "differentiated":
                    self._told(statement, sample, whole)
        if self.at is not None:
            for group in found:
                for statement in (s for s in group.statements if s.kind == "numbers"):
                    self._printed(statement, sample)
            for line, reason in descent.told(self.latex, sample, partial(self._name, names)):
                self.found.append(FalseLine(line, reason) if reason else None)
            return self.found
        self._numbers(found, sample, whole)
        for reading in (sample, whole):
            reading.choices = Choices.of(reading.world, self.seed)
            self._maxima(found, sample, reading)
        self._leads(sample)
        self._sizes(sample)
        for group in found:
            self._group(group, whole if group.section == _BATCH else sample)
        return self.found

    def _layers(self) -> bool:
        """Whether layers stand below, as in z_1. What is z^(1) where there are no blocks is read as
        z^[1].
        """
        if not any(t.block for t in self.network.tensors.values()):
            self.latex = _IN_PARENTHESES.sub(r"^{[\1]\2}", self.latex)
        return _IN_BRACKETS.search(self.latex) is None

    def _top(self, reading: Reading) -> str:
        """The scalar that the backward section differentiates."""
        told = self.latex.partition(rf"\section{{{_BATCH}}}")[0]
        found = re.search(r"\\t?frac\{\\partial (\S+?)\}\{\\partial", told)
        if found is None:
            return self.network.loss or ""
        node = Parser(tokens(found[1]), self._called(reading.names)).whole()
        known = reading.names.find(node)
        return known[1] if known else ""

    def _name(self, names: Names, text: str) -> str:
        """The tensor that a symbol in a sentence is of."""
        with suppress(Unreadable, ValueError):
            known = names.find(Parser(tokens(text), self._called(names)).symbol())
            return known[1] if known else ""
        return ""

    def _call(self, called: tuple[str, str], names: Names) -> None:
        tensor, symbol = (Parser(tokens(t), self._called(names)).symbol() for t in called)
        known = names.find(tensor)
        if known is not None:
            names.call(symbol, known[1])

    def _called(self, names: Names) -> Any:
        def called(symbol: f.Symbol) -> bool:
            return names.find(symbol) is not None

        return called

    def _told(self, statement: Statement, sample: Reading, whole: Reading) -> None:
        """From here on, an equation is the spelling that the page says it differentiates."""
        try:
            left, right = (self._parse(p, sample) for p in statement.parts)
        except (Unreadable, ValueError):
            return  # and so the line is false
        known = sample.names.find(left)
        if known is None:
            return

        first = Scope(sample).is_start(left, known[1])

        def told(world: World, values: Values) -> Array:
            reading = replace(sample, world=world)
            return spelled(left, right, known[1], reading, values, first)

        batched = self.network.tensors[known[1]].batched
        for reading in (sample, whole):
            of_one_sample = sample.sample and not batched
            if not of_one_sample or reading.world.lengths[BATCH] == 1:
                reading.world.told[known[1], first] = told

    def _definitions(self, *readings: Reading) -> None:
        """The functions that the page defines."""
        line = re.search(r"^Here (.*)\.$", self.latex, re.MULTILINE)
        rng = np.random.default_rng(self.seed)
        for text in re.findall(r"\$(.*?)\$", line[1]) if line else ():
            left, right = top_level(tokens(text), "=")[:1], top_level(tokens(text), "=")[1:]
            call = Parser(left[0], lambda _: False).whole()
            body = Parser(right[0], lambda _: False).whole()
            if call == body:
                continue
            if call.name == "softmax":
                self._softmax(text, call, body, readings[0], rng)
                continue
            name = call.name + "'" * call.prime
            own = Definition(tuple(str(letter_of(a)) for a in call.arguments), body)
            for reading in readings:
                reading.functions[name] = own

    def _softmax(
        self, text: str, call: f.Node, body: f.Node, reading: Reading, rng: np.random.Generator
    ) -> None:
        vector = rng.normal(size=(4, 1))
        scope = Scope(replace(reading, base=0), {}, constants={"z": vector})
        scope = scope.over({str(letter_of(i)): np.arange(4) for i in call.at})
        if isinstance(body, f.Quotient) and isinstance(body.bottom, f.Over):
            (each,) = body.bottom.under.letters
            under = replace(body.bottom.under, ranges=((each, "<", f.Number(4.0)),))
            body = replace(body, bottom=replace(body.bottom, under=under))
        self._judge(text, lambda: [scope.value(call), scope.value(body)], 1)

    # statements

    def _group(self, group: Group, reading: Reading) -> None:
        seen: set[int] = set()
        for statement in group.statements:
            if id(statement) in seen:  # it goes on: what is said next is said of all of it
                self.around = _ranges(self.above)
                continue
            seen.add(id(statement))
            self._statement(statement, reading)
        self._elsewhere(group, reading)

    def _printed(self, statement: Statement, reading: Reading) -> None:
        """The numbers beside an equation are those of its left side; or of the factors of a chain
        rule, each.
        """
        try:
            numbers = printed(statement.numbers)
            sides = [self._parse(part, reading) for part in statement.parts]
            if numbers[1:]:
                products = [n.factors for n in sides if isinstance(n, f.Product)]
                sides = [*next(n for n in products if len(n) == len(numbers))]
            told = zip(sides, numbers, strict=False)
            wrong = [p.difference(self._everywhere(node, reading)) for node, p in told]
            self.found += [FalseLine(statement.line, w) if w else None for w in wrong]
        except (Unreadable, ValueError, KeyError, IndexError, StopIteration) as error:
            self.found.append(FalseLine(statement.line, str(error) or "no such product", True))

    def _everywhere(self, node: f.Node, reading: Reading) -> Array:
        """A formula at all values of its letters."""
        scope = Scope(reading)
        letters = list(dict.fromkeys(free(scope, node)))
        sizes = {n: self._size(n, [node], [node], scope) for n in letters}
        # Each letter is along an axis left of the ones before: the first is to be the first axis.
        found = reversed(list(sizes.items()))
        spans = {n: np.arange(reading.base, reading.base + s) for n, s in found}
        return scope.over(spans).value(node)

    def _statement(self, statement: Statement, reading: Reading) -> None:
        if statement.kind == "numbers":
            return  # of an example, at its values
        if statement.kind == "shape":
            self._judge(statement.line, lambda: self._shape(statement, reading), 1)
            return
        for text, parts, condition in _equations(statement):
            if len(parts) < 2:
                if not (parts and parts[0] and parts[0][0].startswith(r"\text")):
                    self.found.append(FalseLine(statement.line, "no equation", True))
                continue

            count = len(parts) - 1
            sides = partial(self._sides, parts, condition, statement)
            wrong = self._wrong(text, sides, count, reading)
            if wrong and reading.base:  # of what reads alike, the other
                other = replace(reading, entries=not reading.entries)
                wrong = self._wrong(text, sides, count, other)
            self._say(wrong, count)

    def _judge(self, line: str, sides: Any, count: int) -> None:
        self._say(self._wrong(line, lambda _: sides(), count), count)

    def _say(self, wrong: list[FalseLine], count: int) -> None:
        self.found += [*wrong, *([None] * (count - len(wrong)))]

    def _wrong(
        self, line: str, sides: Any, count: int, reading: Reading | None = None
    ) -> list[FalseLine]:
        """What is false of a chain; nothing where it holds, but for what roundings make of it."""
        tolerance = _ROUNDED if "rounded to six digits" in self.latex else _EXACT
        try:
            found = sides(reading)
            reasons = [differ(a, b, tolerance) for a, b in pairwise(found)]
            if any(reasons) and reading is not None and not reading.world.defined:
                raise Unreadable("no values were found at which every equation has one")
            if any(reasons) and reading is not None:
                noise = self._noise(found, sides, reading)
                slack = [_SHAKEN * (a + b) for a, b in pairwise(noise)]
                pairs = zip(found, found[1:], slack, strict=False)
                reasons = [differ(a, b, tolerance, s) for a, b, s in pairs]
        except Unreadable as error:
            return [FalseLine(line, str(error), True)] * count
        except _NO_FORMULA as error:
            return [FalseLine(line, f"{type(error).__name__}: {error}", True)] * count
        return [FalseLine(line, reason) for reason in reasons if reason]

    def _noise(self, found: list[Array], sides: Any, reading: Reading) -> list[float]:
        """By how much each side is off where all that is computed is off by some roundings."""
        worlds = self.shaken.setdefault(id(reading.world), [])
        while len(worlds) < _SHAKES:
            worlds.append((reading.world.shaken(len(worlds)), {}))
        moved = [sides(replace(reading, world=w, gradients=known)) for w, known in worlds]
        return [max(largest_of(m[k] - side) for m in moved) for k, side in enumerate(found)]

    def _parse(self, part: list[str], reading: Reading) -> f.Node:
        return self._parser(part, reading).whole()

    def _sides(
        self, parts: list[list[str]], condition: Any, statement: Statement, reading: Reading
    ) -> list[Array]:
        scope, nodes = self._scope(parts, statement, reading, condition)
        if statement.by:
            of = told_of(nodes[0], scope)
            if of not in self.numbered.get(statement.by, set()):
                raise Unreadable(f"({statement.by}) does not tell it")
        values = [scope.value(node) for node in nodes]
        keep = np.asarray(True)
        if condition is not None:
            negated = condition[0] == "not"
            for c in self._parser(condition[negated:], reading).conditions():
                keep = keep & scope.holds(c)
            keep = ~keep if negated else keep
            values = [np.where(keep, v, 0) for v in values]
        lost = np.isnan(values[0])
        if statement.kind == "since":  # what is told of the next step is not asked at the last
            lost = reduce(np.logical_or, map(np.isnan, values))
        partly = isinstance(nodes[0], f.Derivative) or statement.kind == "since"
        if partly and (not lost.all() or scope.after_the_only_step(nodes[0])):
            values = [np.where(lost, 0, v) for v in values]
        return values

    def _scope(
        self, parts: list[list[str]], statement: Statement, reading: Reading, condition: Any = None
    ) -> tuple[Scope, list[f.Node]]:
        """The sides as formulas, and all values of their free letters."""
        nodes = [self._parse(p, reading) for p in parts]
        ranges = self._parser(statement.ranges, reading).under().ranges if statement.ranges else ()
        scope = Scope(reading)
        letters = list(dict.fromkeys(n for node in nodes for n in free(scope, node)))
        given = free(scope, nodes[0]) if statement.kind in ("main", "fact") else letters
        if loose := [n for n in letters if n not in given]:
            raise Unreadable(f"{loose[0]} stands on one side alone")
        if condition is not None:
            masks = self._parser([t for t in condition if t != "not"], reading).conditions()
            letters += [n for m in masks for n in free(scope, m) if n not in letters]
        bounds: dict[str, int] = {}
        for name, sign, end in (*self._around(nodes, statement), *ranges):
            bounds[name] = max(bounds.get(name, 0), scope._bound(sign, end))
        told = nodes[:1] if statement.kind == "main" else nodes
        sizes = {n: bounds.get(n) or self._size(n, told, nodes, scope) for n in letters}
        base = reading.base
        if statement.kind != "since":
            self.said = tuple(nodes)
        return scope.over({n: np.arange(base, base + s) for n, s in sizes.items()}), nodes

    def _around(self, nodes: list[f.Node], statement: Statement) -> Ranges:
        """What the sums above say of a fact's letters: those that it stands in, or all."""
        if statement.kind == "main":
            self.above = tuple(nodes)
            self.around = _ranges(self.above)
            return ()
        if statement.kind == "since":  # of a letter that a sum in the fact has
            return (*self.around, *_ranges(self.said))
        if any(has(above, nodes[0]) for above in self.above):
            self.around = _ranges(self.above, nodes[0])
        return self.around

    def _parser(self, found: list[str], reading: Reading) -> Parser:
        return Parser(found, self._called(reading.names))

    def _size(self, name: str, told: list[f.Node], nodes: list[f.Node], scope: Scope) -> int:
        """How many values a free letter has: as many as the shortest of the axes that it runs over,
        of a row's left side where it stands there, of a reason in the fact it is given for.
        """
        said = self.said if told is nodes else ()
        ways = ((told, False), (nodes, False), (said, False), (nodes, True), (self.above, False))
        for among, shifted in ways:
            found = [s for node in among for n, s in letter_axes(scope, node, shifted) if n == name]
            if found:
                return min(found)
        raise Unreadable(f"nothing says what {name} runs over")

    def _shape(self, statement: Statement, reading: Reading) -> list[Array]:
        """z \\in R^{2 x 3}: the sizes of a tensor's axes."""
        at = statement.tokens.index(r"\in")
        left = statement.tokens[:at] or list(statement.of)
        return self._space(left, statement.tokens[at + 1 :], reading)

    def _space(self, left: list[str], space: list[str], reading: Reading) -> list[Array]:
        """What is said of a tensor's values, if they are labels, and of the sizes of its axes; and
        what they are.
        """
        labels = space[:1] == [r"\{"]
        end = space.index(r"\}" if labels else "}") + 1
        scope = Scope(reading)
        parts = top_level(space[end:][2:-1], r"\times") if space[end:] else []
        said = [int(np.real(scope.value(self._parse(s, reading))).item()) for s in parts]
        node = self._parse(left, reading)
        axes = axes_of(node, scope)
        if not labels:
            return [column(said), column(axes)]
        first, dots, last = top_level(space[1 : end - 1], ",")
        if dots != [r"\dots"]:
            raise Unreadable("labels from where to where?")
        told = [int("".join(first)), int("".join(last))]
        known = scope.find(named(node))
        bound = reading.world.network.tensors[known[1]].bound if known else None
        own = [reading.base, reading.base + (bound or 0) - 1]
        return [column([*told, *said]), column([*own, *axes])]

    def _sizes(self, reading: Reading) -> None:
        """Sizes: z1, a1 in R^2; W1 in R^{2 x 2}."""
        for found in _SIZES.finditer(self.latex):
            for group in found[1].split("; "):
                names = [tokens(t) for t in re.findall(r"\$(.*?)\$", group)]
                at = names[-1].index(r"\in") if r"\in" in names[-1] else 0
                *names, space = *names[:-1], names[-1][:at], names[-1][at + 1 :]
                for name in names:
                    self._judge(group, partial(self._space, name, space, reading), 1)

    def _elsewhere(self, group: Group, reading: Reading) -> None:
        """What the rows of a display do not speak of is 0."""
        rows = [s for s in group.statements if s.kind == "main"]
        for last in {id(s): s for s in rows if s.elsewhere}.values():
            node = self._parse(last.parts[0], reading)
            own = {
                id(s): s for s in rows if self._tensor(s, reading) == self._tensor(last, reading)
            }

            def sides(own: Any = own, node: f.Node = node) -> list[Array]:
                whole = whole_of(node, Scope(reading))
                told = np.zeros(whole.shape, dtype=bool)
                for row in own.values():
                    scope, (left, *_) = self._scope(row.parts, row, reading)
                    places = places_of(left, scope)
                    told[tuple(np.broadcast_arrays(*places))] = True
                spoken = told.any(within_block(node, reading), keepdims=True)
                rest = np.where(told | ~spoken, 0, whole)
                return [rest.reshape((-1, 1)), np.zeros((rest.size, 1))]

            self._judge(last.line, sides, 1)

    def _tensor(self, statement: Statement, reading: Reading) -> tuple[bool, str] | None:
        """Of which tensor a row tells the values, or the gradient."""
        try:
            return told_of(self._parse(statement.parts[0], reading), Scope(reading))
        except Unreadable:
            return None

    def _numbers(self, found: list[Group], sample: Reading, whole: Reading) -> None:
        """Which tensor each number is of."""
        for group in found:
            reading = whole if group.section == _BATCH else sample
            last: list[Statement] = []
            for row in group.statements:
                if row.kind != "main":
                    continue
                last.append(row)
                if row.tag:
                    for one in last:
                        of = self._tensor(one, reading)
                        for number in {row.tag, row.tag.rstrip("ab")}:  # (7) is (7a) and (7b)
                            self.numbered.setdefault(number, set()).add(of)
                    last = []

    def _maxima(self, found: list[Group], sample: Reading, reading: Reading) -> None:
        """What is told to be the largest of several: at a reading's values, which of them it is."""
        told = replace(sample, world=reading.world, choices=reading.choices)
        rows = (s for group in found for s in group.statements if s.kind == "main")
        for row in {id(s): s for s in rows if r"\max" in s.tokens}.values():
            with suppress(Unreadable, ValueError):  # and so the line is false
                scope, (left, *rest) = self._scope(row.parts, row, told)
                known = told.names.find(named(left))
                maximum = next(filter(is_maximum, rest), None)
                if known is not None and maximum is not None:
                    scope = of_every_sample(scope, known[1])
                    chosen = choose(scope, maximum, sizes_of(maximum, known[1], scope))
                    told.choices.tell(known[1], scope.places(left, known[1]), chosen)

    def _leads(self, reading: Reading) -> None:
        """From where to where recurrences and blocks are told."""
        loops = {e.loop for e in self.network.equations if e.loop is not None}
        sizes = {reading.world.size(loop.index.size): loop.reverse for loop in loops}
        for found in re.finditer(r"^.*?\$\w+ = ([^$]*?), \\dots, ([^$]*?)\$.*$", self.latex, re.M):
            backward = re.search("gradient|Backpropagation", found[0]) is not None

            def sides(found: Any = found, backward: bool = backward) -> list[Array]:
                ends = [self._whole(t, reading) for t in found.groups()]
                ends = [e - reading.base for e in ends]
                size = max(ends) + 1
                if size not in sizes:
                    return [column(ends), column([0, -1])]
                right = [0, size - 1]
                descends = sizes[size] != backward
                return [column(ends), column(right[::-1] if descends else right)]

            self._judge(found[0], sides, 1)
        for found in re.finditer(r"at \$\w+ = ([^$]*?)\$, gradients are 0", self.latex):

            def end(found: Any = found) -> list[Array]:
                at = self._whole(found[1], reading) - reading.base
                return [column([at]), column([at if at in sizes else min(sizes)])]

            self._judge(found[0], end, 1)

    def _whole(self, text: str, reading: Reading) -> int:
        return int(np.real(Scope(reading).value(self._parse(tokens(text), reading))).item())


def _ranges(nodes: tuple[f.Node, ...], around: f.Node = None) -> Ranges:
    return tuple(r for node in nodes for r in ranges_of(node, around))


def _equations(statement: Statement) -> Iterator[tuple[str, list[list[str]], Any]]:
    """The chains of a statement: where a mask keeps, and elsewhere."""
    found = statement.tokens
    while found and found[-1] == ",":
        found = found[:-1]
    condition = None
    rest: list[str] | None = None
    if r"\text{; elsewhere }" in found:
        at = found.index(r"\text{; elsewhere }")
        found, rest = found[:at], found[at + 1 :]
    depth_if = [k for k, part in enumerate(found) if part == r"\text{if }"]
    if rest is not None and depth_if:
        at = depth_if[-1]
        found, condition = found[:at], found[at + 1 :]
    yield statement.line, top_level(found, "="), condition
    if rest is not None:
        yield statement.line, top_level(rest, "="), ["not", *(condition or ())]
