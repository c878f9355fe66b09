r"""A claim of several layers, z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]} for l = 1, ..., 4: what it says
at each of them. Without a range, it is of every layer that has all that it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bpgen.check.claims.names import Names, place
from bpgen.check.claims.report import Answer
from bpgen.check.page.layers import instances
from bpgen.check.page.statement import Statement, top_level
from bpgen.check.page.tokens import tokens
from bpgen.errors import NetError

_APART = re.compile(r"\\(?:tag|label)\{[^}]*\}|\\nonumber|\\\\\s*$|\$")  # no part of what is said
_DOTS = ([r"\dots"], [r"\ldots"], [r"\cdots"], [".", ".", "."])
_BETWEEN = {",", "(", ";", r"\quad", r"\qquad", r"\ ", r"\forall"}  # a claim and its range
_OVER = {"=": ("", ""), r"\in": (r"\{", r"\}")}  # what a range stands in
_ABOVE = (["^", "{", "["], ["^", "{", "("])
_TOLD = re.compile(r"^In the rules for \$\S+\$, (.*)\.$", re.M)
_IS = re.compile(r"\$([^$]*)\$ is \$([^$]*)\$")
_VALUES = ("a", "h")  # what layers are said to compute, from the input as the first
FORM = r"say of which: z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]} \quad \text{for } l = 1, \dots, 4"
_LAST = "L"  # the number of layers, where it counts them
_MOST, _FEW = 1000, 4  # layers, and those that are written out


@dataclass(frozen=True)
class Rule:
    """A claim in tokens, with a letter for the layer; `given`: the claim says which there are."""

    text: str
    tokens: tuple[str, ...]
    letter: str
    layers: tuple[int, ...]
    given: bool

    def each(self) -> Iterator[tuple[int, str]]:
        """The layers, and the claim at each."""
        for layer in self.layers:
            over = [self.letter, "=", f"{layer}", ",", r"\dots", ",", f"{layer}"]
            (found,) = instances([Statement("main", [*self.tokens], self.text, ranges=over)])
            yield layer, _latex(found.tokens)


def rule(claim: str, names: Names) -> Rule | None:
    """A claim that is of several layers; None of any other."""
    if any(t.block for t in names.network.tensors.values()):  # whose numbers stand so
        return None
    last = _deepest(names)
    found = _counted(tokens(_APART.sub(" ", claim)), last)
    letters = {t for t in found if len(t) == 1 and t.isalpha() and names.find(t) is None}
    for k, token in enumerate(found):
        over = _layers(found[k + 1 :], last, claim) if token in letters else []
        if over and _is_apart(found[k - 1]):
            return Rule(claim, _before(found[:k]), token, tuple(over), True)
    match [*{*_above(found)} & letters]:
        case [letter]:
            return Rule(claim, tuple(found), letter, tuple(range(last + 1)), False)
    return None


def in_numbers(claim: str, names: Names) -> str:
    """A claim with a number for L, where that counts the layers."""
    return _latex(_counted(tokens(_APART.sub(" ", claim)), _deepest(names)))


def refuse_other(of: Rule, told: str) -> None:
    """NetError for a rule whose letter is no layer's, as the page would write what it says."""
    above = _above(of.tokens)
    below = "^{[" in told and not any(t.isdigit() for t in above)
    if of.letter not in above and not below:
        fact = f"{of.letter} = {of.layers[0]}, ..., {of.layers[-1]} counts no layers"
        raise NetError(fact, "claim it without saying how far an index runs", place(of.text))


def _above(found: Sequence[str]) -> list[str]:
    """What stands first in brackets above a symbol."""
    return [found[k + 3] for k in range(len(found) - 3) if [*found[k : k + 3]] in _ABOVE]


def _deepest(names: Names) -> int:
    """The number of the last layer."""
    counted = (re.fullmatch(r"[^\W\d_]+(\d+)", name) for name in names.network.tensors)
    return max((int(m[1]) for m in counted if m is not None), default=0)


def _counted(found: list[str], last: int) -> list[str]:
    """L where layers stand is the last of them: W^{[L]}, a^{[L-1]}."""
    made: list[str] = []
    for token in found:
        ends = next((k for k in (1, 3) if made[-k - 3 : len(made) - k] in _ABOVE), 0)
        number = _number(made[-ends:], last) if ends and token in ("]", ")") else None
        made = [*made, token] if number is None else [*made[:-ends], f"{number}", token]
    return made


