"""Closed forms that the algebra finds: the backward of norms and softmaxes as people write them,
however the forward is spelled.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from bpgen.check.whole import check_module
from bpgen.derive import derive
from bpgen.derive.closed import ClosedForms
from bpgen.derive.known_sums import KnownSums
from bpgen.derive.linear import sum_of
from bpgen.equations.contraction import factored
from bpgen.ir import BATCH, Equation, Index, Network, TensorInfo, Term, element, length
from bpgen.load import declared_by
from bpgen.raising.equation import order_of
from bpgen.record import Derivation, KnownSum, Step
from bpgen.render import render
from bpgen.text.comment import Comments, wrapped
from tests.conftest import derived, emitted, written
from tests.few import one_in

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
    return ROW + LAYER_NORMS[spelling][0] + END


def step(record: Derivation, of: str) -> Step:
    return next(s for s in record.steps if s.of == of)


def adjoint(source: str, of: str) -> str:
    """The adjoint of a tensor, as the comment of the emitted module spells it."""
    record = derived(source)
    order = order_of(record)
    said = wrapped(Comments(order, record.tensors).text_of(step(record, of).equation), 999)
    return " ".join(said).split(" = ", 1)[1]


def bracket(equation: Equation) -> tuple[str, set[str]]:
    """What stands before the bracket of an equation, and the addends within."""
    found = factored(equation)
    assert found is not None
    assert not found.beside.terms
    return str(found.outer), {f"{len(t.over)} {t.body}" for t in found.inside.terms}


@pytest.mark.parametrize("spelling", one_in(3, [*LAYER_NORMS]))
def test_layer_norm_in_three_terms(spelling: str) -> None:
    """dx = r (dxhat - mean dxhat - xhat mean(dxhat xhat))"""
    record = derived(layer_norm(spelling))
    assert bracket(step(record, "x").equation) == (
        LAYER_NORMS[spelling][1],
        {"0 dxhat[n, i]", "1 -dxhat[n, j]/5", "1 -dxhat[n, j]*xhat[n, i]*xhat[n, j]/5"},
    )
    assert adjoint(layer_norm(spelling), "g") == "sum_n d_out[n,i] xhat[n,i]"
    assert adjoint(layer_norm(spelling), "b") == "sum_n d_out[n,i]"
    computed = {s.of for s in record.steps if not s.inlined}
    assert computed - {"out"} == {"g", "b", "xhat", "x"}


def test_layer_norm_as_emitted() -> None:
    source = written(layer_norm("s, centred twice"))
    assert (
        """        dx = (
            dxhat
            - dxhat.mean(axis=1, keepdims=True)
            - (dxhat * xhat).mean(axis=1, keepdims=True) * xhat
        ) / s[:, None]
"""
        in source
    )
    source = written(layer_norm("every step named"))
    assert (
        """        dx = r[:, None] * (
            dxhat
            - dxhat.mean(axis=1, keepdims=True)
            - (dxhat * xhat).mean(axis=1, keepdims=True) * xhat
        )
