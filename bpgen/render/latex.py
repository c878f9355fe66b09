"""Mathematics as LaTeX writes it."""

from __future__ import annotations

from dataclasses import replace

from bpgen.render import escape
from bpgen.render.dialect import Dialect
from bpgen.render.names import GREEK, Symbol
from bpgen.render.widths import grows


def _letter(stem: str) -> str:
    if stem in GREEK or stem == "ell":
        return f"\\{stem}" if stem not in ("epsilon", "phi") else f"\\var{stem}"
    return escape.latex(stem) if len(stem) == 1 else rf"\mathrm{{{escape.latex(stem)}}}"


def _symbol(symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
    base = _letter(symbol.stem)
    if symbol.accent:
        base = rf"\{symbol.accent}{{{base}}}"
    if symbol.low:
        return _of_block(base, symbol, subscripts, transposed)
    above = symbol.marked + (r"\top" if transposed else "")
    label = (rf"\mathrm{{{escape.latex(symbol.label)}}}",) if symbol.label else ()
    return _entry(base + (f"^{{{above}}}" if above else ""), (*label, *subscripts))


def _of_block(base: str, symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
    """W_{q,ij}^{(l)}: the block above, if any; the label and the layer before the indices."""
    label = rf"\mathrm{{{escape.latex(symbol.label)}}}" if symbol.label else ""
    below = ",".join(part for part in (label, symbol.layer, joined(subscripts)) if part)
    above = (f"({symbol.above})" if symbol.above else "") + (r"\top" if transposed else "")
    return base + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _entry(text: str, subscripts: tuple[str, ...]) -> str:
    return f"{text}_{{{joined(subscripts)}}}" if subscripts else text


def joined(subscripts: tuple[str, ...]) -> str:
    """ij, but (10, 2) and (n, y_n) with commas."""
    return ("" if all(len(s) == 1 for s in subscripts) else ",").join(subscripts)


def _index(name: str) -> str:
    letter, digits = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    base = _letter(letter) if letter else ""
    return f"{base}_{{{digits}}}" if letter and digits else base or digits


def _parens(inner: str) -> str:
    return rf"\left({inner}\right)" if grows(inner) else f"({inner})"


def _raised(exponent: str) -> str:
    r"""An exponent, in which a fraction is as small as the rest: \tfrac is as large as the line."""
    return exponent.replace(r"\tfrac", r"\frac")


def _cases(rows: tuple[tuple[str, str], ...]) -> str:
    return (
        r"\begin{cases}"
        + r" \\ ".join(rf"{value} & {when}" for value, when in rows)
        + r"\end{cases}"
    )


def _matrix(rows: tuple[tuple[str, ...], ...]) -> str:
    inner = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\left(\begin{{smallmatrix}}{inner}\end{{smallmatrix}}\right)"


def _partial(of: str, wrt: str, mark: str) -> str:
    return rf"\frac{{\partial{mark} {of}}}{{\partial {wrt}}}"


def _sizes(sizes: tuple[str, ...]) -> str:
    return "^{" + r" \times ".join(sizes) + "}" if sizes else ""


def _under(over: str, conditions: tuple[str, ...]) -> str:
    lines = r" \\ ".join((over, *conditions))
    return rf"\substack{{{lines}}}" if conditions else over


LATEX = Dialect(
    name="latex",
    symbol=_symbol,
    anchor=lambda _name, text: text,
    entry=_entry,
    index=_index,
    inline=lambda math: f"${math}$",
    escape=escape.latex,
    parens=_parens,
    frac=lambda top, bottom: rf"\frac{{{top}}}{{{bottom}}}",
    small_frac=lambda top, bottom: rf"\tfrac{{{top}}}{{{bottom}}}",
    power=lambda base, exponent: f"{base}^{{{_raised(exponent)}}}",
    scientific=lambda decimal, ten: rf"{decimal} \cdot {ten}",
    sqrt=lambda inner: rf"\sqrt{{{inner}}}",
    absolute=lambda inner: rf"\lvert {inner} \rvert",
    norm=lambda inner, kind: rf"\lVert {inner} \rVert{kind}^{{2}}",
    partial=_partial,
    small_partial=lambda of, wrt, mark: "\\t" + _partial(of, wrt, mark)[1:],
    upstream=lambda s, subscripts: _symbol(replace(s, accent="bar"), subscripts, False),
    sum=lambda over: rf"\sum_{{{over}}} ",
    small_sum=lambda over: rf"\textstyle \sum_{{{over}}} ",
    under=_under,
    max=lambda over: rf"\max_{{{over}}} " if over else r"\max",
    indicator=lambda inner: rf"\mathbf{{1}}[{inner}]",
    softmax=lambda inner: r"\operatorname{softmax}" + _parens(inner),
    unit=lambda bold, label: rf"\mathbf{{e}}_{{{label}}}" if bold else f"e_{{{label}}}",
    by=lambda one, other, number: rf"{one} \overset{{({number})}}{{=}} {other}",
    reference=lambda number: f"({number})",
    direct=lambda wrt, mark, what: rf"\frac{{\partial{mark}}}{{\partial {wrt}}}\, {what}",
    pi=r"\pi",
    d=r"\partial",
    immediate="^{+}",
    prose=lambda words: rf"\text{{{words}}}",
    exp=lambda inner: f"e^{{{_raised(inner)}}}",
    call=lambda head, inner: head + _parens(inner),
    prime="'",
    transpose=lambda inner: rf"{inner}^{{\top}}",
    cases=_cases,
    matrix=_matrix,
    shape=lambda sizes: r"\in \mathbb{R}" + _sizes(sizes),
    labels=lambda every, sizes: rf"\in \{{{every}\}}" + _sizes(sizes),
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
        "to": "...",  # between numbers of equations
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
