"""digits_conv: Handwritten digits: two convolutions with a pooling between them, ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "K1": (12, 1, 3, 3),
    "b1": (12,),
    "K2": (24, 12, 3, 3),
    "b2": (24,),
    "W3": (10, 96),
    "b3": (10,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (1, 8, 8)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": ()}
INTEGERS: dict[str, int] = {"y": 10}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "K1": np.asarray(rng.standard_normal((12, 1, 3, 3)) * 9**-0.5, dtype),
        "b1": np.zeros(12, dtype),
        "K2": np.asarray(rng.standard_normal((24, 12, 3, 3)) * 108**-0.5, dtype),
        "b2": np.zeros(24, dtype),
        "W3": np.asarray(rng.standard_normal((10, 96)) * 96**-0.5, dtype),
        "b3": np.zeros(10, dtype),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output z (N, 10), and the cache for backward."""
    _check(params)
    K1 = params["K1"]
    b1 = params["b1"]
    K2 = params["K2"]
    b2 = params["b2"]
    W3 = params["W3"]
    b3 = params["b3"]
    x = _array("x", x, (1, 8, 8), None, params)
    N = len(x)
    # (1) u1[n,i,l+1,p+1] += x[n,i,l,p]
    u1 = np.zeros((N, 1, 10, 10), x.dtype)
    u1[:, :, 1:9, 1:9] = x
    # (2) w1[n,c,p,q,u,v] = u1[n,c,p+u,q+v]
    w1 = windows(u1, (3, 3), (2, 3))
    # (3) z1[n,o,p,q] = sum_c,u,v K1[o,c,u,v] w1[n,c,p,q,u,v] + b1[o]
    z1 = np.tensordot(K1, w1, axes=((1, 2, 3), (1, 4, 5)))
    z1 = z1.transpose(1, 0, 2, 3) + b1[:, None, None]
    # (4) h1[n,i,j,k] = relu(z1[n,i,j,k])
    h1 = np.maximum(z1, 0)
    # (5) m[n,c,p,q] = max_u<2,v<2 h1[n,c,2*p+u,2*q+v]
    m = h1.reshape(N, 12, 4, 2, 4, 2).max(axis=(3, 5))
    # (6) first_m[n,c,p,q,u,v] = [h1[n,c,2*p+u,2*q+v] is the first largest over u<2,v<2]
    first_m = first_largest(
        h1.reshape(N, 12, 4, 2, 4, 2).transpose(0, 1, 2, 4, 3, 5), 2
    )
    # (7) w2[n,c,p,q,u,v] = m[n,c,p+u,q+v]
    w2 = windows(m, (2, 2), (2, 3)).transpose(0, 1, 4, 5, 2, 3)
    # (8) z2[n,o,p,q] = sum_c,u,v K2[o,c,u,v] w2[n,c,p,q,u,v] + b2[o]
    z2 = np.tensordot(K2, w2, axes=((1, 2, 3), (1, 4, 5)))
    z2 = z2.transpose(1, 0, 2, 3) + b2[:, None, None]
    # (9) h2[n,i,j,k] = relu(z2[n,i,j,k])
    h2 = np.maximum(z2, 0)
    # (10) u2[n,4*j+2*k+l] += h2[n,j,k,l]
    u2 = h2.reshape(N, 96)
    # (11) z[n,i] = sum_j W3[i,j] u2[n,j] + b3[i]
    z = u2 @ W3.T + b3
    cache = {
        "x": x,
        "w1": w1,
        "z1": z1,
        "w2": w2,
        "z2": z2,
        "u2": u2,
        "z": z,
        "first_m": first_m,
    }
    return z, cache


def loss(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache, y)


