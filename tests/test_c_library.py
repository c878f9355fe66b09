"""The library of a module that computes by C: when it is built, and what is said where it cannot be."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen.compiled.library import compiler
from tests.conftest import module_of
from tests.nets_in_c import NETS, module_text

pytestmark = [
    pytest.mark.skipif(compiler() is None, reason="there is no C compiler"),
    pytest.mark.usefixtures("libraries"),
]


def _forward() -> None:
    """A call of a module that was not called before."""
    module = module_of(module_text(NETS["dense"]))
    module.forward(module.init(0), np.zeros((2, 3)))


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    said = r"net_\w+\.so needs a C compiler \(cc, gcc or clang\), and none is at hand"
    with pytest.raises(RuntimeError, match=said):
        _forward()


def test_two_threads_build_it_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, both = module_of(module_text(NETS["dense"])), threading.Barrier(2)

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


def test_what_the_compiler_says_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CFLAGS", "-Dfloat=nothing")
    with pytest.raises(RuntimeError, match="nothing"):
        module = module_of(module_text(NETS["dense"]))
        module.forward(module.init(0, np.float32), np.zeros((2, 3), np.float32))


@pytest.mark.slow
def test_as_a_program_it_builds_and_checks_itself(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(module_text(NETS["dense"]))

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
