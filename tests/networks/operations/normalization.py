"""Normalizations, within a sample and across the batch."""

from __future__ import annotations

from typing import Any

from tests.networks.operation import F, Given, Made, Pick, Shape, known, operation


def _affine(call: str, twin: Any, count: int, shape: Shape, affine: bool, **flags: bool) -> Made:
    """With a scale and a shift, with a scale alone, or with none."""
    if not affine:
        return Made(f"{{out}} = {call}, affine=False)", lambda x: twin(x), shape, **flags)
    if count == 1:
        return Made(f"{{out}} = {call})", lambda x, g: twin(x, g), shape, **flags)
    return Made(f"{{out}} = {call})", lambda x, g, b: twin(x, g, b), shape, **flags)


@operation({1, 2, 3}, when=lambda x: known(x[-1:]))
def layer_norm(pick: Pick, x: Shape) -> Made:
    axes = pick("axes", *(a for a in (1, 2) if a <= len(x) and known(x[-a:])))
    eps, over = pick("eps", 1e-5, 0.1), tuple(map(int, x[-axes:]))
    call = f"layer_norm({{0}}, axes={axes}, eps={eps}"
    affine = pick("affine", True, False)
    return _affine(call, lambda x, *gb: F.layer_norm(x, over, *gb, eps=eps), 2, x, affine)


@operation({1, 2, 3}, when=lambda x: known(x[-1:]))
def rms_norm(pick: Pick, x: Shape) -> Made:
    axes = pick("axes", *(a for a in (1, 2) if a <= len(x) and known(x[-a:])))
    eps, over = pick("eps", 1e-5, 0.1), tuple(map(int, x[-axes:]))
    call = f"rms_norm({{0}}, axes={axes}, eps={eps}"
    affine = pick("affine", True, False)
    return _affine(call, lambda x, *g: F.rms_norm(x, over, *g, eps=eps), 1, x, affine)


@operation({2, 3}, when=lambda x: known(x[:1]))
def group_norm(pick: Pick, x: Shape) -> Made:
    groups = pick("groups", *(g for g in (1, 2, 3) if int(x[0]) % g == 0))
    eps = pick("eps", 1e-5, 0.1)
    affine = pick("affine", True, False)

    def twin(x: Any, *gb: Any) -> Any:
        """PyTorch's, but for groups of one number, which it refuses."""
        by_group = x.reshape(len(x), groups, -1)
        centred = by_group - by_group.mean(2, keepdim=True)
        y = (centred / (centred.pow(2).mean(2, keepdim=True) + eps).sqrt()).reshape(x.shape)
        of_channel = (1, -1, *(1 for _ in x.shape[2:]))
        return y * gb[0].reshape(of_channel) + gb[1].reshape(of_channel) if gb else y

    return _affine(f"group_norm({{0}}, {groups}, eps={eps}", twin, 2, x, affine)


def _statistics(x: Any) -> tuple[Any, Any]:
    """Mean and variance of each channel, also of one sample, of which PyTorch has none."""
    axes = [0, *range(2, x.ndim)]
    return x.mean(axes), x.var(axes, correction=0)


@operation({1, 2, 3}, when=lambda x: known(x[:1]))
def batch_norm(pick: Pick, x: Shape) -> Made:
    eps, affine = pick("eps", 1e-5, 0.1), pick("affine", True, False)

    def twin(x: Any, *gb: Any) -> Any:
        return F.batch_norm(x, *_statistics(x), *gb, training=False, eps=eps)

    return _affine(f"batch_norm({{0}}, eps={eps}", twin, 2, x, affine, mixes=True)


@operation({1, 2, 3}, when=lambda x: known(x[:1]))
def batch_norm_in_evaluation(pick: Pick, x: Shape) -> Made:
    given = {"m": Given("state", x[:1]), "s": Given("state", x[:1], draw="positive")}
    return Made(
        "{out} = batch_norm({0}, ({m}, {s}))",
        lambda x, m, s, g, b: F.batch_norm(x, m, s, g, b, training=False),
        x,
        given=given,
    )


@operation({1, 2, 3}, when=lambda x: known(x[:1]))
def running_batch_norm(pick: Pick, x: Shape) -> Made:
    """Its statistics are used as well."""
    given = {"m": Given("state", x[:1]), "s": Given("state", x[:1], draw="positive")}
    momentum = pick("momentum", 0.1, 0.25)

    def twin(x: Any, m: Any, s: Any, g: Any, b: Any) -> Any:
        mean, variance = _statistics(x)
        y = F.batch_norm(x, mean, variance, g, b, training=False)
        new = (1 - momentum) * m + momentum * mean
        return y + (new + s).reshape(-1, *(1 for _ in x.shape[2:]))

    of_channel = ", ".join(["{c}", "{i}", "{j}"][: len(x)])
    names = of_channel.replace(",", "")
    if len(x) == 1:
        net = "{out} = {y} + {m1} + {s}"
    else:
        net = (
            f'{of_channel} = indices("{names}")\n'
            f"{{out}} = tensor({{y}}[{of_channel}] + {{m1}}[{{c}}] + {{s}}[{{c}}], {of_channel})"
        )
    net = f"{{y}}, {{m1}}, {{s1}} = running_batch_norm({{0}}, ({{m}}, {{s}}), {momentum})\n" + net
    return Made(net, twin, x, given=given, mixes=True)
