"""Scalar expressions of C, of trees of elementary calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeGuard

import sympy as sp

from bpgen.formulas.bodies import tree_of
from bpgen.formulas.order import is_decimal
from bpgen.formulas.reading import DIGITS
from bpgen.formulas.tree import Call, Tree, compares
from bpgen.ir import Element, element
from bpgen.targets.c.library import called
from bpgen.targets.c.stored import own

# A call needs no parentheses either, but is not written twice as an atom is; nor is an element that
# stands at places to be computed.
CHOICE, EITHER, BOTH, EQUALITY, COMPARISON, SUM, PRODUCT, SIGN, CALL, ATOM = range(10)


class C(NamedTuple):
    """A text of C, and how tightly its outermost operator binds; of a product with a sign, what
    stands behind that.
    """

    text: str
    binding: int = ATOM
    behind_sign: str = ""

    def within(self, least: int) -> str:
        return self.text if self.binding >= least else f"({self.text})"

    def then(self, operator: str, right: str) -> C:
        """A product or a quotient that begins with it."""
        behind = f"{self.behind_sign} {operator} {right}" if self.behind_sign else ""
        return C(f"{self.within(PRODUCT)} {operator} {right}", PRODUCT, behind)


_INFIX = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "floor_divide": ("/", PRODUCT),  # of whole numbers, none of them negative
    "less": ("<", COMPARISON),
    "less_equal": ("<=", COMPARISON),
    "greater": (">", COMPARISON),
    "greater_equal": (">=", COMPARISON),
    "equal": ("==", EQUALITY),
    "not_equal": ("!=", EQUALITY),
    "logical_and": ("&&", BOTH),
    "logical_or": ("||", EITHER),
}
_OF_C = {
    "abs": "fabs",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "power": "pow",
    **{name: name for name in ("exp", "expm1", "log", "log1p", "sqrt", "rint", "erf", "erfc")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
}
_OF_BPGEN = {"maximum": "larger", "minimum": "smaller"}
_DIGITS = "(sizeof(real) == sizeof(double) ? 52 : 23)"


class Writer:
    """Writes trees; `names` are the texts of their elements, `helpers` the functions that were
    spoken of beside the library of C.
    """

    def __init__(self, names: Mapping[Element, C]) -> None:
        self.names = names
        self.helpers: set[str] = set()

    def text(self, tree: Tree) -> C:
        if isinstance(tree, Call):
            written = _CALLS.get(tree.name, Writer._function)
            return written(self, tree)
        if isinstance(tree, Element):
            return self.names[tree] if tree in self.names else C(own(tree.name))
        return self._number(tree)

    def _number(self, number: sp.Expr) -> C:
        """What is made of numbers and lengths."""
        if number.is_Symbol:
            return C(_DIGITS, CALL) if number == DIGITS else C(own(number.name))
        if _is_negative(number):
            return self._negative(Call("negative", (-number,)))
        if number == sp.oo:
            return C("INFINITY")
        symbols = {s: element(s.name, ()) for s in number.free_symbols}
        if not symbols:
            return _constant(number)
        return self.text(tree_of(number.xreplace(symbols)))

    def _infix(self, tree: Call) -> C:
        sign, binding = _INFIX[tree.name]
        one, other = tree.args
        if tree.name == "add" and _is_negative(other):
            sign, other = "-", -other
        if tree.name == "multiply" and compares(tree):
            sign, binding = "&&", BOTH
        left, right = self.text(one), self.text(other).within(binding + 1)
        if binding == PRODUCT:
            return left.then(sign, right)
        return C(f"{left.within(binding)} {sign} {right}", binding)

    def _product(self, tree: Call) -> C:
        """Factors, a number first: 2 * a / b, a / (3 * b)."""
        one, number = tree.args
        if isinstance(number, Call | Element) or number.free_symbols:
            return self._infix(tree)
        if number.could_extract_minus_sign():
            return self._negative(Call("negative", (Call("multiply", (one, -number)),)))
        above, below = one.args if isinstance(one, Call) and one.name == "divide" else (one, None)
        times, over = _parts(number)
        top = self.text(above)
        if times != 1:
            top = self.text(times).then("*", top.within(PRODUCT))
        if below is not None and over != 1:
            under = self._infix(Call("multiply", (over, below))).within(SIGN)
        elif below is not None or over != 1:
            under = self.text(over if below is None else below).within(SIGN)
        else:
            return top
        return top.then("/", under)

    def _quotient(self, tree: Call) -> C:
        """1 / (3 * b) for a third of 1 / b; C's own quotient of whole numbers is whole."""
        one, other = tree.args
        if isinstance(one, Call | Element) or not one.is_Rational:
            return self._infix(tree)
        if _is_negative(one):
            return self._negative(Call("negative", (Call("divide", (-one, other)),)))
        times, over = _parts(one)
        below = other if over == 1 else Call("multiply", (over, other))
        text = self._infix(below) if isinstance(below, Call) and over != 1 else self.text(below)
        return _real(times).then("/", text.within(SIGN))

    def _square(self, tree: Call) -> C:
        base = self.text(tree.args[0])
        if base.binding == ATOM:
            return C(f"{base.text} * {base.text}", PRODUCT)
        return self._function(tree)

    def _negative(self, tree: Call) -> C:
        inner = self.text(tree.args[0])
        behind = inner.within(ATOM if inner.behind_sign else PRODUCT)
        return C(f"-{behind}", PRODUCT, behind)

    def _where(self, tree: Call) -> C:
        """One or the other; of a number, by whether it is not 0."""
        condition, value, other = map(self.text, tree.args)
        decided = condition.text
        if not compares(tree.args[0]):
            decided = f"{condition.within(COMPARISON)} != 0"
        return C(f"{decided} ? {value.within(EITHER)} : {other.within(CHOICE)}", CHOICE)

    def _sign(self, tree: Call) -> C:
        z = self.text(tree.args[0]).within(SUM)
        return C(f"R(({z} > 0) - ({z} < 0))", CALL)

    def _function(self, tree: Call) -> C:
        arguments = ", ".join(self.text(a).text for a in tree.args)
        if tree.name in _OF_C:
            return C(f"M({_OF_C[tree.name]})({arguments})", CALL)
        name = _OF_BPGEN.get(tree.name, tree.name)
        self.helpers.add(name)
        return C(f"{called(name)}({arguments})", CALL)


