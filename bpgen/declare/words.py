"""The words that declare: tensors, indices, the loss, the outputs. Each is a few lines over tensors
and formulas.
"""

from __future__ import annotations

from typing import Any, NoReturn

import sympy as sp

from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh, one_by_one
from bpgen.declare.given import checked_name, number, size_of, whole_number
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError
from bpgen.ir import BATCH, Element, Index, Size, spoken

Scalar = Any  # a Tensor, a Formula, a sympy expression or a number


def input(*shape: Size, below: int | None = None, name: str | None = None) -> Tensor:
    """An input of the network; `shape` is that of one sample. With `below` it holds whole numbers,
    0 .. below - 1, which may be used as an index: E[x[t], i].
    """
    place = f"say which by a vector that is 1 there: k = input({below!r}), sum(k[t] * x[t, i], t)"
    bound = None if below is None else whole_number(below, "below", place)
    return Tensor(_shape(shape, "input"), "input", name=checked_name(name), hint="x", bound=bound)


def state(*shape: int, name: str | None = None) -> Tensor:
    """An input that all samples share and nothing learns, such as a running mean: passed in after
    the inputs, and returned anew where it is an output's business.
    """
    return Tensor(_shape(shape, "state"), "state", name=checked_name(name), hint="r")


def zeros(*shape: Size, name: str | None = None) -> Tensor:
    """A tensor that is written element by element, `y[i + 1] = x[i]`, and 0 where nothing is
    written.
    """
    return _written(_shape(shape, "zeros"), checked_name(name), None)


def recurrent(steps: Size, *shape: Size, name: str | None = None) -> Tensor:
    """A tensor defined step by step along its first axis, h[t, i] = ... h[t - 1, j] ...

    What stands before the first step is h[-1, i]: 0, or written as h[-1, i] = h0[i].
    """
    return _written(_shape((steps, *shape), "recurrent"), checked_name(name), 0)


def dropout(x: Tensor, rate: float) -> Tensor:
    """x with each element left out with probability `rate` and the others scaled by 1 / (1 - rate).

    The mask is drawn in forward, from the generator that its caller gives; without one nothing is
    left out.
    """
    if not isinstance(x, Tensor):
        raise NetError(f"dropout: {said(x)} is not a tensor", "give it what a layer computed")
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < 1:
        raise NetError(f"dropout: {rate!r:.40} is no rate", "give a number from 0 up to 1")
    return x * Tensor(x.shape, "noise", hint="m", keep=1 - number(rate))


def _written(shape: tuple[Size, ...], name: str | None, carried: int | None) -> Tensor:
    indices = tuple(fresh(s) for s in shape)
    return Tensor(
        shape,
        name=name,
        hint="h" if carried == 0 else "u",
        indices=indices,
        open=True,
        carried=carried,
    )


def target(*shape: Size, name: str | None = None) -> Tensor:
    """What the output is compared with; `shape` is that of one sample."""
    return Tensor(_shape(shape, "target"), "target", name=checked_name(name), hint="y")


def one_hot(classes: int, *shape: Size, name: str | None = None) -> Tensor:
    """A target of `classes` numbers that sum to 1, one-hot or soft labels; or several (of the shape
    after the classes), each along the last axis.
    """
    sizes = _shape((*shape, classes), "one_hot")
    return Tensor(sizes, "target", name=checked_name(name), hint="y", sums_to_one=True)


def label(classes: int, *shape: Size, name: str | None = None) -> Tensor:
    """A target that is one whole number, 0 .. classes - 1, or several (of the shape after the
    classes); it may be used as an index.
    """
    place = f"one of them is one_hot({classes!r}); a label at each is label(10, {classes!r})"
    bound = whole_number(classes, "label", place)
    return Tensor(_shape(shape, "label"), "target", name=checked_name(name), hint="y", bound=bound)


def param(*shape: Size, init: str | float = "", name: str | None = None) -> Tensor:
    """A parameter.

    `init`: "zeros", "ones", "normal" (variance 1 / fan-in), "he" (2 / fan-in), or a standard
    deviation. By default matrices and scalars are normal, vectors zeros. A size may be a letter, as
    in param("m", "p"): for a derivation, since code needs numbers.
    """
    default = "zeros" if len(shape) == 1 else "normal"
    return Tensor(
        _shape(shape, "param"),
        "param",
        name=checked_name(name),
        hint="w",
        init=_init(init) or default,
    )


def _init(init: Any) -> str | float:
    if init in ("", "zeros", "ones", "normal", "he"):
        return str(init)
    if isinstance(init, (int, float)) and not isinstance(init, bool) and 0 <= init < float("inf"):
        return float(init) if init else "zeros"
    raise NetError(
        f"init={init!r:.40} is not known",
        'use "zeros", "ones", "normal", "he" or a standard deviation',
    )


def _shape(shape: tuple[Any, ...], what: str) -> tuple[Size, ...]:
    return tuple(size_of(s, what) for s in shape)


