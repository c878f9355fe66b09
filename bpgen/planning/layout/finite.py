"""Which arrays are sums of products and of parameters: minus infinity is in them by overflow alone,
and a row of nothing else may come to nan. Others are masked, or given, and then it is a row like
any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bpgen.ir import Element, TensorInfo
from bpgen.program.grammar import Assign, Contract, Expr, Function, Map, Total
from bpgen.program.memory import looks_at

Tensors = Mapping[str, TensorInfo]


def finite(functions: Iterable[Function], tensors: Tensors) -> frozenset[str]:
    """The names of such arrays."""
    nodes = (n for f in functions for s in f.body for n in s.walk() if isinstance(n, Assign))
    named = [(n.name, n.value) for n in nodes if isinstance(n.value, Expr)]
    return frozenset(name for name, value in named if _is_finite(value, tensors))


def _is_finite(value: Expr, tensors: Tensors) -> bool:
    if isinstance(value, Total):
        addends = (*value.addends, *([value.last] if value.last is not None else []))
        return all(_is_finite(a, tensors) for a in addends)
    if isinstance(value, Map) and len(value.operands) == 1:
        ((place, array),) = value.operands
        return not (value.body / place).atoms(Element) and _is_finite(array, tensors)
    seen = tensors.get(looks_at(value) or "")
    return isinstance(value, Contract) or (seen is not None and seen.role == "param")
