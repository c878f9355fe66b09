"""`bpgen check`: the module that emit writes for a net.py, or an emitted module as it lies there,
and its proof.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpgen.errors import NetError
from bpgen.progress import say
from bpgen.write import MARK

if TYPE_CHECKING:
    from bpgen.check import Report


def prove(path: str, seed: int = 0) -> Report:
    """The report on a net.py's module, or on an emitted module by its numbers alone."""
    from bpgen.check import check_module

    if _is_emitted(path):
        return check_module(_text(path), None, seed=seed)
    from bpgen.emit import emit
    from bpgen.load import load
    from bpgen.network.shrink import shrunk

    say("reading it")
    network = load(path)
    say("writing its module")
    small = shrunk(network)
    exact_source = (emit(small), small) if small != network else None
    return check_module(emit(network), network, seed=seed, exact_source=exact_source)


def _is_emitted(path: str) -> bool:
    return Path(path).is_file() and MARK in _text(path)[:400]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise NetError(
            f"{path} cannot be read as text", "give a net.py or an emitted module"
        ) from None
