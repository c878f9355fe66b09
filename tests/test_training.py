"""The emitted modules train: further than what is trivial, and to the optimum where it is known."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.train import characters
from examples.train.adam import Adam
from examples.train.progress import progress
from tests.conftest import ROOT
from tests.few import one_in

SCRIPTS = ("autoencoder", "breast_cancer", "diabetes", "digits", "digits_conv")
WRITERS = ("gpt", "lstm")
TOGETHER = ("parallel",)  # on several processes: tests/parity/test_parallel.py
NUMPY_ALONE = (
    "import sys\nsys.modules.update(dict.fromkeys(('bpgen', 'sympy', 'jinja2', 'click')))\n"
)

END = "\0"
ONE_AFTER_ANOTHER = f"""import runpy, sys
names, sys.path[0] = sys.argv[1:], "examples/train"
for name in names:
    sys.argv = [f"examples/train/{{name}}.py", "1"]
    runpy.run_path(sys.argv[0], run_name="__main__")
    print(end={END!r})
"""


def script(name: str) -> Any:
    """One of the scripts: some import scikit-learn, which takes a second."""
    return import_module(f"examples.train.{name}")


@pytest.mark.slow
def test_digits() -> None:
    digits = script("digits")
    *_, x_held, y_held = digits.data()
    assert digits.accuracy(digits.train(), x_held, y_held) >= 0.95


@pytest.mark.slow
def test_diabetes() -> None:
    """Training ends where the penalised least squares have their one solution."""
    from sklearn.linear_model import Ridge

    diabetes = script("diabetes")
    x, y, x_held, y_held = diabetes.data()
    params = diabetes.train()

    known = Ridge(alpha=0.01 * len(x)).fit(x, y)
    np.testing.assert_allclose(params["w"], known.coef_, atol=1e-6)
    np.testing.assert_allclose(params["b"], known.intercept_, atol=1e-6)
    assert diabetes.explained(params, x_held, y_held) >= 0.45


@pytest.mark.slow
def test_breast_cancer() -> None:
    """Training ends where Newton's method ends."""
    from sklearn.linear_model import LogisticRegression

    breast_cancer = script("breast_cancer")
    x, y, x_held, y_held = breast_cancer.data()
    params = breast_cancer.train()
    known = LogisticRegression(C=1 / (2 * 0.01 * len(x)), tol=1e-12, solver="newton-cholesky")
    known.fit(x, y)
    np.testing.assert_allclose(params["w"], known.coef_[0], atol=1e-6)
    np.testing.assert_allclose(params["b"], known.intercept_[0], atol=1e-6)
    assert breast_cancer.accuracy(params, x_held, y_held) >= 0.95


def test_autoencoder() -> None:
    """Closer than the best that a linear map through as many numbers can do."""
    autoencoder = script("autoencoder")
    x, x_held = autoencoder.data()
    reached = autoencoder.error(autoencoder.train(epochs=30), x_held)
    assert reached < 0.9 * autoencoder.principal_error(x, x_held)


