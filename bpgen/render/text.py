"""Mathematics as the terminal shows it, in Unicode and on one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bpgen.render import escape
from bpgen.render.dialect import Dialect
from bpgen.render.names import GREEK, Symbol

_SUPER = dict(zip("0123456789()+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺⁻⁻", strict=True))
_SUB = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
HELD = "\u00a0"  # a space at which no line is broken
_ABOVE = {
    **_SUPER,
    **dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)),
}
_SHORT = 20
_COMBINING = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}


def _raised(text: str, known: Mapping[str, str] = _SUPER) -> str:
    return "".join(known[c] for c in text) if set(text) <= set(known) else f"^({text})"


def _symbol(symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
    base = "ℓ" if symbol.stem == "ell" else GREEK.get(symbol.stem, symbol.stem)
    base += _COMBINING.get(symbol.accent, "")
    label = f"_{symbol.label}" if symbol.label else ""
    marked = symbol.marked
    layer = f"^{marked}" if marked.startswith("[") else _raised(marked, _ABOVE)
    run_on = symbol.low and symbol.layer and not symbol.above  # W_4 at 1, 1 is not W_411
    below = _below(subscripts, not label and not (run_on and "".join(subscripts).isdigit()))
    if symbol.low:
        shifted = len(symbol.layer.strip("0123456789")) > 1  # l+1, in brackets
        layer = _below((symbol.layer,) if shifted else tuple(symbol.layer))
        layer += "".join(_ABOVE.get(c, c) for c in f"({symbol.above})") if symbol.above else ""
    return base + label + layer + below + ("ᵀ" if transposed else "")


def _index(name: str) -> str:
    letter = name.rstrip("0123456789")
    return GREEK.get(letter, letter) + name[len(letter) :]


def _below(subscripts: tuple[str, ...], short: bool = True) -> str:
    """Letters where Unicode has them below the line, brackets elsewhere and after a label."""
    flat = "".join(subscripts)
    if short and all(len(s) == 1 for s in subscripts) and set(flat) <= set(_SUB):
        return "".join(_SUB[c] for c in flat)
    return f"[{','.join(subscripts)}]" if subscripts else ""


def _shape(sizes: tuple[str, ...]) -> str:
    if not sizes:
        return ""
    if all(s.isdigit() for s in sizes):
        return "ˣ".join(_raised(s) for s in sizes)
    return f"^({'×'.join(sizes)})" if sizes[1:] else f"^{sizes[0]}"


def _cases(rows: tuple[tuple[str, str], ...]) -> str:
    return "{" + "; ".join(f"{value} {when}" for value, when in rows) + "}"


def _inline(math: str) -> str:
    """Mathematics in a sentence: a short formula stays on one line."""
    return math.replace(" ", HELD) if len(math) <= _SHORT else math


TEXT = Dialect(
    name="text",
    symbol=_symbol,
    anchor=lambda _name, text: text,
    entry=lambda text, subscripts: text + _below(subscripts),
    index=_index,
    inline=_inline,
    escape=escape.plain,
    parens=lambda inner: f"({inner})",
    frac=lambda top, bottom: f"{top}/{bottom}",
    small_frac=lambda top, bottom: f"{top}/{bottom}",
    power=lambda base, exponent: base + _raised(exponent),
    scientific=lambda decimal, ten: f"{decimal} · {ten}",
    sqrt=lambda inner: f"√{inner}" if inner.isdigit() or inner == "π" else f"√({inner})",
    absolute=lambda inner: f"|{inner}|",
    norm=lambda inner, kind: f"‖{inner}‖²",
    partial=lambda of, wrt, mark: f"∂{mark}{of}/∂{wrt}",
    small_partial=lambda of, wrt, mark: f"∂{mark}{of}/∂{wrt}",
    upstream=lambda s, subscripts: _symbol(replace(s, accent="bar"), subscripts, False),
    sum=lambda over: f"Σ[{over}] ",
    small_sum=lambda over: f"Σ[{over}] ",
    under=lambda over, conditions: f"{over}: {', '.join(conditions)}" if conditions else over,
    max=lambda over: f"max[{over}] " if over else "max",
    indicator=lambda inner: f"𝟙[{inner}]",
    softmax=lambda inner: f"softmax({inner})",
    unit=lambda bold, label: f"{'𝐞' if bold else 'e'}[{label}]",
    by=lambda one, other, number: f"{one} = {other} by ({number})",
    reference=lambda number: f"({number})",
    direct=lambda wrt, mark, what: f"∂{mark}{what if what[0] == '(' else f' {what}'}/∂{wrt}",
    pi="π",
    d="∂",
    immediate="⁺",
    prose=lambda words: words,
    exp=lambda inner: f"exp({inner})",
    call=lambda head, inner: f"{head}({inner})",
    prime="'",
    transpose=lambda inner: f"{inner}ᵀ",
    cases=_cases,
    matrix=lambda rows: f"({'; '.join(', '.join(row) for row in rows)})",
    shape=lambda sizes: "∈ ℝ" + _shape(sizes),
    labels=lambda every, sizes: f"∈ {{{every}}}" + _shape(sizes),
    flat=True,
    minus="−",
    times=" · ",
    odot=" ⊙ ",
    relations={">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "=", "!=": "≠"},
    words={
        "log": "log",
        "otherwise": "otherwise",
        "if": "if ",
        "apart": " ",
        "dots": "…",
        "to": "…",  # between numbers of equations
        "gives": " gives ",
        "at": " at ",
        "becomes": "←",
        "times": " · ",
        "about": "≈",
        "with": " with ",
        "infinity": "∞",
        "for the first": " for the first ",
        "for the first time": " for the first time",
    },
)
