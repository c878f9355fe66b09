"""digits: Handwritten digits: one hidden layer, softmax, cross-entropy, a little ...

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.

With a workspace nothing is allocated that grows with the batch: every array has its place there,
and the next call writes over what this one returned. What a call writes is its last argument.
"""

import numpy as np

Arrays = dict[str, np.ndarray]
Workspace = dict[str, list[np.ndarray]]

SHAPES: dict[str, tuple[int, ...]] = {
    "W1": (48, 64),
    "b1": (48,),
    "W2": (10, 48),
    "b2": (10,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (64,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": ()}
INTEGERS: dict[str, int] = {"y": 10}
SIZE = 3610
_OWN = np.empty(0)  # in every workspace that is made here


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


def forward(
    params: Arrays,
    x: np.ndarray,
    *,
    workspace: Workspace | None = None,
    checked: bool = True,
) -> tuple[np.ndarray, Arrays]:
    """The output p (N, 10), and the cache for backward."""
    if checked:
        _check(params)
    W1 = params["W1"]
    b1 = params["b1"]
    W2 = params["W2"]
    b2 = params["b2"]
    if checked:
        x = _array("x", x, (64,), None, params)
    N = len(x)
    if workspace is None:
        dtype = _precision(params, x)
        workspace = _memory_of_forward(N, dtype)
    elif checked:
        _suits(workspace, _precision(params, x), N=N)
    z1, h, t, zeros, z, t1, places, starts, places1, t2, ones, p = workspace["forward"]
    # (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i]
    x.dot(W1.T, z1)
    t[...] = b1
    z1 += t
    # (2) h[n,i] = relu(z1[n,i])
    np.maximum(z1, zeros, out=h)
    # (3) z[n,i] = sum_j W2[i,j] h[n,j] + b2[i]
    h.dot(W2.T, z)
    t1[...] = b2
    z += t1
    # (4) p[n,i] = exp(z[n,i]) / sum_j exp(z[n,j])
    z.argmax(1, places)
    np.add(places, starts, places1)
    z.take(places1, None, t2, "clip")
    t1[...] = t2[:, None]
    np.subtract(z, t1, t1)
    np.exp(t1, t1)
    t1.dot(ones, t2)
    p[...] = t2[:, None]
    np.divide(t1, p, p)
    cache = {"x": x, "h": h, "z": z, "p": p}
    return p, cache


def loss(
    params: Arrays,
    x: np.ndarray,
    y: np.ndarray,
    *,
    workspace: Workspace | None = None,
    checked: bool = True,
) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x, workspace=workspace, checked=checked)
    return _loss(params, cache, y, workspace=workspace, checked=checked)


def _loss(
    params: Arrays,
    cache: Arrays,
    y: np.ndarray,
    *,
    workspace: Workspace | None = None,
    checked: bool = True,
) -> float:
    """The loss of the batch that left this cache."""
    W1 = params["W1"]
    W2 = params["W2"]
    z = cache["z"]
    N = len(z)
    if checked:
        y = _labels("y", y, (), N, 10)
    if workspace is None:
        dtype = _precision(params, z)
        workspace = _memory_of_loss(N, dtype)
    elif checked:
        _suits(workspace, _precision(params, z), N=N)
    (
        places,
        starts,
        places1,
        t,
        t1,
        t2,
        zero,
        t3,
        minus_ones,
        t4,
        ell,
        t5,
        t6,
        shares,
    ) = workspace["loss"]
    # (5) ell[n] = -log(p[n,y[n]])
    # (5) evaluated as s[n] - z[n,y[n]]
    # (5) where s[n] = logsumexp_i z[n,i]
    z.argmax(1, places)
    np.add(places, starts, places1)
    z.take(places1, None, t, "clip")
    t1[...] = t[:, None]
    np.subtract(z, t1, t1)
    np.add(starts, y, places1, casting="unsafe")
    t1.take(places1, None, t, "clip")
    np.expm1(t, t2)
    np.exp(t1, t1)
    t1.put(places1, zero)
    t1.dot(minus_ones, t3)
    np.subtract(t2, t3, t4)
    np.log1p(t4, t2)
    np.subtract(t2, t, ell)
    # (6) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001
    #     W2[i,j] ** 2
    np.square(W1, t5)
    np.square(W2, t6)
    L = ell.dot(shares) + 0.0001 * (t5.sum() + t6.sum())
    value: float = L.item()
    return value


def backward(
    params: Arrays,
    cache: Arrays,
    y: np.ndarray,
    inputs: bool = False,
    *,
    workspace: Workspace | None = None,
    checked: bool = True,
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    if checked:
        _left_by_forward(cache, "x")
    W1 = params["W1"]
    W2 = params["W2"]
    x = cache["x"]
    N = len(x)
    h = cache["h"]
    p = cache["p"]
    if checked:
        y = _labels("y", y, (), N, 10)
    if workspace is None:
        dtype = _precision(params, x, h, p)
        workspace = _memory_of_backward(N, dtype, np.empty(SIZE, dtype))
    elif checked:
        _suits(workspace, _precision(params, x, h, p), N=N)
    (
        delta,
        one_share,
        starts,
        places,
        t,
        t1,
        dW2,
        t2,
        db2,
        ones,
        delta1,
        mask,
        zero,
        t3,
        dW1,
        t4,
        db1,
    ) = workspace["backward"]
    # (8) delta[n,i] = p[n,i] / N - [i = y[n]] / N
    np.multiply(p, one_share, delta)
    np.add(starts, y, places, casting="unsafe")
    delta.take(places, None, t, "clip")
    np.subtract(t, one_share, t1)
    delta.put(places, t1)
    # (9) dW2[i,j] = sum_n delta[n,i] h[n,j] + 0.0002 W2[i,j]
    delta.T.dot(h, dW2)
    np.multiply(W2, 0.0002, t2)
    dW2 += t2
    # (10) db2[i] = sum_n delta[n,i]
    ones.dot(delta, db2)
    # (12) delta1[n,i] = sum_j delta[n,j] W2[j,i] step(z1[n,i])
    # (12) evaluated as sum_j delta[n,j] W2[j,i] step(h[n,i])
    delta.dot(W2, delta1)
    np.greater(h, zero, mask)
    t3[...] = mask
    delta1 *= t3
    # (13) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.0002 W1[i,j]
    delta1.T.dot(x, dW1)
    np.multiply(W1, 0.0002, t4)
    dW1 += t4
    # (14) db1[i] = sum_n delta1[n,i]
    ones.dot(delta1, db1)
    grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
    if inputs:
        # (15) dx[n,i] = sum_j delta1[n,j] W1[j,i]
        dx = delta1 @ W1
        grads["x"] = dx
    return grads


def loss_and_grad(
    params: Arrays,
    x: np.ndarray,
    y: np.ndarray,
    *,
    workspace: Workspace | None = None,
    checked: bool = True,
) -> tuple[float, Arrays]:
    """The loss of a batch and its gradients, from one forward pass."""
    if checked:
        _check(params)
    W1 = params["W1"]
    b1 = params["b1"]
    W2 = params["W2"]
    b2 = params["b2"]
    if checked:
        x = _array("x", x, (64,), None, params)
    N = len(x)
    if checked:
        y = _labels("y", y, (), N, 10)
    if workspace is None:
        dtype = _precision(params, x)
        workspace = _memory_of_loss_and_grad(N, dtype, np.empty(SIZE, dtype))
    elif checked:
        _suits(workspace, _precision(params, x), N=N)
    (
        z1,
        h,
        t,
        t1,
        delta1,
        zeros,
        z,
        t2,
        t3,
        places,
        starts,
        places1,
        t4,
        ones,
        p,
        delta,
        t5,
        zero,
        t6,
        minus_ones,
        t7,
        ell,
        t8,
        dW1,
        t9,
        dW2,
        shares,
        one_share,
        t10,
        db2,
        ones1,
        mask,
        t11,
        db1,
        t4_column,
        delta_T,
        delta1_T,
    ) = workspace["loss_and_grad"]
    # (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i]
    x.dot(W1.T, z1)
    t1[...] = b1
    z1 += t1
    # (2) h[n,i] = relu(z1[n,i])
    np.maximum(z1, zeros, out=h)
    # (3) z[n,i] = sum_j W2[i,j] h[n,j] + b2[i]
    h.dot(W2.T, z)
    t3[...] = b2
    z += t3
    # (4) p[n,i] = exp(z[n,i]) / sum_j exp(z[n,j])
    z.argmax(1, places)
    np.add(places, starts, places1)
    z.take(places1, None, t4, "clip")
    t3[...] = t4_column
    np.subtract(z, t3, t3)
    np.exp(t3, t2)
    t2.dot(ones, t4)
    p[...] = t4_column
    np.divide(t2, p, p)
    # (5) ell[n] = -log(p[n,y[n]])
    # (5) evaluated as s[n] - z[n,y[n]]
    # (5) where s[n] = logsumexp_i z[n,i]
    np.add(starts, y, places1, casting="unsafe")
    t3.take(places1, None, t4, "clip")
    np.expm1(t4, t5)
    t2.put(places1, zero)
    t2.dot(minus_ones, t6)
    np.subtract(t5, t6, t7)
    np.log1p(t7, t5)
    np.subtract(t5, t4, ell)
    # (6) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001
    #     W2[i,j] ** 2
    np.square(W1, t8)
    np.square(W2, t9)
    L = ell.dot(shares) + 0.0001 * (t8.sum() + t9.sum())
    value: float = L.item()
    # (8) delta[n,i] = p[n,i] / N - [i = y[n]] / N
    np.multiply(p, one_share, delta)
    delta.take(places1, None, t7, "clip")
    np.subtract(t7, one_share, t4)
    delta.put(places1, t4)
    # (9) dW2[i,j] = sum_n delta[n,i] h[n,j] + 0.0002 W2[i,j]
    delta_T.dot(h, dW2)
    np.multiply(W2, 0.0002, t10)
    dW2 += t10
    # (10) db2[i] = sum_n delta[n,i]
    ones1.dot(delta, db2)
    # (12) delta1[n,i] = sum_j delta[n,j] W2[j,i] step(z1[n,i])
    # (12) evaluated as sum_j delta[n,j] W2[j,i] step(h[n,i])
    delta.dot(W2, delta1)
    np.greater(h, zero, mask)
    t[...] = mask
    delta1 *= t
    # (13) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.0002 W1[i,j]
    delta1_T.dot(x, dW1)
    np.multiply(W1, 0.0002, t11)
    dW1 += t11
    # (14) db1[i] = sum_n delta1[n,i]
    ones1.dot(delta1, db1)
    grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
    return value, grads


def workspace(N: int, dtype: type = np.float64) -> Workspace:
    """Memory for batches of N; flat holds all gradients in the order of pack."""
    _sized(dtype, N=N)
    flat: np.ndarray = np.empty(SIZE, dtype)
    return {
        "flat": [flat],
        "flat[:]": [flat[:]],
        "own": [_OWN],
        "N": [np.array(N)],
        **_memory_of_loss_and_grad(N, flat.dtype, flat),
    }


def _memory_of_forward(N: int, dtype: np.dtype) -> Workspace:
    """The arrays of forward; those that stand on one line share memory."""
    z1 = h = np.empty((N, 48), dtype)
    t = np.empty((N, 48), dtype)
    zeros = np.full((N, 48), 0, dtype)
    z = np.empty((N, 10), dtype)
    t1 = np.empty((N, 10), dtype)
    places = np.empty(N, np.intp)
    starts = np.arange(0, 10 * N, 10)
    places1 = np.empty(N, np.intp)
    t2 = np.empty(N, dtype)
    ones = np.ones(10, dtype)
    p = np.empty((N, 10), dtype)
    arrays = [z1, h, t, zeros, z, t1, places, starts, places1, t2, ones, p]
    return {"forward": arrays}


def _memory_of_loss(N: int, dtype: np.dtype) -> Workspace:
    """The arrays of loss; those that stand on one line share memory."""
    places = np.empty(N, np.intp)
    starts = np.arange(0, 10 * N, 10)
    places1 = np.empty(N, np.intp)
    t = np.empty(N, dtype)
    t1 = np.empty((N, 10), dtype)
    t2 = np.empty(N, dtype)
    zero = np.full((), 0, dtype)
    t3 = np.empty(N, dtype)
    minus_ones = np.full(10, -1, dtype)
    t4 = ell = np.empty(N, dtype)
    t5 = np.empty((48, 64), dtype)
    t6 = np.empty((10, 48), dtype)
    shares = np.full(N, 1 / max(N, 1), dtype)
    arrays = [
        places,
        starts,
        places1,
        t,
        t1,
        t2,
        zero,
        t3,
        minus_ones,
        t4,
        ell,
        t5,
        t6,
        shares,
    ]
    return {"loss": arrays}


def _memory_of_backward(N: int, dtype: np.dtype, flat: np.ndarray) -> Workspace:
    """The arrays of backward; those that stand on one line share memory."""
    grads = _views(flat)
    delta = np.empty((N, 10), dtype)
    one_share = np.full((), 1 / max(N, 1), dtype)
    starts = np.arange(0, 10 * N, 10)
    places = np.empty(N, np.intp)
    t = np.empty(N, dtype)
    t1 = np.empty(N, dtype)
    dW2 = grads["W2"]
    t2 = np.empty((10, 48), dtype)
    db2 = grads["b2"]
    ones = np.ones(N, dtype)
    delta1 = np.empty((N, 48), dtype)
    mask = np.empty((N, 48), bool)
    zero = np.full((), 0, dtype)
    t3 = np.empty((N, 48), dtype)
    dW1 = grads["W1"]
    t4 = np.empty((48, 64), dtype)
    db1 = grads["b1"]
    arrays = [
        delta,
        one_share,
        starts,
        places,
        t,
        t1,
        dW2,
        t2,
        db2,
        ones,
        delta1,
        mask,
        zero,
        t3,
        dW1,
        t4,
        db1,
    ]
    return {"backward": arrays}


def _memory_of_loss_and_grad(N: int, dtype: np.dtype, flat: np.ndarray) -> Workspace:
    """The arrays of loss_and_grad; where one of the others has such an array, that one."""
    made: Workspace = {
        **_memory_of_forward(N, dtype),
        **_memory_of_loss(N, dtype),
        **_memory_of_backward(N, dtype, flat),
    }
    grads = _views(flat)
    z1 = h = t = made["forward"][0]
    t1 = delta1 = made["forward"][2]
    zeros = made["forward"][3]
    z = t2 = made["forward"][4]
    t3 = made["forward"][5]
    places = made["forward"][6]
    starts = made["forward"][7]
    places1 = made["forward"][8]
    t4 = made["forward"][9]
    ones = made["forward"][10]
    p = delta = made["forward"][11]
    t5 = made["loss"][3]
    zero = made["loss"][6]
    t6 = made["loss"][5]
    minus_ones = made["loss"][8]
    t7 = ell = made["loss"][7]
    t8 = dW1 = grads["W1"]
    t9 = dW2 = grads["W2"]
    shares = made["loss"][13]
    one_share = made["backward"][1]
    t10 = made["loss"][12]
    db2 = grads["b2"]
    ones1 = made["backward"][9]
    mask = made["backward"][11]
    t11 = made["loss"][11]
    db1 = grads["b1"]
    t4_column = t4[:, None]
    delta_T = delta.T
    delta1_T = delta1.T
    arrays = [
        z1,
        h,
        t,
        t1,
        delta1,
        zeros,
        z,
        t2,
        t3,
        places,
        starts,
        places1,
        t4,
        ones,
        p,
        delta,
        t5,
        zero,
        t6,
        minus_ones,
        t7,
        ell,
        t8,
        dW1,
        t9,
        dW2,
        shares,
        one_share,
        t10,
        db2,
        ones1,
        mask,
        t11,
        db1,
        t4_column,
        delta_T,
        delta1_T,
    ]
    return made | {"loss_and_grad": arrays}


def _precision(params: Arrays, *arrays: np.ndarray) -> np.dtype:
    """The type of what is computed from all of these; what is used alone must have it."""
    found = np.result_type(*params.values(), *arrays)
    for name in [name for name in params if np.asarray(params[name]).dtype != found]:
        for array in arrays:
            own, given = np.asarray(params[name]).dtype, array.dtype
            if given.kind in "fc" and np.result_type(own, given) != found:
                holds = f"params: {name} holds {own}, inputs {given}"
                raise TypeError(f"{holds}, and others {found}: give all in one")
    return found


def _sized(dtype: type, **lengths: int) -> None:
    """Refuse what is no number of samples or steps, and a type of other numbers than floats."""
    for name, length in lengths.items():
        if isinstance(length, bool) or not isinstance(length, (int, np.integer)):
            raise TypeError(f"workspace: {name} is {length!r}, not a whole number")
        if length < 0:
            raise ValueError(f"workspace: {name} is {length}, less than 0")
    if np.dtype(dtype).kind not in "fc":
        raise TypeError(f"workspace: dtype is {np.dtype(dtype)}, not one of floats")


def _suits(workspace: Workspace, dtype: np.dtype, **lengths: int) -> None:
    """Refuse what is no workspace of this module, a copy, or for other lengths or another type."""
    if not isinstance(workspace, dict):
        raise TypeError(f"workspace is {type(workspace)}: workspace(...) makes one")
    for name in [*lengths, "flat", "flat[:]", "own"]:
        if name not in workspace:
            raise ValueError(f"workspace lacks {name}: workspace(...) makes one")
    if workspace["flat[:]"][0].base is not workspace["flat"][0]:
        fact = "workspace is a copy, whose arrays share no memory"
        raise ValueError(f"{fact}: workspace(...) makes another")
    if workspace["own"][0] is not _OWN:
        fact = "workspace is another module's, whose arrays are not these"
        raise ValueError(f"{fact}: workspace(...) makes one")
    if not workspace["flat"][0].flags.writeable:
        fact = "workspace is read-only, and all is computed in it"
        raise ValueError(f"{fact}: workspace(...) makes another")
    for name, length in lengths.items():
        made = int(workspace[name][0])
        if made != length:
            raise ValueError(f"workspace is for {name} = {made}, not {length}")
    made_of = workspace["flat"][0].dtype
    if made_of != dtype:
        raise TypeError(f"workspace holds {made_of}, and these arguments are {dtype}")


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
    if flat.shape != (3610,):
        raise ValueError(f"flat needs shape (3610,), not {flat.shape}")
    return _views(flat)


def _views(flat: np.ndarray) -> Arrays:
    """One flat array as parameters, in the order of their sorted names."""
    params, start = {}, 0
    for name in sorted(SHAPES):
        size = int(np.prod(SHAPES[name]))
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