"""
        in source
    )
    assert '"c"' not in source  # nor is what the closed form does not read kept for it


def test_spellings_agree() -> None:
    """One backward, whatever the spelling."""
    rng = np.random.default_rng(0)
    params = {"g": rng.normal(size=5), "b": rng.normal(size=5)}
    x, upstream = rng.normal(size=(2, 3, 5))
    found = []
    for spelling in LAYER_NORMS:
        m = emitted(layer_norm(spelling))
        _, cache = m.forward(params, x)
        found.append(m.backward(params, cache, upstream, inputs=True))
    for grads in found[1:]:
        for name in grads:
            np.testing.assert_allclose(grads[name], found[0][name], rtol=1e-12, atol=1e-14)


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
    return "from bpgen import *\n" + NETS[name][0]


@pytest.mark.parametrize("name", one_in(2, [*NETS]))
def test_form(name: str) -> None:
    _, of, expected = NETS[name]
    assert adjoint(net(name), of) == expected


@pytest.mark.parametrize("name", OVER_OTHER_AXES)
def test_the_axes_do_not_matter(name: str) -> None:
    body, outer, inside = OVER_OTHER_AXES[name]
    record = derived(INDEXED + body)
    assert bracket(step(record, "x").equation) == (outer, inside)


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


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_gradients(name: str) -> None:
    """By complex steps, entry by entry."""
    report = check_module(written(EVERY[name]), None)
    assert report.ok, str(report)


@pytest.mark.parametrize("name", one_in(3, [*EVERY]))
def test_every_line_ends_in_its_equation(name: str) -> None:
    record = derived(EVERY[name])
    read = {e.name for s in record.steps if not s.inlined for e in s.evaluated.reads()}
    for found in record.steps:
        assert found.lines[-1].terms == found.equation.terms
        assert not (found.inlined and found.equation.name in read)


# Sums that vanish, and sums that do not.


def batch_norm() -> Network:
    """A norm over the batch, by its equations: every channel j by its mean over the samples n."""
    n, k, j = Index("n", BATCH), Index("_k", BATCH), Index("j", 3)
    x, m, c, s = (lambda *i, name=name: element(name, i) for name in ("x", "m", "c", "s"))
    size = length(BATCH)
    equations = (
        Equation("m", (j,), (Term(x(k, j) / size, (k,)),)),
        Equation("c", (n, j), (Term(x(n, j) - m(j)),)),
        Equation("s", (j,), (Term(c(k, j) ** 2 / size, (k,)),)),
        Equation("xhat", (n, j), (Term(c(n, j) / sp.sqrt(s(j) + 1)),)),
    )
    axes = {"x": (n, j), "m": (j,), "c": (n, j), "s": (j,), "xhat": (n, j)}
    tensors = {k: TensorInfo(k, i, "input" if k == "x" else "value") for k, i in axes.items()}
    return Network("batch_norm", tensors, equations, ("xhat",))


def test_sums_over_the_batch_vanish_too() -> None:
    n, j = Index("n", BATCH), Index("j", 3)
    known = KnownSums(batch_norm()).known
    xhat, c, x = (element(name, (n, j)) for name in ("xhat", "c", "x"))
    assert known(sum_of(xhat, (n,))).value == 0
    assert known(sum_of(c, (n,))).value == 0
    assert known(sum_of(element("m", (j,)) - x, (n,))).value == 0
    assert known(sum_of(xhat, (j,))) is None
    assert known(sum_of(xhat**2, (n,))) is None
    assert known(sum_of(x, (n,))) is None


def test_an_adjoint_over_the_batch() -> None:
    """dx = (dxhat - mean dxhat - xhat mean(dxhat xhat)) / sqrt(s + 1), the means over the batch."""
    n, k, j = Index("n", BATCH), Index("_k", BATCH), Index("j", 3)
    forms = ClosedForms(batch_norm())
    root, size = sp.sqrt(element("s", (j,)) + 1), length(BATCH)
    given, c, ds, dm, dc = (
        lambda *i, name=name: element(name, i) for name in ("d_xhat", "c", "ds", "dm", "dc")
    )

    def close(of: str, indices: tuple[Index, ...], *terms: Term) -> tuple[Term, ...]:
        forms.passed_on(terms, of)
        equation = Equation(f"d{of}", indices, terms)
        found, reasons = forms.form(of, equation)
        forms.keep(of, Equation(f"d{of}", indices, found))
        assert any(isinstance(r, KnownSum) for r in reasons) == (of == "m")
        return found

    close("s", (j,), Term(-given(k, j) * c(k, j) / (2 * root**3), (k,)))
    forms.passed_on([Term(dc(n, j))], "x")
    close("c", (n, j), Term(given(n, j) / root + 2 * c(n, j) * ds(j) / size))
    forms.passed_on([Term(dc(n, j))], "x")
    close("m", (j,), Term(-dc(k, j), (k,)))
    terms = close("x", (n, j), Term(dc(n, j) + dm(j) / size))
    equation = Equation("dx", (n, j), terms)
    outer, inside = bracket(equation)
    assert outer == "1/sqrt(s[j] + 1)"
    assert inside == {
        "0 d_xhat[n, j]",
        "1 -d_xhat[__0, j]/N",
        "1 -d_xhat[__0, j]*xhat[__0, j]*xhat[n, j]/N",
    }


def test_what_is_no_mean_does_not_vanish() -> None:
    for name in ("m is no mean", "a weighted mean"):
        record = derived(EVERY[name])
        reasons = [r for s in record.steps for line in s.lines for r in line.reasons]
        assert not any(isinstance(r, KnownSum) for r in reasons)


# The page and the numbers.


def test_the_page_says_why() -> None:
    page = render(derived(layer_norm("every step named")), fmt="text")
    assert "since Σ[i] x̂ᵢ = 0" in page
    assert "since cᵢ r = x̂ᵢ" in page
    softmax = render(derived(net("softmax within")), fmt="text")
    assert "δ = (∂ℓ/∂p − (∂ℓ/∂p)ᵀ p) ⊙ p" in softmax
    latex = render(derived(layer_norm("every step named")), fmt="latex")
    assert r"\hat{x}_{i} = 0" in latex


def _slopes(x: list[float], upstream: list[float]) -> list[Any]:
    """The derivatives of a layer norm's output, contracted, in 60 digits."""

    def of(*entries: Any) -> Any:
        m = mpmath.fsum(entries) / len(entries)
        v = mpmath.fsum((e - m) ** 2 for e in entries) / len(entries)
        return mpmath.fsum(
            u * (e - m) for u, e in zip(upstream, entries, strict=True)
        ) / mpmath.sqrt(v + mpmath.mpf("1e-5"))

    with mpmath.workdps(60):
        at = tuple(mpmath.mpf(e) for e in x)
        return [
            mpmath.diff(of, at, tuple(int(i == k) for i in range(len(x)))) for k in range(len(x))
        ]


