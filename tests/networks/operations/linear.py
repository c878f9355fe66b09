"""Products of matrices and vectors: with parameters, and of one another."""

from __future__ import annotations

from typing import Any

from tests.networks.operation import ANY, F, Given, Made, Pick, Shape, known, operation, torch


@operation()
def input_(pick: Pick) -> Made:
    """A vector for the most part; a matrix, an image, a sequence, a number."""
    size = pick.size
    shape: Shape = pick.any(
        (size(),),
        (size(),),
        ("T", size()),
        (size(), size()),
        (pick.any(2, 4, 6), pick.any(5, 7), pick.any(4, 6)),
        (pick.any(2, 4, 6), pick.any(6, 9)),
        ("T", 4),
        ("T",),
        (),
        ("S", size()),
        (2, 2, "T"),
    )
    pick.reached.append(f"input {len(shape)} axes, {'any' if not known(shape) else 'fixed'} length")
    return Made("", lambda x: x, shape, given={"x": Given("input", shape)})


@operation(ANY, when=known)
def param(_: Pick, x: Shape) -> Made:
    """A parameter as a value, of the shape of another."""
    return Made("{out} = 1 * {0} + {P}", lambda x, P: x + P, x, {"P": x})


@operation()
def constant(pick: Pick) -> Made:
    """A function of a parameter, which meets no sample before the next operation."""
    x = pick.any((), (pick.size(),), (pick.size(), pick.size()))
    return Made("{out} = tanh({P})", lambda P: torch.tanh(P)[None], x, {"P": x})


@operation(ANY, when=known)
def state(_: Pick, x: Shape) -> Made:
    """What all samples share and nothing learns."""
    given = {"s": Given("state", x)}
    return Made("{out} = {0} * cos({s})", lambda x, s: x * torch.cos(s), x, given=given)


@operation(1, when=known)
def affine(pick: Pick, x: Shape) -> Made:
    """W x + b, in operators."""
    width = pick.size()
    W, b = {"W": (width, *x)}, {"b": (width,)}
    if pick("bias", True, False):
        return Made("{out} = {W} @ {0} + {b}", lambda x, W, b: x @ W.T + b, (width,), W | b)
    return Made("{out} = {W} @ {0}", lambda x, W: x @ W.T, (width,), W)


@operation({1, 2, 3}, when=lambda x: known(x[-1:]))
def dense(pick: Pick, x: Shape) -> Made:
    width = pick.size()
    shape = (*x[:-1], width)
    act = pick("activation", "identity", "sigmoid", "relu")
    f = {"identity": lambda z: z, "sigmoid": lambda z: z.sigmoid(), "relu": lambda z: z.relu()}[act]
    kinked = act == "relu"
    if pick("bias", True, False):
        net = f"{{out}} = dense({{0}}, {width}, {act})"
        return Made(net, lambda x, W, b: f(F.linear(x, W, b)), shape, kinked=kinked)
    net = f"{{out}} = dense({{0}}, {width}, {act}, bias=False)"
    return Made(net, lambda x, W: f(F.linear(x, W)), shape, kinked=kinked)


@operation(1, when=known)
def hidden(pick: Pick, x: Shape) -> Made:
    """A hidden layer, whose units have no order."""
    units, width = pick.size(), pick.size()
    if pick("with", "operators", "layers") == "layers":
        net = f"{{out}} = dense(dense({{0}}, {units}, tanh), {width})"
        return Made(
            net,
            lambda x, W, b, V, c: F.linear(F.linear(x, W, b).tanh(), V, c),
            (width,),
            hidden=((0, 0), (1, 0), (2, 1)),
        )
    return Made(
        "{a} = softplus({W} @ {0} + {b})\n{out} = {V} @ {a}",
        lambda x, W, b, V: F.softplus(x @ W.T + b, threshold=1000) @ V.T,
        (width,),
        {"W": (units, *x), "b": (units,), "V": (width, units)},
        hidden=((0, 0), (1, 0), (2, 1)),
    )


@operation(1, when=known)
def autoencoder(pick: Pick, x: Shape) -> Made:
    """One matrix, there and back."""
    W = (pick.size(), *x)
    return Made(
        "{out} = {V}.T @ tanh({W} @ {0})",
        lambda x, W, V: torch.tanh(x @ W.T) @ V,
        x,
        {"W": W, "V": W},
        tied={"V": "W"},
    )


@operation(1, when=known)
def twice(_: Pick, x: Shape) -> Made:
    """One layer, applied twice."""
    return Made(
        "{out} = sin({V} @ sin({W} @ {0}))",
        lambda x, W, V: torch.sin(torch.sin(x @ W.T) @ V.T),
        x,
        {"W": (*x, *x), "V": (*x, *x)},
        tied={"V": "W"},
    )


@operation(1, when=known)
def quadratic(_: Pick, x: Shape) -> Made:
    net = "{out} = dot({0}, {A} @ {0})"
    return Made(
        net, lambda x, A: torch.einsum("ni,ij,nj->n", x, A, x), (), {"A": (*x, *x)}, power=2
    )


@operation({1, 2}, when=known)
def scaled(_: Pick, x: Shape) -> Made:
    """Entry by entry; the parameter may be another's."""
    return Made("{out} = {w} * {0}", lambda x, w: x * w, x, {"w": x})


@operation(1, 1, when=lambda x, y: x == y and known(x))
def dotted(_: Pick, x: Shape, y: Shape) -> Made:
    return Made("{out} = dot({0}, {1})", lambda x, y: (x * y).sum(1), (), power=2)


@operation(0, ANY)
def times_scalar(_: Pick, s: Shape, x: Shape) -> Made:
    def twin(s: Any, x: Any) -> Any:
        return s.reshape(-1, *(1 for _ in x.shape[1:])) * x

    return Made("{out} = tanh({0}) * {1}", lambda s, x: twin(s.tanh(), x), x, power=2)


@operation(2, 2, when=lambda x, y: x[1] == y[0])
def product(_: Pick, x: Shape, y: Shape) -> Made:
    return Made("{out} = {0} @ {1}", lambda x, y: x @ y, (x[0], y[1]), power=2)


@operation(2, 1, when=lambda x, y: x[1] == y[0])
def matrix_vector(_: Pick, x: Shape, y: Shape) -> Made:
    return Made("{out} = {0} @ {1}", lambda x, y: torch.einsum("nij,nj->ni", x, y), x[:1], power=2)


@operation(2, 2, when=lambda x, y: x[0] == y[0])
def gram(_: Pick, x: Shape, y: Shape) -> Made:
    """A product with a transpose."""
    return Made("{out} = {0}.T @ {1}", lambda x, y: x.transpose(1, 2) @ y, (x[1], y[1]), power=2)


@operation(2, when=known)
def weighted_rows(pick: Pick, x: Shape) -> Made:
    rows = pick.size()
    return Made("{out} = {W} @ {0}", lambda x, W: W @ x, (rows, x[1]), {"W": (rows, x[0])})
