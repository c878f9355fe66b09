"""How a name of net.py is read: z1 is z of layer 1, yhat a y with a hat, W_hh a W labelled hh."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

GREEK = dict(
    zip(
        [
            *(
                "alpha",
                "beta",
                "gamma",
                "delta",
                "epsilon",
                "zeta",
                "eta",
                "theta",
                "iota",
                "kappa",
                "lambda",
                "mu",
            ),
            *("nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
            *(
                "Gamma",
                "Delta",
                "Theta",
                "Lambda",
                "Xi",
                "Pi",
                "Sigma",
                "Upsilon",
                "Phi",
                "Psi",
                "Omega",
            ),
        ],
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        strict=True,
    )
)
_LETTERS = {letter: name for name, letter in GREEK.items()}
# How layers are written, and what marks them: z^[1], z^(1), z_1.
LAYERS = {"brackets": "[]", "parentheses": "()", "plain": ""}
_ACCENTS = ("hat", "bar", "tilde")


@dataclass(frozen=True)
class Symbol:
    """A name in parts. `stem` is one letter, the word of a Greek letter, `ell`, or a word set
    upright.
    """

    stem: str
    accent: str = ""
    layer: str = ""
    label: str = ""
    above: str = ""  # which of several equal blocks, already as it is printed
    low: bool = False  # the layer stands below: plain, or since a block's number stands above
    marks: str = field(default="[]", compare=False)  # what the layer stands in, above

    def at(self, above: str) -> Symbol:
        """The same name, of one of several equal blocks."""
        return self if above == self.above else replace(self, above=above)

    @property
    def marked(self) -> str:
        """[1], or (1)."""
        opens, closes = self.marks[:1], self.marks[1:]
        return f"{opens}{self.layer}{closes}" if self.layer else ""

    @property
    def word(self) -> bool:
        return len(self.stem) > 1 and not _is_letter(self.stem)


def _is_letter(stem: str) -> bool:
    return len(stem) == 1 or stem in GREEK or stem == "ell"


def parse(name: str) -> Symbol:
    """The parts of an identifier; what fits no pattern is one upright word."""
    spelled = (
        "".join(_LETTERS.get(c, c) for c in name) if len(name) == 1 or name[0] in _LETTERS else name
    )
    found = re.fullmatch(r"([^\W\d_]+)(\d*)_?", spelled)
    if found and _is_letter(found[1]):
        return Symbol(found[1], "", found[2])
    for accent in _ACCENTS:
        marked = re.fullmatch(rf"([^\W\d_]+?)_?{accent}(\d*)", spelled)
        if marked and _is_letter(marked[1]):
            return Symbol(marked[1], accent, marked[2])
    projection = re.fullmatch(r"([Wb])([qkvo])(\d*)", spelled)  # of an attention
    if projection:
        return Symbol(projection[1], "", projection[3], projection[2])
    labelled = re.fullmatch(r"([^\W\d_]+)(\d*)_(\w*[^\W_])", spelled)
    if labelled and _is_letter(labelled[1]):
        return Symbol(labelled[1], "", labelled[2], labelled[3])
    if found and not spelled.endswith("_"):
        return Symbol(found[1], "", found[2])
    return Symbol(name)


def symbols(
    names: Iterable[str],
    repeated: Container[str] = (),
    layers: str = "brackets",
    outputs: Iterable[str] = (),
    numbers: Container[str] = (),
) -> dict[str, Symbol]:
    """One symbol for each name; a name whose symbol is taken is printed as it is spelled, and so is
    one that is an output's with a bar: the upstream gradient of the output. `numbers` are letters
    that stand for a number on the page, and so for no tensor.

    In a repeated block, what is the only one of its letter goes without the number of its layer.
    """
    low, marks = bool(repeated) or not LAYERS[layers], LAYERS[layers]
    taken: dict[Symbol, str] = {}
    found: dict[str, Symbol] = {}
    parsed = {name: parse(name) for name in names}
    upstream = {replace(parse(name), accent="bar") for name in outputs}
    often = Counter(replace(s, layer="") for s in parsed.values())
    for name, symbol in parsed.items():
        alone, is_upstream = replace(symbol, layer=""), symbol in upstream
        if name in repeated and often[alone] == 1:
            symbol = alone
        symbol = replace(symbol, low=low, marks=marks)
        if is_upstream or symbol.stem in numbers or taken.setdefault(symbol, name) != name:
            symbol = Symbol(name + "_" * (name in numbers), low=low, marks=marks)
            taken[symbol] = name
        found[name] = symbol
    return found