@pytest.mark.parametrize(
    ("x", "atol"),
    [([1e8 + 1, 2.0, 3.0], 1e-8 * 1e-7), ([7.25, 7.25, 7.25], 1e-10), ([0.0, 0.0, 0.0], 1e-10)],
)
def test_extreme_rows(x: list[float], atol: float) -> None:
    """A row with one huge entry, and constant rows: finite, and right to the size of the slopes."""
    m = emitted(
        "from bpgen import *\nx = input(3)\nm = mean(x)\nc = x - m\nv = mean(c**2)\n"
        "r = (v + 1e-5)**-0.5\nxhat = c*r\noutput(xhat)\n"
    )
    upstream = [0.5, -1.25, 2.0]
    _, cache = m.forward({}, np.array([x]))
    dx = m.backward({}, cache, np.array([upstream]), inputs=True)["x"][0]
    assert np.isfinite(dx).all()
    np.testing.assert_allclose(dx, [float(s) for s in _slopes(x, upstream)], rtol=1e-9, atol=atol)


# Cost and determinism.


def _deep(layers: int) -> str:
    return (
        "from bpgen import *\nx = input(4)\nh = x\n"
        f"for _ in range({layers}):\n"
        "    h = dense(h, 4)\n    m = mean(h)\n    s = sqrt(mean((h - m)**2) + 1e-5)\n    h = (h - m)/s\n"
        "output(h)\n"
    )


@pytest.mark.slow
def test_the_search_is_linear_in_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adjoints are tried where they are read, not one against all."""
    tried: list[str] = []
    original = ClosedForms._written_out

    def counted(self: ClosedForms, linear: Any, known: Any, reasons: Any) -> Any:
        tried.append(known.equation.name)
        return original(self, linear, known, reasons)

    monkeypatch.setattr(ClosedForms, "_written_out", counted)
    counts = []
    for layers in (3, 6, 12):
        tried.clear()
        derive(declared_by(_deep(layers)))
        counts.append(len(tried))
    assert counts[0] > 0
    assert counts[2] - counts[1] == 2 * (counts[1] - counts[0])


@pytest.mark.slow
def test_the_same_bytes_under_any_hash_seed() -> None:
    source = layer_norm("c named, x - m used")
    program = (
        "import sys\nfrom bpgen.emit import emit\nfrom bpgen.load import declared_by\n"
        "from bpgen.render import render\nfrom bpgen.derive import derive\n"
        "n = declared_by(sys.argv[1])\nprint(emit(n), render(derive(n), fmt='latex'))"
    )
    found = set()
    for seed in "0123":
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        run = subprocess.run(
            [sys.executable, "-c", program, source],
            capture_output=True,
            env=environment,
            check=True,
        )
        found.add(run.stdout)
    assert len(found) == 1
