"""The one place that knows calculus: sympy's scalar derivative of a body, told in values the
forward pass has.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sympy as sp

from bpgen.atoms import atoms
from bpgen.derive.decimals import with_short_numbers
from bpgen.derive.logarithms import over_signs
from bpgen.derive.maxima import firsts
from bpgen.derive.measure import simplest, weight
from bpgen.derive.simplify import factored_out
from bpgen.equations.affine import affine, is_within
from bpgen.functions import ROWS, FunctionRow, row
from bpgen.ir import Element, Equation, Network, Term, elements
from bpgen.record import Equality

_SMALL = 10  # a value less such a number, or that times a value less 1, loses one digit at most


class Known:
    """The forward values by their definitions, so that exp(z[n,k] - s[n]) can be recognised as
    p[n,k].
    """

    def __init__(self, network: Network) -> None:
        self.first = firsts(network)
        self.by_shape: dict[tuple[str, tuple[str, ...]], list[Equation]] = {}
        for equation in map(Equation.of_steps, network):
            if equation.pointwise() and _costly(equation.terms[0].body):
                self.by_shape.setdefault(_shape(equation.terms[0].body), []).append(equation)

    def fold(self, expr: sp.Expr) -> sp.Expr:
        """`expr` with every subexpression that is a forward value replaced by that value."""
        found = {}
        for node in sp.preorder_traversal(expr):
            if isinstance(node, (sp.Function, sp.Pow, sp.Mul)):
                value = self._value(node)
                if value is not None:
                    found[node] = value
        return expr.xreplace(found) if found else expr

    def _value(self, node: sp.Expr) -> sp.Expr | None:
        if not self.by_shape or not node.has(Element):
            return None
        for equation in self.by_shape.get(_shape(node), ()):
            at = _unified(equation.terms[0].body, node)
            if at is not None and at.keys() >= {*equation.indices}:
                return equation.lhs.xreplace(at)
        return None


def _costly(body: sp.Expr) -> bool:
    return bool(body.has(sp.Function)) or any(
        not p.exp.is_Integer or p.exp.is_negative for p in atoms(body, sp.Pow)
    )


def _shape(expr: sp.Expr) -> tuple[str, tuple[str, ...]]:
    return type(expr).__name__, tuple(sorted(e.name for e in elements(expr)))


def _unified(pattern: sp.Expr, expr: sp.Expr) -> dict[sp.Expr, sp.Expr] | None:
    """Index values that make `pattern` equal to `expr`, or None."""
    ours = {e.name: e for e in elements(pattern)}
    theirs = {e.name: e for e in elements(expr)}
    if len(ours) != len(elements(pattern)) or ours.keys() != theirs.keys():
        return None
    at: dict[sp.Expr, sp.Expr] = {}
    for name, access in ours.items():
        for mine, yours in zip(access.indices, theirs[name].indices, strict=True):
            form = affine(mine)
            if form is not None and len(form.steps) == 1 and form.steps[0][1] == 1:
                at[form.steps[0][0]] = yours - form.start
    met = pattern.xreplace(at) == expr and all(is_within(e, i) for i, e in at.items())
    return at if met else None


def derivative(
    equation: Equation, term: Term, wrt: Element, known: Known
) -> tuple[sp.Expr, tuple[Equality, ...]]:
    """d term / d wrt of one term's body, folded, with the reasons. A logsumexp passes on its
    softmax, a max the first of its largest.
    """
    slope = _diff(term.body, wrt)
    raw = slope
    if term.reduce == "logsumexp":
        raw = sp.exp(term.body - equation.lhs) * slope
    if term.reduce == "max":
        raw = known.first[term] * slope
    folded = known.fold(simplest([raw, *_over_one_denominator(raw)]))
    own = term.body if equation.of_steps().pointwise() and term.at is None else None
    if own is not None and _costly(own):
        folded = simplest([folded, *_in_own_value(own, folded, equation.lhs, wrt)])
    folded = simplest([folded, factored_out(folded)])
    return folded, _reasons(equation, term, wrt, raw, folded)


def _diff(body: sp.Expr, wrt: Element) -> sp.Expr:
    """sympy's derivative with every element a plain real symbol, named by position: equal layers
    share one.
    """
    marks = {e: sp.Symbol(f"e{k}", real=True) for k, e in enumerate(_outermost(body))}
    slope = _slope(body.xreplace(marks), marks[wrt])
    return slope.xreplace({mark: e for e, mark in marks.items()})


def _of_real(known: FunctionRow) -> type[sp.Function]:
    """A function of sympy's with the derivatives of its row: of a root, or a power, sympy takes it
    for one of complex numbers.
    """

    def fdiff(self: sp.Function, argindex: int = 1) -> sp.Expr:
        return known.derivatives[argindex - 1](*self.args)

    return type(known.name, (sp.Function,), {"fdiff": fdiff})


_OF_REAL = {
    known.function: _of_real(known)
    for known in ROWS.values()
    if known.derivatives and known.function.__module__.startswith("sympy.")
}
_AS_WAS = {of_real: function for function, of_real in _OF_REAL.items()}


def _of_real_numbers(body: sp.Expr, mark: sp.Symbol) -> sp.Expr:
    """The derivative where sympy would take that of complex numbers."""
    real = body.replace(_is_complex, lambda c: _OF_REAL[c.func](*c.args))
    return sp.diff(real, mark).replace(
        lambda c: c.func in _AS_WAS, lambda c: _AS_WAS[c.func](*c.args)
    )


def _is_complex(call: sp.Expr) -> bool:
    """Whether sympy takes a function for one of complex numbers."""
    return call.func in _OF_REAL and not all(a.is_real for a in call.args)


@lru_cache(maxsize=4096)
def _slope(body: sp.Expr, mark: sp.Symbol) -> sp.Expr:
    of_complex = any(map(_is_complex, atoms(body, *_OF_REAL)))
    slope = _of_real_numbers(body, mark) if of_complex else sp.diff(body, mark)
    slope = over_signs(slope)
    varies = any(not p.exp.is_number for p in atoms(body, sp.Pow) if not isinstance(p, sp.exp))
    return _with_one_power(slope) if varies else slope


def _with_one_power(expr: sp.Expr) -> sp.Expr:
    """x^b / x as x^(b - 1), which has a value at 0 where b is above 1."""
    new = {}
    for product in atoms(expr, sp.Mul):
        over = {f.base: f for f in product.args if isinstance(f, sp.Pow) and f.exp == -1}
        for f in product.args:
            below = over.get(f.base) if isinstance(f, sp.Pow) and not f.exp.is_number else None
            if below is not None:
                rest = (a for a in product.args if a not in (f, below))
                new[product] = sp.Mul(f.base ** (f.exp - 1), *rest)
    return expr.xreplace(new)


def _outermost(body: sp.Expr) -> list[Element]:
    """The elements of a body in the order in which they stand, without those inside their
    indices.
    """
    found: dict[Element, None] = {}
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Element):
            found[node] = None
        else:
            stack += reversed(node.args)
    return list(found)


def _over_one_denominator(slope: sp.Expr) -> Iterable[sp.Expr]:
    """1/sqrt(u) - z^2/u^(3/2) with u = 1 + z^2 is u^(-3/2), and 1/u + p/u^2 with u = 1 - p is
    u^(-2), also as a factor.
    """
    sums = {f: _over_highest(f) for f in slope.args if isinstance(f, sp.Add)}
    if isinstance(slope, sp.Mul) and any(sums.values()):
        yield sp.Mul(*(sums.get(f) or f for f in slope.args))
    if isinstance(slope, sp.Add) and any(not p.exp.is_Integer for p in atoms(slope, sp.Pow)):
        # exp(-u) is no 1 / exp(u)
        held = {e: sp.Dummy(positive=True) for e in atoms(slope, sp.exp)}
        above, below = sp.fraction(sp.together(slope.xreplace(held)))
        back = {mark: e for e, mark in held.items()}
        yield with_short_numbers((sp.factor_terms(sp.expand(above)) / below).xreplace(back))


def _over_highest(total: sp.Add) -> sp.Expr | None:
    """A sum over the highest power by which two of its addends divide."""
    below = [{p.base: p.exp for p in _dividing(a)} for a in total.args]
    bases = {base for powers in below for base in powers}
    shared = [b for b in bases if sum(b in powers for powers in below) > 1]
    highest = sp.Mul(*(b ** min(powers.get(b, 0) for powers in below) for b in shared))
    return sp.expand(sp.Add(*(a / highest for a in total.args))) * highest if shared else None


def _dividing(addend: sp.Expr) -> list[sp.Pow]:
    """The whole powers of sums by which it divides."""
    powers = (f for f in sp.Mul.make_args(addend) if isinstance(f, sp.Pow))
    return [p for p in powers if p.exp.is_Integer and p.exp.is_negative and p.base.is_Add]


def _in_own_value(body: sp.Expr, slope: sp.Expr, value: sp.Expr, wrt: Element) -> Iterable[sp.Expr]:
    """The derivative of a = f(z) in terms of a, by algebra: f(z) replaced wherever it appears, or f
    inverted where no digits are lost by that.
    """
    if isinstance(body, sp.Pow) and not body.exp.is_number:  # not h / x for x^(b - 1)
        yield slope.xreplace({body: value})
    else:
        yield slope.subs(body, value)
    generator = _generator(body, wrt)
    if generator is not None:
        g = sp.Dummy(positive=True)
        inverse = _mobius_inverse(body.subs(generator, g), g, value)
        if inverse is not None:
            inverted = sp.cancel(slope.subs(generator, g).subs(g, inverse))
            if _keeps_digits(inverted, value):
                yield inverted
                yield sp.factor(inverted)


def _generator(body: sp.Expr, wrt: Element) -> sp.Expr | None:
    """exp(k z), where the body is a function of it alone."""
    exponentials = [e for e in atoms(body, sp.exp) if e.args[0].has(wrt)]
    rest = body.xreplace({e: sp.Dummy() for e in exponentials})
    if not exponentials or rest.has(wrt):
        return None
    return min(exponentials, key=lambda e: (weight(e), str(e)))


def _mobius_inverse(body: sp.Expr, g: sp.Symbol, value: sp.Expr) -> sp.Expr | None:
    """g from value = (p g + q) / (r g + t), or None where the body is not of that form."""
    numerator, denominator = sp.fraction(sp.together(body))
    equation = sp.expand(numerator - value * denominator)
    slope, rest = equation.coeff(g, 1), equation.coeff(g, 0)
    if slope == 0 or sp.expand(equation - slope * g - rest) != 0 or slope.has(g) or rest.has(g):
        return None
    return -rest / slope


def _keeps_digits(inverted: sp.Expr, value: sp.Expr) -> bool:
    """Whether what is told in a value is so by it and small numbers alone, as 1 - a**2: of
    y = exp(x) + b, y - b has no digit of exp(x) where b is large, and a quotient by what is left
    of values may be 0 / 0.
    """
    numbers = atoms(inverted, sp.Number)
    return elements(inverted) == [value] and all(abs(n) <= _SMALL for n in numbers)


def _reasons(
    equation: Equation, term: Term, wrt: Element, raw: sp.Expr, folded: sp.Expr
) -> tuple[Equality, ...]:
    """What a reader would want said: f'(z) and its value, where a function was differentiated."""
    call = term.body
    of = [k for k, argument in enumerate(call.args) if argument.has(wrt)]
    known = row(call)
    named = known is not None and not known.elementary
    applied = named and equation.of_steps().pointwise() and term.at is None and of == [0]
    inner = _diff(call.args[0], wrt) if applied else sp.S.Zero
    if inner != 0:
        return (Equality((call, *dict.fromkeys((raw / inner, folded / inner))), prime=True),)
    if raw != folded:
        return (Equality((raw, folded)),)
    return ()