def _before(found: list[str]) -> tuple[str, ...]:
    """A claim without what sets its range apart."""
    while found and _is_apart(found[-1]):
        found = found[:-1]
    return tuple(found)


def _is_apart(token: str) -> bool:
    return token in _BETWEEN or token.startswith(r"\text{")


def _layers(after: Sequence[str], last: int, claim: str) -> list[int]:
    r"""The layers of `= 4, \dots, 1` or `\in \{1, \dots, 4\}`; none of what is nothing such."""
    if not after or after[0] not in _OVER:
        return []
    opens, closes = _OVER[after[0]]
    inner = [*after[1:]]
    while inner and inner[-1] in (")", ".", ",", ";"):
        inner = inner[:-1]
    if opens and (inner[:1] != [opens] or inner[-1:] != [closes]):
        return []
    parts = top_level(inner[1:-1] if opens else inner, ",")
    ends = [None if p in _DOTS else _number(p, last) for p in parts]
    match ends:
        case [int(first), None, int(end)]:
            step = 1 if end >= first else -1
        case [int(first), int(second), None, int(end)] if second != first:
            step = second - first
        case _ if len(ends) > 1 and None not in ends:
            return [e for e in ends if e is not None]
        case _:
            return []
    found = range(first, end + (1 if step > 0 else -1), step)
    if not found or found[-1] != end or len(found) > _MOST:
        fact = f"{first}, ..., {end} counts no layers"
        raise NetError(fact, "write it as l = 1, ..., 4 or l = 4, ..., 1", place(claim))
    return [*found]


def _number(part: Sequence[str], last: int) -> int | None:
    """4, L or L-1."""
    match [*part]:
        case [digits] if digits.isdigit():
            return int(digits)
        case [letter] if letter == _LAST:
            return last
        case [letter, "-" | "+" as sign, by] if letter == _LAST and by.isdigit():
            return last + int(sign + by)
    return None


def _latex(found: Sequence[str]) -> str:
    """Tokens as text that has the same tokens."""
    text = ""
    for token in found:
        runs_on = re.search(r"\\[a-zA-Z]+$", text) if token[0].isalpha() else text[-1:].isdigit()
        text += f" {token}" if runs_on and (token[0].isalnum()) else token
    return text


# what counts the layers by another name


def other_names(page: str, names: Names, shown: Callable[[str], str]) -> dict[str, str]:
    """What a page says of its rules: a^{[0]} is x. Where it has none, a^{[0]} is the input."""
    told = _TOLD.search(page)
    found = dict(_IS.findall(told[1])) if told is not None else {}
    tensors = names.network.tensors
    inputs = [name for name, info in tensors.items() if info.role == "input"]
    firsts = [f"{c}^{{[0]}}" for c in _VALUES if f"{c}1" in tensors and f"{c}0" not in tensors]
    if len(inputs) == 1:
        found |= {first: shown(inputs[0]) for first in firsts if first not in found}
    return found


def sentence(also: Mapping[str, str]) -> str:
    """The same, as a page says it."""
    known = ", ".join(f"${said}$ is ${other}$" for said, other in also.items())
    return f"In the rules for $l$, {known}." if also else ""


# what is answered


def together(of: Rule, answers: Mapping[int, Answer]) -> Answer:
    """The answer to a rule: that at its first layer where it is wrong, and where it is right."""
    right = [layer for layer, a in answers.items() if a.right]
    wrong = [layer for layer in answers if layer not in right]
    if not wrong:
        weakest = min(answers.values(), key=lambda a: (a.verdict.exact, -a.verdict.points))
        how = dict.fromkeys(a.verdict.reading.words for a in answers.values())
        words = f"{' or '.join(how)}, at {_at(of.letter, right)}"
        return replace(weakest.read(words), text=of.text)
    first = answers[wrong[0]]
    if len(wrong) > 1:
        first = first.where(f", at {_at(of.letter, wrong[:1])}")
    holds = f"equal at {_at(of.letter, right)}" if right else ""
    return replace(first, text=of.text, at=f" at {_at(of.letter, wrong)}", holds=holds)


def _at(letter: str, layers: Sequence[int]) -> str:
    """l = 1, 3; of many that follow one another, the first and the last."""
    first, last = layers[0], layers[-1]
    if len(layers) > _FEW and abs(last - first) == len(layers) - 1:
        return f"{letter} = {first}, ..., {last}"
    return f"{letter} = {', '.join(map(str, layers))}"
