"""A module that computes by C: numpy's interface, its refusals and its checks."""

from __future__ import annotations

import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bpgen.check.whole import check_module
from bpgen.cli import main
from bpgen.compiled import difference_of_module
from bpgen.compiled.library import compiler
from bpgen.emit import WITH_PYTHON, files, files_of
from tests.conftest import EXAMPLES, TYPES, declared, derived, module_of, of_example
from tests.few import few, one_in
from tests.test_c import BLOCKS, HEAD, NETS
from tests.test_c_inputs import TWO
from tests.texts.corpus import DRAWN

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

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


@pytest.fixture(autouse=True, scope="module")
def _libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("libraries")))
        yield


def _text(net: str) -> str:
    return files_of(derived(HEAD + net), WITH_PYTHON)[".py"]


def _both(net: str) -> tuple[ModuleType, ModuleType]:
    """A network's module of C, and numpy's."""
    return module_of(_text(net)), module_of(files_of(derived(HEAD + net))[".py"])


@pytest.mark.parametrize("name", few(NETS, lambda n: n == "dense"))
def test_is_what_its_equations_say(name: str) -> None:
    assert difference_of_module(_text(NETS[name]), declared(HEAD + NETS[name])) is None


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
    (before, after, what), text = MISTAKES[kind], _text(TWO)
    assert before in text
    found = difference_of_module(text.replace(before, after), declared(HEAD + TWO))
    assert found is not None and found.what.startswith(what), found


@pytest.mark.slow
@pytest.mark.parametrize("net", [TWO, NO_LOSS, NETS["dense"], NETS[BLOCKS]])
def test_it_is_checked_as_any_other(net: str) -> None:
    report = check_module(_text(net), None)
    assert report.ok, str(report)
    assert report.selftest is not None and report.selftest.caught > 9


@pytest.mark.slow
def test_what_is_wrong_is_found_by_check() -> None:
    text, before = _text(TWO), "= delta[4 * n + i] * a1[4 * n + i];"
    assert before in text
    report = check_module(text.replace(before, before.replace("a1", "u")), None)
    assert [row.name for row in report.rows if not row.ok] == ["u"]


@pytest.mark.parametrize("kind", WRONG)
def test_it_refuses_in_the_words_of_numpys(kind: str) -> None:
    ours, theirs = _both(NETS["dense"])
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
    ours, _ = _both(NETS["dense"])
    flat = ours.pack(ours.init(0))
    assert np.shares_memory(ours._flat(ours.unpack(flat), flat.dtype), flat)
    assert not np.shares_memory(ours._flat(ours.init(0), flat.dtype), flat)
    x = np.zeros((2, 3))
    _, cache = ours.forward(ours.unpack(flat), x)
    assert cache["x"] is x and cache["net_cache"].dtype == np.float64


# Arrays that are let in once


