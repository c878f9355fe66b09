"""The command line: exit codes, places, formats, and what it never does."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bpgen import __version__
from bpgen.cli import main
from bpgen.render.lines import columns
from tests.conftest import ROOT

NET = '"""A product."""\nfrom bpgen import *\nx = input(3)\nw = param(3)\na = w * x\noutput(a)\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="bpgen")


@pytest.fixture(autouse=True)
def _in_a_folder_with_nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("my-net 2.py").write_text(NET)


def test_emit_says_what_it_wrote() -> None:
    done = run("emit", "net.py")
    text = Path("generated/net.py").read_text()
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        f"generated/net.py: {text.count(chr(10))} lines\n",
        "",
    )
    assert "Written by bpgen;" in text


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["net.py"], "generated/net.py"),
        (["my-net 2.py"], "generated/my_net_2.py"),
        (["net.py", "-o", "deep/er"], "deep/er/net.py"),
        (["net.py", "-o", "deep/er.py"], "deep/er.py"),
        (["net.py", "my-net 2.py", "-o", "both"], "both/my_net_2.py"),
    ],
)
def test_places(arguments: list[str], file: str) -> None:
    assert run("emit", *arguments).exit_code == 0
    assert Path(file).is_file()


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_stale_and_fresh(option: str) -> None:
    assert run("emit", "net.py", option).exit_code == 1
    assert not Path("generated").exists()
    run("emit", "net.py")
    fresh = run("emit", "net.py", option)
    assert (fresh.exit_code, fresh.stdout) == (0, "")
    module = Path("generated/net.py")
    module.write_text(module.read_text().replace("A product", "A sum"))
    stale = run("emit", "net.py", option)
    assert stale.exit_code == 1
    assert ("+" * 3 in stale.stdout) == (option == "--diff")
    assert "A sum" in module.read_text(), "nothing is written"


def test_check_says_how_to_refresh() -> None:
    assert (
        run("emit", "net.py", "--check").stdout
        == "generated/net.py: stale; run `bpgen emit net.py`\n"
    )


def test_diff_shows_both_sides() -> None:
    run("emit", "net.py")
    Path("net.py").write_text(NET.replace("product", "fine product"))
    lines = run("emit", "net.py", "--diff").stdout.splitlines()
    assert lines[:2] == ["--- generated/net.py", "+++ generated/net.py (fresh)"]
    assert '-"""net: A product.' in lines
    assert '+"""net: A fine product.' in lines


def test_overwrites_only_what_bpgen_wrote() -> None:
    Path("mine.py").write_text("precious = 1\n")
    refused = run("emit", "net.py", "-o", "mine.py")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "bpgen: mine.py is there and was not written by bpgen\n  choose another place, or give --force\n"
    )
    assert Path("mine.py").read_text() == "precious = 1\n"
    assert run("emit", "net.py", "-o", "mine.py", "--force").exit_code == 0
    assert run("emit", "net.py", "-o", "mine.py").exit_code == 0


