"""digits: Handwritten digits: one hidden layer, softmax, cross-entropy, a little ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "W1": (48, 64),
    "b1": (48,),
    "W2": (10, 48),
    "b2": (10,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (64,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": ()}
INTEGERS: dict[str, int] = {"y": 10}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "W1": np.asarray(rng.standard_normal((48, 64)) * (2 / 64) ** 0.5, dtype),
        "b1": np.zeros(48, dtype),
        "W2": np.asarray(rng.standard_normal((10, 48)) * 48**-0.5, dtype),
        "b2": np.zeros(10, dtype),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output p (N, 10), and the cache for backward."""
    _check(params)
    W1 = params["W1"]
    b1 = params["b1"]
    W2 = params["W2"]
    b2 = params["b2"]
    x = _array("x", x, (64,), None, params)
    # (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i]
    z1 = x @ W1.T + b1
    # (2) h[n,i] = relu(z1[n,i])
    h = np.maximum(z1, 0)
    # (3) z[n,i] = sum_j W2[i,j] h[n,j] + b2[i]
    z = h @ W2.T + b2
    # (4) p[n,i] = exp(z[n,i]) / sum_j exp(z[n,j])
    p = softmax(z)
    cache = {"x": x, "z1": z1, "h": h, "z": z, "p": p}
    return p, cache


def loss(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache, y)


def _loss(params: Arrays, cache: Arrays, y: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    W1 = params["W1"]
    W2 = params["W2"]
    z = cache["z"]
    N = len(z)
    rows = np.arange(N)
    y = _labels("y", y, (), N, 10)
    # (5) ell[n] = -log(p[n,y[n]])
    # (5) evaluated as s[n] - z[n,y[n]]
    # (5) where s[n] = logsumexp_i z[n,i]
    ell = -log_softmax(z)[rows, y]
    # (6) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001
    #     W2[i,j] ** 2
    L = ell.mean() + 0.0001 * ((W1**2).sum() + (W2**2).sum())
    value: float = L.item()
    return value


def backward(
    params: Arrays, cache: Arrays, y: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    W1 = params["W1"]
    W2 = params["W2"]
    x = cache["x"]
    N = len(x)
    rows = np.arange(N)
    z1 = cache["z1"]
    h = cache["h"]
    p = cache["p"]
    y = _labels("y", y, (), N, 10)
    # (8) delta[n,i] = p[n,i] / N - [i = y[n]] / N
    delta = p / N
    delta[rows, y] -= 1 / N
    # (9) dW2[i,j] = sum_n delta[n,i] h[n,j] + 0.0002 W2[i,j]
    dW2 = delta.T @ h + 0.0002 * W2
    # (10) db2[i] = sum_n delta[n,i]
    db2 = delta.sum(axis=0)
    # (12) delta1[n,i] = sum_j delta[n,j] W2[j,i] step(z1[n,i])
    delta1 = (delta @ W2) * (z1 > 0)
    # (13) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.0002 W1[i,j]
    dW1 = delta1.T @ x + 0.0002 * W1
    # (14) db1[i] = sum_n delta1[n,i]
    db1 = delta1.sum(axis=0)
    grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
    if inputs:
        # (15) dx[n,i] = sum_j delta1[n,j] W1[j,i]
        dx = delta1 @ W1
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
        given: list[np.ndarray] = [rng.uniform(0.2, 1.0, (5, 64))]
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
