"""The files of C: what is written, what is refused, and lines that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bpgen.compiled
from bpgen.cli import main
from bpgen.commands.emit import _refuse_larger
from bpgen.compiled.library import compiler
from bpgen.emit import files_of
from bpgen.errors import NetError
from bpgen.targets.c.entries import Entries
from bpgen.targets.c.layout import broken, comment
from tests.conftest import ROOT, of_example
from tests.few import one_in
from tests.nets_in_c import HEAD, NETS, texts_of

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")


def _emit(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["emit", "--target", "c", *arguments])


def test_two_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("net.py")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in Path("generated").iterdir()) == ["net.c", "net.h"]
    assert _emit("--check", "net.py").exit_code == 0
    Path("generated/net.h").write_text("/* Written by bpgen; and changed */\n")
    stale = _emit("--check", "net.py")
    assert stale.exit_code == 1
    assert stale.stdout == "generated/net.h: stale; run `bpgen emit --target c net.py`\n"


def test_a_wrong_file_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    right = Entries.contract

    def wrong(self, node, at):  # type: ignore[no-untyped-def]
        return right(self, node, at)._replace(text="0")

    monkeypatch.setitem(Entries.rows, next(t for t, f in Entries.rows.items() if f is right), wrong)
    done = _emit("net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr.startswith("bpgen: net.py: not written, for it would be wrong: ")
    assert _emit("--unchecked", "net.py").exit_code == 0


def test_what_has_no_room_on_a_device_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("--ram", "400", "net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr == (
        "bpgen: net.py: takes 668 bytes of RAM to train, 492 by net_descend, 412 with"
        " -DNET_DESCEND, and --ram is 400\n"
        "  make layers smaller or fewer; to predict it takes 316\n"
    )


@pytest.mark.parametrize("least", [404, 500])
def test_what_has_room_in_one_way_is_not(least: int) -> None:
    takes = {"to train": 660, "by net_descend": 500, "in one": least, "to predict": 308}
    _refuse_larger("net.py", takes, least)
    with pytest.raises(NetError, match=f"and --ram is {least - 1}"):
        _refuse_larger("net.py", takes, least - 1)


def test_room_is_asked_of_c_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["emit", "--ram", "512", "net.py"])
    assert done.exit_code == 2
    assert "--ram is the memory of a device, and --target is numpy" in done.stderr


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bpgen.compiled, "compiler", lambda: None)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("net.py")
    assert done.exit_code == 0 and Path("generated/net.c").is_file()
    said = "no C compiler (cc, gcc or clang) is at hand: what is written was not run"
    assert done.stderr == f"bpgen: net.py: {said}\n"


@pytest.mark.parametrize("name", ["toy_2_2_1", "digits"])
def test_the_files_of_an_example_are_fresh(name: str) -> None:
    """`bpgen emit --target c examples/toy_2_2_1.py examples/digits.py -o generated/c`."""
    for end, text in files_of(of_example(name), "c").items():
        assert (ROOT / "generated" / "c" / f"{name}{end}").read_text() == text


@pytest.mark.slow
def test_no_line_is_too_long() -> None:
    for name in ("dense", "a convolution", "a recurrence", "attention"):
        every = [line for text in texts_of(name).values() for line in text.splitlines()]
        assert max(map(len, every)) <= 100


def test_a_line_breaks_outside_of_brackets() -> None:
    line = (
        "    a["
        + " + ".join("bcdefgh")
        + "] = "
        + " * ".join(f"t{k}[i + {k}]" for k in range(12))
        + ";"
    )
    first, second = broken(line)
    assert len(first) <= 100 and first.count("[") == first.count("]")
    assert first + " " + second.strip() == line


def test_a_comment_ends_where_it_should() -> None:
    assert comment(["a */ b /* c"]) == "/* a * / b / * c */"


@pytest.mark.parametrize(
    ("output", "said"),
    one_in(
        2,
        [
            (
                "x.c",
                "x.c includes net.h, and its header would be called otherwise\n"
                "  give a folder, or net.c",
            ),
            (
                "x.py",
                "x.py is no name for what ends in .c\n  end it in .c, or give a folder: x.py/",
            ),
        ],
    ),
)
def test_other_names_are_refused(
    output: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("net.py", "-o", output)
    assert done.exit_code == 2 and done.stderr == f"bpgen: {said}\n"
    assert sorted(p.name for p in Path().iterdir()) == ["net.py"]
    assert _emit("net.py", "-o", "net.c").exit_code == 0


def test_check_says_what_it_proves() -> None:
    done = CliRunner().invoke(main, ["check", str(ROOT / "generated" / "c" / "digits.c")])
    assert done.exit_code == 2
    assert done.stderr.endswith(
        "digits.c is C, and check proves a net.py and its module\n"
        "  check its net.py; emit runs C against the equations before it writes it\n"
    )
