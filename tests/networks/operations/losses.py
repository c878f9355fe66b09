"""Losses of one value and a target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.networks.operation import (
    ANY,
    LOSSES,
    F,
    Given,
    Made,
    Pick,
    Shape,
    known,
    operation,
    torch,
)

Loss = Callable[..., Any]


def each(function: Loss, mean: bool = False, **options: Any) -> Loss:
    """A loss of PyTorch for each sample: the sum or the mean over its outputs."""

    def of_samples(z: Any, y: Any) -> Any:
        terms = function(z, y, reduction="none", **options).flatten(1)
        return terms.mean(1) if mean else terms.sum(1)

    return of_samples


def log_cosh(z: Any) -> Any:
    """In a form that does not overflow."""
    return z.abs() + F.softplus(-2 * z.abs()) - 0.6931471805599453


OF_NUMBERS: dict[str, tuple[Loss, str]] = {
    "half_squared_error({0}, {y})": (lambda z, y: each(F.mse_loss)(z, y) / 2, "real"),
    "squared_error({0}, {y})": (each(lambda *a, **o: F.mse_loss(*a, **o)), "real"),
    "mean_squared_error({0}, {y})": (each(lambda *a, **o: F.mse_loss(*a, **o), True), "real"),
    "absolute_error({0}, {y})": (each(lambda *a, **o: F.l1_loss(*a, **o)), "real"),
    "mean_absolute_error({0}, {y})": (each(lambda *a, **o: F.l1_loss(*a, **o), True), "real"),
    "huber({0}, {y}, 0.7)": (each(lambda *a, **o: F.huber_loss(*a, **o), delta=0.7), "real"),
    "smooth_l1({0}, {y})": (each(lambda *a, **o: F.smooth_l1_loss(*a, **o)), "real"),
    "log_cosh_loss({0}, {y})": (
        lambda z, y: log_cosh(z - y).flatten(1).sum(1),
        "real",
    ),
    "hinge({0}, {y})": (lambda z, y: F.relu(1 - y * z).flatten(1).sum(1), "signs"),
    "poisson_loss({0}, {y})": (
        each(lambda *a, **o: F.poisson_nll_loss(*a, **o)),
        "counts",
    ),
    "binary_cross_entropy(sigmoid({0}), {y})": (
        each(lambda *a, **o: F.binary_cross_entropy_with_logits(*a, **o)),
        "unit",
    ),
    "binary_cross_entropy_with_logits({0}, {y})": (
        each(lambda *a, **o: F.binary_cross_entropy_with_logits(*a, **o)),
        "unit",
    ),
    "-sum({y}*log(sigmoid({0})) + (1 - {y})*log(1 - sigmoid({0})))": (
        each(lambda *a, **o: F.binary_cross_entropy_with_logits(*a, **o)),
        "unit",
    ),
    "sum(log(1 + ({0} - {y})**2))": (
        lambda z, y: torch.log(1 + (z - y) ** 2).flatten(1).sum(1),
        "real",
    ),
    "sum(sqrt(1 + ({0} - {y})**2) - 1)": (
        lambda z, y: ((1 + (z - y) ** 2).sqrt() - 1).flatten(1).sum(1),
        "real",
    ),
}
KINKS = ("absolute_error", "mean_absolute_error", "huber", "smooth_l1", "hinge")
GROWS = "poisson_loss"


@operation(ANY, table=LOSSES)
def of_numbers(pick: Pick, z: Shape) -> Made:
    call = pick("of", *(c for c in OF_NUMBERS if pick.kinks or not c.startswith(KINKS)))
    twin, draw = OF_NUMBERS[call]
    if not z:  # a number is its own sum
        call = call.replace("sum(", "(")
    return Made(
        call,
        lambda z, y: twin(z.reshape(len(z), -1), y.reshape(len(y), -1)),
        (),
        given={"y": Given("target", z, draw=draw)},
        kinked=call.startswith(KINKS),
        grows=call.startswith(GROWS),
        power=2,
    )


def entropy(z: Any, y: Any, **options: Any) -> Any:
    """The cross-entropy of each sample; a mean over steps."""
    terms = F.cross_entropy(z.flatten(0, -2), y.flatten(), reduction="none", **options)
    return terms.reshape(len(z), -1).mean(1)


def soft(z: Any, y: Any, **options: Any) -> Any:
    return F.cross_entropy(z, y, reduction="none", **options)


HOT = "one_hot"
OF_CLASSES: dict[str, tuple[str, Loss]] = {
    "categorical_cross_entropy_with_logits({0}, {y})": ("label", entropy),
    "categorical_cross_entropy(softmax({0}), {y})": ("label", entropy),
    "-log(softmax({0})[{y}])": ("label", entropy),
    "log(sum(exp({0}))) - {0}[{y}]": ("label", entropy),
    "-log_softmax({0})[{y}]": ("label", entropy),
    "categorical_cross_entropy_with_logits({0}, {y}, label_smoothing=0.1)": (
        "label",
        lambda z, y: entropy(z, y, label_smoothing=0.1),
    ),
    "categorical_cross_entropy(softmax({0}), {y}, ignore=1)": (
        "label",
        lambda z, y: entropy(z, y, ignore_index=1),
    ),
    "multiclass_hinge({0}, {y})": (
        "label",
        lambda z, y: F.multi_margin_loss(z, y, reduction="none"),
    ),
    "categorical_cross_entropy_with_logits({0}, {y}) ": (HOT, soft),
    "categorical_cross_entropy(softmax({0}), {y}) ": (HOT, soft),
    "-sum({y}*log(softmax({0})))": (HOT, soft),
    "-sum({y}*log_softmax({0}))": (HOT, soft),
    "categorical_cross_entropy_with_logits({0}, {y}, label_smoothing=0.2) ": (
        HOT,
        lambda z, y: soft(z, y, label_smoothing=0.2),
    ),
    "kl_divergence_with_logits({0}, {y})": (
        HOT,
        lambda z, y: F.kl_div(F.log_softmax(z, -1), y, reduction="none").sum(-1),
    ),
    "kl_divergence(softmax({0}), {y})": (
        HOT,
        lambda z, y: F.kl_div(F.log_softmax(z, -1), y, reduction="none").sum(-1),
    ),
}


@operation(1, when=lambda z: known(z) and int(z[0]) > 1, table=LOSSES)
def of_classes(pick: Pick, z: Shape) -> Made:
    call = pick("of", *OF_CLASSES)
    word, twin = OF_CLASSES[call]
    classes = int(z[0])
    given = Given("label", (), classes) if word == "label" else Given(word, z)
    kinked = "hinge" in call
    return Made(call.strip(), twin, (), given={"y": given}, kinked=kinked)


@operation(2, when=lambda z: known(z[1:]) and int(z[1]) > 1, table=LOSSES)
def of_classes_of_steps(_: Pick, z: Shape) -> Made:
    given = {"y": Given("label", z[:1], int(z[1]))}
    net = '{t} = indices("{t}")\n{p} = log_softmax({0})\n-mean({p}[{t}, {y}[{t}]], {t})'
    return Made(net, entropy, (), given=given)


@operation(1, 1, 1, when=lambda *shapes: len(set(shapes)) == 1, table=LOSSES)
def triplet(pick: Pick, *_: Shape) -> Made:
    margin = pick("margin", 1, 3)
    return Made(
        f"triplet({{0}}, {{1}}, {{2}}, margin={margin})",
        lambda u, v, w: F.triplet_margin_loss(u, v, w, margin=float(margin), reduction="none"),
        (),
        kinked=True,
    )


@operation(1, 1, when=lambda u, v: u == v, table=LOSSES)
def contrastive(pick: Pick, *_: Shape) -> Made:
    margin = pick("margin", 1, 4)

    def twin(u: Any, v: Any, y: Any) -> Any:
        d = F.pairwise_distance(u, v, eps=1e-6)
        return y * d**2 / 2 + (1 - y) * F.relu(margin - d) ** 2 / 2

    net = f"contrastive({{0}}, {{1}}, {{y}}, margin={margin})"
    return Made(net, twin, (), given={"y": Given("target", draw="coin")}, kinked=True)


@operation(1, 1, 1, when=lambda q, m, s: q == m == s and known(q), table=LOSSES)
def mixture_density(_: Pick, *__: Shape) -> Made:
    def twin(q: Any, mean: Any, s: Any, y: Any) -> Any:
        s = torch.sin(s)
        log = -0.5 * ((y[:, None] - mean) / s.exp()) ** 2 - s - 0.9189385332046727
        return -(q.log_softmax(1) + log).logsumexp(1)

    net = "mixture_density({0}, {1}, sin({2}), {y})"
    return Made(net, twin, (), given={"y": Given("target")})
