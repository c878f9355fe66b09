"""Norms and softmaxes, spelled as people spell them, whose backward has a closed form; and networks
that look alike and have none.
"""

from __future__ import annotations

from bpgen.equations.contraction import factored
from bpgen.ir import Equation

ROW = "from bpgen import *\nx = input(5)\ng, b = param(5), param(5)\n"
END = "\nout = g * xhat + b\noutput(out)\n"

# How people spell a layer norm, and what its backward divides by, or r that it multiplies with.
LAYER_NORMS = {
    "every step named": ("m = mean(x)\nc = x - m\nv = mean(c**2)\nr = (v + 1e-5)**-0.5\nxhat = c*r", "r[n]"),
    "r, centred twice": ("m = mean(x)\nv = mean((x - m)**2)\nr = 1/sqrt(v + 1e-5)\nxhat = (x - m)*r", "r[n]"),
    "s, centred twice": ("m = mean(x)\nv = mean((x - m)**2)\ns = sqrt(v + 1e-5)\nxhat = (x - m)/s", "1/s[n]"),
    "s, centred once": ("m = mean(x)\nc = x - m\nv = mean(c**2)\ns = sqrt(v + 1e-5)\nxhat = c/s", "1/s[n]"),
    "s, of sums": ("m = sum(x)/5\ns = sqrt(sum((x - m)**2)/5 + 1e-5)\nxhat = (x - m)/s", "1/s[n]"),
    "in one line": ("m = mean(x)\nv = mean((x - m)**2)\nxhat = (x - m)/sqrt(v + 1e-5)", "1/sqrt(v[n] + 1/100000)"),
    "c named, x - m used": (
        "m = mean(x)\nc = x - m\nv = mean(c**2)\nxhat = (x - m)/sqrt(v + 1e-5)",
        "1/sqrt(v[n] + 1/100000)",
    ),
    "m - x": ("m = mean(x)\nv = mean((m - x)**2)\nxhat = -(m - x)/sqrt(v + 1e-5)", "1/sqrt(v[n] + 1/100000)"),
    "mean of squares": ("m = mean(x)\nv = mean(x**2) - m**2\nxhat = (x - m)/sqrt(v + 1e-5)", "1/sqrt(v[n] + 1/100000)"),
    "variance with epsilon": ("m = mean(x)\nv = mean((x - m)**2) + 1e-5\nxhat = (x - m)/sqrt(v)", "1/sqrt(v[n])"),
    "nothing named": ("xhat = (x - mean(x))/sqrt(mean((x - mean(x))**2) + 1e-5)", "1/sqrt(u2[n])"),
    "c alone named": ("c = x - mean(x)\nxhat = c/sqrt(mean(c**2) + 1e-5)", "1/sqrt(u1[n])"),
}  # fmt: skip


def layer_norm(spelling: str) -> str:
    """The text of its net.py."""
    return ROW + LAYER_NORMS[spelling][0] + END


