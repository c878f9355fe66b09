"""autoencoder: An autoencoder: 64 pixels through 8 numbers and back, compared with ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "W1": (48, 64),
    "b1": (48,),
    "W2": (8, 48),
    "b2": (8,),
    "W3": (48, 8),
    "b3": (48,),
    "W4": (64, 48),
    "b4": (64,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (64,)}
TARGETS: dict[str, tuple[int | str, ...]] = {}
INTEGERS: dict[str, int] = {}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "W1": np.asarray(rng.standard_normal((48, 64)) * 64**-0.5, dtype),
        "b1": np.zeros(48, dtype),
        "W2": np.asarray(rng.standard_normal((8, 48)) * 48**-0.5, dtype),
        "b2": np.zeros(8, dtype),
        "W3": np.asarray(rng.standard_normal((48, 8)) * 8**-0.5, dtype),
        "b3": np.zeros(48, dtype),
        "W4": np.asarray(rng.standard_normal((64, 48)) * 48**-0.5, dtype),
        "b4": np.zeros(64, dtype),
    }


def forward(
    params: Arrays, x: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], Arrays]:
    """The outputs xhat (N, 64), code (N, 8), and the cache for backward."""
    _check(params)
    W1 = params["W1"]
    b1 = params["b1"]
    W2 = params["W2"]
    b2 = params["b2"]
    W3 = params["W3"]
    b3 = params["b3"]
    W4 = params["W4"]
    b4 = params["b4"]
    x = _array("x", x, (64,), None, params)
    # (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i]
    z1 = x @ W1.T + b1
    # (2) h[n,i] = tanh(z1[n,i])
    h = np.tanh(z1)
    # (3) code[n,i] = sum_j W2[i,j] h[n,j] + b2[i]
    code = h @ W2.T + b2
    # (4) z3[n,i] = sum_j W3[i,j] code[n,j] + b3[i]
    z3 = code @ W3.T + b3
    # (5) g[n,i] = tanh(z3[n,i])
    g = np.tanh(z3)
    # (6) xhat[n,i] = sum_j W4[i,j] g[n,j] + b4[i]
    xhat = g @ W4.T + b4
    cache = {"x": x, "h": h, "code": code, "g": g, "xhat": xhat}
    return (xhat, code), cache


def loss(params: Arrays, x: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache)


def _loss(params: Arrays, cache: Arrays) -> float:
    """The loss of the batch that left this cache."""
    x = cache["x"]
    xhat = cache["xhat"]
    # (7) ell[n] = sum_i (xhat[n,i] - x[n,i]) ** 2
    ell = ((xhat - x) ** 2).sum(axis=1)
    # (23) L = sum_n ell[n] / N
    L = ell.mean()
    value: float = L.item()
    return value


def backward(params: Arrays, cache: Arrays, inputs: bool = False) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    W1 = params["W1"]
    W2 = params["W2"]
    W3 = params["W3"]
    W4 = params["W4"]
    x = cache["x"]
    N = len(x)
    h = cache["h"]
    code = cache["code"]
    g = cache["g"]
    xhat = cache["xhat"]
    # (8) dxhat[n,i] = 2 (xhat[n,i] - x[n,i]) / N
    dxhat = 2 * (xhat - x) / N
    # (9) dW4[i,j] = sum_n dxhat[n,i] g[n,j]
    dW4 = dxhat.T @ g
    # (10) db4[i] = sum_n dxhat[n,i]
    db4 = dxhat.sum(axis=0)
    # (12) delta3[n,i] = sum_j dxhat[n,j] W4[j,i] (1 - g[n,i] ** 2)
    delta3 = (dxhat @ W4) * (1 - g**2)
    # (13) dW3[i,j] = sum_n delta3[n,i] code[n,j]
    dW3 = delta3.T @ code
    # (14) db3[i] = sum_n delta3[n,i]
    db3 = delta3.sum(axis=0)
    # (15) dcode[n,i] = sum_j delta3[n,j] W3[j,i]
    dcode = delta3 @ W3
    # (16) dW2[i,j] = sum_n dcode[n,i] h[n,j]
    dW2 = dcode.T @ h
    # (17) db2[i] = sum_n dcode[n,i]
    db2 = dcode.sum(axis=0)
    # (19) delta1[n,i] = sum_j dcode[n,j] W2[j,i] (1 - h[n,i] ** 2)
    delta1 = (dcode @ W2) * (1 - h**2)
    # (20) dW1[i,j] = sum_n delta1[n,i] x[n,j]
    dW1 = delta1.T @ x
    # (21) db1[i] = sum_n delta1[n,i]
    db1 = delta1.sum(axis=0)
    grads = {
        "W1": dW1,
        "b1": db1,
        "W2": dW2,
        "b2": db2,
        "W3": dW3,
        "b3": db3,
        "W4": dW4,
        "b4": db4,
    }
    if inputs:
        # (22) dx[n,i] = sum_j delta1[n,j] W1[j,i] + 2 (x[n,i] - xhat[n,i]) / N
        dx = delta1 @ W1 + 2 * (x - xhat) / N
        grads["x"] = dx
    return grads


def loss_and_grad(params: Arrays, x: np.ndarray) -> tuple[float, Arrays]:
    """The loss of a batch and its gradients, from one forward pass."""
    _, cache = forward(params, x)
    return _loss(params, cache), backward(params, cache)


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
        targets: list[np.ndarray] = []
        _, cache = forward(params, *given)
        grads = backward(params, cache, inputs=True)
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
