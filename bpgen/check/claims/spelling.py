r"""A claim in the spellings of the page: what it has for \nabla, W_2^T and delta1 x^T."""

from __future__ import annotations

import re
from functools import partial

from bpgen.check.claims.functions import known
from bpgen.check.claims.names import Names
from bpgen.check.page import formula as f
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Names as Printed
from bpgen.check.page.tokens import Unreadable, tokens

_BRACED = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_ONE = r"(?:\\(?:hat|bar|tilde|mathrm)\{[^{}]*\}|\\[a-zA-Z]+|[^\W\d_])"
_SCALAR = r"(\\ell|\\mathcal\{L\}|[A-Z])(?![a-zA-Z])"
_WHOLE = rf"{_ONE}(?:[_^](?:\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|\\top|\w))*"
# What people write instead of what the page does.
_SPELLINGS = (
    (r"δ(?![a-zA-Z])", r"\\delta"),
    (rf"(?<![\w}}^_])\{{({_WHOLE})\}}(?=\s*\^)", r"\1"),
    (r"\\dfrac(?![a-z])", r"\\frac"),
    (
        rf"\\frac\{{(?:d|\\mathrm\{{d\}})\s*{_SCALAR}\}}\{{(?:d|\\mathrm\{{d\}})\s*({_WHOLE})\}}",
        r"\\frac{\\partial \1}{\\partial \2}",
    ),
    (r"\^(\{?(?:\[\d+\]|\(\d+\))?)\s*\\(?:mathsf|mathrm)\{T\}", r"^\1T"),
    (rf"\\nabla_{_BRACED}\s*{_SCALAR}", r"\\frac{\\partial \2}{\\partial \1}"),
    (rf"\\nabla_({_ONE})\s*{_SCALAR}", r"\\frac{\\partial \2}{\\partial \1}"),
    (
        rf"\\partial\s*({_WHOLE})\s*/\s*\\partial\s*({_WHOLE})",
        r"\\frac{\\partial \1}{\\partial \2}",
    ),
    (r"\^\{(\[\d+\])?\s*(?:T|\\top|\\intercal)\s*\}", r"^{\1\\top}"),
    (r"\^(?:T|\\top|\\intercal)(?![a-zA-Z])", r"^{\\top}"),
    (r"\\sum_\{n\s*=\s*1\}\s*\^(?:N|\{\s*N\s*\})", r"\\sum_{n}"),
    (r"\\sum_([a-z])", r"\\sum_{\1}"),
    (r"\^([0-9a-z])", r"^{\1}"),
    (r"\\circ(?![a-z])", r"\\odot "),
    (r"\\(?:mathbf|boldsymbol|bm|vec)\{([A-Za-df-z]|\\[a-z]+)\}", r"\1"),
    (r"\\mathcal\{L\}", "L"),
    (r"\\(?:tag|label)\{[^}]*\}", " "),
    (r"\\quad\s*(?:[^\s=]+\s*)?\\in\s*\\mathbb\{R\}(?:\^\{[^}]*\})?", " "),
    (r"\\overset\{\([^}]*\)\}\{=\}", "="),
    (r"\\(le|ge|ne)q(?![a-z])", r"\\\1 "),
    (r"\\\\\s*$|^\s*\$+|\$+\s*$", " "),
)
_CASES = re.compile(r"(\\begin\{cases\}.*?\\end\{cases\})", re.DOTALL)
_ELSE = re.compile(r"\\(?:text|mathrm)\{\s*(?:otherwise|else)[.,]?\s*\}")
_WHEN = re.compile(
    r"[,;]?\s*&\s*(?:\\text\{\s*(?:if|for|when|where)\s*\})?(?!\s*\\text\{otherwise\})"
)
# A power of a function, and what it is applied to: in brackets, or one symbol.
_RAISED = re.compile(
    r"\\(?P<of>tanh|sinh|cosh|sin|cos|tan|exp|log|ln|sigma)\s*\^\s*\{?(?P<power>\d+)\}?\s*"
)
_KRONECKER = re.compile(r"\\delta_\{\s*([a-z])\s*,?\s*([a-z])\s*\}")
# The same of a layer, where no block is repeated, whose number stands so.
_LAYERS = (
    (r"\^\{\((\d+)\)\}", r"^{[\1]}"),
    (r"\^\{\((\d+)\)\s*(?:T|\\top|\\intercal)\s*\}", r"^{[\1]\\top}"),
)
# A symbol, what stands above it but a layer, and a number below it with its indices.
_BELOW = re.compile(
    rf"(?P<of>{_ONE})(?P<up>\^\{{(?![\[(])[^{{}}]*\}})?"
    r"_(?:(?P<one>\d+)|\{(?P<layer>\d+)(?:\s*,(?P<rest>[^{}]*))?\})"
)


