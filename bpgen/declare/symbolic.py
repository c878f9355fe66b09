"""What tensors and formulas are not: values of Python or numpy. Each such use is refused, in the
user's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bpgen.declare.declaration import here
from bpgen.errors import NetError
from bpgen.foreign import instead
from bpgen.vocabulary import WORDS

_OPERATORS = {
    "add": "__radd__",
    "subtract": "__rsub__",
    "multiply": "__rmul__",
    "divide": "__rtruediv__",
    "power": "__rpow__",
    "matmul": "__rmatmul__",
}


def _refused(fact: str, remedy: str) -> Callable[..., Any]:
    """`{x}` in the remedy is the variable of net.py."""

    def method(self: Symbolic, *_: object, **__: object) -> Any:
        raise NetError(f"{self.said()} {fact}", remedy.format(x=here().variable(self) or "z"))

    return method


_compared = _refused(
    "cannot be compared: it has no value yet",
    "write maximum({x}, b), minimum({x}, b), relu({x}) for what is above 0, abs({x}) for |{x}|",
)


def _equated(self: Symbolic, other: object) -> Any:
    raise NetError(
        f"{self.said()} cannot be compared: it has no value yet",
        f"one = says what a tensor is, {_distance(self, other)} how far it is from its target;"
        " how many are right is counted of what forward returns",
    )


_counted = _refused(
    "is not a number",
    "use bpgen's own functions: exp({x}), not math.exp({x}); a size is {x}.shape[0]",
)
_divided = _refused(
    "has no quotient or remainder in whole numbers", "these jump, and have no slope: divide with /"
)


_looped = _refused(
    "cannot be looped over",
    "use operators on the whole tensor, or name an index and sum over it;"
    " the least entry is min({x})",
)
_UNPACKED = {  # by what it is, of a tensor that is given to several variables
    "value": "use operators on the whole; of a recurrence h it holds all steps, last(h) is one",
    "param": "each has a call of its own: W, b = param(2, 3), param(2)",
}


class Symbolic:
    """The base of Tensor and Formula."""

    _op_priority = 100.0  # sympy leaves `expression * tensor` to the tensor
    __hash__ = object.__hash__
    __lt__ = __le__ = __gt__ = __ge__ = _compared
    __eq__ = __ne__ = _equated
    __float__ = __int__ = __complex__ = __index__ = _counted
    __round__ = _refused("is not rounded", "what jumps has no slope: round what forward returns")
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _divided
    __bool__ = _refused(
        "is neither true nor false",
        "write the equation for every case, without `if`: keep * {x} of an input of ones and zeros",
    )
    __contains__ = _looped
    __len__ = _refused("has no len()", "its length is {x}.shape[0]")
    __setitem__ = _refused(
        "is defined once, by its equation",
        "write the whole tensor as one equation: tensor(..., i); zeros(3) makes one that is written"
        " entry by entry",
    )
    __array__ = _refused(
        "is not a numpy array", "use bpgen's own words; numpy is for the emitted module"
    )

    def __iter__(self) -> Any:
        """What no variable holds is looped over where it is given to several: W, b = param(3)."""
        role = getattr(self, "role", "")
        if role and here().variable(self) is None:
            each = "each has a call of its own: x, y = input(3), target(2)"
            raise NetError(f"{self.said()} is one tensor, not several", _UNPACKED.get(role, each))
        return _looped(self)

    def __format__(self, how: str) -> str:
        if how:
            x = here().variable(self) or "z"
            fact = f"{self.said()} is written in no format, {how}: it has no value yet"
            raise NetError(fact, f"print({x}) says its shape")
        return str(self)

    def said(self) -> str:
        """How an error names it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.said()

    def __call__(self, *given: object, **__: object) -> Any:
        name = self.said().partition(" ")[0]
        hidden = f"the variable {name} hides bpgen's word: call it {name}1"
        remedy = hidden if name in WORDS else "use * for a product, [ ] for an index"
        if any(isinstance(g, Symbolic) for g in given) and name not in WORDS:
            remedy = "use * or @ for a product; what a layer made is no layer, to be called again"
        raise NetError(f"{self.said()} is not a function", remedy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        """A numpy number on the left of an operator defers to us; any other function of numpy is
        refused.
        """
        operator = _OPERATORS.get(ufunc.__name__)
        if method == "__call__" and operator is not None and inputs[0] is not self:
            return getattr(self, operator)(inputs[0])
        return self.__array_function__(ufunc, (), inputs, {})

    def __array_function__(
        self, function: Any, _: Any, given: tuple[Any, ...], named: Mapping[str, Any]
    ) -> Any:
        name = function.__name__
        words = (f"{key}={written(value)}" for key, value in named.items())
        remedy = instead(name, (*map(written, given), *words))
        raise NetError(
            f"np.{name} cannot take {self.said()}",
            remedy or "use bpgen's own functions: exp(z), not np.exp(z)",
        )


def _distance(a: Any, b: Any) -> str:
    """How far two are from each other, of which one may be a target."""
    if not isinstance(b, Symbolic):
        return f"squared_error({written(a)}, y)"
    if getattr(a, "role", "") == "target":
        a, b = b, a
    given = f"({written(a)}, {written(b)})"
    labelled = getattr(b, "bound", None) is not None
    return f"{'categorical_cross_entropy_with_logits' if labelled else 'squared_error'}{given}"


def said(value: Any) -> str:
    """How an error names any value of net.py; a function by its name."""
    if isinstance(value, Symbolic):
        return value.said()
    return f"{getattr(value, '__name__', None) or repr(value):.60}"


def written(value: Any) -> str:
    """How net.py writes a value: a tensor by its variable, where it has one."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, Symbolic):
        return here().variable(value) or "..."
    return f"{value!r:.60}"
