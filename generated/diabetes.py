"""diabetes: Ridge regression: a line through ten measurements, and a penalty on its ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {"w": (10,), "b": ()}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (10,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": ()}
INTEGERS: dict[str, int] = {}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    return {"w": np.zeros(10, dtype), "b": np.zeros((), dtype)}


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output yhat (N,), and the cache for backward."""
    _check(params)
    w = params["w"]
    b = params["b"]
    x = _array("x", x, (10,), None, params)
    # (1) yhat[n] = sum_i w[i] x[n,i] + b
    yhat = x @ w + b
    cache = {"x": x, "yhat": yhat}
    return yhat, cache


def loss(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache, y)


def _loss(params: Arrays, cache: Arrays, y: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    w = params["w"]
    yhat = cache["yhat"]
    N = len(yhat)
    y = _array("y", y, (), N, params)
    # (2) ell[n] = (yhat[n] - y[n]) ** 2
    ell = (yhat - y) ** 2
    # (3) L = sum_n ell[n] / N + sum_i 0.01 w[i] ** 2
    L = ell.mean() + 0.01 * (w**2).sum()
    value: float = L.item()
    return value


def backward(
    params: Arrays, cache: Arrays, y: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    w = params["w"]
    x = cache["x"]
    N = len(x)
    yhat = cache["yhat"]
    y = _array("y", y, (), N, params)
    # (4) dyhat[n] = 2 (yhat[n] - y[n]) / N
    dyhat = 2 * (yhat - y) / N
    # (5) dw[i] = sum_n dyhat[n] x[n,i] + 0.02 w[i]
    dw = dyhat @ x + 0.02 * w
    # (6) db = sum_n dyhat[n]
    db = np.asarray(dyhat.sum())
    grads = {"w": dw, "b": db}
    if inputs:
        # (7) dx[n,i] = dyhat[n] w[i]
        dx = dyhat[:, None] * w
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
        given: list[np.ndarray] = [rng.uniform(0.2, 1.0, (5, 10))]
        targets: list[np.ndarray] = [rng.uniform(0.2, 1.0, (5,))]
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
