"""The value of a formula: arrays over its index letters, whose last two axes are a matrix.

A vector is a column, a scalar a matrix of one entry. What is read beyond its range is not a number,
and nothing equals that.
"""

from __future__ import annotations

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import arithmetic, calls, conditions, derivatives, sums, symbols
from bpgen.check.page.evaluate.scope import RULES, Scope

__all__ = ["Scope"]

RULES.update(
    {
        f.Number: arithmetic.number,
        f.Sum: arithmetic.sum_of,
        f.Negative: arithmetic.negative,
        f.Product: arithmetic.product,
        f.Quotient: arithmetic.quotient,
        f.Power: arithmetic.power_of,
        f.Transposed: arithmetic.transposed,
        f.Norm: arithmetic.norm,
        f.Call: calls.call,
        f.Over: sums.over,
        f.Indicator: conditions.indicator,
        f.Cases: conditions.cases,
        f.Symbol: symbols.symbol,
        f.Beside: symbols.beside,
        f.Derivative: derivatives.derivative,
    }
)
