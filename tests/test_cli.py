"""The command line: exit codes, what it says, and what it never does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bpgen import __version__
from tests.command_line import NET, run
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("in_a_folder_with_nets")


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
        (["net.py", "-o", "deep.txt/"], "deep.txt/net.py"),
        (["net.py", "-o", "deep.py/"], "deep.py/net.py"),
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


@pytest.mark.parametrize(
    ("options", "file", "again"),
    [
        ("", "generated/net.py", "net.py"),
        ("--fast", "generated/net.py", "--fast net.py"),
        ("--target array-api", "generated/net.py", "--target array-api net.py"),
        ("-o other", "other/net.py", "-o other net.py"),
    ],
)
def test_check_says_how_to_refresh(options: str, file: str, again: str) -> None:
    said = run("emit", "net.py", "--check", *options.split()).stdout
    assert said == f"{file}: stale; run `bpgen emit {again}`\n"


@pytest.mark.parametrize(
    ("options", "instead"),
    [
        ("", ""),
        ("--fast", ", planned"),
        ("--target array-api", ", for the arrays of any library"),
    ],
)
def test_what_stands_where_the_plain_module_would_says_what_it_is(
    options: str, instead: str
) -> None:
    said = run("emit", "net.py", "--unchecked", *options.split()).stdout
    lines = Path("generated/net.py").read_text().count("\n")
    assert said == f"generated/net.py: {lines} lines{instead}\n"


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
        (
            ["emit", "net.py", "-o", "x.txt"],
            "x.txt is no name for what ends in .py\n  end it in .py, or give a folder: x.txt/",
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


@pytest.mark.slow
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
    assert "of more than 0 equations the page and the comments are not read back\n" in done.stdout


@pytest.mark.slow
def test_numpy_says_nothing_of_an_output_that_is_minus_infinity() -> None:
    """Its warnings are errors in tests, and would be what the command raises."""
    Path("net.py").write_text("from bpgen import *\nx = input(2)\noutput(log(relu(x)))\n")
    done = run("check", "net.py")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "output u1         -             -        6 of 6   ok" in done.stdout