def samples() -> Index:
    """An index over the samples of the batch, another at each call: sum(x[n, i], n). What is
    written without one beside it is the sample's own.
    """
    here().samples += 1
    return fresh(BATCH, "nmpq"[min(here().samples, 4) - 1])


def indices(*names: str, size: Size | None = None) -> Any:
    """Named indices: `i, j = indices("i j")`. Their ranges follow from the axes they run over, or
    are 0 .. size - 1.
    """
    if not all(isinstance(n, str) for n in names):
        sized = len(names) > 1 and isinstance(names[-1], int)
        remedy = f'a size has its word: indices("i", size={names[-1]})'
        raise NetError(
            "indices: the names are not strings",
            remedy if sized else 'write i, j = indices("i j")',
        )
    words = " ".join(names).replace(",", " ").split()
    if not words:
        raise NetError("indices: no name given", 'write i, j = indices("i j")')
    if len(set(words)) < len(words):
        raise NetError("indices: one name is given twice", 'write i, j = indices("i j")')
    if "n" in words:
        raise NetError("indices: n is the index of the sample", "call it another letter")
    given = None if size is None else size_of(size, "indices")
    made = tuple(Index(str(checked_name(n)), given) for n in words)
    return made if len(made) > 1 else made[0]


def tensor(formula: Scalar, *left: Index, name: str | None = None) -> Tensor:
    """The tensor defined by an index equation: `tensor(sum(W[i, j] * x[j], j) + b[i], i)`."""
    for index in left:
        if not isinstance(index, Index):
            raise NetError(
                f"{said(index)} is not an index",
                "by labels it is written into zeros: u = zeros(4); u[k[j]] = x[j]"
                if isinstance(index, (Formula, Tensor))
                else one_by_one("tensor", index),
            )
    return Tensor.of(left, Formula.of(formula), name=checked_name(name))


def loss(value: Scalar) -> Tensor:
    """Declare the loss of one sample, which may be named: loss(-z[n, y[n]]); the network's loss is
    its mean over the batch. Penalties may be added.
    """
    if isinstance(value, (list, tuple)):
        raise NetError("the loss is no scalar: it is a list", "add them: loss(first + second)")
    open_ = () if isinstance(value, Tensor) else Formula.of(value).free
    if len(open_) == 1 and open_[0].size == BATCH:
        value, open_ = Tensor.of(open_, Formula.of(value)), ()
    if open_ or (isinstance(value, Tensor) and value.shape):
        what = (
            value.said()
            if isinstance(value, Tensor)
            else f"a formula in {', '.join(map(spoken, open_))}"
        )
        over = "".join(f", {spoken(k)}" for k in open_)
        raise NetError(f"the loss is no scalar: it is {what}", f"sum it: loss(sum(...{over}))")
    own = isinstance(value, Tensor) and value.role == "value" and value.carried is None
    made = value if own else Tensor.of((), Formula.of(value))
    here().set_loss(made)
    return made


def output(*tensors: Scalar) -> None:
    """Declare what forward returns: one tensor or several. A formula without open indices is the
    scalar that it says.
    """
    if not tensors:
        raise NetError("output: nothing is given", "give the tensors that forward returns")
    tensors = tuple(map(_returned, tensors))
    for k, t in enumerate(tensors):
        if t.role != "value":
            _refuse_given(t)
        if any(t is other for other in (*here().outputs, *tensors[:k])):
            raise NetError(f"output: {t.said()} is given twice", "give each output once")
    here().outputs += tensors


def example(**values: Any) -> None:
    """The numbers of a worked example, which derive prints beside the equations: a value of each
    input and target, of one sample, and of parameters (the others as `init(0)` draws them).

    `lr` is the length of the step that is taken, `held` the parameters that it leaves as they are.
    """
    here().set_example(values)


def _refuse_given(t: Tensor) -> NoReturn:
    """What the caller has already is no output."""
    kind, name = "an input" if t.role == "input" else f"a {t.role}", here().variable(t)
    remedy = "give the tensors that forward computes"
    if kind == "an input" and name:
        remedy += f", as {name}1 = +{name} is"
    raise NetError(f"output: {t.said()} is {kind}, not computed", remedy)


def _returned(value: Scalar) -> Tensor:
    """A tensor; of a formula, one under the name of its variable, which is read for it from then
    on.
    """
    formula = Formula.of(value) if isinstance(value, sp.Expr) and value.has(Element) else value
    if isinstance(formula, Formula) and not formula.free:
        variable = here().variable(value) or "_"
        own = None if variable.startswith("_") else checked_name(variable)
        made = Tensor.of((), formula, name=own)
        formula.terms = made[()].terms
        return made
    if not isinstance(value, Tensor):
        several = isinstance(value, (tuple, list, dict))
        raise NetError(
            f"output: {said(value)} is not a tensor",
            "give each by a name of its own, as in y, m, s = ...; output(y, m, s)"
            if several
            else "give tensors: of a formula, tensor(formula, i)",
        )
    return value
