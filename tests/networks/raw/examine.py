"""All that is asked of a network of raw equations."""

from __future__ import annotations

import re

import numpy as np

from bpgen.check.agreement import difference
from bpgen.check.difference import SHAKEN, differing
from bpgen.check.page.proof import prove_page
from bpgen.check.trial import Trial, trials
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.ir import BATCH
from bpgen.load import declared_by
from bpgen.render import render
from tests.comments import false
from tests.networks.raw.draw import Raw
from tests.networks.raw.literal import Literal

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
        trial = next(iter(trials(source, network, 1, True)))
        _by_complex_steps(trial)
    except Exception as error:
        raise AssertionError(_said("is what its equations say", raw, error)) from error
    try:
        _literally(raw.source, trial)
    except Exception as error:
        raise AssertionError(_said("is what its lines say", raw, error)) from error
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


def _literally(source: str, trial: Trial) -> None:
    """The module returns what the lines of net.py make of arrays: its loss, and each output that
    has a name there.
    """
    lengths = dict(trial.lengths)
    read = Literal(source, trial.given, lengths.pop(BATCH), next(iter(lengths.values()), 0))
    lines = {name: name for name in read.names} | {trial.network.loss: "L"}
    found = {name: a for name, a in trial.computed[0].items() if name in lines}
    assert found, "nothing that it returns has a name"
    meant = {name: read.value(lines[name]) for name in found}
    wrong = [*differing(found, meant, lambda: trial.noise[0], "")]
    assert not wrong, "\n".join(f"{w.what} {w.said}" for w in wrong)


def _by_complex_steps(trial: Trial) -> None:
    """The gradients that the module is compared with are those of a complex step through all, but
    for what roundings on the way make of them.
    """
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
