"""What net.py gives in words and numbers: names, sizes, constants. What is not one is refused."""

from __future__ import annotations

import keyword
import math
import unicodedata
from fractions import Fraction
from numbers import Integral
from typing import Any

import sympy as sp

from bpgen.equations.admissible import finite, known
from bpgen.errors import NetError
from bpgen.foreign import code_of
from bpgen.ir import BATCH, Size
from bpgen.vocabulary import WORDS

_NUMBERS = (
    "numbers come at run time: declare c = input(3); fixed ones stand in zeros: c = zeros(3);"
    " c[0] = 1"
)
FROM_BELOW = "a recurrence that starts there is given its start: h[-1, i] = s[i], with s = input(3)"
_REMEDIES = {
    "list": _NUMBERS,
    "tuple": _NUMBERS,
    "bool": "an index has no value yet: at_most(i, j) is 1 where i <= j, and times at_most(j, i)"
    " where i = j",
    "complex": "networks here compute with real numbers",
    "str": "use numbers, tensors, and sympy expressions that are not in quotes",
    "function": "call it: relu(z)",
    "NoneType": "the function that was to make it returned nothing",
}
_IN_PLACE = "it declares a target, in place of a label: y = one_hot(3)"
_ACCENTS = {
    "\u0302": "_hat",
    "\u0303": "_tilde",
    "\u0304": "_bar",
    "\u0305": "_bar",
    "\u0307": "_dot",
}


def number(value: Any) -> sp.Expr:
    """A number of net.py as an exact one (0.1 is 1/10, and its float is 0.1 again); a sympy
    expression as it is.
    """
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # a number of numpy
    if isinstance(value, sp.Expr):
        return _exact(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NetError(f"{type(value).__name__} is not part of a formula", remedy_for(value))
    if not _fits_float(value):
        raise NetError(
            f"{value:.4g} is not a number a network can hold"
            if isinstance(value, float)
            else "a whole number too large for a network",
            FROM_BELOW if value == -math.inf else "use finite numbers",
        )
    return _meant(value) if isinstance(value, float) else sp.Integer(value)


def remedy_for(value: Any) -> str:
    """What to write for a value of Python that is no number."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype"):
        sizes = ", ".join(map(str, shape))
        return f"arrays come at run time: declare an input({sizes}), or a param({sizes}) to learn"
    if isinstance(value, str) and (word := code_of(value)) in WORDS:
        return f"a formula stands in no quotes, and says of what: {word}(a, y)"
    if isinstance(value, (list, tuple)) and any(hasattr(v, "said") for v in value):
        return f"entries are written one by one: c = zeros({len(value)}); c[0] = x[0]"
    return _REMEDIES.get(type(value).__name__, "use numbers, tensors and bpgen's functions")


def _meant(value: float) -> sp.Expr:
    """What a float stands for: 0.1 for 1/10, 1 / 3 for 1/3, 2**0.5 for the root of 2.

    Its float is the value again.
    """
    if len(repr(value)) > 10:
        fraction = Fraction(value).limit_denominator(1000)
        if float(fraction) == value:
            return sp.Rational(fraction.numerator, fraction.denominator)
        square = Fraction(value * value).limit_denominator(1000)
        root = sp.sqrt(sp.Rational(square.numerator, square.denominator)) * (1 if value > 0 else -1)
        if float(root) == value:
            return root
    return sp.Rational(repr(value))


def _exact(expr: sp.Expr) -> sp.Expr:
    if expr.has(sp.Float):
        expr = expr.xreplace({f: number(float(f)) for f in expr.atoms(sp.Float)})
    finite(expr)
    return known(expr)


def _fits_float(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def size_of(value: Any, what: str) -> Size:
    """A size of an axis: a whole number from 1, or the name of a length known at run time."""
    if isinstance(value, str):
        if value.strip().isdigit():
            raise NetError(f"{what}: {value!r:.60} is not a size", "write it without the quotes")
        if checked_name(value) in (BATCH, "n"):
            raise NetError(f"{what}: {value} is the batch's own", "give the length another name")
        return value
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 1:
        shown = value.said() if hasattr(value, "said") else f"{value!r:.60}"
        raise NetError(f"{what}: {shown} is not a size", _sizes(value, what))
    return int(value)


def _sizes(value: Any, what: str) -> str:
    """What a size is, or several."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and hasattr(value, "dtype"):
        sizes = ", ".join(map(str, shape))
        return f"its values come at run time: {what}({sizes})"
    if hasattr(value, "said"):
        of_tensor = "sizes are whole numbers; those of a tensor x are x.shape"
        return _IN_PLACE if what == "one_hot" else of_tensor
    if isinstance(value, (tuple, list)) and all(isinstance(s, (int, str)) for s in value):
        return f"give the sizes one by one: {what}({', '.join(f'{s!r:.20}' for s in value)})"
    if value is None or (isinstance(value, int) and value == -1):
        return "every size is said, of one sample: there is no axis of the batch, and no -1"
    if isinstance(value, float) and value.is_integer() and value >= 1:
        return f"write {value:.0f}; of a division, // makes a whole number: n // 2"
    return "sizes are whole numbers from 1 up"


def whole_number(value: Any, what: str, instead: str = "this one must be a whole number") -> int:
    """A size that must be known now; `instead` says what to write where it is not."""
    size = size_of(value, what)
    if isinstance(size, str):
        raise NetError(f"{what}: {value!r} is not a size", instead)
    return size


def checked_name(name: str | None) -> str | None:
    """A name given in words must be one that Python code and comments can carry as it is."""
    if name is None:
        return None
    if (
        not isinstance(name, str)
        or not name.isidentifier()
        or name.startswith("_")
        or not name.isascii()
    ):
        instead = spelled(name) if isinstance(name, str) else ""
        remedy = (
            f"call it {instead}" if instead else "use ASCII letters, digits and _, a letter first"
        )
        raise NetError(f"{name!r:.60} is not a name that code can carry", remedy)
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise NetError(f"{name} is a word of Python", f"call it {name}_")
    return name


def spelled(name: str) -> str:
    """A name in ASCII letters: theta1 for a Greek letter and 1, y_hat for a y with a hat; "" where
    there is none.
    """
    text = "".join(_ascii(c) for c in unicodedata.normalize("NFKD", name)).lstrip("_")
    text += "_" * keyword.iskeyword(text)
    return text if text.isidentifier() and text.isascii() else ""


def _ascii(char: str) -> str:
    if char.isascii() or char in _ACCENTS:
        return _ACCENTS.get(char, char)
    alphabet, *rest = unicodedata.name(char, "nameless").lower().split()
    if alphabet == "greek" and rest[1:2] == ["letter"]:
        return ("".join(rest[2:3]) if rest[2] != "final" else rest[3]).replace("lamda", "lambda")
    return "" if unicodedata.combining(char) else "_"
