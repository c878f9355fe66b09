"""Which tensor a printed symbol is: z^{[1]} is z1, \\hat{y} is yhat, W_{\\mathrm{q}} is Wq."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile

from bpgen.check.page.formula import Node, Symbol, numeral
from bpgen.check.page.tokens import upright
from bpgen.check.page.tree import letter_of
from bpgen.ir import Network
from bpgen.once import once

# A printed name: stem, accent, layer above, and what stands below before any index.
Key = tuple[str, str, str, tuple[str, ...]]
Found = tuple[dict[Key, str], str, tuple[Node, ...]]  # the table, the tensor, the indices left
Formulas = dict[tuple[str, ...], Node]  # by their tokens
_WORDS = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _WORDS.split(), strict=True))
_VARIANTS = {"epsilon": "varepsilon", "phi": "varphi"}
_IN_BRACKETS = re.compile(r"\^\{\[\d+\]")
_SPELLINGS = (  # stem, accent, layer, label
    r"(?P<stem>[^\W\d_]+)(?P<layer>\d*)_?",
    r"(?P<stem>[^\W\d_]+?)_?(?P<accent>hat|bar|tilde)(?P<layer>\d*)",
    r"(?P<stem>[Wb])(?P<label>[qkvo])(?P<layer>\d*)",
    r"(?P<stem>[^\W\d_]+)(?P<layer>\d*)_(?P<label>\w*[^\W_])",
)


@dataclass(frozen=True)
class Names:
    """The tensors by their printed names; `gradients` those that are called something of their own,
    such as delta.
    """

    tensors: dict[Key, str]
    gradients: dict[Key, str] = field(default_factory=dict)
    given: dict[Key, str] = field(default_factory=dict)  # the upstream gradient of an output
    blocks: frozenset[str] = frozenset()  # the tensors of which each repeated block has its own
    lengths: dict[str, str] = field(default_factory=dict)  # by what they are called: n_0 is n0
    _read: list[Formulas] = field(default_factory=list)  # one, or none yet

    @staticmethod
    def of(network: Network, plain: bool = False, latex: str = "") -> Names:
        """`plain` says that layers stand below though there are no blocks. Where the page writes a
        tensor called pi in upright letters, the Greek one is the number.
        """
        upright_pi = r"\mathrm{pi" in latex
        blocks = {n for n, t in network.tensors.items() if t.block}
        parts = {name: _parts(name) for name in network.tensors}
        outputs = network.outputs if network.loss is None else ()
        upstream = {(s, "bar", *rest) for s, _, *rest in (parts[n] for n in outputs)}
        often = Counter((s, a, label) for s, a, _, label in parts.values())
        found: dict[Key, str] = {}
        for name, (stem, accent, layer, label) in parts.items():
            if name in blocks and often[stem, accent, label] == 1:
                layer = ""
            below = (upright(label),) if label else ()
            if blocks or plain:
                key = (stem, accent, "", (*below, *([layer] if layer else [])))
            else:
                key = (stem, accent, layer, below)
            word = _stem(name)
            if stem == "pi" and upright_pi:
                key = (word + "_" * (word == stem), "", "", ())
            elif key in found or parts[name] in upstream:
                key = (word, "", "", ())
            found.setdefault(key, name)
        given = {
            (stem, "bar", layer, below): name
            for (stem, _, layer, below), name in found.items()
            if name in outputs
        }
        if network.loss is None:
            found.setdefault(("ell", "", "", ()), "")
        sizes = {i.size for t in network.tensors.values() for i in t.indices}
        lengths = {_numbered(s): s for s in sizes if isinstance(s, str)}
        return Names(found, {}, given, frozenset(blocks), lengths)

    def length(self, symbol: Symbol) -> str | None:
        """The length known at run time that a symbol names."""
        return self.lengths.get(letter_of(symbol) or "")

    def find(self, symbol: Symbol) -> Found | None:
        """The table and the tensor that a symbol names, and the indices that are left below it."""
        return next(iter(self.all(symbol)), None)

    def is_tensor(self, symbol: Symbol) -> bool:
        return self.find(symbol) is not None

    def all(self, symbol: Symbol) -> list[Found]:
        """Every reading of a symbol, those first that take most below it for its name."""
        heads, found = () if symbol.apart else _heads(symbol), []
        for k in range(len(heads), -1, -1):
            key = (symbol.stem, symbol.accent, symbol.layer, heads[:k])
            for table in (self.gradients, self.tensors, self.given):
                of_block = table is not self.given and table.get(key) in self.blocks
                if key in table and of_block == (symbol.block is not None):
                    found.append((table, table[key], symbol.below[k:]))
        return found

    def call(self, symbol: Symbol, tensor: str) -> None:
        """From here on, the gradient of a tensor is called by a symbol."""
        self.gradients[_key(symbol)] = tensor
        self._read.clear()

    def call_also(self, symbol: Symbol, other: Symbol) -> str:
        """From here on, what one symbol is called by is another, too; why not, if it may not."""
        known, key = self.find(other), _key(symbol)
        if known is None or known[2]:
            return "of what is it another name?"
        if any(key in table for table in (self.gradients, self.tensors, self.given)):
            return "it is the name of something else"
        known[0][key] = known[1]
        self._read.clear()
        return ""

    @property
    def read(self) -> Formulas:
        """The formulas that were read while names meant the same, on whichever page."""
        if not self._read:
            tables = (self.tensors, self.gradients, self.given, self.lengths)
            self._read.append(_formulas(self.blocks, *(tuple(t.items()) for t in tables)))
        return self._read[0]


def stand_below(latex: str, network: Network) -> bool:
    """Whether layers stand below, as in z_1. A log-sum-exp that only softmaxes hold is on no page:
    it does not tell how layers are written, and s_1 is an entry of s.
    """
    layered = (n for n in network.tensors if _parts(n)[2])
    of_softmaxes = {
        e.name
        for e in network.equations
        if e.terms[0].reduce == "logsumexp" and network.tensors[e.name].nameless
    }
    seen = any(n not in of_softmaxes or rf":{n}}}" in latex for n in layered)  # by its label
    return seen and _IN_BRACKETS.search(latex) is None


@lru_cache(32)  # a page is read at several values, and with one line after another
def _formulas(*_: object) -> Formulas:
    return {}


@once
def _heads(symbol: Symbol) -> tuple[str, ...]:
    """What stands first below a symbol, as far as it is labels and numbers."""
    return tuple(takewhile(bool, map(_said, symbol.below)))


def _key(symbol: Symbol) -> Key:
    heads = tuple(filter(None, map(_said, symbol.below)))
    return symbol.stem, symbol.accent, symbol.layer, heads


def _numbered(name: str) -> str:
    """n_0 of n0."""
    stem, digits = re.fullmatch(r"(.*?)(\d*)", name).groups()  # type: ignore[union-attr]
    return f"{_VARIANTS.get(stem, stem)}_{digits}" if stem and digits else name


def _said(part: Node) -> str:
    """A label or number below a symbol, as text; of another formula nothing."""
    if said := numeral(part):
        return said
    if isinstance(part, Symbol) and (part.stem.startswith("upright ") or len(part.stem) > 1):
        return part.stem
    return ""


def _parts(name: str) -> tuple[str, str, str, str]:
    spelled = "".join(GREEK.get(c, c) for c in name) if name[:1] in GREEK else name
    for pattern in _SPELLINGS:
        found = re.fullmatch(pattern, spelled)
        if found and (_is_letter(found["stem"])):
            groups = found.groupdict(default="")
            stem = _VARIANTS.get(found["stem"], found["stem"])
            return stem, groups.get("accent", ""), groups["layer"], groups.get("label", "")
    word = re.fullmatch(_SPELLINGS[0], spelled)
    if word and not spelled.endswith("_"):
        return _stem(word["stem"]), "", word["layer"], ""
    return _stem(name), "", "", ""


def _stem(name: str) -> str:
    return upright(name) if len(name) > 1 and not _is_letter(name) else _VARIANTS.get(name, name)


def _is_letter(stem: str) -> bool:
    return len(stem) == 1 or stem in GREEK.values() or stem == "ell"
