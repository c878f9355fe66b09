"""What LaTeX and the terminal write differently: one table each, whatever the expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bpgen.render import escape
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


@dataclass(frozen=True)
class Dialect:
    """How one kind of document writes mathematics. Arguments are text already written in it.

    `flat` says that a fraction or partial derivative is written on one line, and so needs
    parentheses in a product.
    """

    name: str
    symbol: Callable[[Symbol, tuple[str, ...], bool], str]  # parts, subscripts, transposed
    anchor: Callable[[str, str], str]  # what a page points at: a tensor's name, and its text
    entry: Callable[[str, tuple[str, ...]], str]  # what is written, with subscripts
    index: Callable[[str], str]
    inline: Callable[[str], str]  # mathematics in a sentence
    escape: Callable[[str], str]
    parens: Callable[[str], str]
    frac: Callable[[str, str], str]
    small_frac: Callable[[str, str], str]
    power: Callable[[str, str], str]
    scientific: Callable[[str, str], str]  # a decimal and a power of ten
    sqrt: Callable[[str], str]
    absolute: Callable[[str], str]
    norm: Callable[[str, str], str]
    partial: Callable[[str, str, str], str]  # of, by, and the mark of an immediate derivative
    small_partial: Callable[[str, str, str], str]  # the same, as high as a line
    upstream: Callable[[Symbol, tuple[str, ...]], str]  # the gradient that backward is given
    sum: Callable[[str], str]
    small_sum: Callable[[str], str]  # the same, as high as a line
    under: Callable[[str, tuple[str, ...]], str]  # indices, and conditions on them
    max: Callable[[str], str]
    indicator: Callable[[str], str]
    softmax: Callable[[str], str]
    unit: Callable[[str, str], str]  # e_y, plain or bold
    by: Callable[[str, str, int], str]  # one equals the other, by the equation of this number
    reference: Callable[[int | str], str]  # to the equation of a number
    direct: Callable[[str, str, str], str]  # by, mark, and the expression written out
    pi: str
    d: str
    immediate: str  # the mark of a derivative by the formula's own mention
    prose: Callable[[str], str]  # words among mathematics
    exp: Callable[[str], str]
    call: Callable[[str, str], str]
    prime: str
    transpose: Callable[[str], str]  # of something in parentheses
    cases: Callable[[tuple[tuple[str, str], ...]], str]
    matrix: Callable[[tuple[tuple[str, ...], ...]], str]  # of numbers, row by row
    shape: Callable[[tuple[str, ...]], str]
    labels: Callable[[str, str, tuple[str, ...]], str]  # from, to, and the shape of the tensor
    flat: bool
    minus: str
    times: str
    odot: str
    relations: dict[str, str]
    words: dict[str, str]


_TALL = (r"\frac", r"\sum", r"\begin")  # needs parentheses that grow


def _latex_letter(stem: str) -> str:
    if stem in GREEK or stem == "ell":
        return f"\\{stem}" if stem not in ("epsilon", "phi") else f"\\var{stem}"
    return escape.latex(stem) if len(stem) == 1 else rf"\mathrm{{{escape.latex(stem)}}}"


def _latex_symbol(symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
    base = _latex_letter(symbol.stem)
    if symbol.accent:
        base = rf"\{symbol.accent}{{{base}}}"
    if symbol.low:
        return _latex_of_block(base, symbol, subscripts, transposed)
    above = _marked(symbol) + (r"\top" if transposed else "")
    label = (rf"\mathrm{{{escape.latex(symbol.label)}}}",) if symbol.label else ()
    return _latex_entry(base + (f"^{{{above}}}" if above else ""), (*label, *subscripts))


def _marked(symbol: Symbol) -> str:
    """[1], or (1)."""
    opens, closes = symbol.marks[:1], symbol.marks[1:]
    return f"{opens}{symbol.layer}{closes}" if symbol.layer else ""


def _latex_of_block(
    base: str, symbol: Symbol, subscripts: tuple[str, ...], transposed: bool
) -> str:
    """W_{q,ij}^{(l)}: the block above, if any; the label and the layer before the indices."""
    label = rf"\mathrm{{{escape.latex(symbol.label)}}}" if symbol.label else ""
    below = ",".join(part for part in (label, symbol.layer, _joined(subscripts)) if part)
    above = (f"({symbol.above})" if symbol.above else "") + (r"\top" if transposed else "")
    return base + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _latex_entry(text: str, subscripts: tuple[str, ...]) -> str:
    return f"{text}_{{{_joined(subscripts)}}}" if subscripts else text


def _joined(subscripts: tuple[str, ...]) -> str:
    """ij, but (10, 2) and (n, y_n) with commas."""
    return ("" if all(len(s) == 1 for s in subscripts) else ",").join(subscripts)


def _latex_index(name: str) -> str:
    letter, digits = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    base = _latex_letter(letter) if letter else ""
    return f"{base}_{{{digits}}}" if letter and digits else base or digits


def _latex_parens(inner: str) -> str:
    return rf"\left({inner}\right)" if any(t in inner for t in _TALL) else f"({inner})"


def _latex_cases(rows: tuple[tuple[str, str], ...]) -> str:
    return (
        r"\begin{cases}"
        + r" \\ ".join(rf"{value} & {when}" for value, when in rows)
        + r"\end{cases}"
    )


def _latex_matrix(rows: tuple[tuple[str, ...], ...]) -> str:
    inner = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\left(\begin{{smallmatrix}}{inner}\end{{smallmatrix}}\right)"


def _latex_partial(of: str, wrt: str, mark: str) -> str:
    return rf"\frac{{\partial{mark} {of}}}{{\partial {wrt}}}"


def _latex_sizes(sizes: tuple[str, ...]) -> str:
    return "^{" + r" \times ".join(sizes) + "}" if sizes else ""


def _latex_under(over: str, conditions: tuple[str, ...]) -> str:
    lines = r" \\ ".join((over, *conditions))
    return rf"\substack{{{lines}}}" if conditions else over


LATEX = Dialect(
    name="latex",
    symbol=_latex_symbol,
    anchor=lambda _name, text: text,
    entry=_latex_entry,
    index=_latex_index,
    inline=lambda math: f"${math}$",
    escape=escape.latex,
    parens=_latex_parens,
    frac=lambda top, bottom: rf"\frac{{{top}}}{{{bottom}}}",
    small_frac=lambda top, bottom: rf"\tfrac{{{top}}}{{{bottom}}}",
    power=lambda base, exponent: f"{base}^{{{exponent}}}",
    scientific=lambda decimal, ten: rf"{decimal} \cdot {ten}",
    sqrt=lambda inner: rf"\sqrt{{{inner}}}",
    absolute=lambda inner: rf"\lvert {inner} \rvert",
    norm=lambda inner, kind: rf"\lVert {inner} \rVert{kind}^{{2}}",
    partial=_latex_partial,
    small_partial=lambda of, wrt, mark: "\\t" + _latex_partial(of, wrt, mark)[1:],
    upstream=lambda s, subscripts: _latex_symbol(replace(s, accent="bar"), subscripts, False),
    sum=lambda over: rf"\sum_{{{over}}} ",
    small_sum=lambda over: rf"\textstyle \sum_{{{over}}} ",
    under=_latex_under,
    max=lambda over: rf"\max_{{{over}}} " if over else r"\max",
    indicator=lambda inner: rf"\mathbf{{1}}[{inner}]",
    softmax=lambda inner: r"\operatorname{softmax}" + _latex_parens(inner),
    unit=lambda bold, label: rf"\mathbf{{e}}_{{{label}}}" if bold else f"e_{{{label}}}",
    by=lambda one, other, number: rf"{one} \overset{{({number})}}{{=}} {other}",
    reference=lambda number: f"({number})",
    direct=lambda wrt, mark, what: rf"\frac{{\partial{mark}}}{{\partial {wrt}}}\, {what}",
    pi=r"\pi",
    d=r"\partial",
    immediate="^{+}",
    prose=lambda words: rf"\text{{{words}}}",
    exp=lambda inner: f"e^{{{inner}}}",
    call=lambda head, inner: head + _latex_parens(inner),
    prime="'",
    transpose=lambda inner: rf"{inner}^{{\top}}",
    cases=_latex_cases,
    matrix=_latex_matrix,
    shape=lambda sizes: r"\in \mathbb{R}" + _latex_sizes(sizes),
    labels=lambda one, other, sizes: rf"\in \{{{one}, \dots, {other}\}}" + _latex_sizes(sizes),
    flat=False,
    minus="-",
    times=r" \, ",
    odot=r" \odot ",
    relations={">": ">", ">=": r"\ge", "<": "<", "<=": r"\le", "==": "=", "!=": r"\ne"},
    words={
        "log": r"\log",
        "otherwise": r"\text{otherwise}",
        "if": r"\text{if } ",
        "apart": r" \;\; ",  # before a condition: a blank of the source is none on the page
        "dots": r"\dots",
        "gives": r"\text{ gives }",
        "at": r"\text{ at }",
        "becomes": r"\leftarrow",
        "times": r" \times ",
        "about": r"\approx",
        "with": r"\text{ with } ",
        "infinity": r"\infty",
        "for the first": r"\text{ for the first } ",
        "for the first time": r"\text{ for the first time}",
    },
)


def _raised(text: str) -> str:
    return "".join(_SUPER[c] for c in text) if set(text) <= set(_SUPER) else f"^({text})"


def _text_symbol(symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
    base = "ℓ" if symbol.stem == "ell" else GREEK.get(symbol.stem, symbol.stem)
    base += _COMBINING.get(symbol.accent, "")
    label = f"_{symbol.label}" if symbol.label else ""
    marked = _marked(symbol)
    layer = f"^{marked}" if marked.startswith("[") else _raised(marked)
    run_on = symbol.low and symbol.layer and not symbol.above  # W_4 at 1, 1 is not W_411
    below = _text_below(subscripts, not label and not (run_on and "".join(subscripts).isdigit()))
    if symbol.low:
        layer = _text_below(tuple(symbol.layer))
        layer += "".join(_ABOVE.get(c, c) for c in f"({symbol.above})") if symbol.above else ""
    return base + label + layer + below + ("ᵀ" if transposed else "")


def _text_index(name: str) -> str:
    letter = name.rstrip("0123456789")
    return GREEK.get(letter, letter) + name[len(letter) :]


def _text_below(subscripts: tuple[str, ...], short: bool = True) -> str:
    """Letters where Unicode has them below the line, brackets elsewhere and after a label."""
    flat = "".join(subscripts)
    if short and all(len(s) == 1 for s in subscripts) and set(flat) <= set(_SUB):
        return "".join(_SUB[c] for c in flat)
    return f"[{','.join(subscripts)}]" if subscripts else ""


def _text_shape(sizes: tuple[str, ...]) -> str:
    if not sizes:
        return ""
    if all(s.isdigit() for s in sizes):
        return "ˣ".join(_raised(s) for s in sizes)
    return f"^({'×'.join(sizes)})" if sizes[1:] else f"^{sizes[0]}"


def _text_cases(rows: tuple[tuple[str, str], ...]) -> str:
    return "{" + "; ".join(f"{value} {when}" for value, when in rows) + "}"


def _text_inline(math: str) -> str:
    """Mathematics in a sentence: a short formula stays on one line."""
    return math.replace(" ", HELD) if len(math) <= _SHORT else math


TEXT = Dialect(
    name="text",
    symbol=_text_symbol,
    anchor=lambda _name, text: text,
    entry=lambda text, subscripts: text + _text_below(subscripts),
    index=_text_index,
    inline=_text_inline,
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
    upstream=lambda s, subscripts: _text_symbol(replace(s, accent="bar"), subscripts, False),
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
    cases=_text_cases,
    matrix=lambda rows: f"({'; '.join(', '.join(row) for row in rows)})",
    shape=lambda sizes: "∈ ℝ" + _text_shape(sizes),
    labels=lambda one, other, sizes: f"∈ {{{one}, …, {other}}}" + _text_shape(sizes),
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
