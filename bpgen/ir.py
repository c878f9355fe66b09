"""The grammar of bpgen: tensor equations in index notation, as plain frozen data.

    lhs[indices] = term + term + ...          term = reduce over(indices) of a scalar body

A body is a scalar sympy expression in tensor *elements*, such as `W1[i, j]`. Forward and adjoint
equations are the same kind of thing; `check` holds after every pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, Literal

import sympy as sp
from sympy.core.symbol import Str

from bpgen.atoms import atoms
from bpgen.notebook import shown

Size = int | str  # a str is a length known at run time
# "first" keeps its indices: 1 at the first of the largest over them, 0 elsewhere.
Reduce = Literal["sum", "max", "logsumexp", "first"]
# A state is an input that all samples share; noise is drawn in forward.
Role = Literal["input", "target", "param", "state", "noise", "value"]

BATCH = "N"  # the run-time length of the batch axis


class Index(sp.Symbol):
    """A named index with its range `0 .. size - 1`; two of one name and different sizes are
    different.
    """

    __slots__ = ("_content", "size")
    size: Size | None
    _content: tuple[Any, ...]

    def __new__(cls, name: str, size: Size | None = None) -> Index:
        return _the_one(name, size)

    def _hashable_content(self) -> tuple[Any, ...]:
        return self._content

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.name, self.size), {}


def is_batch(index: sp.Basic) -> bool:
    """Whether an index is the sample's."""
    return isinstance(index, Index) and index.size == BATCH


@lru_cache(10_000)  # equal ones are found equal at once where they are one
def _the_one(name: str, size: Size | None) -> Index:
    index: Index = sp.Symbol.__xnew__(Index, name, integer=True)
    index.size = size
    index._content = (*sp.Symbol._hashable_content(index), str(size))
    return index


SAMPLE = Index("n", BATCH)  # of the sample itself, which net.py need not say


def spoken(index: Index) -> str:
    """What the user calls an index: bpgen's own begin with an underscore and a number."""
    return str(index.name).lstrip("_0123456789")


def told(place: sp.Expr) -> str:
    """A place along an axis in the user's letters: 2*p + u."""
    every = (i for i in place.free_symbols if isinstance(i, Index))
    return str(place.xreplace({i: sp.Symbol(spoken(i)) for i in every}))


class Element(sp.Expr):
    """One element of a tensor: `Element(Str("W"), i, j)` is W[i, j]. Indices are integer
    expressions.

    Its own derivative is never taken: `calculus` differentiates with respect to fresh symbols.
    """

    is_commutative = True
    is_real = True

    @cached_property
    def name(self) -> str:
        return str(self.args[0].name)

    @cached_property
    def indices(self) -> tuple[sp.Expr, ...]:
        indices: tuple[sp.Expr, ...] = self.args[1:]
        return indices

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(_written, self.indices))}]"

    def _sympystr(self, _printer: Any) -> str:
        return str(self)

    def _eval_derivative(self, _symbol: sp.Symbol) -> sp.Expr:
        return sp.S.Zero


@lru_cache(10_000)  # elements are put in order by what they are written as
def _written(index: sp.Expr) -> str:
    return str(index)


def element(name: str, indices: Iterable[Any]) -> Element:
    """The one factory of elements: two of one name and indices are the same object to sympy."""
    return Element(Str(name), *(sp.sympify(i) for i in indices))


def indices_of(expr: sp.Basic) -> list[Index]:
    """The indices that an expression speaks of, in an order that no hash seed changes."""
    return list(_indices_of(expr))


@lru_cache(10_000)
def _indices_of(expr: sp.Basic) -> tuple[Index, ...]:
    found = (s for s in expr.free_symbols if isinstance(s, Index))
    return tuple(sorted(found, key=lambda i: i.name))


@lru_cache(10_000)  # a network has few sizes, and they are asked for wherever an axis is
def length(size: Size | None) -> sp.Expr:
    """The size of an axis inside a body: a number, or a positive symbol such as N."""
    return (
        sp.Integer(size)
        if isinstance(size, int)
        else sp.Symbol(str(size), positive=True, integer=True)
    )