@pytest.mark.slow
def test_digits_conv() -> None:
    digits_conv = script("digits_conv")
    *_, x_held, y_held = digits_conv.data()
    assert digits_conv.accuracy(digits_conv.train(), x_held, y_held) >= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_characters_are_foretold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few dozen steps from the loss of guessing, log 96, to below that of knowing how often each
    character occurs; all of the steps that the script does go below that of pairs.
    """
    foreteller = script(name)
    tokens, held = characters.data()
    monkeypatch.setattr(characters, "data", lambda: (tokens, held[: 40 * foreteller.LENGTH + 1]))
    shares = (np.bincount(tokens, minlength=96) + 1) / (len(tokens) + 96)
    single = -np.log(shares[held]).mean()
    params = foreteller.train(steps=80)
    assert foreteller.held_out_loss(params) < single
    assert all(p.dtype == np.float32 for p in params.values())
    text = foreteller.written(params, count=20)
    assert len(text) >= 20
    assert set(text) <= set(characters.VOCABULARY)


def ran(names: Iterable[str], folder: Path) -> dict[str, str]:
    """What scripts print, after one step, one after another in a process, with bpgen out of reach;
    nothing beside it.
    """
    (folder / "sitecustomize.py").write_text(NUMPY_ALONE)
    command = [sys.executable, "-c", ONE_AFTER_ANOTHER, *names]
    environment = {**os.environ, "PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    found = dict(zip(names, done.stdout.split(END)[:-1], strict=True))
    assert all(said.startswith("held-out ") for said in found.values()), found
    return found


@pytest.mark.slow
def test_scripts(tmp_path: Path) -> None:
    """As the README runs them: one line each."""
    assert {said.count("\n") for said in ran(SCRIPTS, tmp_path).values()} == {1}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lstm", "gpt"])
def test_script_that_writes(name: str, tmp_path: Path) -> None:
    """One line, and under it a text of its own."""
    assert len(ran([name], tmp_path)[name].split("\n", 1)[1]) > 300


@pytest.mark.parametrize("name", one_in(5, ["lstm", "autoencoder", "digits", "digits_conv", "gpt"]))
def test_a_seed_decides_everything(name: str) -> None:
    first, again, other = (script(name).train(2, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_every_script_is_tested() -> None:
    found = (ROOT / "examples" / "train").glob("*.py")
    assert sorted(f.stem for f in found if "__main__" in f.read_text()) == sorted(
        [*SCRIPTS, *WRITERS, *TOGETHER]
    )


def test_adam_takes_the_published_steps() -> None:
    """Algorithm 1 of Kingma and Ba, with their corrections written out for two steps."""
    adam, g1, g2 = Adam(rate=0.1), np.array([3.0, -1e-4]), np.array([-1.0, -1e-4])
    once = adam.step(np.zeros(2), g1)
    np.testing.assert_allclose(once, -0.1 * g1 / (np.abs(g1) + 1e-8), rtol=1e-14)
    mean = (0.09 * g1 + 0.1 * g2) / 0.19
    square = (0.000999 * g1**2 + 0.001 * g2**2) / 0.001999
    expected = once - 0.1 * mean / (np.sqrt(square) + 1e-8)
    np.testing.assert_allclose(adam.step(once, g2), expected, rtol=1e-12)


def test_progress_is_one_line_and_only_where_it_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    for watched in (True, False):
        stream = io.StringIO()
        monkeypatch.setattr(stream, "isatty", lambda watched=watched: watched)
        monkeypatch.setattr(sys, "stderr", stream)
        progress(1, 10, 2.0, accuracy=0.5)
        progress(10, 10, 1.0, accuracy=0.75)
        assert stream.getvalue() == watched * (
            "\repoch  1 of 10  loss 2.0000  held-out accuracy 0.5000\033[K"
            "\repoch 10 of 10  loss 1.0000  held-out accuracy 0.7500\033[K\n"
        )


class TestCharacters:
    def test_text_becomes_tokens_and_comes_back(self) -> None:
        assert len(characters.VOCABULARY) == len(set(characters.VOCABULARY)) == 96
        line = "def f(x):\n    return x ** 2  # ~"
        assert characters.decode(characters.encode(line)) == line
        assert characters.decode(characters.encode("a§b")) == "ab"

    def test_next_to_nothing_is_left_out(self) -> None:
        train, held = characters.data()
        assert len(train) + len(held) >= 0.99 * len(characters.text()) > 400_000
        assert len(held) == pytest.approx(len(train) / 9, abs=10)
        assert 0 <= train.min() < train.max() < 96

    def test_a_batch_holds_each_token_and_the_next(self) -> None:
        tokens = np.arange(12)
        seen = set()
        drawn = characters.batches(tokens, 5, 3, np.random.default_rng(0))
        for (x, y), _ in zip(drawn, range(50), strict=False):
            assert x.shape == y.shape == (5, 3)
            np.testing.assert_array_equal(y, x + 1)
            np.testing.assert_array_equal(x, x[:, :1] + np.arange(3))
            seen |= {int(start) for start in x[:, 0]}
        assert seen == set(range(9))  # the first piece and the last

    def test_the_same_seed_gives_the_same_batches(self) -> None:
        train, _ = characters.data()
        first, again, other = (
            next(characters.batches(train, 4, 32, np.random.default_rng(seed)))[0]
            for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    @pytest.mark.parametrize("length", [1, 3, 4, 11])
    def test_pieces_hold_every_token_once(self, length: int) -> None:
        x, y = characters.pieces(np.arange(12), length)
        assert x.shape == (11 // length, length)
        np.testing.assert_array_equal(x.ravel(), np.arange(x.size))
        np.testing.assert_array_equal(y, x + 1)

    def test_bigram_loss_of_pairs_counted_by_hand(self) -> None:
        tokens = characters.encode("abab")  # after a: b, b; after b: a
        seen, unseen = -np.log(3 / 98), -np.log(1 / 98)
        assert characters.bigram_loss(tokens, characters.encode("ab")) == pytest.approx(seen)
        assert characters.bigram_loss(tokens, characters.encode("aab")) == pytest.approx(
            (seen + unseen) / 2
        )

    def test_sampling_follows_the_logits(self) -> None:
        def alphabet(tokens: np.ndarray) -> np.ndarray:
            return np.where(np.arange(96) == tokens[-1] + 1, 1000.0, -1000.0)

        rng = np.random.default_rng(0)
        assert characters.sample(alphabet, "xa", 5, rng) == "xabcdef"
        assert characters.sample(alphabet, "xa", 0, rng) == "xa"

    @pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
    def test_sampling_is_as_likely_as_the_logits_say(self, temperature: float) -> None:
        p = np.full(96, 1e-300)
        p[:3] = 0.5, 0.3, 0.2
        rng = np.random.default_rng(0)
        drawn = characters.sample(lambda _: np.log(p) + 7, "", 4000, rng, temperature)
        expected = p[:3] ** (1 / temperature) / (p[:3] ** (1 / temperature)).sum()
        shares = [drawn.count(c) / 4000 for c in characters.VOCABULARY[:3]]
        np.testing.assert_allclose(shares, expected, atol=0.03)
