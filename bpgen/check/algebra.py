"""Is an expression zero? By algebra: an answer of yes is a proof.

exp, log, roots, sines and whatever else is transcendental are replaced by generators, in such a way
that what is related (exp(a + b), exp(-a), log(a b)) is expressed in the same generators; what
remains is a rational function, which is zero where its numerator, written out as a polynomial, has
no term left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import Any

import sympy as sp
from sympy.polys.rings import PolyElement, PolyRing

from bpgen import functions
from bpgen.check.written import NotProved

WORK = 3_000_000  # term products that one proof may cost
LONG = 2  # terms of a sum whose exponential is first tried as one generator
TERMS = 200  # and terms that it has when it is expanded
# Operations in what sympy's own cancel and factor are given: they have no bound of their own.
CANCEL = 400


class TooLarge(NotProved):
    """The algebra would take longer than it is allowed."""


_IN_EXP = {
    sp.tanh: lambda z: (1 - sp.exp(-2 * z)) / (1 + sp.exp(-2 * z)),
    sp.sinh: lambda z: (sp.exp(z) - sp.exp(-z)) / 2,
    sp.cosh: lambda z: (sp.exp(z) + sp.exp(-z)) / 2,
    sp.tan: lambda z: sp.sin(z) / sp.cos(z),
}


class Generators:
    """Symbols for the transcendental parts of one expression, and relations that powers of some
    satisfy.
    """

    def __init__(self, whole: bool) -> None:
        self.whole = whole  # exp of a long sum is one generator: cheap, and blind to its terms
        self.known: dict[Any, sp.Symbol] = {}
        self.exponent: dict[sp.Symbol, sp.Expr] = {}  # of an exponential
        self.log_of: dict[sp.Symbol, sp.Expr] = {}
        self.relations: dict[
            sp.Symbol, tuple[int, sp.Expr]
        ] = {}  # generator ** degree = expression
        self._seen: dict[Any, Any] = {}

    def symbol(self, *key: Any) -> sp.Symbol:
        """The generator of this kind and argument; positive, so that its powers are put
        together.
        """
        if key not in self.known:
            self.known[key] = sp.Dummy(f"g{len(self.known)}_{key[0]}", positive=True)
        return self.known[key]

    def strip(self, expr: Any) -> Any:
        """The expression in generators."""
        if expr not in self._seen:
            self._seen[expr] = self._strip(expr)
        return self._seen[expr]

    def _strip(self, expr: Any) -> Any:
        if expr.is_Symbol or expr.is_Rational:
            return expr
        if expr.is_Float:
            return sp.Rational(str(expr))
        if expr is sp.E or isinstance(expr, sp.exp):
            return self._exp(self.strip(expr.args[0] if expr.args else sp.S.One))
        if expr.is_NumberSymbol:
            return self.symbol("constant", expr)
        if expr.is_Pow:
            return self._power(expr.base, expr.exp)
        if expr.is_Add or expr.is_Mul:
            return expr.func(*map(self.strip, expr.args))
        return self._function(expr)

    def _function(self, expr: Any) -> Any:
        known = functions.row(expr)
        spelled = _IN_EXP.get(type(expr)) or (known.definition if known is not None else None)
        if spelled is not None:
            return self.strip(spelled(*expr.args))
        arguments = [canonical(self.strip(a)) for a in expr.args]
        if isinstance(expr, sp.log):
            return self._log(arguments[0])
        if isinstance(expr, (sp.sin, sp.cos)):
            return self._circular(type(expr), arguments[0])
        return self.symbol(type(expr).__name__, *arguments)

    def _circular(self, function: Any, argument: sp.Expr) -> sp.Expr:
        """sin and cos of one argument, up to its sign, with sin^2 = 1 - cos^2."""
        negative = bool(argument.could_extract_minus_sign())
        argument = -argument if negative else argument
        sine, cosine = self.symbol("sin", argument), self.symbol("cos", argument)
        self.relations[sine] = (2, 1 - cosine**2)
        return cosine if function is sp.cos else -sine if negative else sine

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        if exponent.is_Integer:
            return self.strip(base) ** exponent
        if not exponent.is_Rational:
            return self.strip(sp.exp(exponent * sp.log(base), evaluate=False))
        within = canonical(self.strip(base))
        if within.is_positive and not within.is_Rational:  # in the generators that exp(c log f) has
            return self._exp(exponent * self._log(within))
        return self._root(within, exponent)

    def _root(self, within: sp.Expr, exponent: sp.Rational) -> sp.Expr:
        root = self.symbol("root", within, exponent.q)
        self.relations[root] = (int(exponent.q), within)
        return root ** int(exponent.p)

    def _exp(self, argument: sp.Expr) -> sp.Expr:
        """exp of a sum as a product of one generator's power per term; exp(c log f) = f ** c."""
        product, terms = sp.S.One, sp.Add.make_args(canonical(argument))
        if self.whole and len(terms) > LONG:
            return self._exp_whole(terms)
        for term in terms:
            factor, monomial = term.as_coeff_Mul()
            if monomial in self.log_of and self._signless(self.log_of[monomial], factor):
                product *= self.log_of[monomial] ** factor
            elif monomial in self.log_of and self.log_of[monomial].is_positive:
                product *= self._root(self.log_of[monomial], factor)
            elif term != 0:
                base = self.symbol("exp", monomial)
                self.exponent[base] = monomial
                product *= base**factor
        return product

    @staticmethod
    def _signless(of: sp.Expr, power: sp.Expr) -> bool:
        """Whether exp(power log |of|) is of ** power whatever the sign of `of`, or because it is
        positive.
        """
        return bool(power.is_even or (power.is_Integer and of.is_positive))

    def _exp_whole(self, terms: tuple[sp.Expr, ...]) -> sp.Expr:
        """exp of a sum as a power of one generator, the same for every multiple of the sum."""
        leading, _ = min(terms, key=lambda t: str(t.as_coeff_Mul()[1])).as_coeff_Mul()
        monic = sp.Add(*(term / leading for term in terms))
        base = self.symbol("exp", monic)
        self.exponent[base] = monic
        return base**leading

    def _log(self, argument: sp.Expr) -> sp.Expr:
        """log of a quotient of products as a sum; log exp(m) = m. A factor counts by its size."""
        bounded(argument)
        total = sp.S.Zero
        for part, sign in zip(sp.fraction(sp.together(argument)), (1, -1), strict=True):
            number, factors = _factored(part)
            for prime, power in sp.factorint(abs(number)).items():
                total += sign * power * self.symbol("log", sp.Integer(prime))
            total += sign * sum(power * self._log_factor(factor) for factor, power in factors)
        return total

    def _log_factor(self, factor: sp.Expr) -> sp.Expr:
        base, power = factor.as_base_exp()
        if base in self.exponent:
            return power * self.exponent[base]
        found = self.symbol("log", -factor if ("log", -factor) in self.known else factor)
        self.log_of[found] = factor
        return found


