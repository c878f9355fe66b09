"""What a module by the standard is told in functions of its own, as source text: how arrays are
found, changed and let in, and what is written otherwise than for numpy.
"""

from __future__ import annotations

from bpgen.targets.numpy.doors import Words

WORDS = Words(
    array="Array",
    shape="tuple(array.shape)",
    counts='xp.isdtype(array.dtype, ("bool", "integral"))',
    as_params=(
        "some = [*params.values(), xp.asarray(0.0)]",
        "array = xp.astype(array, some[0].dtype)",
    ),
    no_floats="not _are_floats(array)",
    no_whole_numbers='not xp.isdtype(array.dtype, "integral")',
    no_shares="not _holds(xp.all(xp.abs(xp.sum(array, axis=-1) - 1) <= 2e-5))",
    out_of_bounds=(
        "not (0 in array.shape or _holds((xp.min(array) >= 0) & (xp.max(array) < bound)))"
    ),
    as_array="value",
    as_labels=(
        "# An array of bytes is a mask to torch.",
        "wide = array.dtype == xp.int32 or array.dtype == xp.int64",
        "return array if wide else xp.astype(array, xp.int32)",
    ),
    library=("xp = _of(array)",),
    no_value=(
        'if not hasattr(value, "dtype") or not hasattr(value, "shape"):',
        '    raise TypeError(f"{name} is {type(value)}, not an array")',
    ),
)
# Instead of what is written for numpy.
OTHERWISE = {
    "dropout": '''
def dropout(
    rng: np.random.Generator | None, shape: tuple[int, ...], keep: float, like: Array
) -> Array:
    """1 / keep with that probability, else 0; all ones where rng is None. Within jax.jit it
    is drawn once, when that traces.
    """
    xp, on = _of(like), _on(like)
    if rng is None:
        return xp.ones(shape, dtype=like.dtype, device=on)
    if not isinstance(rng, np.random.Generator):
        needs = "np.random.default_rng(seed)"
        raise TypeError(f"rng is {type(rng)}: give {needs}")
    return xp.astype(xp.asarray(rng.random(shape) < keep, device=on), like.dtype) / keep
''',
    "log_add_exp": '''
def log_add_exp(y: Array | float, z: Array) -> Array:
    """log(exp(y) + exp(z)), also of a number y; only exp of what is not positive is taken, so
    nothing overflows.
    """
    xp = _of(z)
    y = y + xp.zeros_like(z)
    high, low = xp.maximum(y, z), xp.minimum(y, z)
    return high + xp.log1p(xp.exp(low - xp.where(high == -xp.inf, 0, high)))
''',
    "_above_largest": '''
def _above_largest(z: Array, axes: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """The largest m of z along the last axes, z - m, and log(sum(exp(z - m))), exact where that
    is small. Of minus infinities alone m is one and nothing is taken out. Compiled, z - m is 0
    but for rounding where z is m: that place is found by m's own.
    """
    xp = _of(z)
    largest = xp.max(z, axis=axes, keepdims=True)
    below = z - xp.where(largest == -xp.inf, 0, largest)
    ones = xp.where(largest == -xp.inf, 0, first_largest(z, len(axes)))
    others = xp.sum(xp.exp(below) - ones, axis=axes, keepdims=True)
    return largest, below, xp.log1p(others)
''',
    "first_largest": '''
def first_largest(z: Array, last: int = 1) -> Array:
    """1 at the first of the largest over the last axes, 0 elsewhere."""
    xp, on = _of(z), _on(z)
    flat = xp.reshape(z, (*z.shape[: len(z.shape) - last], math.prod(z.shape[-last:])))
    places = xp.arange(flat.shape[-1], device=on)
    first = places == xp.argmax(flat, axis=-1)[..., None]
    return xp.astype(xp.reshape(first, z.shape), z.dtype)
''',
    "masked": '''
def masked(z: Array, keep: Array) -> Array:
    """z where it is kept, minus infinity where keep is 0."""
    xp = _of(z)
    return xp.where(keep != 0, z, -xp.inf)
''',
    "windows": '''
def windows(
    x: Array, sizes: int | tuple[int, ...], axes: int | tuple[int, ...]
) -> Array:
    """Every window that slides along the axes; the windows' own axes come last."""
    xp, on = _of(x), _on(x)
    widths = sizes if isinstance(sizes, tuple) else (sizes,)
    for width, axis in zip(widths, axes if isinstance(axes, tuple) else (axes,)):
        begins = xp.arange(x.shape[axis] - width + 1, device=on)
        places = begins[:, None] + xp.arange(width, device=on)
        x = xp.moveaxis(x[(slice(None),) * axis + (places,)], axis + 1, -1)
    return x
''',
}
ARRAYS = {
    "_put": '''
def _put(x: Array, at: Any, value: Array) -> Array:
    """x with a value at a place."""
    if hasattr(x, "at"):  # jax changes no array
        xp = _of(x)
        return xp.zeros_like(x) + value if at is ... else x.at[at].set(value)
    x = _own(x, value)
    x[at] = value
    return x
''',
    "_add": '''
def _add(x: Array, at: Any, value: Array) -> Array:
    """x with a value added at a place."""
    if hasattr(x, "at"):  # jax
        return x + value if at is ... else x.at[at].add(value)
    x = _own(x, value)
    x[at] += value
    return x
''',
    "_add_at": '''
def _add_at(x: Array, at: Any, values: Array) -> Array:
    """x with values added at places that may be met more than once."""
    if hasattr(x, "at"):  # jax
        return x.at[at].add(values)
    xp, on = _of(x), _on(x)
    if not hasattr(x, "index_add"):
        xp.add.at(x, at, values)
        return x
    # torch adds by one number for each place.
    numbers = xp.reshape(xp.arange(math.prod(x.shape), device=on), x.shape)[at]
    values = values + xp.zeros(numbers.shape, dtype=x.dtype, device=on)
    flat = xp.reshape(x, (-1,))
    added = flat.index_add(0, xp.reshape(numbers, (-1,)), xp.reshape(values, (-1,)))
    return xp.reshape(added, x.shape)
''',
    "_own": '''
def _own(x: Array, value: Array) -> Array:
    """x to be changed; a copy, where torch keeps what was computed for derivatives."""
    kept = any(hasattr(a, "requires_grad") and a.requires_grad for a in (x, value))
    return x.clone() if kept else x
''',
    "_copy": '''
def _copy(x: Array) -> Array:
    """The same in memory of its own."""
    return x.clone() if hasattr(x, "clone") else x.copy()
''',
    "_holds": '''
def _holds(condition: Array) -> bool:
    """Whether it is true; taken to be while jax traces, which knows no values."""
    return not hasattr(condition, "device") or bool(condition)
''',
    "_are_floats": '''
def _are_floats(array: Array) -> bool:
    """Whether it holds real numbers, or complex ones."""
    xp = _of(array)
    return bool(xp.isdtype(array.dtype, ("real floating", "complex floating")))
''',
    "_of": '''
def _of(*given: Any) -> Any:
    """The library of arrays, and of arrays by name: one, or they are refused."""
    found = {_library(x) for x in _arrays(given)}
    if len(found) != 1:
        names = " and ".join(sorted(xp.__name__ for xp in found)) or "no library"
        raise TypeError(f"arrays of {names}: give all of one")
    return found.pop()
''',
    "_on": '''
def _on(*given: Any) -> Any:
    """Where arrays are; jax moves what is made to where it is needed."""
    x = _arrays(given)[0]
    return None if hasattr(x, "at") else x.device
''',
    "_arrays": '''
def _arrays(given: Any) -> list[Array]:
    """Arrays, and those in dicts."""
    parts = (x.values() if isinstance(x, dict) else [x] for x in given)
    return [x for part in parts for x in part]
''',
    "_library": '''
def _library(x: Array) -> Any:
    """The functions of an array's library."""
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    if not hasattr(x, "dtype"):
        raise TypeError(f"{type(x)} is no array")
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__()
    from array_api_compat import array_namespace  # of torch, which does not say yet

    return array_namespace(x)
''',
}
