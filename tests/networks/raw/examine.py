"""All that is asked of a network of raw equations."""

from __future__ import annotations

import re

import numpy as np

from bpgen.check.agreement import difference
from bpgen.check.difference import SHAKEN
from bpgen.check.page.proof import prove_page
from bpgen.check.trial import trials
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.load import declared_by
from bpgen.render import render
from tests.comments import false
from tests.networks.raw.draw import Raw

WRITTEN = "is written, and is what its equations say"


def examine(raw: Raw) -> str:
    """What became of a network: it is written and right, or the reason for which it is refused; an
    AssertionError says what is wrong with which network.
    """
    try:
        network = declared_by(raw.source)
    except NetError as error:
        return reason(error)
    except Exception as error:
        raise AssertionError(_said("is declared", raw, error)) from error
    try:
        derivation = derive(network)
        source = emitted(derivation)
    except NetError as error:
        return reason(error)
    except Exception as error:
        raise AssertionError(_said("is derived and emitted", raw, error)) from error
    try:
        wrong = difference(source, network)
        assert wrong is None, f"{wrong}"
        _by_complex_steps(source, network)
    except Exception as error:
        raise AssertionError(_said("is what its equations say", raw, error)) from error
    try:
        page = render(derivation, fmt="latex")
        proved = prove_page(page, derivation.network, (0,))  # with what stable spellings name
        assert proved.ok, "\n".join(map(str, proved.false))
    except Exception as error:
        raise AssertionError(_said("is told by a page that holds", raw, error)) from error
    try:
        told = false(network, source)
        assert not told, "\n".join(told)
    except Exception as error:
        raise AssertionError(_said("is told by comments that hold", raw, error)) from error
    return WRITTEN


def reason(error: NetError) -> str:
    """The fact of a refusal, without names and numbers."""
    fact = re.sub(r"\b[a-z]\w*\d\w*(\[[^\]]*\])?|\b[A-Z]\b|-?\d+", "#", error.fact)
    return re.sub(r"#( and #|, #)+", "#", fact)[:90]


def _by_complex_steps(source: str, network: Network) -> None:
    """The gradients that the module is compared with are those of a complex step through all, but
    for what roundings on the way make of them.
    """
    trial = next(iter(trials(source, network, 1, True)))
    rng = np.random.default_rng(0)
    steps = {n: rng.standard_normal(np.shape(g)) for n, g in trial.slopes.items()}
    _, true = trial.stepped(steps)
    parts = [trial.slopes[n] * s for n, s in steps.items()]
    size = sum(float(np.sum(np.abs(p))) for p in parts)
    error = abs(sum(float(np.sum(p)) for p in parts) - true)
    if not np.isfinite(true) or error <= 1e-9 * max(size, 1e-3):
        return
    noise = sum(trial.noise[1][n] * float(np.sum(np.abs(s))) for n, s in steps.items())
    assert error <= SHAKEN * noise, f"{error} of {size}, where roundings make {noise}"


def _said(name: str, raw: Raw, error: Exception) -> str:
    return f"{name}: {type(error).__name__}: {error}\n{raw.source}"