def _stays(module: ModuleType) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Arrays that C reads where they are."""
    rng = np.random.default_rng(0)
    params = module.unpack(module.pack(module.init(0)))
    return params, rng.standard_normal((2, 3)), rng.integers(4, size=2).astype(np.intc)


def test_a_call_is_of_what_its_arrays_hold_by_then() -> None:
    ours, _ = _both(NETS["dense"])
    params, x, y = _stays(ours)
    call, grads = ours.bound(params, x, y)
    for _ in range(2):
        value, slopes = ours.loss_and_grad(params, x, y)
        assert call() == value
        assert all(np.array_equal(grads[n], slopes[n]) for n in slopes) and [*grads] == [*slopes]
        for n in params:
            params[n] -= slopes[n]
        x[...], y[...] = -x, (y + 1) % 4


def test_a_call_keeps_its_arrays() -> None:
    ours, _ = _both(NETS["dense"])
    params, x, y = _stays(ours)
    x.flags.writeable = False
    kept = [weakref.ref(a) for a in (x, y, params["W1"].base)]
    call, _ = ours.bound(params, x, y)
    value = call()
    del params, x, y
    assert all(k() is not None for k in kept) and call() == value
    del call
    assert all(k() is None for k in kept)


COPIED: dict[str, tuple[Callable[..., Any], str]] = {
    "a list": (lambda p, x, y: (p, x.tolist(), y), "x is .*: bound needs an array"),
    "every other": (
        lambda p, x, y: (p, np.zeros((2, 6))[:, ::2], y),
        "x: .* contiguous .* float64",
    ),
    "other floats": (lambda p, x, y: (p, x.astype(np.float32), y), "x: .* array of float64"),
    "long labels": (lambda p, x, y: (p, x, y.astype(np.int64)), "y: .* array of int32"),
    "apart": (lambda p, x, y: ({n: a.copy() for n, a in p.items()}, x, y), r"params: .* unpack"),
    "no label": (lambda p, x, y: (p, x, y + 4), "y has a label outside 0 .. 3"),
}


@pytest.mark.parametrize("kind", COPIED)
def test_a_call_of_copies_is_refused(kind: str) -> None:
    ours, _ = _both(NETS["dense"])
    change, said = COPIED[kind]
    with pytest.raises((TypeError, ValueError), match=said):
        ours.bound(*change(*_stays(ours)))


@pytest.mark.slow
def test_each_call_drops_otherwise() -> None:
    named = "x, bound = input(5), target(2)\nz = dense(dropout(x, 0.5), 2)\n"
    ours, _ = _both(named + "L = loss(mean_squared_error(z, bound))\n")
    params = ours.unpack(ours.pack(ours.init(0)))
    x, y = np.ones((4, 5)), np.zeros((4, 2))
    call, _ = ours.bound(params, x, y, np.random.default_rng(0))
    assert call() == ours.loss_and_grad(params, x, y, np.random.default_rng(0))[0] != call()
    still, _ = ours.bound(params, x, y)
    assert still() == still() == ours.loss_and_grad(params, x, y)[0]


@pytest.mark.slow
def test_more_than_there_was_room_for() -> None:
    ours, theirs = _both(NETS["dense"])
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
    ours, theirs = _both(NETS["dense"])
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
    ours, _ = _both(TWO)
    x, u, k = np.ones((2, 3)), np.ones((2, 4)), np.ones(2, int)
    with pytest.raises(TypeError, match="C has no complex numbers"):
        ours.loss(ours.init(0), x, u, k, 1j * np.ones((2, 2)))


def test_a_cache_of_another_batch_is_refused() -> None:
    ours, _ = _both(NETS["dense"])
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
    ours, theirs = _both(NETS[BLOCKS])
    params, x = ours.init(0), np.random.default_rng(0).standard_normal((2, 4))
    np.testing.assert_allclose(ours.forward(params, x)[0], theirs.forward(params, x)[0], rtol=1e-13)
    one, again, other = (ours.forward(params, x, np.random.default_rng(s))[0] for s in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    with pytest.raises(TypeError, match=r"rng is <class 'int'>: give np\.random\.default_rng"):
        ours.forward(params, x, 1)


# What it is built with


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    said = r"net_\w+\.so needs a C compiler \(cc, gcc or clang\), and none is at hand"
    with pytest.raises(RuntimeError, match=said):
        _forward()


def test_two_threads_build_it_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, both = module_of(_text(NETS["dense"])), threading.Barrier(2)

    def compiled(line: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        Path(line[line.index("-o") + 1]).touch()
        both.wait()
        return subprocess.CompletedProcess(line, 0)

    monkeypatch.setattr(subprocess, "run", compiled)
    with ThreadPoolExecutor(2) as pool:  # the second found what it had made gone
        [*pool.map(lambda _: module._build(str(tmp_path / "net.so"), []), range(2))]
    assert [p.name for p in tmp_path.iterdir()] == ["net.so"]


def test_a_library_of_other_equations_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _forward()
    (place,) = (tmp_path / "bpgen").iterdir()
    right, made_of = place.read_bytes(), place.stem.removeprefix("net_").encode()
    assert made_of in right
    other = tmp_path / "other"
    (other / "bpgen").mkdir(parents=True)
    (other / "bpgen" / place.name).write_bytes(right.replace(made_of, b"0" * 16))
    monkeypatch.setenv("XDG_CACHE_HOME", str(other))
    with pytest.raises(RuntimeError, match="was built of other equations: delete it"):
        _forward()


def _forward() -> None:
    """A call of a module that was not called before."""
    module = module_of(_text(NETS["dense"]))
    module.forward(module.init(0), np.zeros((2, 3)))


def test_what_the_compiler_says_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CFLAGS", "-Dfloat=nothing")
    with pytest.raises(RuntimeError, match="nothing"):
        module = module_of(_text(NETS["dense"]))
        module.forward(module.init(0, np.float32), np.zeros((2, 3), np.float32))


# The files


def _emit(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["emit", *arguments])


def test_three_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("--target", "c", "--python", "net.py")
    assert done.exit_code == 0, done.output
    folder = Path("generated")
    assert sorted(p.name for p in folder.iterdir()) == ["net.c", "net.h", "net.py"]
    module = module_of((folder / "net.py").read_text())
    for end in (".h", ".c"):
        lines = {*(folder / f"net{end}").read_text().splitlines()}
        assert lines - {*module.C.splitlines()} <= {'#include "net.h"'}
    (folder / "net.py").write_text("# Written by bpgen; and changed\n")
    stale = _emit("--target", "c", "--python", "--check", "net.py")
    again = "run `bpgen emit --target c --python net.py`"
    assert (stale.exit_code, stale.stdout) == (1, f"generated/net.py: stale; {again}\n")


def test_a_library_that_cannot_be_kept_is_no_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    Path("net.py").write_text("from bpgen import *\noutput(tanh(input(2)))\n")
    done = _emit("--target", "c", "--python", "net.py")
    head = "bpgen: net.py: not run, for its library cannot be kept: "
    assert done.exit_code == 2 and done.stderr.startswith(head), done.output
    assert done.stderr.endswith("let XDG_CACHE_HOME be a folder that can be written in\n")
    assert not Path("generated").exists()


def test_python_is_of_c(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(HEAD + NETS["dense"])
    done = _emit("--python", str(tmp_path / "net.py"))
    fact = "--python adds a module that computes by C, and --target is numpy"
    assert (done.exit_code, done.stderr) == (2, f"bpgen: {fact}\n  give --target c, too\n")


@pytest.mark.slow
def test_a_wrong_module_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bpgen.targets.c.module import Module

    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    right = Module.text.fget  # type: ignore[attr-defined]
    wrong = property(lambda self: right(self).replace("/ R(N)", "/ R(N + 1)"))
    monkeypatch.setattr(Module, "text", wrong)
    done = _emit("--target", "c", "--python", "net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr.startswith("bpgen: net.py: not written, for it would be wrong: ")


@pytest.mark.slow
@pytest.mark.slow
def test_as_a_program_it_builds_and_checks_itself(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(_text(NETS["dense"]))

    def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "net.py", *arguments]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, **more)

    built = run("build", "100")
    assert built.returncode == 0, built.stderr
    assert all(Path(place).is_file() for place in built.stdout.split())
    assert len(built.stdout.split()) == 2  # one of each precision
    checked = run()
    assert checked.returncode == 0 and checked.stdout.count(" ok") == 5
    none = run("build", "5000", env={"PATH": "", "XDG_CACHE_HOME": str(tmp_path)})
    assert none.returncode == 1 and none.stderr.count("\n") == 1
    assert "needs a C compiler (cc, gcc or clang), and none is at hand" in none.stderr


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
