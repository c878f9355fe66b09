"""Losses of one sample and penalties on weights; each is its formula and nothing more."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen import functions as f
from bpgen.declare.activations import relu, softplus
from bpgen.declare.compared import bound_of, classes, logits, pair, tensors
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.functions import abs, exp, log, log_softmax, logsumexp, mean, sqrt, sum, word
from bpgen.declare.given import number
from bpgen.declare.symbolic import Symbolic, said
from bpgen.declare.tensor import Tensor
from bpgen.declare.unbounded import probability
from bpgen.errors import NetError
from bpgen.ir import Term, element, length

_huber = word(f.huber, "huber", 1)
_log_cosh = word(f.log_cosh, "log_cosh")
_xlogx = word(f.xlogx, "xlogx")


def half_squared_error(a: Tensor, y: Tensor) -> Any:
    """sum of (a - y)^2 / 2."""
    return _total(pair(a, y, "half_squared_error") ** 2) / 2


def squared_error(a: Tensor, y: Tensor) -> Any:
    """sum of (a - y)^2."""
    return _total(pair(a, y, "squared_error") ** 2)


def mean_squared_error(a: Tensor, y: Tensor) -> Any:
    """mean of (a - y)^2 over the outputs."""
    return _average(pair(a, y, "mean_squared_error") ** 2)


def binary_cross_entropy(a: Tensor, y: Tensor) -> Any:
    """-(y log a + (1 - y) log(1 - a)), summed over the outputs; a are probabilities."""
    pair(a, y, "binary_cross_entropy")
    a = probability(a, "binary_cross_entropy", "sigmoid")
    return -_total(y * log(a) + (1 - y) * log(1 - a))


def binary_cross_entropy_with_logits(z: Tensor, y: Tensor) -> Any:
    """The binary cross-entropy of sigmoid(z), summed over the outputs: y softplus(-z) + (1 - y)
    softplus(z).
    """
    pair(z, y, "binary_cross_entropy_with_logits")
    logits(z, "binary_cross_entropy_with_logits", f.sigmoid)
    return _total(y * softplus(-z) + (1 - y) * softplus(z))


def absolute_error(a: Tensor, y: Tensor) -> Any:
    """sum of |a - y|."""
    return _total(abs(pair(a, y, "absolute_error")))


def mean_absolute_error(a: Tensor, y: Tensor) -> Any:
    """mean of |a - y| over the outputs."""
    return _average(abs(pair(a, y, "mean_absolute_error")))


def huber(a: Tensor, y: Tensor, delta: float = 1) -> Any:
    """(a - y)^2 / 2 where |a - y| <= delta, delta (|a - y| - delta / 2) elsewhere; summed over the
    outputs.
    """
    return _total(_huber(pair(a, y, "huber"), _above_zero(delta, "huber: delta")))


def smooth_l1(a: Tensor, y: Tensor, beta: float = 1) -> Any:
    """The Huber loss with delta = beta, over beta; summed over the outputs."""
    beta = _above_zero(beta, "smooth_l1: beta")
    return _total(_huber(pair(a, y, "smooth_l1"), beta)) / beta


def log_cosh_loss(a: Tensor, y: Tensor) -> Any:
    """sum of log cosh(a - y)."""
    return _total(_log_cosh(pair(a, y, "log_cosh_loss")))


def hinge(a: Tensor, y: Tensor, margin: float = 1) -> Any:
    """max(0, margin - y a) for targets of -1 and 1, summed over the outputs; the slope at the kink
    is 0.
    """
    pair(a, y, "hinge")
    return _total(relu(_above_zero(margin, "hinge: margin") - y * a))


def multiclass_hinge(z: Tensor, y: Tensor, margin: float = 1, power: int = 1) -> Any:
    """sum of max(0, margin - z[y] + z[j])^power over the classes j other than y, over their number
    K; y is a label(K) or a one_hot(K). The slope at the kink is 0.
    """
    margin = _above_zero(margin, "multiclass_hinge: margin")
    if power not in (1, 2):
        raise NetError(f"multiclass_hinge: power={power!r:.40} is not known", "use 1 or 2")
    classes(z, y, "multiclass_hinge", "score")
    if z.rank != 1:
        raise NetError(f"multiclass_hinge: {z.said()} is no vector", "give one score a class")
    j = fresh(z.shape[0])
    if bound_of(y) is None:
        k = fresh(z.shape[0])
        right = Tensor.of((), reduce(y[k] * z[k], (k,), "sum"), hint="s")
        return reduce((1 - y[j]) * relu(margin - right[()] + z[j]) ** power, (j,), "sum") / j.size
    every = reduce(relu(margin - z[y] + z[j]) ** power, (j,), "sum")  # y among them: margin^power
    return (every - margin**power) / j.size


def kl_divergence(p: Tensor, y: Tensor, *, log_input: bool = False) -> Any:
    """sum of y (log y - log p) for targets y that are probabilities, where 0 log 0 is 0; with
    `log_input`, log p is given for p.
    """
    pair(p, y, "kl_divergence")
    log_p = p if log_input else log(probability(p, "kl_divergence", "softmax"))
    return _total(_xlogx(y) - y * log_p)


def kl_divergence_with_logits(z: Tensor, y: Tensor) -> Any:
    """The divergence of y from softmax(z)."""
    pair(z, y, "kl_divergence_with_logits")
    logits(z, "kl_divergence_with_logits", sp.exp)
    return _total(_xlogx(y) - y * log_softmax(z))


def poisson_loss(z: Tensor, y: Tensor, *, log_input: bool = True, eps: float = 1e-8) -> Any:
    """exp(z) - y z for the logarithm z of a rate, z - y log(z + eps) for the rate itself
    (`log_input=False`): what depends on z in -log of the Poisson probability of y; summed over the
    outputs.
    """
    pair(z, y, "poisson_loss")
    return _total(exp(z) - y * z if log_input else z - y * log(z + eps))


def triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1, eps: float = 1e-6
) -> Any:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), where d is the length of the
    difference with eps added to each entry: it has a derivative where two are equal. The slope at
    the kink is 0.
    """
    margin = _above_zero(margin, "triplet: margin")
    near, far = (_distance(anchor, other, eps, "triplet") for other in (positive, negative))
    return relu(near - far + margin)


