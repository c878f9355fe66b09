"""gpt: Six blocks of causal attention over characters, the output tied to the input.

Written by bpgen; the numbers in the comments are those of its derivation. n is the sample:
the loss is the mean over the N samples of a batch, one a row.
"""

import numpy as np

Arrays = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    "E": (96, 64),
    "P": (64, 64),
    "g1": (6, 64),
    "b1": (6, 64),
    "Wq2": (6, 64, 64),
    "Wk2": (6, 64, 64),
    "Wv2": (6, 64, 64),
    "Wo2": (6, 64, 64),
    "g3": (6, 64),
    "b3": (6, 64),
    "W4": (6, 256, 64),
    "b4": (6, 256),
    "W5": (6, 64, 256),
    "b5": (6, 64),
    "g6": (64,),
    "b6": (64,),
}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (64,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": (64,)}
INTEGERS: dict[str, int] = {"x": 96, "y": 96}


def init(
    rng: np.random.Generator | int | None = None, dtype: type = np.float64
) -> Arrays:
    """Fresh parameters, drawn from rng: a seed, a Generator or None."""
    rng = np.random.default_rng(rng)
    return {
        "E": np.asarray(rng.standard_normal((96, 64)) * 0.02, dtype),
        "P": np.asarray(rng.standard_normal((64, 64)) * 0.02, dtype),
        "g1": np.ones((6, 64), dtype),
        "b1": np.zeros((6, 64), dtype),
        "Wq2": np.asarray(rng.standard_normal((6, 64, 64)) * 64**-0.5, dtype),
        "Wk2": np.asarray(rng.standard_normal((6, 64, 64)) * 64**-0.5, dtype),
        "Wv2": np.asarray(rng.standard_normal((6, 64, 64)) * 64**-0.5, dtype),
        "Wo2": np.asarray(rng.standard_normal((6, 64, 64)) * 64**-0.5, dtype),
        "g3": np.ones((6, 64), dtype),
        "b3": np.zeros((6, 64), dtype),
        "W4": np.asarray(rng.standard_normal((6, 256, 64)) * 64**-0.5, dtype),
        "b4": np.zeros((6, 256), dtype),
        "W5": np.asarray(rng.standard_normal((6, 64, 256)) * 256**-0.5, dtype),
        "b5": np.zeros((6, 64), dtype),
        "g6": np.ones(64, dtype),
        "b6": np.zeros(64, dtype),
    }


def forward(params: Arrays, x: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The output logp (N, 64, 96), and the cache for backward."""
    _check(params)
    E = params["E"]
    P = params["P"]
    g6 = params["g6"]
    b6 = params["b6"]
    x = _labels("x", x, (64,), None, 96)
    # (1) e[n,t,d] = E[x[n,t],d] + P[t,d]
    e = E[x] + P
    # (27) o[-1,n,i,j] += e[n,i,j]
    o = e
    of_blocks: Arrays = {}
    for l in range(6):
        o, kept = _block(params, l, o)
        of_blocks |= {f"{name}[{l}]": array for name, array in kept.items()}
    # (28) mu6[n,i] = sum_j o[5,n,i,j] / 64
    mu6 = o.mean(axis=2)
    # (29) v6[n,i] = sum_j (o[5,n,i,j] - mu6[n,i]) ** 2 / 64
    v6 = ((o - mu6[:, :, None]) ** 2).mean(axis=2)
    # (30) xhat6[n,i,j] = (o[5,n,i,j] - mu6[n,i]) / sqrt(1e-05 + v6[n,i])
    xhat6 = (o - mu6[:, :, None]) / np.sqrt(1e-05 + v6[:, :, None])
    # (31) f[n,i,j] = g6[j] xhat6[n,i,j] + b6[j]
    f = g6 * xhat6 + b6
    # (32) z[n,i,j] = sum_k E[j,k] f[n,i,k]
    z = f @ E.T
    # (34) logp[n,i,j] = z[n,i,j] - s[n,i]
    # (34) where s[n,i] = logsumexp_j z[n,i,j]
    logp = log_softmax(z)
    cache = {
        "x": x,
        "v6": v6,
        "xhat6": xhat6,
        "f": f,
        "z": z,
        "logp": logp,
        **of_blocks,
    }
    return logp, cache


def _block(params: Arrays, l: int, o: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """Block l of 6: its output, and its part of the cache."""
    g1 = params["g1"][l]
    b1 = params["b1"][l]
    Wq2 = params["Wq2"][l]
    Wk2 = params["Wk2"][l]
    Wv2 = params["Wv2"][l]
    Wo2 = params["Wo2"][l]
    g3 = params["g3"][l]
    b3 = params["b3"][l]
    W4 = params["W4"][l]
    b4 = params["b4"][l]
    W5 = params["W5"][l]
    b5 = params["b5"][l]
    N = len(o)
    # (2) mu1[l,n,i] = sum_j o[l-1,n,i,j] / 64
    mu1 = o.mean(axis=2)
    # (3) v1[l,n,i] = sum_j (o[l-1,n,i,j] - mu1[l,n,i]) ** 2 / 64
    v1 = ((o - mu1[:, :, None]) ** 2).mean(axis=2)
    # (4) xhat1[l,n,i,j] = (o[l-1,n,i,j] - mu1[l,n,i]) / sqrt(1e-05 + v1[l,n,i])
    xhat1 = (o - mu1[:, :, None]) / np.sqrt(1e-05 + v1[:, :, None])
    # (5) u[l,n,i,j] = g1[l,j] xhat1[l,n,i,j] + b1[l,j]
    u = g1 * xhat1 + b1
    # (6) q2[l,n,i,j] = sum_k Wq2[l,j,k] u[l,n,i,k]
    q2 = u @ Wq2.T
    # (7) qh2[l,n,h,t,d] = q2[l,n,t,d+16*h]
    qh2 = q2.reshape(N, 64, 4, 16).transpose(0, 2, 1, 3)
    # (8) k2[l,n,i,j] = sum_k Wk2[l,j,k] u[l,n,i,k]
    k2 = u @ Wk2.T
    # (9) kh2[l,n,h,t,d] = k2[l,n,t,d+16*h]
    kh2 = k2.reshape(N, 64, 4, 16).transpose(0, 2, 1, 3)
    # (10) v2[l,n,i,j] = sum_k Wv2[l,j,k] u[l,n,i,k]
    v2 = u @ Wv2.T
    # (11) vh2[l,n,h,t,d] = v2[l,n,t,d+16*h]
    vh2 = v2.reshape(N, 64, 4, 16).transpose(0, 2, 1, 3)
    # (12) s2[l,n,h,t,u] = sum_d qh2[l,n,h,t,d] kh2[l,n,h,u,d] / 4
    s2 = (qh2 @ kh2.swapaxes(-2, -1)) / 4
    # (13) m2[l,n,h,t,u] = masked(s2[l,n,h,t,u], at_most(u, t))
    m2 = np.where(np.arange(64) <= np.arange(64)[:, None], s2, -np.inf)
    # (14) p2[l,n,i,j,k] = exp(m2[l,n,i,j,k]) / sum_p exp(m2[l,n,i,j,p])
    p2 = softmax(m2)
    # (15) yh2[l,n,h,t,e] = sum_u vh2[l,n,h,u,e] p2[l,n,h,t,u]
    yh2 = p2 @ vh2
    # (16) y2[l,n,t,d+16*h] += yh2[l,n,h,t,d]
    y2 = yh2.transpose(0, 2, 1, 3).reshape(N, 64, 64)
    # (17) o2[l,n,i,j] = sum_k Wo2[l,j,k] y2[l,n,i,k]
    o2 = y2 @ Wo2.T
    # (18) h[l,n,i,j] = o2[l,n,i,j] + o[l-1,n,i,j]
    h = o2 + o
    # (19) mu3[l,n,i] = sum_j h[l,n,i,j] / 64
    mu3 = h.mean(axis=2)
    # (20) v3[l,n,i] = sum_j (h[l,n,i,j] - mu3[l,n,i]) ** 2 / 64
    v3 = ((h - mu3[:, :, None]) ** 2).mean(axis=2)
    # (21) xhat3[l,n,i,j] = (h[l,n,i,j] - mu3[l,n,i]) / sqrt(1e-05 + v3[l,n,i])
    xhat3 = (h - mu3[:, :, None]) / np.sqrt(1e-05 + v3[:, :, None])
    # (22) m[l,n,i,j] = g3[l,j] xhat3[l,n,i,j] + b3[l,j]
    m = g3 * xhat3 + b3
    # (23) z4[l,n,i,j] = sum_k W4[l,j,k] m[l,n,i,k] + b4[l,j]
    z4 = m @ W4.T + b4
    # (24) a4[l,n,i,j] = normal_cdf_tanh(z4[l,n,i,j])
    a4 = normal_cdf_tanh(z4)
    # (25) a[l,n,i,j] = z4[l,n,i,j] a4[l,n,i,j]
    a = z4 * a4
    # (26) z5[l,n,i,j] = sum_k W5[l,j,k] a[l,n,i,k] + b5[l,j]
    z5 = a @ W5.T + b5
    # (27) o[l,n,i,j] = h[l,n,i,j] + z5[l,n,i,j]
    o_next = h + z5
    return o_next, {
        "v1": v1,
        "xhat1": xhat1,
        "u": u,
        "qh2": qh2,
        "kh2": kh2,
        "vh2": vh2,
        "p2": p2,
        "y2": y2,
        "v3": v3,
        "xhat3": xhat3,
        "m": m,
        "z4": z4,
        "a4": a4,
        "a": a,
    }


def loss(params: Arrays, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of a batch."""
    _, cache = forward(params, x)
    return _loss(params, cache, y)


def _loss(params: Arrays, cache: Arrays, y: np.ndarray) -> float:
    """The loss of the batch that left this cache."""
    logp = cache["logp"]
    N = len(logp)
    rows = np.arange(N)
    y = _labels("y", y, (64,), N, 96)
    # (35) ell[n] = -sum_t logp[n,t,y[n,t]] / 64
    ell = -logp[rows[:, None], np.arange(64), y].mean(axis=1)
    # (86) L = sum_n ell[n] / N
    L = ell.mean()
    value: float = L.item()
    return value


def backward(
    params: Arrays, cache: Arrays, y: np.ndarray, inputs: bool = False
) -> Arrays:
    """Gradients of the loss, named as params; the inputs' too on request."""
    _left_by_forward(cache, "x")
    E = params["E"]
    g6 = params["g6"]
    x = cache["x"]
    N = len(x)
    rows = np.arange(N)
    v6 = cache["v6"]
    xhat6 = cache["xhat6"]
    f = cache["f"]
    z = cache["z"]
    y = _labels("y", y, (64,), N, 96)
    # (38) delta[n,i,j] = exp(z[n,i,j] - s[n,i]) / (64 N) - [j = y[n,i]] / (64 N)
    # (38) where s[n,i] = logsumexp_j z[n,i,j]
    delta = softmax(z) / (64 * N)
    delta[rows[:, None], np.arange(64), y] -= 1 / (64 * N)
    # (39) df[n,i,j] = sum_k delta[n,i,k] E[k,j]
    df = delta @ E
    # (40) dg6[i] = sum_n,j df[n,j,i] xhat6[n,j,i]
    dg6 = (df * xhat6).sum(axis=(0, 1))
    # (41) db6[i] = sum_n,j df[n,j,i]
    db6 = df.sum(axis=(0, 1))
    # (42) dxhat6[n,i,j] = df[n,i,j] g6[j]
    dxhat6 = df * g6
    # (45) do[5,n,i,j] += dxhat6[n,i,j] / sqrt(1e-05 + v6[n,i]), do[5,n,i,j] += -sum_k
    #      dxhat6[n,i,k] xhat6[n,i,j] xhat6[n,i,k] / (64 sqrt(1e-05 + v6[n,i])),
    #      do[5,n,i,j] += -sum_k dxhat6[n,i,k] / (64 sqrt(1e-05 + v6[n,i]))
    do = (
        dxhat6
        - dxhat6.mean(axis=2, keepdims=True)
        - (dxhat6 * xhat6).mean(axis=2, keepdims=True) * xhat6
    ) / np.sqrt(1e-05 + v6[:, :, None])
    of_blocks: list[Arrays] = []
    for l in reversed(range(6)):
        do, of_block = _block_backward(params, cache, l, do)
        of_blocks.insert(0, of_block)
    # (84) dE[i,j] = sum_n,k delta[n,k,i] f[n,k,j] + sum_n,t [i = x[n,t]] do[-1,n,t,j]
    dE = np.tensordot(delta, f, axes=((0, 1), (0, 1)))
    np.add.at(dE, x, do)
    # (85) dP[i,j] = sum_n do[-1,n,i,j]
    dP = do.sum(axis=0)
    stacked = {name: np.stack([of[name] for of in of_blocks]) for name in of_blocks[0]}
    grads = {"E": dE, "P": dP, **stacked, "g6": dg6, "b6": db6}
    return grads


def _block_backward(
    params: Arrays, cache: Arrays, l: int, do_next: np.ndarray
) -> tuple[np.ndarray, Arrays]:
    """The gradients of block l, from do_next, that of its output."""
    g1 = params["g1"][l]
    Wq2 = params["Wq2"][l]
    Wk2 = params["Wk2"][l]
    Wv2 = params["Wv2"][l]
    Wo2 = params["Wo2"][l]
    g3 = params["g3"][l]
    W4 = params["W4"][l]
    W5 = params["W5"][l]
    N = len(do_next)
    v1 = cache[f"v1[{l}]"]
    xhat1 = cache[f"xhat1[{l}]"]
    u = cache[f"u[{l}]"]
    qh2 = cache[f"qh2[{l}]"]
    kh2 = cache[f"kh2[{l}]"]
    vh2 = cache[f"vh2[{l}]"]
    p2 = cache[f"p2[{l}]"]
    y2 = cache[f"y2[{l}]"]
    v3 = cache[f"v3[{l}]"]
    xhat3 = cache[f"xhat3[{l}]"]
    m = cache[f"m[{l}]"]
    z4 = cache[f"z4[{l}]"]
    a4 = cache[f"a4[{l}]"]
    a = cache[f"a[{l}]"]
    # (47) da[l,n,i,j] = sum_k do[l,n,i,k] W5[l,k,j]
    da = do_next @ W5
    # (49) delta4[l,n,i,j] = (z4[l,n,i,j] normal_pdf_tanh(z4[l,n,i,j], a4[l,n,i,j]) +
    #      a4[l,n,i,j]) da[l,n,i,j]
    delta4 = (z4 * normal_pdf_tanh(z4, a4) + a4) * da
    # (50) dm[l,n,i,j] = sum_k delta4[l,n,i,k] W4[l,k,j]
    dm = delta4 @ W4
    # (51) dxhat3[l,n,i,j] = dm[l,n,i,j] g3[l,j]
    dxhat3 = dm * g3
    # (54) dh[l,n,i,j] = do[l,n,i,j] + (dxhat3[l,n,i,j] - sum_k dxhat3[l,n,i,k] / 64 -
    #      sum_k dxhat3[l,n,i,k] xhat3[l,n,i,j] xhat3[l,n,i,k] / 64) / sqrt(1e-05 +
    #      v3[l,n,i])
    dh = do_next + (
        dxhat3
        - dxhat3.mean(axis=2, keepdims=True)
        - (dxhat3 * xhat3).mean(axis=2, keepdims=True) * xhat3
    ) / np.sqrt(1e-05 + v3[:, :, None])
    # (56) dy2[l,n,t,i] = sum_j dh[l,n,t,j] Wo2[l,j,i]
    dy2 = dh @ Wo2
    # (58) dp2[l,n,i,j,k] = sum_e dy2[l,n,j,e+16*i] vh2[l,n,i,k,e]
    dp2 = dy2.reshape(N, 64, 4, 16).transpose(0, 2, 1, 3) @ vh2.swapaxes(-2, -1)
    # (60) ds2[l,n,h,t,u] = p2[l,n,h,t,u] (dp2[l,n,h,t,u] - sum_i dp2[l,n,h,t,i]
    #      p2[l,n,h,t,i])
    ds2 = p2 * (dp2 - (dp2 * p2).sum(axis=3, keepdims=True))
    # (61) dvh2[l,n,h,t,d] = sum_i dy2[l,n,i,d+16*h] p2[l,n,h,i,t]
    dvh2 = p2.swapaxes(-2, -1) @ dy2.reshape(N, 64, 4, 16).transpose(0, 2, 1, 3)
    # (62) dv2[l,n,i,d+16*h] += dvh2[l,n,h,i,d]
    dv2 = dvh2.transpose(0, 2, 1, 3).reshape(N, 64, 64)
    # (63) dkh2[l,n,h,t,d] = sum_i ds2[l,n,h,i,t] qh2[l,n,h,i,d] / 4
    dkh2 = (ds2.swapaxes(-2, -1) @ qh2) / 4
    # (64) dk2[l,n,i,d+16*h] += dkh2[l,n,h,i,d]
    dk2 = dkh2.transpose(0, 2, 1, 3).reshape(N, 64, 64)
    # (65) dqh2[l,n,h,t,d] = sum_u ds2[l,n,h,t,u] kh2[l,n,h,u,d] / 4
    dqh2 = (ds2 @ kh2) / 4
    # (66) dq2[l,n,i,d+16*h] += dqh2[l,n,h,i,d]
    dq2 = dqh2.transpose(0, 2, 1, 3).reshape(N, 64, 64)
    # (67) du[l,n,i,j] = sum_k dv2[l,n,i,k] Wv2[l,k,j] + sum_k dk2[l,n,i,k] Wk2[l,k,j] +
    #      sum_k dq2[l,n,i,k] Wq2[l,k,j]
    du = dv2 @ Wv2 + dk2 @ Wk2 + dq2 @ Wq2
    # (68) dxhat1[l,n,i,j] = du[l,n,i,j] g1[l,j]
    dxhat1 = du * g1
    # (71) dW5[l,i,j] = sum_n,k do[l,n,k,i] a[l,n,k,j]
    dW5 = np.tensordot(do_next, a, axes=((0, 1), (0, 1)))
    # (72) db5[l,i] = sum_n,j do[l,n,j,i]
    db5 = do_next.sum(axis=(0, 1))
    # (73) dW4[l,i,j] = sum_n,k delta4[l,n,k,i] m[l,n,k,j]
    dW4 = np.tensordot(delta4, m, axes=((0, 1), (0, 1)))
    # (74) db4[l,i] = sum_n,j delta4[l,n,j,i]
    db4 = delta4.sum(axis=(0, 1))
    # (75) dg3[l,i] = sum_n,j dm[l,n,j,i] xhat3[l,n,j,i]
    dg3 = (dm * xhat3).sum(axis=(0, 1))
    # (76) db3[l,i] = sum_n,j dm[l,n,j,i]
    db3 = dm.sum(axis=(0, 1))
    # (77) dWo2[l,i,j] = sum_n,k dh[l,n,k,i] y2[l,n,k,j]
    dWo2 = np.tensordot(dh, y2, axes=((0, 1), (0, 1)))
    # (78) dWv2[l,i,j] = sum_n,k dv2[l,n,k,i] u[l,n,k,j]
    dWv2 = np.tensordot(dv2, u, axes=((0, 1), (0, 1)))
    # (79) dWk2[l,i,j] = sum_n,k dk2[l,n,k,i] u[l,n,k,j]
    dWk2 = np.tensordot(dk2, u, axes=((0, 1), (0, 1)))
    # (80) dWq2[l,i,j] = sum_n,k dq2[l,n,k,i] u[l,n,k,j]
    dWq2 = np.tensordot(dq2, u, axes=((0, 1), (0, 1)))
    # (81) dg1[l,i] = sum_n,j du[l,n,j,i] xhat1[l,n,j,i]
    dg1 = (du * xhat1).sum(axis=(0, 1))
    # (82) db1[l,i] = sum_n,j du[l,n,j,i]
    db1 = du.sum(axis=(0, 1))
    # (45) do[l-1,n,i,j] += dxhat1[l,n,i,j] / sqrt(1e-05 + v1[l,n,i]) + dh[l,n,i,j],
    #      do[l-1,n,i,j] += -sum_k dxhat1[l,n,i,k] xhat1[l,n,i,j] xhat1[l,n,i,k] / (64
    #      sqrt(1e-05 + v1[l,n,i])), do[l-1,n,i,j] += -sum_k dxhat1[l,n,i,k] / (64
    #      sqrt(1e-05 + v1[l,n,i]))
    do = dh + (
        dxhat1
        - dxhat1.mean(axis=2, keepdims=True)
        - (dxhat1 * xhat1).mean(axis=2, keepdims=True) * xhat1
    ) / np.sqrt(1e-05 + v1[:, :, None])
    return do, {
        "g1": dg1,
        "b1": db1,
        "Wq2": dWq2,
        "Wk2": dWk2,
        "Wv2": dWv2,
        "Wo2": dWo2,
        "g3": dg3,
        "b3": db3,
        "W4": dW4,
        "b4": db4,
        "W5": dW5,
        "b5": db5,
    }


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


def normal_cdf_tanh(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-u)), where u = sqrt(8 / pi) (z + 0.044715 z**3); nothing overflows."""
    m = np.minimum(np.maximum(z, -22), 22)  # beyond, the value is 0 or 1
    u = 1.5957691216057308 * m * (1 + 0.044715 * m * m)
    return np.asarray(np.exp(np.minimum(u, 0)) / (1 + np.exp(np.minimum(u, -u))))


def normal_pdf_tanh(z: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The slope of normal_cdf_tanh at z, told in its value p; no square overflows."""
    q = 1.5957691216057308 * p * (1 - p)
    return np.asarray(q + 0.134145 * (q * z) * z)


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


def _self_check(seed: int = 0) -> bool:
    """Compare the gradients with six-point differences at a random point; print a table."""
    rng = np.random.default_rng(seed)
    for _ in range(9):  # until every gradient is large enough to be seen
        params = {name: rng.uniform(-0.9, 0.9, shape) for name, shape in SHAPES.items()}
        given: list[np.ndarray] = [rng.integers(96, size=(5, 64))]
        targets: list[np.ndarray] = [rng.integers(96, size=(5, 64))]
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
