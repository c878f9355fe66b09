"""The numbers of a worked example, beside the equations that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal

import numpy as np

from bpgen.ir import BATCH, TensorInfo
from bpgen.render.dialect import Dialect
from bpgen.worked import Worked
from bpgen.worked.point import Array

DIGITS = 4  # significant ones
_LARGEST, _TINY = 6, -4  # powers of ten between which a number is written out
_ROUNDING = 1e-12  # of a number: what its own arithmetic leaves
_ALL = 17  # digits that any number has
_MOST = 6  # entries along an axis; of more the first and the last are shown


@dataclass(frozen=True)
class Numerals:
    """Numbers as text: of one sample; of samples that meet, of which a page tells together, all."""

    worked: Worked
    dialect: Dialect
    tensors: Mapping[str, TensorInfo]
    digits: int = DIGITS

    @property
    def several(self) -> bool:
        """Whether the example is of several samples."""
        return self.worked.point.lengths.get(BATCH, 1) > 1

    def value(self, name: str) -> str:
        """Of a tensor: `= 5` where that is all of it, and about that where it is rounded."""
        return self.product(name, self.worked.values[name])

    def slope(self, name: str) -> str:
        """Of the gradient by a tensor."""
        return self.product(name, self.worked.slopes[name])

    def product(self, name: str, *factors: Array) -> str:
        """Of a product, entry by entry, of arrays that have the axes of a tensor; nothing where it
        is too large to show, or masked out.
        """
        shown = [self.one(name, array) for array in factors]
        if not all(np.all(np.isfinite(a)) for a in shown):
            return ""
        if any(a.ndim > 2 or not a.size or (a.ndim == 2 and max(a.shape) > _MOST) for a in shown):
            return ""
        exact = all(self._is_exact(float(v)) for a in shown for v in a.ravel())
        texts = [self.array(a, len(shown) > 1) for a in shown]
        times = self.dialect.odot if shown[0].size > 1 else self.dialect.words["times"]
        return f"{'=' if exact else self.dialect.words['about']} {times.join(texts)}"

    def entries(self, name: str, array: Array) -> list[str]:
        """Each entry by itself, in the order in which they are written out."""
        return [self._about(float(v)) for v in np.ravel(self.one(name, array))]

    def _about(self, value: float) -> str:
        sign = "=" if self._is_exact(value) else self.dialect.words["about"]
        return f"{sign} {self.number(value)}"

    def one(self, name: str, array: Array) -> Array:
        """What one sample has of it."""
        info = self.tensors[name]
        if self.several:
            return array
        return array[0] if info.batched and not info.block else array

    def array(self, array: Array, factor: bool = False) -> str:
        """A scalar or a vector of one, a vector, or a matrix row by row."""
        if array.ndim < 2 and array.size == 1:
            text = self.number(float(array.ravel()[0]))
            return (
                self.dialect.parens(text)
                if factor and text.startswith(self.dialect.minus)
                else text
            )
        rows = [list(map(self.number, map(float, row))) for row in np.atleast_2d(array)]
        if array.ndim == 2:
            return self.dialect.matrix(tuple(map(tuple, rows)))
        (row,) = rows
        if len(row) > _MOST:
            row = [*row[: _MOST - 2], self.dialect.words["dots"], row[-1]]
        return f"({', '.join(row)})"

    def number(self, value: float) -> str:
        """So many digits of a number; of a tiny or a large one, times a power of ten."""
        if not np.isfinite(value):
            return (self.dialect.minus if value < 0 else "") + self.dialect.words["infinity"]
        rounded, exact = self._rounded(value), self._is_exact(value)
        if exact:
            rounded = rounded.normalize()  # no zeros that say nothing
        sign = self.dialect.minus if rounded < 0 else ""
        rounded = abs(rounded)
        power = rounded.adjusted() if rounded else 0
        # Written out, the zeros of a number that is rounded above its units would be believed.
        if _TINY <= power < (_LARGEST if exact else min(_LARGEST, self.digits)):
            return sign + format(rounded, "f")
        minus = self.dialect.minus if power < 0 else ""
        ten = self.dialect.power("10", f"{minus}{abs(power)}")
        return sign + self.dialect.scientific(format(rounded.scaleb(-power), "f"), ten)

    def exact(self, value: float) -> str:
        """All digits of a number that was given."""
        return replace(self, digits=_ALL).number(value)

    def _rounded(self, value: float) -> Decimal:
        return Context(prec=self.digits).create_decimal(repr(value))

    def _is_exact(self, value: float) -> bool:
        return abs(float(self._rounded(value)) - value) <= _ROUNDING * abs(value)
