"""The gradients of inputs in C, which are asked for by giving memory for them."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from bpgen.compiled import at_points, difference, ran, source_of
from bpgen.compiled.library import compiler, libraries, library
from bpgen.emit import WITH_PYTHON, emitted, files_of, said_of
from tests.conftest import declared, derived
from tests.few import few, one_in
from tests.in_c import QUICK, warnings
from tests.nets_in_c import HEAD, NETS, TWO
from tests.texts.corpus import DRAWN, TARGETS

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

OF_TWO = {
    "a sum begun at 1": ("fill(dx, 3 * N, 0)", "fill(dx, 3 * N, 1)"),
    "a factor lost": ("= delta[4 * n + i] * a1[4 * n + i];", "= delta[4 * n + i];"),
}


def _asking(net: str) -> dict[str, str]:
    return dict(files_of(derived(HEAD + net), WITH_PYTHON))


@pytest.mark.parametrize("name", few(NETS, lambda n: n == "dense"))
def test_are_what_the_equations_say(name: str) -> None:
    assert difference(_asking(NETS[name]), declared(HEAD + NETS[name])) is None


@pytest.mark.slow
@pytest.mark.parametrize("of_corpus", one_in(6, [n for n in DRAWN if WITH_PYTHON in TARGETS[n]]))
def test_those_of_a_random_network_are(of_corpus: str) -> None:
    net = DRAWN[of_corpus]
    texts = files_of(derived(net), WITH_PYTHON)
    assert warnings([{end: texts[end] for end in (".h", ".c")}]) == ""
    assert difference(texts, declared(net), by=QUICK) is None


def test_they_are_numpys() -> None:
    network = declared(HEAD + TWO)
    trial = next(iter(at_points(emitted(derived(HEAD + TWO)), network, 1)))
    (compiled,) = libraries([source_of(_asking(TWO), trial)], np.float64)
    _, found = ran(compiled, trial)
    _, meant, _ = trial.computed
    assert [*found] == [*sorted(trial.point.params), "x", "u"] and {*found} == {*meant}
    for name, gradient in meant.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("kind", one_in(2, [*OF_TWO]))
def test_a_mistake_is_found(kind: str) -> None:
    before, after = OF_TWO[kind]
    texts = _asking(TWO)
    assert texts[".c"].count(before) == 1
    wrong = {**texts, ".c": texts[".c"].replace(before, after)}
    found = difference(wrong, declared(HEAD + TWO), by=QUICK)
    assert found is not None and found.what in ("dL/dx[0, 0]", "dL/du[0, 0]"), found


def test_without_memory_they_are_left_out() -> None:
    """The gradients of parameters are the same."""
    net, rng = NETS["dense"], np.random.default_rng(0)
    x, y = rng.standard_normal((3, 3)), rng.integers(4, size=3)
    plain, asking = (library(texts, {"N": 3}) for texts in (_plain(net), _asking(net)))
    params = {"all": rng.standard_normal(plain.sizes["params"] // 8)}
    one, other = (each(params, [x], [y], True) for each in (plain, asking))
    assert np.array_equal(one.grads["all"], other.grads["all"])
    assert np.array_equal(one.grads["all"], _without(asking, params["all"], x, y))


def test_the_bytes_of_them_are_told() -> None:
    derivation = derived(HEAD + TWO)
    compiled = library(files_of(derivation, WITH_PYTHON), {}, np.float32)
    said = f"; gradients of inputs {compiled.sizes['inputs']}"
    assert said_of(derivation, WITH_PYTHON) == said_of(derivation, "c") + said


def test_a_network_of_labels_has_none() -> None:
    labels = "x, y = input(below=5), target(3)\nL = loss(squared_error(embedding(x, 5, 3), y))\n"
    assert {**_plain(labels), ".py": ""} == {**_asking(labels), ".py": ""}


def _plain(net: str) -> dict[str, str]:
    return dict(files_of(derived(HEAD + net), "c"))


def _without(asking, params, x, y):  # type: ignore[no-untyped-def]
    """The gradients where no memory is given for those of inputs."""
    grads = np.full(params.size, np.nan)
    cache, work = (np.zeros(asking.sizes[s], np.uint8) for s in ("cache", "work"))
    arrays = [a.ctypes.data for a in (params, x, y.astype(np.intc), cache, work, grads)]
    backward = asking.calls.net_loss_and_grad
    backward.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_int, *[ctypes.c_void_p] * 4]
    backward(*arrays[:3], 3, *arrays[3:], None)
    return grads
