"""Every loss against PyTorch's, with each of its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from tests.parity.harness import Case, Draw, Shape, agree, parametrized

Loss = Callable[..., Any]


def of_outputs(call: str, target: str, loss: Loss, draws: dict[str, Draw] | None = None) -> Case:
    """A loss of the outputs z of a layer and a target y."""
    net = (
        f"x, y = input($d), {target}\nW, b = param($k, $d), param($k)\nz = W @ x + b\n"
        f"L = loss({call})"
    )
    name = f"{call} {target}".replace("($k)", "")
    return Case(name, net, lambda t: loss(t.x @ t.W.T + t.b, t.y), draws=draws or {})


def summed(function: Loss, **options: Any) -> Loss:
    """A loss of PyTorch as the mean over the batch of the sum over the outputs."""
    return lambda z, y: function(z, y, reduction="sum", **options) / len(z)


def signs(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    return rng.choice([-1.0, 1.0], sizes)


def shares(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    """Probabilities, some of them 0."""
    drawn = rng.random(sizes) * (rng.random(sizes) < 0.6)
    drawn[..., 0] += 0.1
    return drawn / drawn.sum(-1, keepdims=True)


def counts(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    return rng.poisson(2.0, sizes).astype(float)


def certain(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    """One-hot vectors."""
    return np.eye(sizes[-1])[rng.integers(0, sizes[-1], sizes[:-1])]


REAL, CLASS, HOT = "target($k)", "label($k)", "one_hot($k)"


@parametrized(
    of_outputs("half_squared_error(z, y)", REAL, lambda z, y: summed(F.mse_loss)(z, y) / 2),
    of_outputs("squared_error(z, y)", REAL, summed(F.mse_loss)),
    of_outputs("mean_squared_error(z, y)", REAL, F.mse_loss),
    of_outputs("absolute_error(z, y)", REAL, summed(F.l1_loss)),
    of_outputs("mean_absolute_error(z, y)", REAL, F.l1_loss),
    of_outputs("huber(z, y)", REAL, summed(F.huber_loss)),
    of_outputs("huber(z, y, 0.3)", REAL, summed(F.huber_loss, delta=0.3)),
    of_outputs("huber(z, y, delta=2)", REAL, summed(F.huber_loss, delta=2.0)),
    of_outputs("smooth_l1(z, y)", REAL, summed(F.smooth_l1_loss)),
    of_outputs("smooth_l1(z, y, beta=0.4)", REAL, summed(F.smooth_l1_loss, beta=0.4)),
    of_outputs(
        "log_cosh_loss(z, y)", REAL, lambda z, y: torch.log(torch.cosh(z - y)).sum() / len(z)
    ),
    of_outputs(
        "binary_cross_entropy(sigmoid(z), y)",
        REAL,
        summed(F.binary_cross_entropy_with_logits),
    ),
    of_outputs(
        "binary_cross_entropy_with_logits(z, y)", REAL, summed(F.binary_cross_entropy_with_logits)
    ),
    of_outputs(
        "hinge(z, y)", REAL, lambda z, y: F.relu(1 - y * z).sum() / len(z), draws={"y": signs}
    ),
    of_outputs(
        "hinge(z, y, margin=0.2)",
        REAL,
        lambda z, y: F.relu(0.2 - y * z).sum() / len(z),
        draws={"y": signs},
    ),
    of_outputs("poisson_loss(z, y)", REAL, summed(F.poisson_nll_loss), draws={"y": counts}),
    of_outputs(
        "poisson_loss(exp(z), y, log_input=False)",
        REAL,
        lambda z, y: F.poisson_nll_loss(z.exp(), y, log_input=False, reduction="sum") / len(z),
        draws={"y": counts},
    ),
)
def test_of_numbers(case: Case, shape: Shape) -> None:
    agree(case, shape)


# Labels of which there are 0, 1 and 2, and more of 2 than of others: none is left out alone.
SOME: dict[str, Draw] = {"y": lambda _, sizes: (np.arange(*sizes) + 2) % 3}


def cross_entropy(z: Any, y: Any, **options: Any) -> Any:
    """The plain mean over the batch, whatever the weights."""
    return F.cross_entropy(z, y, reduction="none", **options).mean()


def margin_loss(z: Any, y: Any, **options: Any) -> Any:
    return F.multi_margin_loss(z, y if y.ndim == 1 else y.argmax(-1), **options)


def divergence(z: Any, y: Any) -> Any:
    return summed(F.kl_div)(F.log_softmax(z, -1), y)


@parametrized(
    *(
        of_outputs(f"{call}{options})", target, loss, draws)
        for target, draws in ((CLASS, SOME), (HOT, {}))
        for call in (
            "categorical_cross_entropy(softmax(z), y",
            "categorical_cross_entropy_with_logits(z, y",
        )
        for options, loss in (
            ("", cross_entropy),
            (", label_smoothing=0.1", lambda z, y: cross_entropy(z, y, label_smoothing=0.1)),
            (", ignore=1", lambda z, y: cross_entropy(z, y, ignore_index=1)),
            (
                ", ignore=0, label_smoothing=0.1",
                lambda z, y: cross_entropy(z, y, ignore_index=0, label_smoothing=0.1),
            ),
            (", label_smoothing=0.9", lambda z, y: cross_entropy(z, y, label_smoothing=0.9)),
        )
        if target == CLASS or "ignore" not in options
    ),
    of_outputs("multiclass_hinge(z, y)", CLASS, margin_loss),
    of_outputs(
        "multiclass_hinge(z, y, margin=0.3, power=2)",
        CLASS,
        lambda z, y: margin_loss(z, y, margin=0.3, p=2),
    ),
    of_outputs("multiclass_hinge(z, y)", HOT, margin_loss, {"y": certain}),
    of_outputs(
        "multiclass_hinge(z, y, margin=0.3, power=2)",
        HOT,
        lambda z, y: margin_loss(z, y, margin=0.3, p=2),
        {"y": certain},
    ),
    *(
        of_outputs(call, target, divergence, {"y": shares})
        for target in (REAL, HOT)
        for call in (
            "kl_divergence(softmax(z), y)",
            "kl_divergence(log_softmax(z), y, log_input=True)",
            "kl_divergence_with_logits(z, y)",
        )
    ),
)
def test_of_classes(case: Case, shape: Shape) -> None:
    agree(case, shape)


def weighted(call: str, declared: str, torch: Loss, draws: dict[str, Draw] | None = None) -> Case:
    """A loss of logits z, targets y and weights u."""
    net = f"x = input($d)\n{declared}\nW = param($k, $d)\nz = W @ x\nL = loss({call})"
    name = f"{call} {declared}".replace("\n", " ")
    return Case(name, net, lambda t: torch(t.x @ t.W.T, t), draws=draws or {})


def apart(z: Any, t: Any, **options: Any) -> Any:
    """Samples with weights of the classes of their own."""
    each = zip(z, t.y, t.u, strict=True)
    losses = [F.cross_entropy(a, y, weight=u, reduction="none", **options) for a, y, u in each]
    return torch.stack(losses).mean()


def alike(z: Any, t: Any, **options: Any) -> Any:
    weight = torch.tensor([0.5, 1, 2, 0, 1.5]).double()[: z.shape[1]]
    return cross_entropy(z, t.y, weight=weight, **options)


LABELS = {"y": lambda _, sizes: np.arange(*sizes) % 2}
NOT_ONE = {"u": lambda _, sizes: np.arange(*sizes) % 2 != 1}
KEPT = LABELS | {"u": lambda *given: NOT_ONE["u"](*given) / np.mean(NOT_ONE["u"](*given))}
LIST = "[0.5, 1, 2, 0, 1.5][:$k]"


@parametrized(
    weighted(
        f"categorical_cross_entropy_with_logits(z, y, weight={LIST})", "y = one_hot($k)", alike
    ),
    weighted(
        f"categorical_cross_entropy_with_logits(z, y, weight={LIST}, label_smoothing=0.2)",
        "y = one_hot($k)",
        lambda z, t: alike(z, t, label_smoothing=0.2),
    ),
    weighted(
        "categorical_cross_entropy(softmax(z), y, weight=u)",
        "y, u = label($k), target($k)",
        apart,
        {"u": lambda rng, sizes: rng.random(sizes)},
    ),
    weighted(
        "categorical_cross_entropy_with_logits(z, y, weight=u, label_smoothing=0.2)",
        "y, u = label($k), target($k)",
        lambda z, t: apart(z, t, label_smoothing=0.2),
        {"u": lambda rng, sizes: rng.random(sizes)},
    ),
    weighted(
        "categorical_cross_entropy_with_logits(z, y, ignore=1, weight=u, label_smoothing=0.2)",
        "y, u = label($k), target($k)",
        lambda z, t: apart(z, t, label_smoothing=0.2, ignore_index=1),
        LABELS | {"u": lambda rng, sizes: rng.random(sizes)},
    ),
    # A one-hot target may be left out as well.
    weighted(
        "categorical_cross_entropy_with_logits(z, y, ignore=1, label_smoothing=0.2)",
        "y = one_hot($k)",
        lambda z, t: cross_entropy(z, t.y.argmax(-1), ignore_index=1, label_smoothing=0.2),
        {"y": lambda _, sizes: np.eye(sizes[1])[2 * np.arange(sizes[0]) % 3]},
    ),
    weighted(
        "u * categorical_cross_entropy_with_logits(z, y)",
        "y, u = label($k), target()",
        lambda z, t: (t.u * F.cross_entropy(z, t.y, reduction="none")).mean(),
    ),
    # Labels left out, in the plain mean over the batch: their samples' weights are 0.
    weighted(
        "u * categorical_cross_entropy_with_logits(z, y)",
        "y, u = label($k), target()  # 0 or 1",
        lambda z, t: cross_entropy(z, t.y, ignore_index=1),
        LABELS | NOT_ONE,
    ),
    # The same in the mean over the labels that are kept: the weights are divided by their mean.
    weighted(
        "u * categorical_cross_entropy_with_logits(z, y)",
        "y, u = label($k), target()  # of mean 1",
        lambda z, t: F.cross_entropy(z, t.y, ignore_index=1),
        KEPT,
    ),
)
def test_of_weights(case: Case, shape: Shape) -> None:
    agree(case, shape)


def of_places(call: str, target: str, **options: Any) -> Case:
    """A categorical cross-entropy of the logits z at every place, classes last."""
    net = f"x, y = input($places, $d), {target}\nW = param($k, $d)\nz = x @ W.T\nL = loss({call})"

    def loss(t: Any) -> Any:
        z, y = t.x @ t.W.T, t.y
        soft = y.dtype == z.dtype
        classes_first = z.movedim(-1, 1), y.movedim(-1, 1) if soft else y
        return F.cross_entropy(*classes_first, **options)

    shapes = ({"N": 1, "d": 3, "k": 5, "T": 2}, {"N": 4, "d": 2, "k": 3, "T": 5})
    return Case(f"{call} {target}", net, loss, shapes)


def filled(case: Case, places: str) -> Case:
    return replace(case, name=f"{case.name} {places}", net=case.net.replace("$places", places))


OF_LOGITS, OF_SHARES = (
    "categorical_cross_entropy_with_logits(z, y",
    "categorical_cross_entropy(softmax(z), y",
)


@parametrized(
    *(
        filled(of_places(f"{call})", target), places)
        for call in (OF_LOGITS, OF_SHARES)
        for target in ("label($k, $places)", "one_hot($k, $places)")
        for places in ('"T"', "6", '2, "T"')
    ),
    *(
        filled(of_places(f"{call}, label_smoothing=0.2)", target, label_smoothing=0.2), '"T"')
        for call in (OF_LOGITS, OF_SHARES)
        for target in ("label($k, $places)", "one_hot($k, $places)")
    ),
)
def test_of_sequences(case: Case, shape: Shape) -> None:
    """reduction="mean" of PyTorch: over the samples and over the places."""
    agree(case, shape)


def padded(_: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    """Labels of which some are 1, the one that is left out."""
    return np.arange(np.prod(sizes)).reshape(sizes) % 3


def of_padded(call: str, weigh: bool = False, **options: Any) -> Case:
    """A loss of places some of which are left out, in the mean over those kept, by their weights."""
    case = of_places(call, "label($k, $places)", **options)

    def loss(t: Any) -> Any:
        z = t.x @ t.W.T
        weight = torch.tensor([0.5, 1, 2, 0, 1.5]).double()[: z.shape[-1]] if weigh else None
        return F.cross_entropy(z.movedim(-1, 1), t.y, weight, **options)

    return replace(case, torch=loss, draws={"y": padded})


@parametrized(
    *(
        filled(of_padded(call, **options), places)
        for call, options in (
            (f"{OF_LOGITS}, ignore=1)", {"ignore_index": 1}),
            (f"{OF_SHARES}, ignore=1)", {"ignore_index": 1}),
            (f"{OF_LOGITS}, weight={LIST})", {"weigh": True}),
            (f"{OF_LOGITS}, weight={LIST}, ignore=0)", {"weigh": True, "ignore_index": 0}),
            (
                f"{OF_LOGITS}, weight={LIST}, ignore=0, label_smoothing=0.2)",
                {"weigh": True, "ignore_index": 0, "label_smoothing": 0.2},
            ),
        )
        for places in ('"T"', '2, "T"')
    ),
    filled(
        replace(
            of_places(f"{OF_LOGITS}, weight={LIST}, label_smoothing=0.2)", "one_hot($k, $places)"),
            torch=lambda t: F.cross_entropy(
                (t.x @ t.W.T).movedim(-1, 1),
                t.y.movedim(-1, 1),
                torch.tensor([0.5, 1, 2, 0, 1.5]).double()[: t.y.shape[-1]],
                label_smoothing=0.2,
            ),
        ),
        '"T"',
    ),
)
def test_of_places_left_out_and_weighed(case: Case, shape: Shape) -> None:
    agree(case, shape)


def of_pairs(t: Any, margin: float, eps: float) -> Any:
    d = F.pairwise_distance(t.u, t.v, eps=eps)
    return (t.y * d**2 / 2 + (1 - t.y) * F.relu(margin - d) ** 2 / 2).mean()


def coin(rng: np.random.Generator, sizes: tuple[int, ...]) -> Any:
    return rng.integers(0, 2, sizes).astype(float)


def mixture(t: Any, independent: int) -> Any:
    of_each = Independent(Normal(t.mean, t.s.exp()), independent)
    return -MixtureSameFamily(Categorical(logits=t.q), of_each).log_prob(t.y).mean()


PAIR, TRIPLE = (
    "u, v, y = input($k), input($k), target()",
    "u, v, w = input($k), input($k), input($k)",
)


@parametrized(
    *(
        Case(
            f"triplet{options}",
            f"{TRIPLE}\nL = loss(triplet(u, v, w{text}))",
            lambda t, options=options: F.triplet_margin_loss(t.u, t.v, t.w, **options),
            draws=dict.fromkeys("uvw", lambda rng, sizes: 0.5 * rng.standard_normal(sizes)),
        )
        for text, options in (
            ("", {}),
            (", margin=3", {"margin": 3.0}),
            (", 2, eps=0.1", {"margin": 2.0, "eps": 0.1}),
        )
    ),
    Case(
        "triplet of equal vectors",
        f"{TRIPLE}\nL = loss(triplet(u, v, w))",
        lambda t: F.triplet_margin_loss(t.u, t.v, t.w),
        draws=dict.fromkeys("uvw", lambda _, sizes: np.zeros(sizes)),
    ),
    *(
        Case(
            f"contrastive{text}",
            f"{PAIR}\nL = loss(contrastive(u, v, y{text}))",
            lambda t, margin=margin, eps=eps: of_pairs(t, margin, eps),
            draws={"y": coin},
        )
        for text, margin, eps in (
            ("", 1, 1e-6),
            (", margin=4", 4, 1e-6),
            (", 3, eps=0.01", 3, 0.01),
        )
    ),
    Case(
        "mixture density of a number",
        "q, mean, s, y = input($k), input($k), input($k), target()\n"
        "L = loss(mixture_density(q, mean, s, y))",
        lambda t: mixture(t, 0),
    ),
    Case(
        "mixture density of a vector",
        "q, mean, s, y = input($k), input($k, $d), input($k, $d), target($d)\n"
        "L = loss(mixture_density(q, mean, s, y))",
        lambda t: mixture(t, 1),
    ),
)
def test_of_several_inputs(case: Case, shape: Shape) -> None:
    agree(case, shape)