def _factored(product: sp.Expr) -> tuple[sp.Expr, list[tuple[sp.Expr, sp.Expr]]]:
    """The numeric factor, and the others with their powers; roots of generators are no polynomials
    and stand apart.
    """
    apart = [a.as_base_exp() for a in sp.Mul.make_args(product)]
    powers = [(base, power) for base, power in apart if base.is_Symbol]
    rest = sp.Mul(*(base**power for base, power in apart if not base.is_Symbol))
    number, factors = (rest, []) if rest.is_Integer else sp.factor_list(rest)
    return number, [*powers, *factors]


def bounded(expr: sp.Expr) -> None:
    """Refuse what sympy's expand, cancel and factor might never finish with."""
    if sp.count_ops(expr) > CANCEL or expanded(expr) > TERMS:
        raise TooLarge("too large an argument")


def expanded(expr: Any) -> int:
    """At most how many terms the expression has when it is written out; beyond `TERMS` any
    number.
    """
    if expr.is_Add:
        return min(sum(map(expanded, expr.args)), TERMS + 1)
    if expr.is_Mul:
        return int(min(math.prod(map(expanded, expr.args)), TERMS + 1))
    if expr.is_Pow and expr.exp.is_Integer:
        return int(min(expanded(expr.base) ** min(abs(int(expr.exp)), 20), TERMS + 1))
    return 1


def canonical(expr: sp.Expr) -> sp.Expr:
    """One spelling for equal rational functions: a sum of terms."""
    bounded(expr)
    if expr.is_Atom or expr.is_polynomial(*expr.free_symbols):
        return sp.expand(expr)
    return sp.expand(sp.cancel(sp.together(expr)))


class Fraction:
    """numerator / product of factor ** power. Nothing is cancelled but what is visibly the same
    factor.
    """

    __slots__ = ("den", "num")

    def __init__(self, num: PolyElement, den: Mapping[PolyElement, int]) -> None:
        self.num, self.den = num, {f: p for f, p in den.items() if p}