def extent(sizes: Iterable[Size | None]) -> sp.Expr:
    """How many values indices of these sizes take together."""
    return sp.Mul(*map(length, sizes))


def elements(expr: sp.Basic) -> list[Element]:
    """Every distinct element in `expr`, outermost first, in an order that no hash seed changes."""
    return list(_elements(expr))


@lru_cache(10_000)  # the same few bodies are asked at every step of a derivation
def _elements(expr: sp.Basic) -> tuple[Element, ...]:
    return tuple(sorted(atoms(expr, Element), key=_in_order))


@lru_cache(10_000)
def _in_order(access: Element) -> tuple[str, str]:
    return access.name, str(access)


@dataclass(frozen=True)
class Term:
    """`reduce over(indices) body`, written at the equation's own indices, or *at* the access given
    (a scatter).
    """

    body: sp.Expr
    over: tuple[Index, ...] = ()
    reduce: Reduce = "sum"
    at: tuple[sp.Expr, ...] | None = None

    @property
    def exprs(self) -> tuple[sp.Expr, ...]:
        """All that it reads by: its body, and the places that it is written at."""
        return (self.body, *(self.at or ()))

    def map(self, change: Any) -> Term:
        """The same term with `change` applied to its body."""
        return Term(change(self.body), self.over, self.reduce, self.at)


CANCELS = "something cancels in it: nothing is left to learn"


def is_number(terms: tuple[Term, ...]) -> bool:
    """Whether a value came to a finite number, as the distance of equal ones does."""
    if len(terms) != 1 or terms[0].over or terms[0].at is not None:
        return False
    return bool(terms[0].body.is_number and terms[0].body.is_finite)


@dataclass(frozen=True)
class Loop:
    """Equations that are computed together, step by step along an index: a recurrence."""

    name: str
    index: Index
    reverse: bool = False
    block: bool = False  # over equal blocks, each with parameters of its own


@dataclass(frozen=True)
class Equation:
    """`name[indices] = sum of terms`, where no term is written 0. Within a `loop`, one step of it
    at a time.
    """

    name: str
    indices: tuple[Index, ...]
    terms: tuple[Term, ...]
    loop: Loop | None = None

    @cached_property
    def lhs(self) -> Element:
        return element(self.name, self.indices)

    def reads(self) -> list[Element]:
        """Every element the right-hand side reads, accesses within accesses (gathers) included."""
        return list(self._read)

    @cached_property  # every pass asks
    def _read(self) -> tuple[Element, ...]:
        every = (e for term in self.terms for e in term.exprs)
        return tuple(dict.fromkeys(access for expr in every for access in elements(expr)))

    def pointwise(self) -> bool:
        """One term without a reduction or scatter: a scalar function at each element."""
        return len(self.terms) == 1 and not self.terms[0].over and self.terms[0].at is None

    def of_steps(self) -> Equation:
        """Without what is written before the first step, where a recurrence starts."""
        every = self.terms
        terms = tuple(t for t in every if not any(e.is_Integer and e < 0 for e in t.at or ()))
        return replace(self, terms=terms) if 0 < len(terms) < len(every) else self


@dataclass(frozen=True)
class TensorInfo:
    """What is declared of a tensor. `indices` are its axes, the batch first where it has one."""

    name: str
    indices: tuple[Index, ...]
    role: Role
    bound: int | None = None  # integer tensors: values are 0 .. bound - 1
    sums_to_one: bool = False  # the last axis of a target: one-hot, or soft labels
    # The axis of a recurrence, which has an element before the first, at -1: where it starts.
    carried: int | None = None
    keep: sp.Expr | None = None  # noise: an element is 1/keep with this probability, else 0
    block: bool = False  # the first axis counts equal blocks, each with parameters of its own
    nameless: bool = False  # net.py has no name for it

    @property
    def batched(self) -> bool:
        return any(i.size == BATCH for i in self.indices[: 1 + self.block])

    @property
    def sample_shape(self) -> tuple[Size, ...]:
        """The shape of one sample (or of the whole tensor where there is no batch axis)."""
        sizes = tuple(i.size for i in self.indices if i.size is not None)
        return sizes[1:] if self.batched else sizes