# A network, one of its tensors, and its adjoint as the comment of the module spells it.
NETS: dict[str, tuple[str, str, str]] = {
    "RMS norm": (
        "x = input(5)\ng = param(5)\nr = (mean(x**2) + 1e-5)**-0.5\nxhat = x*r\nout = g*xhat\noutput(out)",
        "x",
        "r[n] (dxhat[n,i] - sum_j 0.2 dxhat[n,j] xhat[n,i] xhat[n,j])",
    ),
    "RMS norm, divided": (
        "x = input(5)\ng = param(5)\ns = sqrt(mean(x**2) + 1e-5)\nxhat = x/s\nout = g*xhat\noutput(out)",
        "x",
        "(dxhat[n,i] - sum_j 0.2 dxhat[n,j] xhat[n,i] xhat[n,j]) / s[n]",
    ),
    "softmax within": (
        "x = input(5)\nV, W = param(4, 5), param(3, 4)\nz = V @ x\np = softmax(z)\nout = W @ p\noutput(out)",
        "z",
        "p[n,i] (dp[n,i] - sum_j dp[n,j] p[n,j])",
    ),
    "softmax spelled out": (
        "x = input(5)\nV, W = param(4, 5), param(3, 4)\nz = V @ x\np = exp(z)/sum(exp(z))\nout = W @ p\noutput(out)",
        "z",
        "p[n,i] (dp[n,i] - sum_j dp[n,j] p[n,j])",
    ),
    "attention": (
        "x = input(6, 5)\nQ, K, V = param(4, 5), param(4, 5), param(4, 5)\nq, k, v = x @ Q.T, x @ K.T, x @ V.T\n"
        "S = q @ k.T / 2\nP = softmax(S)\nout = P @ v\noutput(out)",
        "S",
        "P[n,i,j] (dP[n,i,j] - sum_k dP[n,i,k] P[n,i,k])",
    ),
    "log-softmax": (
        "x = input(5)\nV = param(4, 5)\nz = V @ x\nu = log_softmax(z)\noutput(u)",
        "z",
        "d_u[n,i] - sum_j d_u[n,j] exp(u[n,i])",
    ),
    "L2 norm": (
        "x = input(5)\nV = param(4, 5)\nz = V @ x\nd = sqrt(sum(z**2))\nu = z / d\noutput(u)",
        "z",
        "(d_u[n,i] - sum_j d_u[n,j] u[n,i] u[n,j]) / d[n]",
    ),
    "parts of a whole": (
        "x = input(5)\nV = param(4, 5)\nz = V @ x\ne = softplus(z)\nt = sum(e)\np = e / t\noutput(p)",
        "e",
        "(d_p[n,i] - sum_j d_p[n,j] p[n,j]) / t[n]",
    ),
    "swish": (
        "x = input(5)\nV = param(4, 5)\nz = V @ x\ns = sigmoid(z)\na = z*s\noutput(a)",
        "z",
        "(s[n,i] + a[n,i] (1 - s[n,i])) d_a[n,i]",
    ),
    "layer norm of a layer": (
        "x = input(5)\nV = param(4, 5)\nz = V @ x\nm = mean(z)\ns = sqrt(mean((z - m)**2) + 1e-5)\n"
        "xhat = (z - m)/s\noutput(xhat)",
        "z",
        "(d_xhat[n,i] - sum_j d_xhat[n,j] / 4 - sum_j d_xhat[n,j] xhat[n,i] xhat[n,j] / 4) / s[n]",
    ),
    "over two axes": (
        "x = input(7, 5)\nm = mean(x)\ns = sqrt(mean((x - m)**2) + 1e-5)\nxhat = (x - m)/s\noutput(xhat)",
        "x",
        "(d_xhat[n,i,j] - sum_k,l d_xhat[n,k,l] / 35"
        " - sum_k,l d_xhat[n,k,l] xhat[n,i,j] xhat[n,k,l] / 35) / s[n]",
    ),
    "a residual beside it": (
        "x = input(5)\nW = param(5, 5)\nm = mean(x)\ns = sqrt(mean((x - m)**2) + 1e-5)\n"
        "xhat = (x - m)/s\nout = x + W @ xhat\noutput(out)",
        "x",
        "d_out[n,i] + (dxhat[n,i] - sum_j 0.2 dxhat[n,j]"
        " - sum_j 0.2 dxhat[n,j] xhat[n,i] xhat[n,j]) / s[n]",
    ),
}  # fmt: skip
INDEXED = """from bpgen import *
t, c, p = indices("t c p")
"""
# A network, and what stands before and within the bracket of dx, as `bracket` tells them.
OVER_OTHER_AXES = {
    "each token": (
        'x = input("T", 5)\ng, b = param(5), param(5)\nm = tensor(sum(x[t, c], c)/5, t)\n'
        "s = tensor(sqrt(sum((x[t, c] - m[t])**2, c)/5 + 1e-5), t)\n"
        "xhat = tensor((x[t, c] - m[t])/s[t], t, c)\nout = tensor(g[c]*xhat[t, c] + b[c], t, c)\noutput(out)",
        "1/s[n, t]",
        {"0 dxhat[n, t, i]", "1 -dxhat[n, t, j]/5", "1 -dxhat[n, t, j]*xhat[n, t, i]*xhat[n, t, j]/5"},
    ),
    "each group": (
        "x = input(3, 4, 6)\ng, b = param(3, 4), param(3, 4)\nm = tensor(sum(x[t, c, p], c, p)/24, t)\n"
        "s = tensor(sqrt(sum((x[t, c, p] - m[t])**2, c, p)/24 + 1e-5), t)\n"
        "xhat = tensor((x[t, c, p] - m[t])/s[t], t, c, p)\n"
        "out = tensor(g[t, c]*xhat[t, c, p] + b[t, c], t, c, p)\noutput(out)",
        "1/s[n, i]",
        {
            "0 dxhat[n, i, j, k]",
            "2 -dxhat[n, i, l, p]/24",
            "2 -dxhat[n, i, l, p]*xhat[n, i, j, k]*xhat[n, i, l, p]/24",
        },
    ),
    "each channel, over a length known at run time": (
        'x = input("T", 5)\ng, b = param(5), param(5)\nm = mean(x, axis=0)\n'
        "d = tensor((x[t, c] - m[c])**2, t, c)\ns = sqrt(mean(d, axis=0) + 1e-5)\n"
        "xhat = tensor((x[t, c] - m[c])/s[c], t, c)\nout = tensor(g[c]*xhat[t, c] + b[c], t, c)\noutput(out)",
        "1/s[n, i]",
        {"0 dxhat[n, t, i]", "1 -dxhat[n, j, i]/T", "1 -dxhat[n, j, i]*xhat[n, j, i]*xhat[n, t, i]/T"},
    ),
}  # fmt: skip