class Fractions:
    """Arithmetic of fractions over one polynomial ring, with a bound on its work."""

    def __init__(self, symbols: list[sp.Symbol], roots: Mapping[sp.Symbol, int]) -> None:
        self.ring = PolyRing(symbols, sp.QQ, sp.lex)
        self.generator = dict(zip(symbols, self.ring.gens, strict=True))
        self.roots = roots
        self.work = 0
        self._seen: dict[Any, Fraction] = {}

    def times(self, one: PolyElement, other: PolyElement) -> PolyElement:
        """A product of polynomials, counted."""
        self.work += len(one) * len(other)
        if self.work > WORK:
            raise TooLarge("too large")
        return one * other

    def power(self, base: PolyElement, exponent: int) -> PolyElement:
        return reduce(self.times, [base] * exponent, self.ring.one)

    def read(self, expr: Any) -> Fraction:
        """An expression in symbols, sums, products and integer powers."""
        if expr not in self._seen:
            self._seen[expr] = self._read(expr)
        return self._seen[expr]

    def _read(self, expr: Any) -> Fraction:
        if expr.is_Rational:
            return Fraction(self.ring(sp.QQ(int(expr.p), int(expr.q))), {})
        if expr.is_Symbol:
            return Fraction(self.generator[expr] ** self.roots.get(expr, 1), {})
        if expr.is_Add:
            return reduce(self.add, map(self.read, expr.args))
        if expr.is_Mul:
            return reduce(self.mul, map(self.read, expr.args))
        if expr.is_Pow and expr.exp.is_Rational:
            return self._power(expr.base, expr.exp)
        raise NotProved(f"the algebra knows no {type(expr).__name__}")

    def _power(self, base: sp.Expr, exponent: sp.Rational) -> Fraction:
        """Rational powers are met only of generators whose root is in the ring."""
        if exponent.is_Integer:
            read = self.read(base)
            read = read if exponent > 0 else self.inverse(read)
            return reduce(self.mul, [read] * abs(int(exponent)))
        whole = exponent * self.roots.get(base, 1)
        if not whole.is_Integer:
            raise NotProved(f"a power of {exponent}")
        raised = Fraction(self.generator[base] ** abs(int(whole)), {})
        return raised if whole > 0 else self.inverse(raised)

    def mul(self, one: Fraction, other: Fraction) -> Fraction:
        num, den = self.ring.one, dict(one.den)
        for factor, power in other.den.items():
            den[factor] = den.get(factor, 0) + power
        for part in (one.num, other.num):
            lead, monic = self._monic(part)
            if den.get(monic, 0) > 0 and len(monic) > 1:
                den[monic] -= 1
                part = self.ring(lead)
            num = self.times(num, part)
        return Fraction(num, den)

    def add(self, one: Fraction, other: Fraction) -> Fraction:
        den = {f: max(one.den.get(f, 0), other.den.get(f, 0)) for f in {**one.den, **other.den}}
        return Fraction(self._over(one, den) + self._over(other, den), den)

    def _over(self, one: Fraction, den: Mapping[PolyElement, int]) -> PolyElement:
        missing = (self.power(f, p - one.den.get(f, 0)) for f, p in den.items())
        return reduce(self.times, missing, one.num)

    def _monic(self, poly: PolyElement) -> tuple[Any, PolyElement]:
        lead = poly.LC if poly else sp.QQ(1)
        return lead, poly.quo_ground(lead) if poly else poly

    def inverse(self, one: Fraction) -> Fraction:
        if not one.num:
            raise NotProved("a division by zero")
        lead, monic = self._monic(one.num)
        if len(monic) == 1:
            den = {g: p for g, p in zip(self.ring.gens, monic.LM, strict=True) if p}
        else:
            den = {monic: 1}
        num = reduce(
            self.times, (self.power(f, p) for f, p in one.den.items()), self.ring(1 / lead)
        )
        return Fraction(num, den)

    def reduced(
        self, num: PolyElement, generator: PolyElement, degree: int, value: Fraction
    ) -> PolyElement:
        """The numerator with generator ** degree replaced by its value, over a common
        denominator.
        """
        at = self.ring.gens.index(generator)
        quotients: dict[int, PolyElement] = {}
        for monomial, coefficient in num.terms():
            times, rest = divmod(monomial[at], degree)
            lowered = (*monomial[:at], rest, *monomial[at + 1 :])
            quotients[times] = quotients.get(times, self.ring.zero) + self.ring.term_new(
                lowered, coefficient
            )
        most = max(quotients, default=0)
        below = reduce(self.times, (self.power(f, p) for f, p in value.den.items()), self.ring.one)
        total = self.ring.zero
        for times, poly in quotients.items():
            lifted = self.times(self.power(value.num, times), self.power(below, most - times))
            total += self.times(poly, lifted)
        return total


def vanishes(expr: sp.Expr) -> bool:
    """Whether the expression is zero for all values of its symbols: True is a proof, False is not
    knowing.
    """
    return expr == 0 or any(_vanishes(expr, Generators(whole)) for whole in (True, False))


def _vanishes(expr: sp.Expr, generators: Generators) -> bool:
    stripped = generators.strip(expr)
    related = [e for _, e in generators.relations.values()]
    whole = [stripped, *related]
    symbols = sorted(
        {s for e in whole for s in e.free_symbols} | set(generators.relations), key=str
    )
    fractions = Fractions(symbols, _roots(whole))
    num = fractions.read(stripped).num
    for generator, (degree, value) in reversed(generators.relations.items()):
        num = fractions.reduced(num, fractions.generator[generator], degree, fractions.read(value))
    return not num


def _roots(expressions: list[Any]) -> dict[sp.Symbol, int]:
    """For each generator raised to rational powers, the common denominator of those."""
    found: dict[sp.Symbol, int] = {}
    for expr in expressions:
        for power in expr.atoms(sp.Pow):
            if power.base.is_Symbol and power.exp.is_Rational and power.exp.q != 1:
                found[power.base] = sp.ilcm(found.get(power.base, 1), int(power.exp.q))
    return found