class Constant(float):
    """The number that every entry of a parameter begins as; a plain one is a standard deviation."""


@dataclass(frozen=True)
class Network:
    """A network: declared tensors and forward equations, each after all that it reads."""

    name: str
    tensors: Mapping[str, TensorInfo]
    equations: tuple[Equation, ...]
    outputs: tuple[str, ...]
    loss: str | None = (
        None  # the name of the scalar that is minimised: the mean over the batch, and penalties
    )
    sample_loss: str | None = None  # the name of the loss of one sample, whose mean `loss` is
    title: str = ""
    inits: Mapping[str, str | float] = field(default_factory=dict)  # how each parameter begins

    def role(self, role: Role) -> list[TensorInfo]:
        return [t for t in self.tensors.values() if t.role == role]

    @property
    def lengths(self) -> tuple[str, ...]:
        """The lengths known at run time, that of the batch first: N, T."""
        sizes = {i.size for t in self.tensors.values() for i in t.indices}
        return (BATCH, *sorted({s for s in sizes if isinstance(s, str)} - {BATCH}))

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def _repr_html_(self) -> str:
        """Its page, in a notebook's frame."""
        page: str = shown(self, "framed")
        return page


class Malformed(AssertionError):
    """A pass of bpgen broke the grammar: a defect of bpgen, never of a net.py."""


def check(equations: Iterable[Equation], tensors: Mapping[str, TensorInfo]) -> None:
    """Every index bound once, every name assigned once and before it is read, every access of the
    right rank and along axes that its indices run over.
    """
    known = {t.name for t in tensors.values() if t.role != "value"}
    equations = tuple(equations)
    of_loop: dict[str, set[str]] = {}
    for equation in equations:
        if equation.loop is not None:
            of_loop.setdefault(equation.loop.name, set()).add(equation.name)
    for equation in equations:
        if equation.name in known:
            raise Malformed(f"{equation.name} is assigned twice")
        around = of_loop[equation.loop.name] if equation.loop is not None else set()
        rank = len(tensors[equation.name].indices)
        if rank != len(equation.indices):
            raise Malformed(
                f"{equation.lhs} has {len(equation.indices)} indices, its tensor has {rank}"
            )
        for access in equation.reads():
            if access.name not in known | around:
                raise Malformed(f"{equation.name} reads {access} before it is defined")
            _check_axes(equation, access, tensors[access.name])
        check_indices(equation)
        known.add(equation.name)


def _check_axes(equation: Equation, access: Element, info: TensorInfo) -> None:
    """An access has the rank of its tensor; an index over a length known at run time stands along
    an axis of that length.
    """
    if len(access.indices) != len(info.indices):
        raise Malformed(f"{equation.name}: {access} has the wrong rank")
    for index, axis in zip(access.indices, info.indices, strict=True):
        if isinstance(index, Index) and isinstance(index.size, str) and index.size != axis.size:
            raise Malformed(
                f"{equation.name}: {access} runs over {index.size} along an axis of {axis.size}"
            )


def check_indices(equation: Equation) -> Equation:
    """The equation, where each index is bound once: on its left side or by one sum of a term.
    Two of one name are one to who reads them.
    """
    left = [str(i.name) for i in equation.indices]
    for term in equation.terms:
        kept = term.reduce == "first"  # whose indices are those of the left side
        names = [*left, *(str(k.name) for k in term.over if not kept)]
        if len(set(names)) < len(names):
            twice = sorted({n for n in names if names.count(n) > 1})
            raise Malformed(f"{equation.name}: index {', '.join(twice)} is bound twice")
        free = {i for e in term.exprs for i in indices_of(e)}
        unbound = free - {*equation.indices, *term.over}
        if unbound:
            raise Malformed(f"{equation.name}: unbound index {sorted(map(str, unbound))}")
        if term.reduce != "sum" and len(equation.terms) > 1:
            raise Malformed(f"{equation.name}: {term.reduce} beside another term")
    return equation
