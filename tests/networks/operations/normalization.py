"""Normalizations, within a sample and across the batch."""

from __future__ import annotations

from typing import Any

from tests.networks.operation import F, Given, Made, Pick, Shape, known, operation


def _affine(call: str, twin: Any, count: int, shape: Shape, affine: bool, **flags: bool) -> Made:
    """With as many parameters, or with none."""
    net = f"{{out}} = {call}, affine={affine})"
    return Made(net, twin, shape, own=count if affine else 0, **flags)


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
        return y * _of_channel(gb[0], x) + _of_channel(gb[1], x) if gb else y

    return _affine(f"group_norm({{0}}, {groups}, eps={eps}", twin, 2, x, affine)


def _of_channel(a: Any, x: Any) -> Any:
    return a.reshape(-1, *(1 for _ in x.shape[2:]))


def _across(x: Any, eps: float, *gb: Any) -> tuple[Any, Any]:
    """Batch norm, also of one sample, of which PyTorch has none; and the mean."""
    axes = [0, *range(2, x.ndim)]
    mean, variance = x.mean(axes), x.var(axes, correction=0)
    y = (x - _of_channel(mean, x)) / _of_channel(variance + eps, x).sqrt()
    return (y * _of_channel(gb[0], x) + _of_channel(gb[1], x) if gb else y), mean


@operation({1, 2, 3}, when=lambda x: known(x[:1]))
def batch_norm(pick: Pick, x: Shape) -> Made:
    eps, affine = pick("eps", 1e-5, 0.1), pick("affine", True, False)
    call = f"batch_norm({{0}}, eps={eps}"
    return _affine(call, lambda x, *gb: _across(x, eps, *gb)[0], 2, x, affine, mixes=True)


def _running(x: Shape) -> dict[str, Given]:
    return {"m": Given("state", x[:1]), "s": Given("state", x[:1], draw="positive")}


def _fixed(x: Any, m: Any, s: Any, g: Any, b: Any) -> Any:
    """PyTorch 2.13 misreads a transposed gradient of batch norm where an axis has one entry: it is
    laid out again on its way through the flat array.
    """
    y = F.batch_norm(x, m, s, g, b, training=False)
    return y.reshape(-1).reshape(y.shape)


@operation({1, 2, 3}, when=lambda x: known(x[:1]))
def batch_norm_in_evaluation(_: Pick, x: Shape) -> Made:
    return Made(
        "{out} = batch_norm({0}, ({m}, {s}))",
        _fixed,
        x,
        given=_running(x),
    )


@operation({1, 2, 3}, when=lambda x: known(x[:1]))
def running_batch_norm(pick: Pick, x: Shape) -> Made:
    """The mean that it returns is used as well."""
    momentum = pick("momentum", 0.1, 0.25)

    def twin(x: Any, m: Any, s: Any, g: Any, b: Any) -> Any:
        y, mean = _across(x, 1e-5, g, b)
        return y + _of_channel((1 - momentum) * m + momentum * mean + s, x)

    net = f"{{y}}, {{m1}}, {{s1}} = running_batch_norm({{0}}, ({{m}}, {{s}}), {momentum})\n"
    if len(x) == 1:
        net += "{out} = {y} + {m1} + {s}"
    else:
        at = ["{c}", "{i}", "{j}"][: len(x)]
        comma = ", ".join(at)
        net += (
            f'{comma} = indices("{" ".join(at)}")\n'
            f"{{out}} = tensor({{y}}[{comma}] + {{m1}}[{{c}}] + {{s}}[{{c}}], {comma})"
        )
    return Made(net, twin, x, given=_running(x), mixes=True)
