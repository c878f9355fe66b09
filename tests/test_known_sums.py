"""Sums that are known to vanish, by the equations of what they add: those of what was centred, over
whichever axis; and sums that do not.
"""

from __future__ import annotations

import sympy as sp

from bpgen.derive.closed import ClosedForms
from bpgen.derive.known_sums import KnownSums
from bpgen.derive.linear import sum_of
from bpgen.ir import BATCH, Equation, Index, Network, TensorInfo, Term, element, length
from bpgen.record import KnownSum
from tests.closed_forms import EVERY, bracket
from tests.conftest import derived


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
