"""Whole numbers of C: places along axes, and lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp

from bpgen.ir import Index
from bpgen.targets.c.scalar import ATOM, PRODUCT, SIGN, SUM, C


def whole(size: sp.Expr) -> C:
    """A whole number of lengths: 48, T + 1, 2 * T * T."""
    if isinstance(size, sp.Add):
        return _added((part, whole) for part in _numbers_last(size))
    if isinstance(size, sp.Mul):
        return C(" * ".join(whole(f).within(PRODUCT) for f in size.args), PRODUCT)
    if isinstance(size, sp.Pow):
        return C(" * ".join([str(size.base)] * int(size.exp)), PRODUCT)
    return C(str(size), SUM if size.is_negative else ATOM)


def affine(place: sp.Expr, index: Callable[[Index], C]) -> C:
    """A place along an axis: 2 * p + u."""

    def text(part: sp.Expr) -> C:
        own = [s for s in part.free_symbols if isinstance(s, Index)]
        if not own:
            return whole(part)
        (i,) = own
        return scaled(part.coeff(i, 1), index(i))

    at_0 = {s: sp.S.Zero for s in place.free_symbols if isinstance(s, Index) and is_0(index(s))}
    rest = sp.expand(place.xreplace(at_0))
    return _added((part, text) for part in _numbers_last(rest)) if rest != 0 else C("0")


def scaled(by: sp.Expr, place: C) -> C:
    """A place, so many times."""
    if by == 1:
        return place
    return C(f"{whole(by).within(PRODUCT)} * {place.within(SIGN)}", PRODUCT)


def flat(places: Iterable[tuple[C, sp.Expr]]) -> C:
    """The number of an element among all, from its place along each axis and how long that is; the
    last axis is the fastest.
    """
    found: list[C] = []
    stride: sp.Expr = sp.S.One
    for at, size in reversed([*places]):
        if not is_0(at):
            found.insert(0, scaled(sp.factor_terms(stride), at))
        stride = stride * size
    if len(found) < 2:
        return found[0] if found else C("0")
    return C(" + ".join(part.within(SUM) for part in found), SUM)


def is_0(place: C) -> bool:
    return place.text == "0"


def _numbers_last(total: sp.Expr) -> list[sp.Expr]:
    """Addends: what is taken away after what is added, numbers after letters."""
    return sorted(
        sp.Add.make_args(total),
        key=lambda p: (bool(p.could_extract_minus_sign()), bool(p.is_number), str(p)),
    )


def _added(parts: Iterable[tuple[sp.Expr, Callable[[sp.Expr], C]]]) -> C:
    signs = ((p, bool(p.could_extract_minus_sign()), of) for p, of in parts)
    (minus, first), *others = [(minus, of(-p if minus else p)) for p, minus, of in signs]
    if not others and not minus:
        return first
    text = f"-{first.within(PRODUCT)}" if minus else first.text
    text += "".join(f" {'-' if m else '+'} {t.within(PRODUCT)}" for m, t in others)
    return C(text, SUM)