def contrastive(
    one: Tensor, two: Tensor, same: Tensor, margin: float = 1, eps: float = 1e-6
) -> Any:
    """d^2 / 2 where the pair is the `same` (a scalar target, 1), max(0, margin - d)^2 / 2 where it
    is not (0); d is the distance of `triplet`.
    """
    margin = _above_zero(margin, "contrastive: margin")
    d = _distance(one, two, eps, "contrastive")
    _scalar(same, "contrastive")
    return (same * d**2 + (1 - same) * relu(margin - d) ** 2) / 2


def mixture_density(logits: Tensor, mean: Tensor, log_scale: Tensor, y: Tensor) -> Any:
    """-log of the density at y of a mixture of normal distributions: its weights are
    softmax(logits), of shape (K,); `mean` and the logarithms of the standard deviations are of
    shape (K,) for a scalar y, (K, D) for a y of shape (D,), whose entries are independent.
    """
    tensors((logits, mean, log_scale, y), "mixture_density", "give logits, mean, log_scale, y")
    for t, shape in ((mean, logits.shape + y.shape), (log_scale, logits.shape + y.shape)):
        if logits.rank != 1 or y.rank > 1 or t.shape != shape:
            raise NetError(
                f"mixture_density: {t.said()} with {logits.said()} and {y.said()}",
                "K components of D outputs need logits (K,), y (D,), mean and log_scale (K, D)",
            )
    k, d = fresh(logits.shape[0]), tuple(fresh(s) for s in y.shape)
    s = log_scale[(k, *d)]
    exponent = ((y[d] - mean[(k, *d)]) * (-s).apply(sp.exp)) ** 2 / 2 + s
    inside = logits[k] - (reduce(exponent, d, "sum") if d else exponent)
    normalised = sp.log(2 * sp.pi) / 2 * sp.Mul(*map(length, y.shape))
    return logsumexp(logits) - logsumexp(Tensor.of((k,), inside, hint="q")) + normalised


def l2(*weights: Tensor) -> Any:
    """Sum of squares of the weights; of all declared so far when none is given, biases (vectors)
    left out.
    """
    return _penalty(lambda w: w**2, weights, "l2")


def l1(*weights: Tensor) -> Any:
    """Sum of absolute values of the weights; of all declared so far when none is given, biases left
    out.
    """
    return _penalty(abs, weights, "l1")


def _total(each: Any) -> Any:
    """The sum over the outputs; a formula is of one of them."""
    return sum(each) if isinstance(each, Tensor) else each


def _average(each: Any) -> Any:
    """The mean over the outputs; a formula is of one of them."""
    return mean(each) if isinstance(each, Tensor) else each


def _distance(one: Tensor, two: Tensor, eps: float, what: str) -> Tensor:
    tensors((one, two), what, "give the vectors")
    if one.shape != two.shape or one.rank != 1:
        raise NetError(f"{what}: {one.said()} against {two.said()}", "give vectors of one shape")
    distance: Tensor = sqrt(sum((one - two + eps) ** 2))
    distance.hint = "d"
    return distance


def _scalar(value: Any, what: str) -> None:
    tensors((value,), what, "declare it: same = target()")
    if value.rank or value.bound is not None:
        raise NetError(f"{what}: {value.said()} is no scalar of 0 or 1", "declare it: target()")


def _above_zero(value: float, what: str) -> float:
    if isinstance(value, Symbolic) or not number(value).is_positive:
        raise NetError(f"{what}={said(value)} is not above 0", "give a positive number")
    return value


def _of_all(function: Any, weights: Tensor) -> Any:
    """The sum over the weights; over those of every block, where they are of a repeated one."""
    if weights.block is None or weights.block in here().blocks:
        return sum(function(weights))
    own = tuple(fresh(s) for s in weights.shape)
    one = weights[own].body()
    every = (weights.block.index, *own)
    body = Formula.of(function(weights[own])).body()
    return Formula((Term(body.xreplace({one: element(one.name, every)}), every),))


def _penalty(function: Any, weights: tuple[Tensor, ...], what: str) -> Any:
    factor = next((w for w in weights if isinstance(w, (int, float))), None)
    before = f"a factor stands before it: {factor} * {what}()"
    each = f"give the weights one by one: {what}(W1, W2)"
    tensors(weights, what, each if factor is None else before)
    chosen = weights or tuple(
        t for t in here().tensors if isinstance(t, Tensor) and t.role == "param" and t.rank > 1
    )
    if not chosen:
        raise NetError(
            f"{what}: there are no weights yet", "declare the network first, or name the weights"
        )
    terms = [_of_all(function, w) for w in chosen]
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    if isinstance(result, Tensor):
        here().penalties[result.serial] = what
    return result
