"""What `bpgen check` says on stderr while it works: a line that moves on a terminal, else nothing."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bpgen import interrupts, progress
from tests.conftest import ROOT
from tests.forked import bpgen

TOY, LSTM, GPT = (str(ROOT / "examples" / f"{name}.py") for name in ("toy_2_2_1", "lstm", "gpt"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "60"}


@contextmanager
def checking(net: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`bpgen check` with a terminal for its stderr, and the end of it that people see."""
    seen, terminal = pty.openpty()
    command = [sys.executable, "-m", "bpgen", "check", net]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=terminal, env=ENVIRONMENT
    ) as process:
        os.close(terminal)
        try:
            yield process, seen
        finally:
            process.kill()
            os.close(seen)


def read(seen: int, until: str, seconds: float = 60) -> str:
    """What appears on the terminal, until some text does or it is closed."""
    text, end = "", time.monotonic() + seconds
    while until not in text and time.monotonic() < end:
        if select.select([seen], [], [], 0.1)[0]:
            try:
                text += os.read(seen, 4096).decode()
            except OSError:  # how Linux tells that the other end is closed
                break
    return text


@pytest.mark.slow
def test_a_line_moves_and_is_gone_at_the_end() -> None:
    with checking(TOY) as (process, seen):
        text = read(seen, until="\0")
        assert process.wait(60) == 0
        assert process.stdout is not None
        assert b"\r" not in process.stdout.read()
    shown = text.split("\r\x1b[K")
    assert shown[0] == ""
    assert shown[1].startswith(TOY[:20])
    assert len(shown) > 4
    assert all(len(line) < 60 for line in shown)
    assert shown[-1] == ""


@pytest.mark.slow
@pytest.mark.parametrize("net", [LSTM, GPT], ids=["lstm", "gpt"])
def test_ctrl_c_ends_it_at_once(net: str) -> None:
    with checking(net) as (process, seen):
        assert "..." in read(seen, until="by numbers")
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = read(seen, until="interrupted\r\n")
        assert process.wait(60) == 130
        assert time.monotonic() - start < 10  # seconds, on a machine that does much else
    assert rest.endswith("\r\x1b[K\r\nbpgen: interrupted\r\n")


def test_an_interrupt_that_is_dropped_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "AGAIN", 0.05)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interrupts.heard():
        with suppress(KeyboardInterrupt):  # as Python does within a callback of its own
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        time.sleep(5)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_that_is_dropped_at_the_end_is_told_there() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.heard(), suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)


@pytest.mark.slow
def test_nothing_is_said_where_nobody_watches(tmp_path: Path) -> None:
    done = bpgen("check", TOY, folder=tmp_path)
    assert (done.code, done.error) == (0, "")
    assert done.said.startswith(TOY)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_word_takes_the_place_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for those that come too soon after another; and outside nothing is said."""
    monkeypatch.setattr(progress, "EVERY", 0)
    terminal = Terminal()
    with progress.shown(terminal, "net.py"):
        progress.say("by numbers")
        monkeypatch.setattr(progress, "EVERY", 60)
        progress.say("exactly")
        progress.say("by mutants")
    progress.say("done")
    clear = progress.CLEAR
    said = ("net.py ...", "net.py: by numbers", "net.py: exactly", "")
    assert terminal.getvalue() == clear + clear.join(said)


def test_nothing_is_said_to_a_file() -> None:
    file = io.StringIO()
    with progress.shown(file, "net.py"):
        progress.say("by numbers")
    assert file.getvalue() == ""
