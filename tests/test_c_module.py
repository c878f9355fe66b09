"""A module that computes by C: what its equations say, numpy's interface, its refusals and its checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen.check.whole import check_module
from bpgen.compiled import difference_of_module
from bpgen.compiled.library import compiler
from bpgen.emit import WITH_PYTHON, files, files_of
from tests.conftest import EXAMPLES, TYPES, declared, of_example
from tests.few import few, one_in
from tests.nets_in_c import BLOCKS, HEAD, NETS, TWO, both_modules, module_text
from tests.texts.corpus import DRAWN

pytestmark = [
    pytest.mark.skipif(compiler() is None, reason="there is no C compiler"),
    pytest.mark.usefixtures("libraries"),
]

NO_LOSS = 'x = input("T", 2)\noutput(rnn(x, 3))\n'
WRONG: dict[str, Any] = {
    "a list": [[0.0, 0.0, 0.0]],
    "a sample": np.zeros(3),
    "too wide": np.zeros((2, 4)),
    "no sample": np.zeros((0, 3)),
    "text": np.array([["a", "b", "c"]]),
    "a masked array": np.ma.zeros((2, 3)),
    "nothing": None,
}


@pytest.mark.parametrize("name", few(NETS, lambda n: n == "dense"))
def test_is_what_its_equations_say(name: str) -> None:
    assert difference_of_module(module_text(NETS[name]), declared(HEAD + NETS[name])) is None


@pytest.mark.slow
@pytest.mark.parametrize("of_corpus", one_in(12, [*DRAWN][2::12]))
def test_that_of_a_random_network_is(of_corpus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLAGS", "-O0")  # which costs less of the compiler's time
    net = declared(DRAWN[of_corpus])
    assert difference_of_module(files(net, WITH_PYTHON)[".py"], net) is None


MISTAKES = {
    "of the mean": ("/ R(N)", "/ R(N + 1)", "dL/d"),
    "of a place": ("offsetof(net_inputs, u)", "offsetof(net_inputs, x)", "dL/du"),
    "of a size": ("math.prod(SHAPES[name])", "max(math.prod(SHAPES[name]) - 1, 1)", "the module"),
}


@pytest.mark.parametrize("kind", one_in(3, [*MISTAKES]))
def test_a_mistake_is_found(kind: str) -> None:
    (before, after, what), text = MISTAKES[kind], module_text(TWO)
    assert before in text
    found = difference_of_module(text.replace(before, after), declared(HEAD + TWO))
    assert found is not None and found.what.startswith(what), found


@pytest.mark.slow
@pytest.mark.parametrize("net", [TWO, NO_LOSS, NETS["dense"], NETS[BLOCKS]])
def test_it_is_checked_as_any_other(net: str) -> None:
    report = check_module(module_text(net), None)
    assert report.ok, str(report)
    assert report.selftest is not None and report.selftest.caught > 9


@pytest.mark.slow
def test_what_is_wrong_is_found_by_check() -> None:
    text, before = module_text(TWO), "= delta[4 * n + i] * a1[4 * n + i];"
    assert before in text
    report = check_module(text.replace(before, before.replace("a1", "u")), None)
    assert [row.name for row in report.rows if not row.ok] == ["u"]


@pytest.mark.parametrize("kind", WRONG)
def test_it_refuses_in_the_words_of_numpys(kind: str) -> None:
    ours, theirs = both_modules(NETS["dense"])
    params = ours.init(0)
    said = []
    for module in (ours, theirs):
        try:
            said.append(str(module.forward(params, WRONG[kind])[0].shape))
        except (TypeError, ValueError) as error:
            said.append(f"{type(error).__name__}: {error}")
    assert said[0] == said[1]
    assert (kind == "a list") == said[0].startswith("(")


def test_what_it_is_given_is_not_copied() -> None:
    """Parameters that are views of a flat array, and inputs of their precision."""
    ours, _ = both_modules(NETS["dense"])
    flat = ours.pack(ours.init(0))
    assert np.shares_memory(ours._flat(ours.unpack(flat), flat.dtype), flat)
    assert not np.shares_memory(ours._flat(ours.init(0), flat.dtype), flat)
    x = np.zeros((2, 3))
    _, cache = ours.forward(ours.unpack(flat), x)
    assert cache["x"] is x and cache["net_cache"].dtype == np.float64


@pytest.mark.slow
def test_more_than_there_was_room_for() -> None:
    ours, theirs = both_modules(NETS["dense"])
    rng = np.random.default_rng(0)
    params, x, y = ours.init(0), rng.standard_normal((33, 3)), rng.integers(4, size=33)
    for one, other in zip(
        ours.loss_and_grad(params, x, y)[1].items(),
        sorted(theirs.loss_and_grad(params, x, y)[1].items()),
        strict=True,
    ):
        assert one[0] == other[0]
        np.testing.assert_allclose(one[1], other[1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float16, complex, np.dtype(">f8")])
def test_what_c_has_no_numbers_for_is_refused_or_made_native(dtype: Any) -> None:
    ours, theirs = both_modules(NETS["dense"])
    params = {n: a.astype(dtype) for n, a in ours.init(0).items()}
    if dtype in (np.float16, complex):
        said = f"params and inputs are {np.dtype(dtype)}: C has float32 and float64"
        with pytest.raises(TypeError, match=said):
            ours.forward(params, np.zeros((2, 3), dtype))
    else:
        x = np.ones((2, 3))
        np.testing.assert_allclose(
            ours.forward(params, x)[0], theirs.forward(params, x)[0], rtol=1e-14
        )


@pytest.mark.slow
def test_complex_targets_are_refused() -> None:
    ours, _ = both_modules(TWO)
    x, u, k = np.ones((2, 3)), np.ones((2, 4)), np.ones(2, int)
    with pytest.raises(TypeError, match="C has no complex numbers"):
        ours.loss(ours.init(0), x, u, k, 1j * np.ones((2, 2)))


def test_a_cache_of_another_batch_is_refused() -> None:
    ours, _ = both_modules(NETS["dense"])
    params, y = ours.init(0), np.zeros(40, int)
    _, cache = ours.forward(params, np.zeros((40, 3)))
    with pytest.raises(ValueError, match="cache: net_cache is of other lengths"):
        ours.backward(params, {**cache, "x": np.zeros((2, 3))}, y[:2])
    with pytest.raises(ValueError, match="forward returns: net_cache is missing"):
        ours.backward(params, {"x": np.zeros((2, 3))}, y)
    with pytest.raises(ValueError, match="x needs shape"):
        ours.backward(params, {**cache, "x": np.zeros((40, 2))}, y)


@pytest.mark.slow
def test_nothing_is_dropped_without_a_generator() -> None:
    ours, theirs = both_modules(NETS[BLOCKS])
    params, x = ours.init(0), np.random.default_rng(0).standard_normal((2, 4))
    np.testing.assert_allclose(ours.forward(params, x)[0], theirs.forward(params, x)[0], rtol=1e-13)
    one, again, other = (ours.forward(params, x, np.random.default_rng(s))[0] for s in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    with pytest.raises(TypeError, match=r"rng is <class 'int'>: give np\.random\.default_rng"):
        ours.forward(params, x, 1)


@pytest.mark.slow
def test_lint_and_types(tmp_path: Path) -> None:
    for path in EXAMPLES:
        text = files_of(of_example(path.stem), WITH_PYTHON)[".py"]
        (tmp_path / path.name).write_text(text)
    for command in (
        ["ruff", "check", "--isolated", "--no-cache"],
        ["ruff", "format", "--check", "--isolated", "--no-cache"],
        ["mypy", "--strict", "--config-file=", f"--cache-dir={TYPES}"],
    ):
        every = map(str, tmp_path.glob("*.py"))
        line = [sys.executable, "-m", *command, *every]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
