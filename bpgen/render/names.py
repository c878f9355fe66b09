"""How a name of net.py is read: z1 is z of layer 1, yhat a y with a hat, W_hh a W labelled hh."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

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
    labelled = re.fullmatch(r"([^\W\d_]+)(\d*)_(\w*[^\W_])", spelled)
    if labelled and _is_letter(labelled[1]):
        return Symbol(labelled[1], "", labelled[2], labelled[3])
    if found and not spelled.endswith("_"):
        return Symbol(found[1], "", found[2])
    return Symbol(name)


def symbols(names: Iterable[str]) -> dict[str, Symbol]:
    """One symbol for each name; a name whose symbol is taken is printed as it is spelled."""
    taken: dict[Symbol, str] = {}
    found: dict[str, Symbol] = {}
    for name in names:
        symbol = parse(name)
        if taken.setdefault(symbol, name) != name:
            symbol = Symbol(name)
            taken[symbol] = name
        found[name] = symbol
    return found
