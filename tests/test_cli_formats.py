"""The formats that the command line writes: by a suffix, by a name, for a paper and for a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from bpgen.render.lines import columns
from tests.command_line import run

pytestmark = pytest.mark.usefixtures("in_a_folder_with_nets")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.tex", "\\documentclass"),
        ("a.md", "# "),
        ("a.txt", "A product\n═"),
        ("a", "\\begingroup"),
    ],
)
def test_the_suffix_chooses_the_format(name: str, start: str) -> None:
    done = run("derive", "net.py", "-o", name)
    assert (done.exit_code, done.stdout) == (0, "")
    assert Path(name).read_text().startswith(start)


def test_latex_wherever_the_answer_goes() -> None:
    """On a terminal, into a pipe or a file: LaTeX, unless text is asked for."""
    latex = run("derive", "net.py").stdout
    assert latex == run("derive", "net.py", "-f", "latex").stdout
    assert "\\begin{" in latex
    assert run("derive", "net.py", "-f", "text").stdout.startswith("A product\n═")


def test_a_format_that_is_named_wins() -> None:
    printed = run("derive", "net.py", "-f", "markdown").stdout
    run("derive", "net.py", "-f", "markdown", "-o", "a.tex")
    assert Path("a.tex").read_text() == printed


def test_a_pdf_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpgen.commands.pdf.compiled", lambda tex: b"%PDF " + tex.encode())
    done = run("derive", "my-net 2.py", "-f", "pdf", "--no-sections", "--counter")
    assert (done.exit_code, done.stdout) == (0, "my_net_2.pdf\n")
    made = Path("my_net_2.pdf").read_bytes()
    assert made.startswith(b"%PDF \\documentclass")
    assert b"\\label{eq:my_net_2:a}" in made
    assert b"\\section{" not in made
    assert run("derive", "net.py", "-o", "page.pdf").stdout == "page.pdf\n"


@pytest.mark.parametrize("option", ["--no-sections", "--counter", "--width=4in"])
def test_what_is_made_for_a_paper_is_the_body_that_it_takes(option: str) -> None:
    assert run("derive", "net.py", option, "-o", "body.tex").exit_code == 0
    body = Path("body.tex").read_text()
    assert "\\documentclass" not in body
    assert ("\\section{" in body) == (option != "--no-sections")
    assert run("derive", "net.py", "-f", "latex", option).stdout == body
    if option.startswith("--width"):
        return
    for whole in (["--prefix", "a"], ["-f", "tex", option]):
        assert run("derive", "net.py", *whole, "-o", "whole.tex").exit_code == 0
        assert Path("whole.tex").read_text().startswith("\\documentclass")


@pytest.mark.parametrize("file", ["page", "page.docx", "page.md"])
def test_other_suffixes_are_the_users_own(file: str) -> None:
    assert run("derive", "net.py", "-f", "text", "-o", file).exit_code == 0
    assert Path(file).read_text() == run("derive", "net.py", "-f", "text").stdout


def test_without_tex_a_pdf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = run("derive", "net.py", "-f", "pdf")
    assert done.exit_code == 2
    assert "no TeX is on PATH" in done.stderr
    assert "apt-get install texlive-latex-base" in done.stderr
    assert not Path("net.pdf").exists()


def test_where_tex_stops_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tmp_path / "bin" / "pdflatex"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\necho 'a line'; echo '! Undefined control sequence.'; exit 1\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{engine.parent}:/usr/bin:/bin")
    done = run("derive", "net.py", "-f", "pdf")
    assert done.exit_code == 2
    assert "pdflatex stopped: ! Undefined control sequence." in done.stderr


def test_text_is_as_wide_as_the_terminal() -> None:
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 60))
    command = [sys.executable, "-m", "bpgen", "derive", "-f", "text", "net.py"]
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    with subprocess.Popen(command, stdout=terminal, env=environment, cwd=Path.cwd()):
        os.close(terminal)
        text = b""
        with suppress(OSError):  # how Linux tells that the other end is closed
            while True:
                text += os.read(master, 65536)
    lines = text.decode().splitlines()
    assert 50 < max(map(columns, lines)) <= 60
