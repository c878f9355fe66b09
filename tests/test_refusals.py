"""Whatever is wrong with a net.py gets its one-to-three-line error, word for word:
tests/data/refusals.txt.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen.cli import main
from bpgen.equations.admissible import WORDS
from bpgen.errors import NetError
from bpgen.load import declared_by
from tests.conftest import ROOT
from tests.few import one_in
from tests.forked import bpgen

NET = "from bpgen import *\nx = input(3)\n"


def cases() -> dict[str, tuple[str, str]]:
    """The name, the net.py and the error of each case of the catalogue."""
    blocks = (
        (ROOT / "tests" / "data" / "refusals.txt").read_text(encoding="utf-8").split("=== ")[1:]
    )
    found = {}
    for block in blocks:
        name, rest = block.split("\n", 1)
        net, error = rest.split("---\n")
        found[name] = (net, error.strip("\n").replace("{WORDS}", ", ".join(WORDS)) + "\n")
    return found


CASES = cases()


@pytest.mark.parametrize("word", WORDS)
def test_what_a_refusal_recommends_is_there(word: str) -> None:
    declared_by(f"from bpgen import *\nx = input(3)\na = {word}(x)\noutput(a)\n")


def refused(net: str | bytes, *arguments: str) -> str:
    """What stderr says of a net.py, which is all that happens."""
    Path("net.py").write_bytes(net if isinstance(net, bytes) else net.encode())
    result = CliRunner().invoke(main, [*(arguments or ("emit",)), "net.py"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert [path.name for path in Path().iterdir()] == ["net.py"], "nothing is written"
    assert 1 <= result.stderr.count("\n") <= 3
    return result.stderr


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_exact_text(name: str) -> None:
    net, error = CASES[name]
    assert refused(net) == error


def test_the_catalogue_is_whole() -> None:
    assert len(CASES) > 150


@pytest.mark.parametrize("command", ["derive", "check"])
def test_every_command_refuses_alike(command: str) -> None:
    net, error = CASES["transposed"]
    assert refused(net, command) == error


@pytest.mark.parametrize(
    "name", one_in(3, ["transposed", "exit", "syntax error", "gamma", "greek", "an exception"])
)
def test_as_a_program(name: str) -> None:
    net, error = CASES[name]
    Path("net.py").write_text(net, encoding="utf-8")
    assert bpgen("derive", "net.py", folder=Path.cwd()) == (2, "", error)


def test_an_empty_file() -> None:
    assert refused("") == CASES["neither"][1]


def test_a_file_that_is_not_text() -> None:
    assert refused(b"\xff\xfe") == "bpgen: net.py is not UTF-8 text\n  save it as UTF-8\n"


def test_a_null_byte() -> None:
    assert refused("x = 1\0").endswith(
        "source code string cannot contain null bytes\n  net.py must be a Python file\n"
    )


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("none.py", "bpgen: none.py: no such file\n  give the path of a net.py\n"),
        (".", "bpgen: . is a folder\n  give the path of a net.py\n"),
    ],
)
@pytest.mark.parametrize("command", ["derive", "emit"])
def test_no_file(command: str, path: str, error: str) -> None:
    result = CliRunner().invoke(main, [command, path])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", error)


def test_what_net_py_prints_goes_to_stderr() -> None:
    Path("net.py").write_text(NET + "print('hello')\noutput(2 * x)\n")
    result = CliRunner().invoke(main, ["derive", "net.py"])
    assert result.exit_code == 0
    assert "hello" not in result.stdout
    assert result.stderr == "hello\n"


def test_an_error_steers_no_terminal_and_stays_short() -> None:
    error = refused("raise ValueError('\\x1b[31m\\u202e' + 'a\\nb' * 1000)")
    assert error.startswith("bpgen: net.py:1: ValueError: \\x1b[31m\\u202ea ba b")
    assert error.endswith(" ...\n  net.py stopped here\n")
    assert len(error) < 400


def test_an_interrupt_writes_nothing() -> None:
    Path("net.py").write_text("raise KeyboardInterrupt\n")
    result = CliRunner().invoke(main, ["emit", "net.py"])
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "\nbpgen: interrupted\n")
    assert not Path("generated").exists()


def test_a_file_of_bpgens_that_ends_too_early_is_no_interrupt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where compiled code was cut short when it was written."""

    def cut_short(*_: object, **__: object) -> None:
        raise EOFError("marshal data too short")

    monkeypatch.setattr("bpgen.commands.derive.run", cut_short)
    Path("net.py").write_text(NET + "output(2 * x)\n")
    result = CliRunner().invoke(main, ["derive", "net.py"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.lstrip().startswith("bpgen: EOFError: marshal data too short\n")


@pytest.mark.parametrize(
    "text",
    [
        NET.replace("\n", "\r\n") + "output(2 * x)\r\n",
        "\ufeff" + NET + "output(2 * x)\n",
        NET + "output(2 * x)",
    ],
)
def test_line_ends_and_marks_of_other_editors(text: str) -> None:
    Path("net.py").write_bytes(text.encode())
    assert CliRunner().invoke(main, ["emit", "net.py"]).exit_code == 0


def test_strings_never_become_code() -> None:
    """A title and a file's name stand in the module as text, whatever they hold."""
    path = Path('a""" + import os #.py')
    path.write_text(
        f"r'''\"\"\"\\nimport os\n$y_0$ {{{{ 7 * 7 }}}} \\input{{x}}'''\n{NET}output(2 * x)\n"
    )
    result = CliRunner().invoke(main, ["emit", str(path), "-o", "out.py"])
    assert result.exit_code == 0, result.stderr
    module = Path("out.py").read_text()
    compile(module, "out.py", "exec")
    assert [line for line in module.splitlines() if line.lstrip().startswith("import")] == [
        "import numpy as np"
    ]
    tex = CliRunner().invoke(main, ["derive", str(path), "-f", "tex"]).stdout
    assert "\\input" not in tex
    assert "$y_0$" not in tex


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (
            "w * x",
            "w (3,) belongs to another net.py, or to another run of this one\n"
            "  declare every tensor in the net.py that uses it",
        ),
        (
            "x * f",
            "a formula of another net.py, or of another run of this one\n  write it in this net.py",
        ),
    ],
)
def test_a_tensor_of_another_run(
    use: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"  # beside net.py it would be of this run
    elsewhere.mkdir()
    (elsewhere / "common.py").write_text("from bpgen import *\nw = param(3)\nf = w[0] * 2\n")
    monkeypatch.syspath_prepend(elsewhere)
    monkeypatch.delitem(sys.modules, "common", raising=False)
    net = f"{NET}from common import f, w\noutput(x * w)\n"
    declared_by(net)
    with pytest.raises(NetError) as caught:
        declared_by(net.replace("x * w", use))
    assert str(caught.value) == f"net.py:4: {error}"
