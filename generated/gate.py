"""gate: A function, not a loss: a gated layer whose backward takes the upstream ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
a batch has N samples, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {"W": (3, 4), "b": (3,), "U": (3, 4), "c": (3,)}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (4,)}
TARGETS: dict[str, tuple[int | str, ...]] = {}
INTEGERS: dict[str, int] = {}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "W": np.asarray(rng.standard_normal((3, 4)) * 4**-0.5, dtype),
        "b": np.zeros(3, dtype),
        "U": np.asarray(rng.standard_normal((3, 4)) * 4**-0.5, dtype),
        "c": np.zeros(3, dtype),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output h (N, 3), and the cache for backward."""
    _check(params)
    W = params["W"]
    b = params["b"]
    U = params["U"]
    c = params["c"]
    x = _array("x", x, (4,), None, params)
    # (1) z[n,i] = sum_j U[i,j] x[n,j] + c[i]
    z = x @ U.T + c
    # (2) g[n,i] = sigmoid(z[n,i])
    g = sigmoid(z)
    # (3) z1[n,i] = sum_j W[i,j] x[n,j] + b[i]
    z1 = x @ W.T + b
    # (4) a1[n,i] = tanh(z1[n,i])
    a1 = np.tanh(z1)
    # (5) h[n,i] = g[n,i] a1[n,i]
    h = g * a1
    cache = {"x": x, "g": g, "a1": a1, "h": h}
    return h, cache


def backward(
    params: Arrays, cache: Arrays, d_h: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients from those of the outputs, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    W = params["W"]
    U = params["U"]
    x = cache["x"]
    N = len(x)
    g = cache["g"]
    a1 = cache["a1"]
    h = cache["h"]
    d_h = _array("d_h", d_h, (3,), N, params)
    # (8) delta1[n,i] = d_h[n,i] g[n,i] (1 - a1[n,i] ** 2)
    delta1 = d_h * g * (1 - a1**2)
    # (9) dW[i,j] = sum_n delta1[n,i] x[n,j]
    dW = delta1.T @ x
    # (10) db[i] = sum_n delta1[n,i]
    db = delta1.sum(axis=0)
    # (12) delta[n,i] = d_h[n,i] h[n,i] (1 - g[n,i])
    delta = d_h * h * (1 - g)
    # (13) dU[i,j] = sum_n delta[n,i] x[n,j]
    dU = delta.T @ x
    # (14) dc[i] = sum_n delta[n,i]
    dc = delta.sum(axis=0)
    grads = {"W": dW, "b": db, "U": dU, "c": dc}
    if inputs:
        # (15) dx[n,i] = sum_j delta1[n,j] W[j,i] + sum_j delta[n,j] U[j,i]
        dx = delta1 @ W + delta @ U
        grads["x"] = dx
    return grads


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
        given: list[np.ndarray] = [rng.uniform(0.2, 1.0, (5, 4))]
        outputs, cache = forward(params, *given)
        upstream = [rng.standard_normal(o.shape) for o in [outputs]]
        grads = backward(params, cache, upstream[0], inputs=True)
        if all(np.abs(gradient).max() > 1e-6 for gradient in grads.values()):
            break
    points = {**params, **dict(zip(INPUTS, given))}

    def steepness(point: np.ndarray, at: tuple[int, ...], h: float) -> float:
        kept, total = point[at], 0.0
        for k, weight in zip((1, 2, 3, -1, -2, -3), (45, -9, 1, -45, 9, -1)):
            point[at] = kept + k * h
            outputs, _ = forward(params, *given)
            total += weight * sum((o * u).sum() for o, u in zip([outputs], upstream))
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
