"""How a page for the browser writes mathematics: for KaTeX with anchors, for the terminal with the
same seams, and as labels of a drawing.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bpgen.render.latex import LATEX, joined
from bpgen.render.names import GREEK, Symbol
from bpgen.render.text import TEXT

OPEN, SHUT = "\ue000", "\ue001"  # around the mathematics in a sentence

# How wide a character is in KaTeX's fonts, where it is no digit: of 1 em.
_WIDE = {**dict.fromkeys("()", 0.39), **dict.fromkeys("[],", 0.28), "l": 0.3, "i": 0.35, "t": 0.36}
_COMBINING = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_RAISED, _LOWERED = "-.62em", ".36em"
# Back on the line, where what stands after a symbol goes on, of 1 em: a script is 70 % as large.
_SCRIPT = 0.7
_HOME = {True: -0.36 * _SCRIPT, False: 0.62 * _SCRIPT}
_BACK = {_RAISED: ".98em", "": _LOWERED}  # from above, or from the line, to below


def _inline(math: str) -> str:
    return f"{OPEN}{math}{SHUT}"


def _anchored(name: str, text: str) -> str:
    """KaTeX makes it an element with data-t, which the page's script finds by the tensor's name."""
    return rf"\htmlData{{t={name}}}{{{text}}}"


def _label(symbol: Symbol, subscripts: tuple[str, ...], transposed: bool) -> str:
    """A symbol as the inside of an SVG text: its layer above its indices."""
    letter = "ℓ" if symbol.stem == "ell" else GREEK.get(symbol.stem, symbol.stem)
    letter += _COMBINING.get(symbol.accent, "")
    brackets = "()" if symbol.low else symbol.marks
    layer = symbol.above if symbol.low else symbol.layer
    above = f"{brackets[0]}{layer}{brackets[1]}" if layer else ""
    below = [symbol.label, symbol.layer if symbol.low else "", joined(subscripts)]
    text = f'<tspan class="{"word" if symbol.word else "letter"}">{letter}</tspan>'
    under, dy, back = ",".join(filter(None, below)), _LOWERED, ""
    above += "⊤" if transposed else ""
    if above:
        text += f'<tspan class="script" dy="{_RAISED}">{_script(above)}</tspan>'
        dy, back = _BACK[_RAISED], f' dx="-{_width(above):.2f}em"'
    if under:
        text += f'<tspan class="script" dy="{dy}"{back}>{_script(under)}</tspan>'
    if above or under:  # nothing, beyond both
        wider = max(_width(above) - _width(under), 0) * _SCRIPT if under else 0
        text += f'<tspan dx="{wider:.2f}em" dy="{_HOME[bool(under)]:.3f}em">\u200b</tspan>'
    return text


def _width(script: str) -> float:
    return sum(_WIDE.get(c, 0.5) for c in script)


def _script(text: str) -> str:
    """Letters slanted, digits and brackets upright."""
    return re.sub(r"(?<![a-z])([a-z])(?![a-z])", r'<tspan class="letter">\1</tspan>', text)


KATEX = replace(LATEX, inline=_inline, anchor=_anchored)
PLAIN = replace(TEXT, inline=_inline)  # what stands in an element before KaTeX fills it
LABEL = replace(
    TEXT,
    symbol=_label,
    partial=lambda of, wrt, mark: f"∂{mark}{of}/∂{wrt}",
    upstream=lambda s, subscripts: _label(replace(s, accent="bar"), subscripts, False),
)