def readings(claim: str, names: Names, printed: Printed) -> list[tuple[str, str]]:
    """A claim in LaTeX as the page writes it, and in which reading, where there are several: z_1 is
    z1 as with `--layers plain`, or an entry of z. Beside layers above, it is an entry.
    """
    text, blocks = _in_page(claim, names, printed), bool(printed.blocks)
    for pattern, instead in _SPELLINGS if blocks else (*_LAYERS, *_SPELLINGS):
        text = re.sub(pattern, instead, text)
    if blocks:
        return [(text, "")]
    layer, entry = (re.sub(_BELOW, partial(_above, printed, e), text) for e in (False, True))
    if layer == entry or re.search(r"\^\{\[\d+\]", text) is not None:
        return [(entry, "")]
    return [(layer, ", where a number below is a layer"), (entry, ", where it is an index")]


def _in_page(claim: str, names: Names, printed: Printed) -> str:
    """Cases, powers of functions and Kronecker's delta, as the page has them."""
    parts = enumerate(_CASES.split(claim))
    text = "".join(_cases(p) if k % 2 else p.replace("&", " ") for k, p in parts)
    deltas = [t for key, t in printed.gradients.items() if key[0] == "delta" and not key[2]]
    matrices = (len(names.network.tensors[t].sample_shape) == 2 for t in deltas)
    if not any(matrices) and ("delta", "", "", ()) not in printed.tensors:
        text = _KRONECKER.sub(r"\\mathbf{1}[\1 = \2]", text)
    return _powers(text)


def _cases(text: str) -> str:
    text = re.sub(r"[,;.]\s*&", "&", _ELSE.sub(lambda _: r"\text{otherwise}", text))
    return _WHEN.sub(lambda _: r"& \text{if } ", text)


def _powers(text: str) -> str:
    r"""\tanh^2(z) as \tanh(z)^{2}."""
    while found := _RAISED.search(text):
        rest = text[found.end() :]
        argument = _argument(rest)
        if not argument:
            return text
        inner = argument if argument.startswith(("(", r"\left")) else f"({argument.strip()})"
        raised = rf"\{found['of']}{inner}^{{{found['power']}}}"
        text = text[: found.start()] + raised + rest[len(argument) :]
    return text


def _argument(text: str) -> str:
    """What a function is applied to: all of a bracket, or a symbol."""
    if not text.startswith(("(", r"\left(")):
        found = re.match(_WHOLE, text)
        return found[0] if found else ""
    depth = 0
    for k, c in enumerate(text):
        depth += {"(": 1, ")": -1}.get(c, 0)
        if c == ")" and depth == 0:
            return text[: k + 1]
    return ""


def _above(printed: Printed, entries: bool, found: re.Match[str]) -> str:
    """A layer below a symbol, as one above it. `entries`: what may be an index is one."""
    layer = found["one"] or found["layer"]
    try:
        symbol = Parser(tokens(found["of"]), lambda _: False).symbol()
    except Unreadable:
        return found[0]
    lacks = printed.find(f.Symbol(symbol.stem, symbol.accent, layer)) is None
    if lacks or (entries and printed.find(symbol) is not None):
        return found[0]
    rest = f"_{{{found['rest'].strip()}}}" if found["rest"] else ""
    return f"{found['of']}^{{[{layer}]}}{rest}{found['up'] or ''} "


_WORD = re.compile(r"\b[^\W\d]\w*")
_BESIDE = re.compile(r"(\w+|[)\]])(?:[ \t]+|(?<=\)))(?=([^\W\d]\w*)|\()")


def is_words(claim: str, names: Names) -> bool:
    """Whether a claim is in the names of net.py, but products, powers and transposes, or layers,
    stand as on paper.
    """
    if re.search(r"[\\{}]", claim):
        return False
    claim = claim.replace("δ", "delta")
    written = _in_python(claim, names)
    if written == claim:
        beside = re.findall(_BESIDE, claim)
        return any(names.find(one) and other and names.find(other) for one, other in beside)
    return not any(w[1:2] == "_" and not _is_known(w, names) for w in _WORD.findall(written))


def words(claim: str, names: Names) -> str:
    """Such a claim in numpy's words: delta1 x^T is delta1 @ x.T."""

    def beside(found: re.Match[str]) -> str:
        called = known(found[1]) and names.find(found[1]) is None
        times = "*" if found[1].isdigit() else "@"
        return found[0] if called else f"{found[1]} {times} "

    sides = _in_python(claim.replace("δ", "delta"), names).split("=")
    return "=".join(re.sub(_BESIDE, beside, s.strip(" ")) for s in sides)


def _in_python(claim: str, names: Names) -> str:
    """x^T as x.T, a power as one of Python's, and W_1 as W1, where it is nothing else."""

    def joined(found: re.Match[str]) -> str:
        whole = found[1] + found[2]
        alone = names.find(found[0]) is None and names.find(found[1]) is None
        return whole if alone and names.find(whole) else found[0]

    claim = re.sub(r"\s*\^\s*T\b", ".T", claim).replace("^", "**")
    return re.sub(r"(?<![a-zA-Z0-9])([^\W\d_]+)_(\d+)\b", joined, claim)


def _is_known(word: str, names: Names) -> bool:
    return names.find(word) is not None or known(word)