@pytest.mark.parametrize("command", [["emit", "--force"], ["derive", "-f", "text"]])
def test_never_overwrites_the_net(command: list[str]) -> None:
    done = run(*command, "net.py", "-o", "./net.py")
    assert (done.exit_code, done.stderr) == (
        2,
        "bpgen: net.py is the net.py itself\n  choose another place for the output\n",
    )
    assert Path("net.py").read_text() == NET


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["derive", "net.py", "-o", "net.py/x.md"],
            "net.py/x.md cannot be written: net.py is no folder\n  choose another place with -o",
        ),
        (
            ["emit", "net.py", "-o", "net.py/x.py"],
            "net.py/x.py cannot be written: net.py is no folder\n  choose another place with -o",
        ),
        (
            ["derive", "net.py", "-f", "tex", "-o", "."],
            ". is a folder\n  give the name of a file in it",
        ),
        (
            ["derive", "net.py", "-o", "x.docx"],
            "x.docx: no format is called .docx\n  end it in .tex, .md, .txt, .pdf, .html, or give --format",
        ),
        (
            ["derive", "net.py", "-f", "pdf", "-o", "x.tex"],
            "x.tex is no name for pdf\n  end it in .pdf, or leave out -f pdf",
        ),
        (
            ["derive", "net.py", "-f", "latex", "-o", "x.pdf"],
            "x.pdf is no name for latex\n  end it in .tex, or leave out -f latex",
        ),
        (
            ["derive", "net.py", "-f", "text", "-o", "x.html"],
            "x.html is no name for text\n  end it in .txt, or leave out -f text",
        ),
        (
            ["derive", "net.py", "-f", "markdown", "--counter"],
            "markdown has no labels or sections\n  leave them to -f latex, tex or pdf",
        ),
        (
            ["derive", "net.py", "--prefix", "a b"],
            "--prefix 'a b' is no label\n  use letters, digits and : . + / - _",
        ),
        (
            ["derive", "net.py", "--width", "wide"],
            "--width 'wide' is no length\n  write it as 345pt, 88mm or 3.5in",
        ),
        (
            ["derive", "net.py", "--width", "1.5in"],
            "--width 1.5in has no room for equations\n  give 200pt or more",
        ),
        (
            ["derive", "net.py", "-f", "tex", "--width", "88mm"],
            "tex is no part of a paper\n  leave --width to -f latex",
        ),
        (
            ["emit", "net.py", "./net.py"],
            "net.py and ./net.py would both be written to generated/net.py\n  emit them one by one, with -o FILE",
        ),
        (
            ["emit", "net.py", "my-net 2.py", "-o", "x.py"],
            "x.py is one file for 2 networks\n  give a folder",
        ),
    ],
)
def test_calls_that_are_refused(arguments: list[str], error: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"bpgen: {error}\n"
    assert not Path("generated").exists()


@pytest.mark.parametrize(
    ("arguments", "fact", "remedy"),
    [
        (["emit"], "Missing argument", "see bpgen emit --help"),
        (["derive", "net.py", "--nonsense"], "No such option", "see bpgen derive --help"),
        (["derive", "net.py", "-f", "docx"], "Invalid value", "see bpgen derive --help"),
        (["prove", "net.py"], "No such command", "see bpgen --help"),
        (["check", "net.py", "--seed", "-1"], "Invalid value", "see bpgen check --help"),
        ([], "Missing command", "see bpgen --help"),
    ],
)
def test_calls_that_click_refuses(arguments: list[str], fact: str, remedy: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"bpgen: {fact}")
    assert done.stderr.endswith(f"\n  {remedy}\n")
    assert done.stderr.count("\n") == 2


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.tex", "\\documentclass"),
        ("a.md", "# "),
        ("a.txt", "A product."),
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
    assert run("derive", "net.py", "-f", "text").stdout.startswith("A product.\n═")


def test_a_format_that_is_named_wins() -> None:
    printed = run("derive", "net.py", "-f", "markdown").stdout
    run("derive", "net.py", "-f", "markdown", "-o", "a.tex")
    assert Path("a.tex").read_text() == printed


def test_a_written_file_is_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays until all of the new text is on disk."""
    run("emit", "net.py", "-o", "out.py")
    before = Path("out.py").read_bytes()
    Path("net.py").write_text(NET.replace("product", "fine product"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    assert run("emit", "net.py", "-o", "out.py").exit_code == 130
    assert Path("out.py").read_bytes() == before
    assert sorted(p.name for p in Path().iterdir()) == ["my-net 2.py", "net.py", "out.py"]


def test_a_link_stays_a_link_and_a_device_a_device() -> None:
    Path("real.md").write_text("old\n")
    Path("link.md").symlink_to("real.md")
    assert run("derive", "net.py", "-o", "link.md").exit_code == 0
    assert Path("link.md").is_symlink()
    assert Path("real.md").read_text() != "old\n"
    assert run("derive", "net.py", "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


def link(path: str, to: str) -> None:
    Path(path).symlink_to(to)


LONG = "a" * 300
PLACES = {  # what is there before, the place, and what is said
    "a link to the net": (
        lambda: link("x.py", "net.py"),
        "x.py",
        "x.py is the net.py itself\n  choose another place for the output",
    ),
    "another name of the net": (
        lambda: os.link("net.py", "x.py"),
        "x.py",
        "x.py is the net.py itself\n  choose another place for the output",
    ),
    "a way around to the net": (
        lambda: Path("sub").mkdir(),
        "sub/../net.py",
        "sub/../net.py is the net.py itself\n  choose another place for the output",
    ),
    "links in a circle": (
        lambda: link("x.py", "x.py"),
        "x.py",
        "x.py cannot be written: Too many levels of symbolic links\n  choose another place with -o",
    ),
    "read-only": (
        lambda: Path("x.py").touch(0o444),
        "x.py",
        "x.py is read-only\n  make it writable, or choose another place with -o",
    ),
    "a folder where no file can be": (
        lambda: None,
        "/proc/self/x.py",
        "/proc/self/x.py cannot be written: No such file or directory\n"
        "  choose another place with -o",
    ),
    "a name that is too long": (
        lambda: None,
        f"{LONG}.py",
        f"... {LONG[:96]}.py cannot be written: File name too long\n  choose another place with -o",
    ),
    "a file as a folder": (
        lambda: Path("x").touch(),
        "x/y.py",
        "x/y.py cannot be written: x is no folder\n  choose another place with -o",
    ),
}


@pytest.mark.parametrize("what", PLACES)
def test_places_that_are_refused(what: str) -> None:
    before, place, error = PLACES[what]
    before()
    there = sorted(Path().rglob("*"))
    done = run("emit", "net.py", "--force", "-o", place)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"bpgen: {error}\n")
    assert sorted(Path().rglob("*")) == there
    assert Path("net.py").read_text() == NET


def test_a_link_to_nowhere_leads_there() -> None:
    link("x.py", "new.py")
    assert run("emit", "net.py", "-o", "x.py").exit_code == 0
    assert Path("x.py").is_symlink()
    assert "Written by bpgen;" in Path("new.py").read_text()


def test_a_link_to_a_folder_is_one() -> None:
    Path("sub").mkdir()
    link("s", "sub")
    assert run("emit", "net.py", "-o", "s").stdout.startswith("s/net.py: ")


def test_a_module_keeps_its_permissions() -> None:
    run("emit", "net.py", "-o", "x.py")
    Path("x.py").chmod(0o640)
    assert run("emit", "net.py", "-o", "x.py").exit_code == 0
    assert Path("x.py").stat().st_mode & 0o777 == 0o640


def test_a_net_without_an_end() -> None:
    done = run("emit", "/dev/zero")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "bpgen: /dev/zero is larger than 16 MiB\n  give the path of a net.py\n"


def test_check_proves_and_answers_no(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("check", "net.py").exit_code == 0
    run("emit", "net.py", "-o", "out.py")
    module = Path("out.py").read_text()
    wrong = module.replace("(d_a * x).sum(axis=0)", "(d_a + x).sum(axis=0)")
    assert wrong != module
    Path("out.py").write_text(wrong)
    done = run("check", "out.py")
    assert (done.exit_code, done.stderr) == (1, "")


@pytest.mark.parametrize("error", [RuntimeError("odd"), AssertionError("odd")])
def test_a_defect_is_named_as_one(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("bpgen.commands.emit.files_of", broken)
    done = run("emit", "net.py")
    assert done.exit_code == 2
    assert done.stderr == (
        f"bpgen: {type(error).__name__}: odd\n  a defect of bpgen: report it; python -X dev -m bpgen says where\n"
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--version"], ["emit", "--help"], ["derive", "--help"]]
)
def test_help_is_quick(arguments: list[str]) -> None:
    """Neither sympy nor numpy is imported for it."""
    program = (
        "import sys\nfrom bpgen.cli import main\n"
        "try:\n    main(sys.argv[1:], prog_name='bpgen')\n"
        "finally:\n    assert not {'sympy', 'numpy', 'jinja2'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("Usage: bpgen" in done.stdout) != (done.stdout == f"bpgen, version {__version__}\n")


def test_answers_on_stdout_survive_any_encoding() -> None:
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "bpgen", "derive", "-f", "text", "net.py"],
        capture_output=True,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "═" in done.stdout.decode()


def test_the_same_bytes_under_any_hash_seed_and_in_any_company() -> None:
    """One network's module does not depend on what was emitted before it."""
    for seed, nets in (("0", ["net.py"]), ("7", ["my-net 2.py", "net.py"])):
        program = [sys.executable, "-m", "bpgen", "emit", *nets, "-o", f"out{seed}"]
        subprocess.run(
            program,
            check=True,
            capture_output=True,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        )
    assert Path("out0/net.py").read_bytes() == Path("out7/net.py").read_bytes()


def test_check_reads_the_page_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for the page; a line that is false is shown, and the answer is no."""
    right = run("check", "net.py")
    assert right.exit_code == 0
    row = next(line for line in right.stdout.splitlines() if line.startswith("page  "))
    assert re.fullmatch(r"page  (\d+) of \1 equations", row)

    import bpgen.render

    written = bpgen.render.render
    monkeypatch.setattr(
        bpgen.render, "render", lambda *a, **k: written(*a, **k).replace("w \\odot x", "w + x")
    )
    wrong = run("check", "net.py")
    assert wrong.exit_code == 1
    assert "\n  false: a &= w + x " in wrong.stdout


def test_a_page_that_stops_its_reader_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    import bpgen.check.page.proof

    def stopped(*_: object, **__: object) -> None:
        raise IndexError("beyond the page")

    monkeypatch.setattr(bpgen.check.page.proof, "prove_page", stopped)
    done = run("check", "net.py")
    assert done.exit_code == 1
    assert "page  0 of 1 equations\n  not read: the page\n    IndexError: beyond" in done.stdout


def test_a_page_that_is_too_long_to_read_is_said_to_be_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bpgen.prove.LARGEST_PAGE", 0)
    done = run("check", "net.py")
    assert done.exit_code == 0
    assert "its page was not read back: of more than 0 equations that takes long\n" in done.stdout


def test_a_pdf_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpgen.pdf.compiled", lambda tex: b"%PDF " + tex.encode())
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
