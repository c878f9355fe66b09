"""Where the command line writes: whole files, links, devices, and places that are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.command_line import NET, run

pytestmark = pytest.mark.usefixtures("in_a_folder_with_nets")


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


@pytest.mark.parametrize("options", [[], ["--fast"], ["--target", "array-api"]])
def test_a_module_is_printed_where_its_place_is_a_dash(options: list[str]) -> None:
    """Its bytes and nothing else, and no file is made."""
    there = sorted(Path().rglob("*"))
    printed = run("emit", "net.py", *options, "-o", "-")
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert sorted(Path().rglob("*")) == there
    run("emit", "net.py", *options)
    assert printed.stdout == Path("generated/net.py").read_text()


def test_a_page_is_printed_where_its_place_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpgen.commands.pdf.compiled", lambda _: b"%PDF \xff")
    there = sorted(Path().rglob("*"))
    assert run("derive", "net.py", "-o", "-").stdout == run("derive", "net.py").stdout
    assert run("derive", "net.py", "-f", "pdf", "-o", "-").stdout_bytes == b"%PDF \xff"
    assert sorted(Path().rglob("*")) == there
    assert run("derive", "net.py", "-o", "./-").stdout == ""
    assert Path("-").read_text() == run("derive", "net.py").stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["net.py", "my-net 2.py"], "they are 2 networks"),
        (["net.py", "--target", "c"], "C is more than one file"),
        (["net.py", "--target", "c", "--python"], "C is more than one file"),
        (["net.py", "--check"], "--check and --diff compare a file"),
        (["net.py", "--diff"], "--check and --diff compare a file"),
    ],
)
def test_what_is_not_printed_as_one_module(arguments: list[str], reason: str) -> None:
    there = sorted(Path().rglob("*"))
    done = run("emit", *arguments, "-o", "-")
    assert (done.exit_code, done.stdout, done.stderr) == (
        2,
        "",
        f"bpgen: -o - prints one module, and {reason}\n  give -o a file or a folder\n",
    )
    assert sorted(Path().rglob("*")) == there
