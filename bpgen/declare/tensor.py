"""Level two: tensors and operators, `z1 = W1 @ x + b1`, each defined by an index equation of level three."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, _known, fresh, reduce
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Role, Size, element, elements, length


class Tensor:
    """A tensor of one sample. It is called what the variable in net.py is called."""

    __array_ufunc__ = None

    def __init__(self, shape: tuple[Size, ...], role: Role = "value", *, name: str | None = None, hint: str = "u",
                 layer: int | None = None, bound: int | None = None, sums_to_one: bool = False,
                 init: str | float = "", indices: tuple[Index, ...] = (), formula: Formula | None = None) -> None:  # fmt: skip
        self.shape, self.role, self.name, self.hint, self.layer = shape, role, name, hint, layer
        self.bound, self.sums_to_one, self.init = bound, sums_to_one, init
        self.indices, self.formula = indices, formula
        self.line = here().line()
        self.serial = here().add(self)

    def __repr__(self) -> str:
        return f"{self.name or self.role}{list(self.shape)}"

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> Tensor:
        """The transpose."""
        i = tuple(fresh(s) for s in self.shape)
        return Tensor.of(i[::-1], self[i])

    @staticmethod
    def of(indices: Iterable[Index], formula: Formula, **how: Any) -> Tensor:
        """The tensor whose element at `indices` is `formula`."""
        indices, formula = _sized(tuple(indices), formula)
        shape = tuple(i.size for i in indices if i.size is not None)
        return Tensor(shape, indices=indices, formula=formula, **how)

    def scalar_formula(self) -> Formula:
        if self.rank:
            raise NetError(f"{_label(self)} is not a scalar", f"give it {self.rank} indices")
        return self[()]

    def __getitem__(self, key: Any) -> Formula:
        key = key if isinstance(key, tuple) else (key,)
        if len(key) != self.rank:
            raise NetError(f"{_label(self)} has {self.rank} indices, not {len(key)}", "name one index for each axis")
        return _access(self, tuple(_index(self, axis, k) for axis, k in enumerate(key)))

    def __matmul__(self, other: Any) -> Tensor:
        if not isinstance(other, Tensor):
            return NotImplemented
        if not self.rank or not other.rank:
            raise NetError(f"{_label(self)} @ {_label(other)}: a scalar has no rows", "use * for a scalar")
        k = fresh(self.shape[-1])
        left = tuple(fresh(s) for s in self.shape[:-1])
        inner = max(other.rank - 2, 0)
        right = tuple(fresh(s) for s in (*other.shape[:inner], *other.shape[inner + 1 :]))
        if self.shape[-1] != other.shape[inner]:
            raise NetError(f"{_label(self)} @ {_label(other)}: {self.shape[-1]} columns against {other.shape[inner]} rows",
                           "the inner sizes of a product must be equal")  # fmt: skip
        product = self[(*left, k)] * other[(*right[:inner], k, *right[inner:])]
        return Tensor.of(left + right, reduce(product, (k,), "sum"))

    def __add__(self, other: Any) -> Tensor:
        return pointwise("+", lambda a, b: a + b, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return pointwise("+", lambda a, b: a + b, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return pointwise("-", lambda a, b: a - b, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return pointwise("-", lambda a, b: a - b, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return pointwise("*", lambda a, b: a * b, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return pointwise("*", lambda a, b: a * b, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return pointwise("/", lambda a, b: a / b, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return pointwise("/", lambda a, b: a / b, other, self)

    def __pow__(self, other: Any) -> Tensor:
        return pointwise("**", lambda a, b: a**b, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return pointwise("**", lambda a, b: a**b, other, self)

    def __neg__(self) -> Tensor:
        return pointwise("-", lambda a: -a, self)

    def __bool__(self) -> bool:
        raise NetError(f"{_label(self)} is neither true nor false", "write the equation for every case, without `if`")

    def __iter__(self) -> Any:
        raise NetError(f"{_label(self)} cannot be looped over", "use operators on the whole tensor, or name an index")


def pointwise(symbol: str, function: Callable[..., Any], *operands: Any) -> Tensor:
    """A scalar function at each element. Shapes are equal, or one operand is a scalar."""
    for operand in operands:
        if not isinstance(operand, Tensor) and not _known(operand):
            raise NetError(f"{symbol} between a tensor and {type(operand).__name__}", "use tensors and numbers")
    tensors = [o for o in operands if isinstance(o, Tensor)]
    shape = max((t.shape for t in tensors), key=len)
    for t in tensors:
        if t.rank and t.shape != shape:
            one, two = (tensors[0], tensors[1])
            raise NetError(f"{_label(one)} {symbol} {_label(two)}: the shapes differ",
                           "give both one shape, or write the index equation")  # fmt: skip
    indices = tuple(fresh(s) for s in shape)
    return Tensor.of(indices, Formula.of(function(*(_at(o, indices) for o in operands))))


def _at(operand: Any, indices: tuple[Index, ...]) -> Formula:
    if not isinstance(operand, Tensor):
        return Formula.of(operand)
    return operand[indices if operand.rank else ()]


def _label(tensor: Tensor) -> str:
    """How an error names a tensor: its variable where it is known by now, its role otherwise, and its shape."""
    return f"{tensor.name or here_name(tensor) or tensor.role} {tensor.shape}"


def here_name(tensor: Tensor) -> str | None:
    """The variable of net.py that holds the tensor, while net.py runs."""
    import sys

    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == here().path:
            return next((n for n, v in frame.f_locals.items() if v is tensor), None)
        frame = frame.f_back
    return None


def _access(tensor: Tensor, indices: tuple[sp.Expr, ...]) -> Formula:
    from bpgen.ir import Term

    return Formula((Term(element(f"%{tensor.serial}", indices)),))


def _index(tensor: Tensor, axis: int, key: Any) -> sp.Expr:
    size = tensor.shape[axis]
    if isinstance(key, bool) or isinstance(key, slice) or key is None or key is Ellipsis:
        raise NetError(f"{_label(tensor)}: {key!r} is not an index", "name an index for each axis")
    if isinstance(key, int):
        if isinstance(size, int) and not 0 <= key < size:
            raise NetError(f"{_label(tensor)}: index {key} is outside 0 .. {size - 1}", "count from 0")
        return sp.Integer(key)
    if isinstance(key, Index):
        return key
    if isinstance(key, (Tensor, Formula)):
        body = Formula.of(key).body()
        if not isinstance(body, Element):
            raise NetError("an index must be an integer tensor's element", "declare it: y = label(10)")
        source = here().tensors[int(body.name[1:])]
        if source.bound is None:
            raise NetError(f"{_label(source)} holds real numbers and cannot be an index", "declare it: y = label(10)")
        if source.bound != size:
            raise NetError(f"{_label(source)} counts to {source.bound}, axis {axis} of {_label(tensor)} has {size}",
                           "give the label as many classes as the axis has entries")  # fmt: skip
        return body
    raise NetError(f"{_label(tensor)}: {key!r} is not an index", 'declare indices: i, j = indices("i j")')


def _sized(indices: tuple[Index, ...], formula: Formula) -> tuple[tuple[Index, ...], Formula]:
    """Give every index its size, from the axes it runs over."""
    sizes: dict[Index, tuple[Size, str]] = {}
    for term in formula.terms:
        for access in elements(term.body):
            tensor = here().tensors[int(access.name[1:])]
            for axis, index in enumerate(access.indices):
                if isinstance(index, Index):
                    _note(sizes, index, tensor.shape[axis], _label(tensor))
    for index in indices:
        if index not in sizes and index.size is None:
            raise NetError(f"index {index} is on the left but nothing on the right uses it", "use it, or leave it out")
    open_ = [i for i in formula.free if i not in indices]
    if open_:
        raise NetError(f"index {open_[0]} comes out of nowhere: it is neither on the left nor summed",
                       f"sum over it, or put it on the left: tensor(…, {open_[0]})")  # fmt: skip
    new = {i: Index(i.name, size) for i, (size, _) in sizes.items()}
    terms = tuple(_renamed(t, new) for t in formula.terms)
    return tuple(new.get(i, i) for i in indices), Formula(terms)


def _note(sizes: dict[Index, tuple[Size, str]], index: Index, size: Size, label: str) -> None:
    known = sizes.setdefault(index, (size if index.size is None else index.size, label))
    if known[0] != size:
        raise NetError(f"index {index} runs over {known[0]} in {known[1]} and over {size} in {label}",
                       "one index has one range")  # fmt: skip


def _renamed(term: Any, new: dict[Index, Index]) -> Any:
    from bpgen.ir import Term

    return Term(term.body.xreplace(new), tuple(new.get(k, k) for k in term.over), term.reduce, term.at)


def materialise(formula: Formula) -> sp.Expr:
    """A tensor of its own for a reduced formula; returns its element at the formula's open indices."""
    tensor = Tensor.of(formula.free, formula)
    return element(f"%{tensor.serial}", formula.free)


