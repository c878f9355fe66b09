"""softmax_mlp: A classifier in layers: two hidden layers, softmax, integer labels, ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "W1": (11, 7),
    "b1": (11,),
    "W2": (3, 11),
    "b2": (3,),
    "W3": (5, 3),
    "b3": (5,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (7,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": ()}
INTEGERS: dict[str, int] = {"y": 5}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "W1": np.asarray(rng.standard_normal((11, 7)) * (2 / 7) ** 0.5, dtype),
        "b1": np.zeros(11, dtype),
        "W2": np.asarray(rng.standard_normal((3, 11)) * 11**-0.5, dtype),
        "b2": np.zeros(3, dtype),
        "W3": np.asarray(rng.standard_normal((5, 3)) * 3**-0.5, dtype),
        "b3": np.zeros(5, dtype),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output p (N, 5), and the cache for backward."""
    _check(params)
    W1 = params["W1"]
    b1 = params["b1"]
    W2 = params["W2"]
    b2 = params["b2"]
    W3 = params["W3"]
    b3 = params["b3"]
    x = _array("x", x, (7,), None, params)
    # (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i]
    z1 = x @ W1.T + b1
    # (2) a1[n,i] = relu(z1[n,i])
    a1 = np.maximum(z1, 0)
    # (3) z2[n,i] = sum_j W2[i,j] a1[n,j] + b2[i]
    z2 = a1 @ W2.T + b2
    # (4) h[n,i] = tanh(z2[n,i])
    h = np.tanh(z2)
    # (5) z3[n,i] = sum_j W3[i,j] h[n,j] + b3[i]
    z3 = h @ W3.T + b3
    # (6) p[n,i] = exp(z3[n,i]) / sum_j exp(z3[n,j])
    p = softmax(z3)
    cache = {"x": x, "z1": z1, "a1": a1, "h": h, "z3": z3, "p": p}
    return p, cache


def loss(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache, y)


def _loss(params: Arrays, cache: Arrays, y: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    W1 = params["W1"]
    W2 = params["W2"]
    W3 = params["W3"]
    z3 = cache["z3"]
    N = len(z3)
    rows = np.arange(N)
    y = _labels("y", y, (), N, 5)
    # (7) ell[n] = -log(p[n,y[n]])
    # (7) evaluated as s3[n] - z3[n,y[n]]
    # (7) where s3[n] = logsumexp_i z3[n,i]
    ell = -log_softmax(z3)[rows, y]
    # (8) L = sum_n ell[n] / N + sum_i,j 0.01 W1[i,j] ** 2 + sum_i,j 0.01 W2[i,j] ** 2 +
    #     sum_i,j 0.01 W3[i,j] ** 2
    L = ell.mean() + 0.01 * ((W1**2).sum() + (W2**2).sum() + (W3**2).sum())
    value: float = L.item()
    return value


def backward(
    params: Arrays, cache: Arrays, y: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    W1 = params["W1"]
    W2 = params["W2"]
    W3 = params["W3"]
    x = cache["x"]
    N = len(x)
    rows = np.arange(N)
    z1 = cache["z1"]
    a1 = cache["a1"]
    h = cache["h"]
    p = cache["p"]
    y = _labels("y", y, (), N, 5)
    # (10) delta3[n,i] = p[n,i] / N - [i = y[n]] / N
    delta3 = p / N
    delta3[rows, y] -= 1 / N
    # (11) dW3[i,j] = sum_n delta3[n,i] h[n,j] + 0.02 W3[i,j]
    dW3 = delta3.T @ h + 0.02 * W3
    # (12) db3[i] = sum_n delta3[n,i]
    db3 = delta3.sum(axis=0)
    # (14) delta2[n,i] = sum_j delta3[n,j] W3[j,i] (1 - h[n,i] ** 2)
    delta2 = (delta3 @ W3) * (1 - h**2)
    # (15) dW2[i,j] = sum_n delta2[n,i] a1[n,j] + 0.02 W2[i,j]
    dW2 = delta2.T @ a1 + 0.02 * W2
    # (16) db2[i] = sum_n delta2[n,i]
    db2 = delta2.sum(axis=0)
    # (18) delta1[n,i] = sum_j delta2[n,j] W2[j,i] step(z1[n,i])
    delta1 = (delta2 @ W2) * (z1 > 0)
    # (19) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.02 W1[i,j]
    dW1 = delta1.T @ x + 0.02 * W1
    # (20) db1[i] = sum_n delta1[n,i]
    db1 = delta1.sum(axis=0)
    grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}
    if inputs:
        # (21) dx[n,i] = sum_j delta1[n,j] W1[j,i]
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
        given: list[np.ndarray] = [rng.uniform(0.2, 1.0, (5, 7))]
        targets: list[np.ndarray] = [rng.integers(5, size=(5,))]
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
