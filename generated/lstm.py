"""lstm: An LSTM over characters: each is foretold from those before it.

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "E1": (96, 32),
    "W2": (512, 32),
    "U2": (512, 128),
    "b2": (512,),
    "W3": (96, 128),
    "b3": (96,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": ("T",)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": ("T",)}
INTEGERS: dict[str, int] = {"x": 96, "y": 96}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "E1": np.asarray(rng.standard_normal((96, 32)) * 1.0, dtype),
        "W2": np.asarray(rng.standard_normal((512, 32)) * 32**-0.5, dtype),
        "U2": np.asarray(rng.standard_normal((512, 128)) * 128**-0.5, dtype),
        "b2": np.zeros(512, dtype),
        "W3": np.asarray(rng.standard_normal((96, 128)) * 128**-0.5, dtype),
        "b3": np.zeros(96, dtype),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output logp (N, T, 96), and the cache for backward."""
    _check(params)
    E1 = params["E1"]
    W2 = params["W2"]
    U2 = params["U2"]
    b2 = params["b2"]
    W3 = params["W3"]
    b3 = params["b3"]
    x = _labels("x", x, ("T",), None, 96)
    N = len(x)
    T = x.shape[1]
    # (1) e[n,t,i] = E1[x[n,t],i]
    e = E1[x]
    # (2) w2[n,t,k] = sum_j W2[k,j] e[n,t,j] + b2[k]
    w2 = e @ W2.T + b2
    # (3) to (10), step by step: t = 0 .. T - 1
    dtype = np.result_type(U2, w2)
    i2 = np.empty((N, T, 128), dtype)
    f2 = np.empty((N, T, 128), dtype)
    g2 = np.empty((N, T, 128), dtype)
    o2 = np.empty((N, T, 128), dtype)
    c2 = np.zeros((N, T + 1, 128), dtype)
    m2 = np.empty((N, T, 128), dtype)
    h = np.zeros((N, T + 1, 128), dtype)
    for t in range(T):
        # (3) z2[n,t,k] = sum_j U2[k,j] h[n,t-1,j] + w2[n,t,k]
        z2 = h[:, t] @ U2.T + w2[:, t]
        # (4) i2[n,t,i] = sigmoid(z2[n,t,i])
        i2[:, t] = sigmoid(z2[:, :128])
        # (5) f2[n,t,i] = sigmoid(z2[n,t,i+128])
        f2[:, t] = sigmoid(z2[:, 128:256])
        # (6) g2[n,t,i] = tanh(z2[n,t,i+256])
        g2[:, t] = np.tanh(z2[:, 256:384])
        # (7) o2[n,t,i] = sigmoid(z2[n,t,i+384])
        o2[:, t] = sigmoid(z2[:, 384:])
        # (8) c2[n,t,i] = i2[n,t,i] g2[n,t,i] + f2[n,t,i] c2[n,t-1,i]
        c2[:, t + 1] = i2[:, t] * g2[:, t] + f2[:, t] * c2[:, t]
        # (9) m2[n,t,i] = tanh(c2[n,t,i])
        m2[:, t] = np.tanh(c2[:, t + 1])
        # (10) h[n,t,i] = o2[n,t,i] m2[n,t,i]
        h[:, t + 1] = o2[:, t] * m2[:, t]
    # (11) z[n,t,i] = sum_j W3[i,j] h[n,t,j] + b3[i]
    z = h[:, 1:] @ W3.T + b3
    # (13) logp[n,t,i] = z[n,t,i] - s[n,t]
    # (13) where s[n,t] = logsumexp_i z[n,t,i]
    logp = log_softmax(z)
    cache = {
        "x": x,
        "e": e,
        "i2": i2,
        "f2": f2,
        "g2": g2,
        "o2": o2,
        "c2": c2,
        "m2": m2,
        "h": h,
        "z": z,
        "logp": logp,
    }
    return logp, cache


def loss(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache, y)