def checked_name(name: str | None) -> str | None:
    """A name given in words must be one that Python code and comments can carry as it is."""
    if name is None:
        return None
    if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
        raise NetError(f"{name!r:.60} is not a name", "use letters, digits and _; greek letters by their names, as theta")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise NetError(f"{name} is a word of Python", f"call it {name}_ or something else")
    if unicodedata.normalize("NFKC", name) != name or name.startswith("__"):
        raise NetError(f"{name!r} is not a name", "use a plain name")
    return name


def size_of(value: Any, what: str) -> Size:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise NetError(f"{what}: {value!r} is not a size", "sizes are whole numbers from 1 up")
    if isinstance(value, int) and value < 1:
        raise NetError(f"{what}: {value} is not a size", "sizes are whole numbers from 1 up")
    return value


def total(tensor: Tensor, axis: int | None = None) -> Tensor:
    """The sum over one axis, or over all."""
    i = tuple(fresh(s) for s in tensor.shape)
    if not i:
        return tensor
    over = i if axis is None else (i[axis],)
    return Tensor.of((k for k in i if k not in over), reduce(tensor[i], over, "sum"))


def count_of(tensor: Tensor, axis: int | None = None) -> sp.Expr:
    sizes = tensor.shape if axis is None else (tensor.shape[axis],)
    return sp.Mul(*(length(s) for s in sizes))