def _constant(number: sp.Expr) -> C:
    """A number that is not negative; one that is whole, as such where it has few digits."""
    return C(str(number)) if _is_short(number) else _real(number)


def _real(number: sp.Expr) -> C:
    """A number in the precision of all: in its digits C reads the same double."""
    return C(f"R({number if _is_short(number) else repr(float(number))})", CALL)


def _is_short(number: sp.Expr) -> bool:
    """Whether it is whole, and the same in single precision: compilers warn of others, and of yet
    more digits there is no whole number in C.
    """
    return bool(number.is_Integer and number <= 2**24)


def _is_negative(tree: Tree) -> TypeGuard[sp.Expr]:
    """Whether it is a negative number."""
    return not isinstance(tree, Call) and bool(tree.is_number and tree.could_extract_minus_sign())


def _parts(number: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """What a number multiplies by, and divides by."""
    if number.is_Rational and not is_decimal(number):
        return sp.Integer(number.p), sp.Integer(number.q)
    return number, sp.S.One


_CALLS: dict[str, Callable[[Writer, Call], C]] = {
    **dict.fromkeys(_INFIX, Writer._infix),
    "divide": Writer._quotient,
    "multiply": Writer._product,
    "square": Writer._square,
    "negative": Writer._negative,
    "where": Writer._where,
    "sign": Writer._sign,
}
