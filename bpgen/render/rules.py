"""What is equal in every layer, told once: z^[l] = W^[l] a^[l-1] + b^[l], for l = 1, ..., 5; or in
every other, as where groups of layers are repeated: l = 1, 3, ..., 7.

Equations are compared as they are, whatever their tensors are called. Names say only how a rule is
spelled: those of its instances have to count the layers, and where one does not, as the input does
not, it gets another beside its own: a^[0] is x.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from bpgen.render.names import Symbol

LEAST = 3  # instances that are worth a rule
_NAMED = 2  # of them, those whose names alone count the layers
_APART = (2, 3)  # layers of a group that is repeated
_FEW = 4  # numbers of equations that are written out

Spelling = Mapping[str, Symbol]


@dataclass(frozen=True)
class Candidate:
    """An equation, or the step to a gradient, by its number: `kind` is what it has in common with
    those that are like it, `tensors` are what it names, its own first.
    """

    number: int
    kind: Hashable
    tensors: tuple[str, ...]


Run = list[tuple[Candidate, int]]


@dataclass(frozen=True)
class Instance:
    """One of the equations of a rule: its layer, how its tensors are spelled there, and those that
    go by another name.
    """

    candidate: Candidate
    layer: int
    spelling: Spelling
    aliases: Spelling


@dataclass(frozen=True)
class Rule:
    """Equations that read alike but for their layer, in reading order."""

    instances: tuple[Instance, ...]

    @property
    def numbers(self) -> list[int]:
        return [i.candidate.number for i in self.instances]

    @property
    def layers(self) -> list[int]:
        return [i.layer for i in self.instances]

    def tag(self, dots: str) -> str:
        """1, 3, 5; of many that are as far apart, the first two and the last."""
        first, second, *_ = numbers = self.numbers
        if len(numbers) > _FEW and numbers == [*range(first, numbers[-1] + 1, second - first)]:
            return f"{first}, {second}, {dots}, {numbers[-1]}"
        return ", ".join(map(str, numbers))


@dataclass
class Rules:
    """The rules of a page; `reads` is how an instance reads where its tensors are spelled so, and
    `adjoint` names the gradient by a tensor.
    """

    symbols: Spelling
    adjoint: Mapping[str, str]
    letter: str
    minus: str
    reads: Callable[[Candidate, Spelling], Hashable]
    aliases: dict[str, Symbol] = field(default_factory=dict)

    def found(self, every: Iterable[Candidate]) -> list[Rule]:
        """The rules among equations in reading order."""
        kinds: dict[Hashable, list[Candidate]] = {}
        for one in every:
            kinds.setdefault(one.kind, []).append(one)
        runs = (run for like in kinds.values() if len(like) >= LEAST for run in self._runs(like))
        return [rule for run in runs for rule in self._of_all_or_of_some(run)]

    def _of_all_or_of_some(self, run: Run) -> Iterator[Rule]:
        """The rules of a run; of those that have none, of every other, or of every third."""
        found = [*self._rules(run)]
        yield from found
        ruled = {number for rule in found for number in rule.numbers}
        rest = [(one, layer) for one, layer in run if one.number not in ruled]
        for apart in _APART if len(rest) == len(run) else ():
            some = [part for k in range(apart) for part in _cut(rest[k::apart], None)]
            if found := [rule for part in some for rule in self._rules(part)]:
                yield from found
                return

    # which equations count the layers

    def _runs(self, like: Sequence[Candidate]) -> Iterator[Run]:
        """Equations whose own tensors count up or down by as much each time, and what stands before
        and after them and counts no layer.
        """
        families: dict[Symbol, list[Candidate]] = {}
        for one in like:
            symbol = self._own(one)
            if symbol.layer.isdigit():
                families.setdefault(replace(symbol, layer=""), []).append(one)
        for family in families.values():
            for run in _counting([(t, int(self._own(t).layer)) for t in family]):
                yield self._lengthened(run, like)

    def _own(self, one: Candidate) -> Symbol:
        return self.symbols[one.tensors[0]]

    def _lengthened(self, run: Run, like: Sequence[Candidate]) -> Run:
        (first, start), (last, end) = run[0], run[-1]
        step = run[1][1] - start if len(run) > 1 else -1
        before, after = like.index(first) - 1, like.index(last) + 1
        if before >= 0 and not self._own(like[before]).layer:
            run = [(like[before], start - step), *run]
        if after < len(like) and not self._own(like[after]).layer:
            run = [*run, (like[after], end + step)]
        return run

    # how they are spelled

    def _rules(self, run: Run) -> Iterator[Rule]:
        """Those of a run that read alike, one after another."""
        if len(run) < LEAST:
            return
        spelled = self._spelled(run)
        read = [None if i is None else self.reads(i.candidate, i.spelling) for i in spelled]
        start = 0
        for alike, together in groupby(read):
            size = len(list(together))
            instances = [i for i in spelled[start : start + size] if i is not None]
            start += size
            named = [i for i in instances if not i.aliases]
            if alike is not None and size >= LEAST and len(named) >= _NAMED:
                self.aliases |= {n: s for i in instances for n, s in i.aliases.items()}
                yield Rule(tuple(instances))

    def _spelled(self, run: Run) -> list[Instance | None]:
        """Each with its layer as a letter; nothing where names do not go with it."""
        layers = [layer for _, layer in run]
        spellings: list[dict[str, Symbol]] = [{} for _ in run]
        aliases: list[dict[str, Symbol]] = [{} for _ in run]
        regular, fits = [False] * len(run), [True] * len(run)
        for names in self._sequences([one for one, _ in run]):
            family, shift = self._family(names, layers)
            for k, (name, layer) in enumerate(zip(names, layers, strict=True)):
                if family is None or name not in self.symbols:
                    continue
                here = replace(family, layer=str(layer + shift))
                spellings[k][name] = replace(family, layer=self._shifted(shift))
                if self.symbols[name] == here:
                    regular[k] = True
                elif self._may_be_called(name, here, aliases[k], layer + shift):
                    aliases[k][name] = here
                else:
                    fits[k] = False
        return [
            Instance(one, layer, spellings[k], aliases[k]) if fits[k] and regular[k] else None
            for k, (one, layer) in enumerate(run)
        ]

    def _sequences(self, run: Sequence[Candidate]) -> Iterator[tuple[str, ...]]:
        """The tensors at each place of the instances, where they differ, and their deltas."""
        for names in zip(*(one.tensors for one in run), strict=True):
            if len(set(names)) == 1:
                continue
            yield names
            yield tuple(self.adjoint.get(n, "") for n in names)

    def _family(self, names: Sequence[str], layers: Sequence[int]) -> tuple[Symbol | None, int]:
        """The symbol that most have, and how far their layers are from those of the equations."""
        found = Counter(
            (replace(s, layer=""), int(s.layer) - layer)
            for s, layer in zip(map(self.symbols.get, names), layers, strict=True)
            if s is not None and s.layer.isdigit()
        )
        ((family, shift), count) = max(found.items(), key=lambda f: f[1], default=((None, 0), 0))
        return (family, shift) if count >= _NAMED else (None, 0)

    def _may_be_called(self, name: str, here: Symbol, beside: Spelling, number: int) -> bool:
        """Whether a tensor that counts no layer may have another name, which is no other's."""
        known = {**self.aliases, **beside}
        others: Collection[Symbol] = [s for n, s in known.items() if n != name]
        return (
            not self.symbols[name].layer
            and number >= 0
            and known.get(name, here) == here
            and here not in others
            and here not in self.symbols.values()
        )

    def _shifted(self, shift: int) -> str:
        """l, l+1, l-1."""
        sign = "+" if shift > 0 else self.minus
        return self.letter + (f"{sign}{abs(shift)}" if shift else "")


def _counting(run: Sequence[tuple[Candidate, int]]) -> Iterator[Run]:
    """Cut into runs that count up, or down, by one; what is left between them, by more."""
    for alone, parts in groupby(_cut(run, 1), lambda part: len(part) == 1):
        found = [*parts]
        yield from _cut([one for (one,) in found], None) if alone else found


def _cut(run: Sequence[tuple[Candidate, int]], by: int | None) -> Iterator[Run]:
    """Cut into runs that count by this, up or down, or by as much each time."""
    found: Run = []
    step = 0
    for candidate, layer in run:
        here = layer - found[-1][1] if found else 0
        if found and (here == 0 or by not in (None, abs(here)) or step not in (0, here)):
            yield found
            found, here = [], 0
        found.append((candidate, layer))
        step = here
    if found:
        yield found