def _loss(params: Arrays, cache: Arrays, y: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    z = cache["z"]
    N = len(z)
    rows = np.arange(N)
    y = _labels("y", y, (), N, 10)
    # (13) ell[n] = s[n] - z[n,y[n]]
    # (13) where s[n] = logsumexp_i z[n,i]
    ell = -log_softmax(z)[rows, y]
    # (32) L = sum_n ell[n] / N
    L = ell.mean()
    value: float = L.item()
    return value


def backward(
    params: Arrays, cache: Arrays, y: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    K1 = params["K1"]
    K2 = params["K2"]
    W3 = params["W3"]
    w1 = cache["w1"]
    N = len(w1)
    rows = np.arange(N)
    z1 = cache["z1"]
    w2 = cache["w2"]
    z2 = cache["z2"]
    u2 = cache["u2"]
    z = cache["z"]
    first_m = cache["first_m"]
    y = _labels("y", y, (), N, 10)
    # (15) delta[n,i] = exp(z[n,i] - s[n]) / N - [i = y[n]] / N
    # (15) where s[n] = logsumexp_i z[n,i]
    delta = softmax(z) / N
    delta[rows, y] -= 1 / N
    # (16) dW3[i,j] = sum_n delta[n,i] u2[n,j]
    dW3 = delta.T @ u2
    # (17) db3[i] = sum_n delta[n,i]
    db3 = delta.sum(axis=0)
    # (18) du2[n,i] = sum_j delta[n,j] W3[j,i]
    du2 = delta @ W3
    # (20) delta2[n,o,p,q] = du2[n,4*o+2*p+q] step(z2[n,o,p,q])
    delta2 = du2.reshape(N, 24, 2, 2) * (z2 > 0)
    # (21) dK2[i,j,k,l] = sum_n,p,q delta2[n,i,p,q] w2[n,j,p,q,k,l]
    dK2 = np.tensordot(w2, delta2, axes=((0, 2, 3), (0, 2, 3))).transpose(3, 0, 1, 2)
    # (22) db2[i] = sum_n,p,q delta2[n,i,p,q]
    db2 = delta2.sum(axis=(0, 2, 3))
    # (23) dw2[n,c,p,q,u,v] = sum_o delta2[n,o,p,q] K2[o,c,u,v]
    dw2 = np.tensordot(K2, delta2, axes=((0,), (1,))).transpose(3, 0, 4, 5, 1, 2)
    # (24) dm[n,c,i+u,j+v] += dw2[n,c,i,j,u,v]
    dm = np.zeros((N, 12, 4, 4), dw2.dtype)
    for i, j in np.ndindex(2, 2):
        dm[:, :, i : i + 3, j : j + 3] += dw2[:, :, i, j]
    # (25) dh1[n,i,2*p+u,2*q+v] += dm[n,i,p,q] first_m[n,i,p,q,u,v]
    dh1 = dm[:, :, :, None, :, None] * first_m.transpose(0, 1, 2, 4, 3, 5)
    dh1 = dh1.reshape(N, 12, 8, 8)
    # (26) delta1[n,o,p,q] = dh1[n,o,p,q] step(z1[n,o,p,q])
    delta1 = dh1 * (z1 > 0)
    # (27) dK1[i,j,k,l] = sum_n,p,q delta1[n,i,p,q] w1[n,j,p,q,k,l]
    dK1 = np.tensordot(w1, delta1, axes=((0, 2, 3), (0, 2, 3))).transpose(3, 0, 1, 2)
    # (28) db1[i] = sum_n,p,q delta1[n,i,p,q]
    db1 = delta1.sum(axis=(0, 2, 3))
    grads = {"K1": dK1, "b1": db1, "K2": dK2, "b2": db2, "W3": dW3, "b3": db3}
    if inputs:
        # (29) dw1[n,c,p,q,u,v] = sum_o delta1[n,o,p,q] K1[o,c,u,v]
        dw1 = np.tensordot(K1, delta1, axes=((0,), (1,))).transpose(3, 0, 4, 5, 1, 2)
        # (30) du1[n,i,p+u,q+v] += dw1[n,i,p,q,u,v]
        du1 = np.zeros((N, 1, 10, 10), dw1.dtype)
        for u, v in np.ndindex(3, 3):
            du1[:, :, u : u + 8, v : v + 8] += dw1[:, :, :, :, u, v]
        # (31) dx[n,i,j,k] = du1[n,i,j+1,k+1]
        dx = du1[:, :, 1:9, 1:9].copy()
        grads["x"] = dx
    return grads


def loss_and_grad(params: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """The loss of a batch and its gradients, from one forward pass."""
    _, cache = forward(params, x)
    return _loss(params, cache, y), backward(params, cache, y)


def pack(params: Arrays) -> np.ndarray:
    """All parameters as one flat array, in the order of their sorted names."""
    _check(params)
    ends = [np.reshape(params[name], -1) for name in sorted(SHAPES)]
    return np.concatenate(ends)


def unpack(flat: np.ndarray) -> Arrays:
    """The parameters as views into one flat array."""
    flat = _plain("flat", flat)
    if flat.dtype.kind not in "fc":
        raise TypeError(f"flat holds {flat.dtype}, not floats")
    sizes = {name: int(np.prod(SHAPES[name])) for name in sorted(SHAPES)}
    if flat.shape != (sum(sizes.values()),):
        needed = sum(sizes.values())
        raise ValueError(f"flat needs shape ({needed},), not {flat.shape}")
    params, start = {}, 0
    for name, size in sizes.items():
        params[name] = flat[start : start + size].reshape(SHAPES[name])
        start += size
    return params


def first_largest(z: np.ndarray, last: int = 1) -> np.ndarray:
    """1 at the first of the largest over the last axes, 0 elsewhere."""
    flat = z.reshape(*z.shape[:-last], int(np.prod(z.shape[-last:])))
    first = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]
    return np.asarray(first.reshape(z.shape).astype(z.dtype))


def windows(
    x: np.ndarray, sizes: int | tuple[int, ...], axes: int | tuple[int, ...]
) -> np.ndarray:
    """A view of every window that slides along the axes; the windows' own axes come last."""
    return np.lib.stride_tricks.sliding_window_view(x, sizes, axes)


def softmax(z: np.ndarray) -> np.ndarray:
    """exp(z) / sum(exp(z)) along the last axis; the largest is taken out, so nothing overflows. 0
    where all of z are minus infinity.
    """
    largest = z.max(axis=-1, keepdims=True)
    e = np.exp(z - np.where(largest == -np.inf, 0, largest))
    total = e.sum(axis=-1, keepdims=True)
    return np.asarray(e / (total + (total == 0)))


def log_softmax(z: np.ndarray) -> np.ndarray:
    """z - log(sum(exp(z))) along the last axis; the largest is taken out, so no digit is lost."""
    _, below, log = _above_largest(z, (-1,))
    return np.asarray(below - log)


def _above_largest(
    z: np.ndarray, axes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest m of z along the axes, z - m, and log(sum(exp(z - m))), exact where that is
    small. Of minus infinities alone m is one and nothing is taken out.
    """
    largest = z.max(axis=axes, keepdims=True)
    below = z - np.where(largest == -np.inf, 0, largest)
    ones = (below == 0).astype(z.dtype)
    count = np.maximum(ones.sum(axis=axes, keepdims=True), 1)
    others = (np.exp(below) - ones).sum(axis=axes, keepdims=True)
    return largest, below, np.log1p(others + (count - 1))


def _check(params: Arrays) -> None:
    """Refuse parameters that are missing, unknown, of another shape, or no floats."""
    if not isinstance(params, dict):
        raise TypeError(f"params is {type(params)}, not a dict of arrays")
    for name, shape in SHAPES.items():
        if name not in params:
            raise ValueError(f"params: {name} is missing")
        array = _plain(f"params: {name}", params[name])
        if array.shape != shape:
            needs = f"needs shape {shape}, not {array.shape}"
            raise ValueError(f"params: {name} {needs}")
        if array.dtype.kind not in "fc":
            raise TypeError(f"params: {name} holds {array.dtype}, not floats")
        if array.shape and not isinstance(params[name], np.ndarray):
            raise TypeError(f"params: {name} is {type(params[name])}, not an array")
    for name in params:
        if name not in SHAPES:
            raise ValueError(f"params: {name} is no parameter of this network")


def _left_by_forward(cache: Arrays, first: str) -> None:
    """Refuse what is not a cache, or lacks the first of what forward leaves there."""
    needs = "backward needs the cache, the second of what forward returns"
    if not isinstance(cache, dict):
        raise TypeError(f"{needs}, not {type(cache)}")
    if first not in cache:
        raise ValueError(f"{needs}: {first} is missing")


def _labels(
    name: str,
    value: np.ndarray,
    shape: tuple[int | str, ...],
    length: int | None,
    bound: int,
) -> np.ndarray:
    """The value as whole numbers 0 .. bound - 1, or an error in the caller's words."""
    array = _plain(name, value)
    if len(array.shape) == len(shape) + 2 and array.shape[-1] == bound:
        instead = f"give {name}.argmax(-1), or declare it one_hot({bound})"
        raise ValueError(f"{name} has a one-hot row for each label: {instead}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {array.dtype}, not whole numbers")
    _fits(name, array, shape, length)
    if array.size and (array.min() < 0 or array.max() >= bound):
        raise ValueError(f"{name} has a label outside 0 .. {bound - 1}")
    return array


def _array(
    name: str,
    value: np.ndarray,
    shape: tuple[int | str, ...],
    length: int | None,
    params: Arrays,
) -> np.ndarray:
    """The value as a real array of shape (N, *shape), or an error in the caller's words."""
    array = _plain(name, value)
    if array.dtype.kind in "biu":
        array = array.astype(np.result_type(*params.values()) if params else np.float64)
    if array.dtype.kind not in "fc":
        raise TypeError(f"{name} holds {array.dtype}, not real numbers")
    _fits(name, array, shape, length)
    return array


def _plain(name: str, value: np.ndarray) -> np.ndarray:
    """The value as an array; one that is more, such as a masked array, is refused."""
    if isinstance(value, np.ndarray) and type(value) not in (np.ndarray, np.memmap):
        raise TypeError(f"{name} is {type(value)}, not a plain array")
    return np.asarray(value)


def _fits(
    name: str, array: np.ndarray, shape: tuple[int | str, ...], length: int | None
) -> None:
    """Refuse an array whose shape is not (N, *shape)."""
    got = array.shape
    fits = len(got) == len(shape) + 1 and got[0] == (length or got[0])
    if not fits or any(isinstance(s, int) and s != g for s, g in zip(shape, got[1:])):
        expected = ", ".join(str(s) for s in (length or "N", *shape))
        expected += "" if shape else ","
        alone = f"; for one sample give {name}[None]" if got == shape else ""
        raise ValueError(f"{name} needs shape ({expected}), not {got}{alone}")
    if got[0] == 0:
        raise ValueError(f"{name} is an empty batch")


def _self_check(seed: int = 0) -> bool:
    """Compare the gradients with six-point differences at a random point; print a table."""
    rng = np.random.default_rng(seed)
    for _ in range(9):  # until every gradient is large enough to be seen
        params = {name: rng.uniform(-0.9, 0.9, shape) for name, shape in SHAPES.items()}
        given: list[np.ndarray] = [rng.uniform(0.2, 1.0, (5, 1, 8, 8))]
        targets: list[np.ndarray] = [rng.integers(10, size=(5,))]
        _, cache = forward(params, *given)
        grads = backward(params, cache, targets[0], inputs=True)
        if all(np.abs(gradient).max() > 1e-6 for gradient in grads.values()):
            break
    points = {**params, **dict(zip(INPUTS, given))}

    def steepness(point: np.ndarray, at: tuple[int, ...], h: float) -> float:
        kept, total = point[at], 0.0
        for k, weight in zip((1, 2, 3, -1, -2, -3), (45, -9, 1, -45, 9, -1)):
            point[at] = kept + k * h
            total += weight * loss(params, *given, *targets)
        point[at] = kept
        return total / (60 * h)

    right, largest = True, max(float(np.abs(g).max()) for g in grads.values())
    for name in grads:
        worst, scale = 0.0, float(np.abs(grads[name]).max())
        places = list(np.ndindex(points[name].shape))
        for at in places[:: 1 + len(places) // 40]:
            # A kink within the reach of one step is out of reach of the other.
            slopes = [steepness(points[name], at, h) for h in (1e-3, 1e-5)]
            error = min(abs(float(s - grads[name][at])) for s in slopes)
            # Below a small part of the largest, differences of the loss are noise.
            worst = max(worst, error / max(scale, 1e-4 * largest, 1e-6))
        verdict = "ok" if scale > 1e-6 else "too small to see"
        if worst > 1e-6:
            verdict, right = "WRONG", False
        print(f"{name:12} {points[name].shape!s:12} {worst:8.1e} {verdict}")
    return right


if __name__ == "__main__":
    raise SystemExit(0 if _self_check() else 1)
