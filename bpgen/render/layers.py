"""The rules of a page for what is equal in every layer."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from bpgen.ir import Equation
from bpgen.record import Forward, Step
from bpgen.render import indices
from bpgen.render.meanings import meaning, why_sum
from bpgen.render.page import Row
from bpgen.render.rule_rows import LETTER
from bpgen.render.rules import LEAST, Candidate, Rule, Rules, Spelling
from bpgen.render.short import Short


def rules(page: Short) -> dict[int | str, Rule]:
    """The rule of each equation that has one, by its number. There are rules where the error goes
    through several equal layers; of fewer, each equation by itself is easier to read.
    """
    for letter in indices.spare("l", page.base.letters, indices.named(page.derivation)):
        trial = _trial(page)
        found = _found(trial, letter)
        if not any(_is_of_layers(rule, page) for rule in found):
            break
        if letter not in trial.base.given_letters.values():  # it is that of no index there
            page.base.given_letters[LETTER] = letter
            return {number: rule for rule in found for number in rule.numbers}
    return {}


def _trial(page: Short) -> Short:
    """The page where what is printed leaves no trace."""
    base = replace(page.base, notes=set(), given_letters={})
    return replace(page, base=base, numerals=None, known={}, known_slopes=set(), rules={})


def _found(page: Short, letter: str) -> list[Rule]:
    forward = {f.number: f for f in page.derivation.printed if _is_plain(f.equation, page)}
    parts = {p.tag: p for p in page.parts if not p.letter and _is_plain(p.step.equation, page)}

    def read(rows: Iterable[Row], *words: str) -> Hashable:
        """How it reads; nothing where it holds at some of its indices alone."""
        plain = tuple(replace(r, tag=None, of=None) for r in rows)
        return None if any(r.where or r.first for r in plain) else (plain, words)

    def of_forward(one: Candidate, spelling: Spelling) -> Hashable:
        return read(page.spelled(spelling).forward_rows(forward[one.number]))

    def of_part(one: Candidate, spelling: Spelling) -> Hashable:
        part, spelled = parts[one.number], replace(page.spelled(spelling), known_slopes=set())
        words = meaning(part, spelled), why_sum(part, spelled)
        return read([*spelled.as_it_reads(part), *spelled.chained(part)], *words)

    symbols, letters = page.base.symbols, (letter, page.base.dialect.minus)
    first = Rules(symbols, {}, *letters, of_forward)
    then = Rules(symbols, page.derivation.adjoint, *letters, of_part, first.aliases)
    steps = (p.step for p in parts.values())
    return [
        *first.found(_candidate(f, f.equation, page) for f in forward.values()),
        *then.found(_candidate(s, s, page) for s in steps),
    ]


def _is_plain(equation: Equation, page: Short) -> bool:
    """Whether it is of no recurrence, and reads nothing of a repeated block."""
    names = (equation.name, *(e.name for e in equation.reads()))
    return equation.loop is None and not any(n in page.base.blocks for n in names)


def _candidate(of: Forward | Step, what: Equation | Step, page: Short) -> Candidate:
    like = page.likeness
    kind = like.of(what) if isinstance(what, Step) else like.of_equation(what)
    return Candidate(of.number, kind, tuple(name for name, _ in like.places_of(what)))


def _is_of_layers(rule: Rule, page: Short) -> bool:
    """Whether it is of the gradients by several computed values."""
    tensors, steps = (
        page.derivation.network.tensors,
        {s.number for s in page.derivation.printed_steps},
    )
    computed = [i for i in rule.instances if tensors[i.candidate.tensors[0]].role == "value"]
    return rule.numbers[0] in steps and len(computed) >= LEAST
