"""What tensors and formulas are not: values of Python or numpy. Each such use is refused, in the
user's words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpgen.errors import NetError
from bpgen.vocabulary import WORDS

_OPERATORS = {
    "add": "__radd__",
    "subtract": "__rsub__",
    "multiply": "__rmul__",
    "divide": "__rtruediv__",
    "power": "__rpow__",
    "matmul": "__rmatmul__",
}


_PRODUCT = "write the product as W @ x, or its sum: tensor(sum(W[i, j] * x[j], j), i)"
_OF_NUMPY = {  # what is meant by functions of numpy that have another name here
    **dict.fromkeys(("dot", "matmul", "einsum", "inner", "tensordot"), _PRODUCT),
    "maximum": "the larger of z and 0 is relu(z), of a and b a + relu(b - a)",
    "minimum": "the smaller of a and b is a - relu(a - b)",
    **dict.fromkeys(("concatenate", "stack", "hstack", "vstack"), "write concat([a, b])"),
}


def _refused(fact: str, remedy: str) -> Callable[..., Any]:
    def method(self: Symbolic, *_: object, **__: object) -> Any:
        raise NetError(f"{self.said()} {fact}", remedy)

    return method


_compared = _refused(
    "cannot be compared: it has no value yet",
    "write max(0, z) as relu(z), min(a, b) as a - relu(a - b), |z| as abs(z)",
)
_counted = _refused("is not a number", "use bpgen's own functions: exp(z), not math.exp(z)")
_divided = _refused("has no quotient or remainder in whole numbers", "divide with /")


class Symbolic:
    """The base of Tensor and Formula."""

    _op_priority = 100.0  # sympy leaves `expression * tensor` to the tensor
    __hash__ = object.__hash__
    __lt__ = __le__ = __gt__ = __ge__ = _compared
    __eq__ = __ne__ = _compared
    __float__ = __int__ = __complex__ = __index__ = __round__ = _counted
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _divided
    __bool__ = _refused(
        "is neither true nor false", "write the equation for every case, without `if`"
    )
    __iter__ = _refused(
        "cannot be looped over",
        "use operators on the whole tensor, or name an index and sum over it",
    )
    __contains__ = __iter__
    __len__ = _refused("has no len()", "its sizes are x.shape")
    __setitem__ = _refused(
        "is defined once, by its equation", "write the whole tensor as one equation: tensor(..., i)"
    )
    __array__ = _refused(
        "is not a numpy array", "use bpgen's own words; numpy is for the emitted module"
    )

    def said(self) -> str:
        """How an error names it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.said()

    def __call__(self, *_: object, **__: object) -> Any:
        name = self.said().partition(" ")[0]
        hidden = f"the variable {name} hides bpgen's word: call it {name}1"
        remedy = hidden if name in WORDS else "use * for a product, [ ] for an index"
        raise NetError(f"{self.said()} is not a function", remedy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        """A numpy number on the left of an operator defers to us; any other function of numpy is
        refused.
        """
        operator = _OPERATORS.get(ufunc.__name__)
        if method == "__call__" and operator is not None and inputs[0] is not self:
            return getattr(self, operator)(inputs[0])
        return self.__array_function__(ufunc)

    def __array_function__(self, function: Any, *_: Any) -> Any:
        name = function.__name__
        remedy = _OF_NUMPY.get(name, "use bpgen's own functions: exp(z), not np.exp(z)")
        raise NetError(f"np.{name} cannot take {self.said()}", remedy)


def said(value: Any) -> str:
    """How an error names any value of net.py; a function by its name."""
    if isinstance(value, Symbolic):
        return value.said()
    return f"{getattr(value, '__name__', None) or repr(value):.60}"
