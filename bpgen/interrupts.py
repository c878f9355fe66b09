"""Ctrl-C that is heard."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

AGAIN = 0.5  # seconds after which an interrupt that was dropped is told again


@contextmanager
def heard() -> Iterator[None]:
    """Ctrl-C ends what is within. Python drops an interrupt that comes while it calls something of
    its own accord, as when an object is thrown away: it is told again until it is heard, at the
    end at the latest.
    """
    asked = getattr(signal, "setitimer", None)
    if asked is None or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    told = False

    def tell(*_: Any) -> NoReturn:
        nonlocal told
        told = True
        asked(signal.ITIMER_REAL, AGAIN)
        raise KeyboardInterrupt

    try:
        before = [(s, signal.signal(s, tell)) for s in (signal.SIGINT, signal.SIGALRM)]
    except ValueError:  # only the main thread hears signals
        yield
        return
    try:
        yield
    finally:
        asked(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)
    if told:
        raise KeyboardInterrupt
