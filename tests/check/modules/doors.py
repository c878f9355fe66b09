"""What the modules beside this one end with: their parameters as one vector, and their doors."""


def pack(params: dict[str, np.ndarray]) -> np.ndarray:
    """All parameters in one vector, by sorted name."""
    _params(params)
    return np.concatenate([np.ravel(params[name]) for name in sorted(SHAPES)])


def unpack(flat: np.ndarray) -> dict[str, np.ndarray]:
    """The parameters as views of one vector."""
    flat = _plain("flat", flat, "fc")
    if flat.shape != (sum(int(np.prod(shape)) for shape in SHAPES.values()),):
        raise ValueError(f"flat has shape {flat.shape}")
    params, at = {}, 0
    for name in sorted(SHAPES):
        size = int(np.prod(SHAPES[name]))
        params[name] = flat[at : at + size].reshape(SHAPES[name])
        at += size
    return params


def _params(params: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    _check(params)
    return tuple(np.asarray(params[name]) for name in SHAPES)


def _check(params: dict[str, np.ndarray]) -> None:
    if not isinstance(params, dict):
        raise TypeError("params is no dict")
    for name in params:
        if name not in SHAPES:
            raise ValueError(f"params: {name} is unknown")
    for name, shape in SHAPES.items():
        if name not in params:
            raise ValueError(f"params: {name} is missing")
        if not isinstance(params[name], (np.ndarray, np.generic)):
            raise TypeError(f"params: {name} is no array")
        if _plain(f"params: {name}", params[name], "fc").shape != shape:
            raise ValueError(f"params: {name} has shape {np.shape(params[name])}, not {shape}")


def _cache(cache: dict[str, np.ndarray]) -> None:
    if not isinstance(cache, dict) or not cache:
        raise TypeError("backward needs the cache")


def _array(name: str, value: np.ndarray, shape: tuple, dtype: type, length: int = 0) -> np.ndarray:
    array = np.asarray(_plain(name, value, "biufc"), dtype)
    _fits(name, array, shape, length)
    return array


def _one_hot(name: str, value: np.ndarray, shape: tuple, dtype: type, length: int) -> np.ndarray:
    array = _array(name, value, shape, dtype, length)
    if not np.allclose(array.sum(axis=-1), 1, atol=1e-5):
        raise ValueError(f"{name} has a row that does not sum to 1")
    return array


def _labels(name: str, value: np.ndarray, shape: tuple, bound: int, length: int = 0) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {array.dtype}, not whole numbers")
    _fits(name, _plain(name, value, "iuf"), shape, length)
    if array.min() < 0 or array.max() >= bound:
        raise ValueError(f"{name} has a number outside 0 .. {bound - 1}")
    return array


def _plain(name: str, value: np.ndarray, kinds: str) -> np.ndarray:
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        raise TypeError(f"{name} is no plain array")
    array = np.asarray(value)
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} holds {array.dtype}")
    return array


def _fits(name: str, array: np.ndarray, shape: tuple, length: int) -> None:
    wrong = array.ndim != len(shape) + 1 or any(
        s != t for s, t in zip(array.shape[1:], shape) if isinstance(t, int)
    )
    if wrong or len(array) == 0 or length not in (0, len(array)):
        raise ValueError(f"{name} has shape {array.shape}, not (N, {shape})")