def net(name: str) -> str:
    """The text of the net.py of one of NETS."""
    return "from bpgen import *\n" + NETS[name][0]


EVERY = {
    **{f"layer norm, {k}": layer_norm(k) for k in LAYER_NORMS},
    **{k: net(k) for k in NETS},
    **{k: INDEXED + v[0] for k, v in OVER_OTHER_AXES.items()},
    "cosine": "from bpgen import *\na = input(5)\nW = param(5, 5)\nc = W @ a\n"
    "s = dot(a, c)/sqrt(sum(a**2)*sum(c**2))\noutput(s)",
    "m is no mean": ROW + "m = sum(x)/4\ns = sqrt(mean((x - m)**2) + 1e-5)\nxhat = (x - m)/s" + END,
    "a weighted mean": ROW + "m = dot(g, x)\ns = sqrt(mean((x - m)**2) + 1e-5)\nxhat = (x - m)/s" + END,
    "one over n - 1": ROW + "m = mean(x)\ns = sqrt(sum((x - m)**2)/4) + 1e-5\nxhat = (x - m)/s" + END,
    "twice": ROW + "m = mean(x)\nc = x - m\nv = mean(c**2)\nr = (v + 1e-5)**-0.5\nu = c*r\n"
    "h = tanh(u)\nk = mean(h)\nxhat = (h - k)/sqrt(mean((h - k)**2) + 1e-5)" + END,
    "a softmax of a norm": ROW + "m = mean(x)\nv = mean((x - m)**2)\nxhat = softmax((x - m)/sqrt(v + 0.1))" + END,
    "one entry": "from bpgen import *\nx = input(1)\ng = param(1)\nm = mean(x)\n"
    "u = (x - m)/sqrt(mean((x - m)**2) + 1e-5)\nout = g*u + x\noutput(out)",
}  # fmt: skip


def bracket(equation: Equation) -> tuple[str, set[str]]:
    """What stands before the bracket of an equation, and the addends within."""
    found = factored(equation)
    assert found is not None
    assert not found.beside.terms
    return str(found.outer), {f"{len(t.over)} {t.body}" for t in found.inside.terms}