def _loss(params: Arrays, cache: Arrays, y: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    logp = cache["logp"]
    N = len(logp)
    T = logp.shape[1]
    rows = np.arange(N)
    y = _labels("y", y, (T,), N, 96)
    # (14) ell[n] = -sum_t logp[n,t,y[n,t]] / T
    ell = -logp[rows[:, None], np.arange(T), y].mean(axis=1)
    # (34) L = sum_n ell[n] / N
    L = ell.mean()
    value: float = L.item()
    return value


def backward(
    params: Arrays, cache: Arrays, y: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    W2 = params["W2"]
    U2 = params["U2"]
    W3 = params["W3"]
    x = cache["x"]
    N = len(x)
    T = x.shape[1]
    rows = np.arange(N)
    e = cache["e"]
    i2 = cache["i2"]
    f2 = cache["f2"]
    g2 = cache["g2"]
    o2 = cache["o2"]
    c2 = cache["c2"]
    m2 = cache["m2"]
    h = cache["h"]
    z = cache["z"]
    y = _labels("y", y, (T,), N, 96)
    # (17) delta[n,t,i] = exp(z[n,t,i] - s[n,t]) / (N T) - [i = y[n,t]] / (N T)
    # (17) where s[n,t] = logsumexp_i z[n,t,i]
    delta = softmax(z) / (N * T)
    delta[rows[:, None], np.arange(T), y] -= 1 / (N * T)
    # (18) dW3[i,j] = sum_n,t delta[n,t,i] h[n,t,j]
    dW3 = np.tensordot(delta, h[:, 1:], axes=((0, 1), (0, 1)))
    # (19) db3[i] = sum_n,t delta[n,t,i]
    db3 = delta.sum(axis=(0, 1))
    # (20) to (27), step by step: t = T - 1 .. 0
    dtype = np.result_type(delta, W3, U2, o2, m2, f2, i2, g2, c2)
    # (20) dh[n,t,i] = sum_j delta[n,t,j] W3[j,i]
    dh = np.zeros((N, T + 1, 128), dtype)
    dh[:, 1:] = delta @ W3
    dc2 = np.zeros((N, T + 1, 128), dtype)
    delta2 = np.zeros((N, T, 512), dtype)
    for t in reversed(range(T)):
        # (22) dc2[n,t,i] = dh[n,t,i] o2[n,t,i] (1 - m2[n,t,i] ** 2)
        dc2[:, t + 1] += dh[:, t + 1] * o2[:, t] * (1 - m2[:, t] ** 2)
        # (27) delta2[n,t,i+384] += dh[n,t,i] o2[n,t,i] m2[n,t,i] (1 - o2[n,t,i]),
        #      delta2[n,t,i+256] += dc2[n,t,i] i2[n,t,i] (1 - g2[n,t,i] ** 2),
        #      delta2[n,t,i+128] += dc2[n,t,i] f2[n,t,i] c2[n,t-1,i] (1 - f2[n,t,i]),
        #      delta2[n,t,i] += dc2[n,t,i] i2[n,t,i] g2[n,t,i] (1 - i2[n,t,i])
        delta2[:, t, 384:] = dh[:, t + 1] * o2[:, t] * m2[:, t] * (1 - o2[:, t])
        delta2[:, t, 256:384] = dc2[:, t + 1] * i2[:, t] * (1 - g2[:, t] ** 2)
        delta2[:, t, 128:256] = dc2[:, t + 1] * f2[:, t] * c2[:, t] * (1 - f2[:, t])
        delta2[:, t, :128] = dc2[:, t + 1] * i2[:, t] * g2[:, t] * (1 - i2[:, t])
        # (20) dh[n,t-1,i] += sum_k delta2[n,t,k] U2[k,i]
        dh[:, t] += delta2[:, t] @ U2
        # (22) dc2[n,t-1,i] += dc2[n,t,i] f2[n,t,i]
        dc2[:, t] += dc2[:, t + 1] * f2[:, t]
    # (28) dU2[i,j] = sum_n,t delta2[n,t,i] h[n,t-1,j]
    dU2 = np.tensordot(delta2, h[:, :-1], axes=((0, 1), (0, 1)))
    # (30) dW2[i,j] = sum_n,t delta2[n,t,i] e[n,t,j]
    dW2 = np.tensordot(delta2, e, axes=((0, 1), (0, 1)))
    # (31) db2[i] = sum_n,t delta2[n,t,i]
    db2 = delta2.sum(axis=(0, 1))
    # (32) de[n,t,i] = sum_k delta2[n,t,k] W2[k,i]
    de = delta2 @ W2
    # (33) dE1[i,j] = sum_n,t [i = x[n,t]] de[n,t,j]
    dE1 = np.zeros_like(params["E1"])
    np.add.at(dE1, x, de)
    grads = {"E1": dE1, "W2": dW2, "U2": dU2, "b2": db2, "W3": dW3, "b3": db3}
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


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows."""
    return np.asarray(np.exp(np.minimum(z, 0)) / (1 + np.exp(np.minimum(z, -z))))


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
    if 0 in got:
        raise ValueError(f"{name} is empty: its shape is {got}")


def _self_check(seed: int = 0) -> bool:
    """Compare the gradients with six-point differences at a random point; print a table."""
    rng = np.random.default_rng(seed)
    for _ in range(9):  # until every gradient is large enough to be seen
        params = {name: rng.uniform(-0.9, 0.9, shape) for name, shape in SHAPES.items()}
        given: list[np.ndarray] = [rng.integers(96, size=(5, 3))]
        targets: list[np.ndarray] = [rng.integers(96, size=(5, 3))]
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
        for at in places[:: 1 + len(places) // 6]:
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
