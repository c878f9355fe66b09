"""Is an expression one that bpgen can derive, write and prove? Only what its tables know; the rest
is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any

import sympy as sp

from bpgen.errors import NetError
from bpgen.functions import Named, at_most, erf, erfc, larger, row, smaller, step, unless
from bpgen.ir import BATCH, Element, Index, length, spoken

_ARITHMETIC = (
    *(Element, sp.Rational, sp.Symbol, sp.NumberSymbol, sp.Add, sp.Mul, sp.Pow),
    Named,  # a function by its name alone
)
# Of a scalar, as net.py imports them.
WORDS = (
    *("exp", "log", "sqrt", "abs", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan"),
    *("arsinh", "erf", "erfc", "sigmoid", "softplus", "relu"),
)
_FLAT = (sp.sign, sp.Heaviside, sp.floor, sp.ceiling, step)


_REWRITTEN: dict[
    Any, Callable[..., sp.Expr]
] = {  # functions of sympy that functions of the table express
    sp.Max: lambda *z: reduce(larger, sorted(z, key=sp.default_sort_key, reverse=True)),
    sp.Min: lambda *z: reduce(smaller, sorted(z, key=sp.default_sort_key, reverse=True)),
    sp.sec: lambda z: 1 / sp.cos(z),
    sp.csc: lambda z: 1 / sp.sin(z),
    sp.cot: lambda z: 1 / sp.tan(z),
    sp.sech: lambda z: 1 / sp.cosh(z),
    sp.csch: lambda z: 1 / sp.sinh(z),
    sp.coth: lambda z: 1 / sp.tanh(z),
    sp.erf: erf,
    sp.erfc: erfc,
}
_IMPOSSIBLE = {
    sp.zoo: "a division by zero",
    sp.nan: "0 / 0",
    sp.oo: "an infinite number",
    -sp.oo: "an infinite number",
    sp.I: "the square root or logarithm of a negative number",
}


def known(expr: sp.Expr) -> sp.Expr:
    """`expr` in functions of the table; NetError where one has no row there, or no slope."""
    if expr.has(*_REWRITTEN):
        expr = expr.replace(lambda e: type(e) in _REWRITTEN, lambda e: _REWRITTEN[type(e)](*e.args))
    for part in _parts(expr):
        if isinstance(part, _FLAT):
            raise NetError(
                f"{type(part).__name__} has no derivative but 0: nothing learns through it",
                "use a function with a slope, such as tanh or sigmoid",
            )
        if not isinstance(part, _ARITHMETIC) and part not in _IMPOSSIBLE and row(part) is None:
            raise NetError(
                f"{type(part).__name__} has no row in bpgen's table of functions",
                f"write it with {', '.join(WORDS)}",
            )
    return expr


def finite(expr: sp.Expr) -> None:
    """NetError where a constant of `expr` is infinite or complex, or a power of it may be."""
    for part in _parts(expr):
        if part in _IMPOSSIBLE:
            raise NetError(
                f"the formula holds {_IMPOSSIBLE[part]}",
                "networks here compute with real, finite numbers",
            )
        if (
            isinstance(part, sp.Pow)
            and part.base.is_number
            and not part.base.is_positive
            and not part.exp.is_number
        ):
            raise NetError(
                f"{part.base} to a power that varies is not real", "give the power a positive base"
            )


def declared(expr: sp.Expr, lengths: Iterable[sp.Symbol]) -> None:
    """NetError where a symbol stands outside the indices of a tensor and is no length of
    an axis; or an index, but to be compared with another.
    """
    for part in _parts(expr.xreplace(dict.fromkeys(expr.atoms(at_most), sp.S.One))):
        if isinstance(part, Index):
            i, k = spoken(part), "k" if spoken(part) != "k" else "j"
            size = next((f'"{n}"' for n in lengths if n != length(BATCH)), "3")  # as far as it runs
            raise NetError(
                f"index {i} stands as a number",
                "an index only picks elements, as in x[i]; as a number it is counted: sum(at_most"
                f'({k}, {i}), {k}) - 1, where {i}, {k} = indices("{i} {k}", size={size})',
            )
        if isinstance(part, sp.Symbol) and part not in lengths:
            raise NetError(f"undeclared symbol {part}", f"declare it: {part} = param() or input()")


def _parts(expr: sp.Expr) -> Iterator[Any]:
    """Every node of `expr` outside the indices of its elements."""
    stack = [expr]
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, unless):
            stack.append(part.args[0])  # a label only decides
        elif isinstance(part, at_most):
            stack += (a for a in part.args if not isinstance(a, Element))  # so does this
        elif not isinstance(part, Element):
            stack += reversed(part.args)


def values(expr: sp.Expr) -> list[Element]:
    """The elements that stand as numbers, not as indices of others."""
    return [part for part in _parts(expr) if isinstance(part, Element)]
