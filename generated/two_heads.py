"""two_heads: Two inputs, two outputs, two losses added: a class and a number from ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "U": (5, 3),
    "V": (5, 2),
    "c": (5,),
    "A": (4, 5),
    "d": (4,),
    "B": (1, 5),
    "e": (1,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"left": (3,), "right": (2,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"kind": (), "amount": (1,)}
INTEGERS: dict[str, int] = {"kind": 4}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "U": np.asarray(rng.standard_normal((5, 3)) * 3**-0.5, dtype),
        "V": np.asarray(rng.standard_normal((5, 2)) * 2**-0.5, dtype),
        "c": np.zeros(5, dtype),
        "A": np.asarray(rng.standard_normal((4, 5)) * 5**-0.5, dtype),
        "d": np.zeros(4, dtype),
        "B": np.asarray(rng.standard_normal((1, 5)) * 5**-0.5, dtype),
        "e": np.zeros(1, dtype),
    }


def forward(
    params: Arrays, left: np.ndarray, right: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], Arrays]:
    """The outputs p (N, 4), q (N, 1), and the cache for backward."""
    _check(params)
    U = params["U"]
    V = params["V"]
    c = params["c"]
    A = params["A"]
    d = params["d"]
    B = params["B"]
    e = params["e"]
    left = _array("left", left, (3,), None, params)
    N = len(left)
    right = _array("right", right, (2,), N, params)
    # (1) z[n,i] = sum_j U[i,j] left[n,j] + sum_j V[i,j] right[n,j] + c[i]
    z = left @ U.T + right @ V.T + c
    # (2) h[n,i] = softplus(z[n,i])
    h = softplus(z)
    # (3) u1[n,i] = sum_j A[i,j] h[n,j] + d[i]
    u1 = h @ A.T + d
    # (4) p[n,i] = exp(u1[n,i]) / sum_j exp(u1[n,j])
    p = softmax(u1)
    # (5) q[n,i] = sum_j B[i,j] h[n,j] + e[i]
    q = h @ B.T + e
    cache = {"left": left, "right": right, "z": z, "h": h, "u1": u1, "p": p, "q": q}
    return (p, q), cache


def loss(
    params: Arrays,
    left: np.ndarray,
    right: np.ndarray,
    kind: np.ndarray,
    amount: np.ndarray,
) -> float:
    """The loss of a batch."""
    _, cache = forward(params, left, right)
    return _loss(params, cache, kind, amount)


def _loss(params: Arrays, cache: Arrays, kind: np.ndarray, amount: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    u1 = cache["u1"]
    N = len(u1)
    rows = np.arange(N)
    q = cache["q"]
    kind = _labels("kind", kind, (), N, 4)
    amount = _array("amount", amount, (1,), N, params)
    # (6) ell[n] = sum_i (q[n,i] - amount[n,i]) ** 2 / 2 - log(p[n,kind[n]])
    # (6) evaluated as sum_i (q[n,i] - amount[n,i]) ** 2 / 2 + s[n] - u1[n,kind[n]]
    # (6) where s[n] = logsumexp_i u1[n,i]
    ell = ((q - amount) ** 2).sum(axis=1) / 2 - log_softmax(u1)[rows, kind]
    # (21) L = sum_n ell[n] / N
    L = ell.mean()
    value: float = L.item()
    return value


def backward(
    params: Arrays,
    cache: Arrays,
    kind: np.ndarray,
    amount: np.ndarray,
    inputs: bool = False,
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "left")
    U = params["U"]
    V = params["V"]
    A = params["A"]
    B = params["B"]
    left = cache["left"]
    N = len(left)
    rows = np.arange(N)
    right = cache["right"]
    z = cache["z"]
    h = cache["h"]
    p = cache["p"]
    q = cache["q"]
    kind = _labels("kind", kind, (), N, 4)
    amount = _array("amount", amount, (1,), N, params)
    # (7) dq[n,i] = (q[n,i] - amount[n,i]) / N
    dq = (q - amount) / N
    # (8) dB[i,j] = sum_n dq[n,i] h[n,j]
    dB = dq.T @ h
    # (9) de[i] = sum_n dq[n,i]
    de = dq.sum(axis=0)
    # (11) du1[n,i] = p[n,i] / N - [i = kind[n]] / N
    du1 = p / N
    du1[rows, kind] -= 1 / N
    # (12) dA[i,j] = sum_n du1[n,i] h[n,j]
    dA = du1.T @ h
    # (13) dd[i] = sum_n du1[n,i]
    dd = du1.sum(axis=0)
    # (14) dh[n,i] = sum_j dq[n,j] B[j,i] + sum_j du1[n,j] A[j,i]
    dh = dq @ B + du1 @ A
    # (15) delta[n,i] = dh[n,i] sigmoid(z[n,i])
    delta = dh * sigmoid(z)
    # (16) dU[i,j] = sum_n delta[n,i] left[n,j]
    dU = delta.T @ left
    # (17) dV[i,j] = sum_n delta[n,i] right[n,j]
    dV = delta.T @ right
    # (18) dc[i] = sum_n delta[n,i]
    dc = delta.sum(axis=0)
    grads = {"U": dU, "V": dV, "c": dc, "A": dA, "d": dd, "B": dB, "e": de}
    if inputs:
        # (19) dleft[n,i] = sum_j delta[n,j] U[j,i]
        dleft = delta @ U
        # (20) dright[n,i] = sum_j delta[n,j] V[j,i]
        dright = delta @ V
        grads["left"] = dleft
        grads["right"] = dright
    return grads


def loss_and_grad(
    params: Arrays,
    left: np.ndarray,
    right: np.ndarray,
    kind: np.ndarray,
    amount: np.ndarray,
) -> tuple[float, Arrays]:
    """The loss of a batch and its gradients, from one forward pass."""
    _, cache = forward(params, left, right)
    return _loss(params, cache, kind, amount), backward(params, cache, kind, amount)


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


def softplus(z: np.ndarray) -> np.ndarray:
    """log(1 + exp(z)); only exp of what is not positive is taken, so nothing overflows."""
    return np.asarray(np.maximum(z, 0) + np.log1p(np.exp(np.minimum(z, -z))))


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
        given: list[np.ndarray] = [
            rng.uniform(0.2, 1.0, (5, 3)),
            rng.uniform(0.2, 1.0, (5, 2)),
        ]
        targets: list[np.ndarray] = [
            rng.integers(4, size=(5,)),
            rng.uniform(0.2, 1.0, (5, 1)),
        ]
        _, cache = forward(params, *given)
        grads = backward(params, cache, targets[0], targets[1], inputs=True)
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
