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

from bpgen.check.whole import check_module
from bpgen.derive import derive
from bpgen.derive.closed import ClosedForms
from bpgen.load import declared_by
from bpgen.raising.equation import order_of
from bpgen.record import Derivation, Step
from bpgen.render import render
from bpgen.text.comment import Comments, wrapped
from tests.closed_forms import (
    EVERY,
    INDEXED,
    LAYER_NORMS,
    NETS,
    OVER_OTHER_AXES,
    bracket,
    layer_norm,
    net,
)
from tests.conftest import derived, emitted, written
from tests.few import one_in


def step(record: Derivation, of: str) -> Step:
    return next(s for s in record.steps if s.of == of)


def adjoint(source: str, of: str) -> str:
    """The adjoint of a tensor, as the comment of the emitted module spells it."""
    record = derived(source)
    order = order_of(record)
    said = wrapped(Comments(order, record.tensors).text_of(step(record, of).equation), 999)
    return " ".join(said).split(" = ", 1)[1]


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


@pytest.mark.parametrize("name", one_in(2, [*NETS]))
def test_form(name: str) -> None:
    _, of, expected = NETS[name]
    assert adjoint(net(name), of) == expected


@pytest.mark.parametrize("name", OVER_OTHER_AXES)
def test_the_axes_do_not_matter(name: str) -> None:
    body, outer, inside = OVER_OTHER_AXES[name]
    record = derived(INDEXED + body)
    assert bracket(step(record, "x").equation) == (outer, inside)


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
