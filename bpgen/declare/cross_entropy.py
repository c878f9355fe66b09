"""The categorical cross-entropy, of one vector of classes or of one at each place of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from bpgen import functions as f
from bpgen.declare.compared import OUTPUT_AND_TARGET, bound_of, classes, logits, tensors
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.functions import log, log_softmax, mean, sum
from bpgen.declare.given import number
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.declare.unbounded import probability
from bpgen.declare.words import zeros
from bpgen.errors import NetError
from bpgen.ir import BATCH, Index, extent

_Options = tuple[float, Any, int | None]  # label_smoothing, weight, ignore


def categorical_cross_entropy(
    p: Tensor,
    y: Tensor,
    *,
    label_smoothing: float = 0,
    weight: Any = None,
    ignore: int | None = None,
) -> Any:
    """-sum y log p for y = one_hot(K), -log p[y] for y = label(K); p are probabilities, along the
    last axis. Of a sequence, y = one_hot(K, "T") or label(K, "T"), it is the mean over the places.

    With `label_smoothing` s, y is taken as (1 - s) y + s / K. `weight` is a number for each class,
    by which its term is multiplied. A sample of the class `ignore` has the loss 0. PyTorch then
    divides by the weights of a batch's labels, or by how many are kept; the loss here stays the
    plain mean over the batch. For the other mean, leave these options out and multiply by a weight
    of the sample, u = target(), that is given as w / w.mean(). Of a sequence, whose places are
    left out to make all of one length, the mean is PyTorch's: over the places of the batch that
    are kept, by their weights.
    """
    what = "categorical_cross_entropy"
    tensors((p,), what, OUTPUT_AND_TARGET)
    return _cross_entropy(
        probability(p, what, "softmax"), y, log, (label_smoothing, weight, ignore), what
    )


def categorical_cross_entropy_with_logits(
    z: Tensor,
    y: Tensor,
    *,
    label_smoothing: float = 0,
    weight: Any = None,
    ignore: int | None = None,
) -> Any:
    """The categorical cross-entropy of softmax(z), with the same options."""
    what = "categorical_cross_entropy_with_logits"
    tensors((z,), what, OUTPUT_AND_TARGET)
    logits(z, what, sp.exp)
    classes(z, y, what, "logit")
    return _cross_entropy(log_softmax(z), y, _itself, (label_smoothing, weight, ignore), what)


def _itself(value: Any) -> Any:
    return value


def _cross_entropy(
    p: Tensor, y: Any, log_of: Callable[[Any], Any], options: _Options, what: str
) -> Any:
    classes(p, y, what, "probability")
    _refuse_any_numbers(y, what)
    places, weight, ignore = tuple(fresh(s) for s in p.shape[:-1]), *options[1:]
    if places and (weight is not None or ignore is not None):
        return _over_kept(p, y, log_of, options, what)
    if ignore is not None:
        loss = _cross_entropy(p, y, log_of, (options[0], weight, None), what)
        return _unless(loss, y, (), ignore, what)
    smoothing, weights, bound = _share(options[0], what), _weights(weight, p, y, what), bound_of(y)
    if bound is None:
        even = (1 - smoothing) * y + smoothing / y.shape[-1] if smoothing else y
        return -_shared(_weighted(even * log_of(p), weights), places)
    label = y[places] if isinstance(y, Tensor) else y
    right = (1 - smoothing) * log_of(p[(*places, label)])
    right = right if weights is None else weights[label] * right
    right = _shared(reduce(right, places, "sum"), places) if places else right
    even = _shared(_weighted(log_of(p), weights), places) if smoothing else 0
    return -right - (smoothing * even / bound if smoothing else 0)


def _over_kept(
    p: Tensor, y: Any, log_of: Callable[[Any], Any], options: _Options, what: str
) -> Any:
    """Of a sequence, PyTorch's mean: the sum over the places that are kept, of all samples, over
    the sum of their weights. Shares of classes are weighed, and not divided by the weights.
    """
    smoothing, weight, ignore = _share(options[0], what), *options[1:]
    weights, bound = _weights(weight, p, y, what), bound_of(y)
    places, k = tuple(fresh(s) for s in p.shape[:-1]), fresh(p.shape[-1])
    each = _weighed(log_of(p[(*places, k)]), weights, k)
    if bound is None:
        even = smoothing / p.shape[-1] if smoothing else 0
        loss = -reduce(((1 - smoothing) * y[(*places, k)] + even) * each, (k,), "sum")
        kept = Formula.of(1)
    else:
        label = y[places]
        loss = (smoothing - 1) * _weighed(log_of(p[(*places, label)]), weights, label)
        loss = loss - smoothing / bound * reduce(each, (k,), "sum") if smoothing else loss
        kept = _weighed(Formula.of(1), weights, label)
    if ignore is not None:
        loss, kept = (_unless(v, y, places, ignore, what) for v in (loss, kept))
    total = reduce(loss, places, "sum")
    if not kept.free:
        return _shared(total, places)
    n, count = fresh(BATCH, "n"), Tensor.of((), reduce(kept, places, "sum"))
    return total / Tensor.of((), mean(count[n], n))


def _share(smoothing: Any, what: str) -> Any:
    """How much of each target all classes share, as an exact number: 1 - 0.9 is 0.1."""
    smoothing = number(smoothing)
    if not 0 <= smoothing < 1:
        raise NetError(
            f"{what}: label_smoothing={smoothing} is no share", "give a number from 0 to below 1"
        )
    return smoothing


def _weighed(value: Any, weights: Any, at: Any) -> Any:
    """A value of one class times its weight."""
    return value if weights is None else weights[at] * value


def _shared(total: Any, places: tuple[Index, ...]) -> Any:
    """The mean over the places of a sequence, from their sum."""
    return total / extent(k.size for k in places) if places else total


def _refuse_any_numbers(y: Any, what: str) -> None:
    """A target of numbers is taken for one whose rows sum to 1."""
    if isinstance(y, Tensor) and y.role == "target" and y.bound is None and not y.sums_to_one:
        sizes = ", ".join(repr(s) for s in (y.shape[-1], *y.shape[:-1]))
        raise NetError(
            f"{what}: {y.said()} may be any numbers, and those of a class sum to 1",
            f"declare it one_hot({sizes}), or write what is meant: -sum(y * log(p))",
        )


def _unless(loss: Any, y: Any, places: tuple[Index, ...], left_out: Any, what: str) -> Any:
    """The loss, but 0 where the target is the class left out."""
    bound = bound_of(y)
    count = bound if bound is not None else y.shape[-1]
    if type(left_out) is not int or (isinstance(count, int) and not 0 <= left_out < count):
        raise NetError(
            f"{what}: ignore={left_out!r:.40} is none of the {count} classes of {y.said()}",
            "classes count from 0",
        )
    if bound is None:
        return loss * (1 - y[(*places, left_out)])
    label = (y[places] if isinstance(y, Tensor) else y).body()
    return Formula.of(loss).apply(lambda value: f.unless(value, label, left_out))


def _weights(weight: Any, p: Tensor, y: Any, what: str) -> Any:
    """Weights of the classes: a tensor, a list of numbers, or None."""
    if weight is None or isinstance(weight, Tensor):
        if weight is not None and weight.shape != p.shape[-1:]:
            raise NetError(
                f"{what}: weight {weight.said()} for the classes of {p.said()}",
                "one weight for each class",
            )
        return weight
    if not isinstance(weight, Sequence) or len(weight) != p.shape[-1]:
        raise NetError(
            f"{what}: weight={said(weight)} for the classes of {p.said()}",
            "one weight for each class: a tensor, or a list of numbers",
        )
    if p.rank > 1 or bound_of(y) is not None:
        table = zeros(len(weight))
        for k, w in enumerate(weight):
            table[k] = number(w)
        return table
    return [number(w) for w in weight]


def _weighted(terms: Tensor, weights: Any) -> Any:
    """The sum of the terms of all classes, each times its weight."""
    if isinstance(weights, list):
        return sum([w * terms[k] for k, w in enumerate(weights) if w != 0])
    return sum(terms if weights is None else weights * terms)
